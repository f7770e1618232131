//! Any bytes as a .snap file, behind a right checksum too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quorate::format::etcd::read_snap;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_snap(&bytes.to_vec());
    let mut file = vec![0x08];
    let mut sum = crc32c::crc32c(bytes);
    while sum >= 0x80 {
        file.push(sum as u8 | 0x80);
        sum >>= 7;
    }
    file.push(sum as u8);
    file.push(0x12);
    let mut length = bytes.len();
    while length >= 0x80 {
        file.push(length as u8 | 0x80);
        length >>= 7;
    }
    file.push(length as u8);
    file.extend(bytes);
    let _ = read_snap(&file);
});
