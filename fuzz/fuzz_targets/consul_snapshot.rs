//! Any bytes as a snapshot of Consul: as an archive, packed or not, and as the state of one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quorate::format::consul::{archive, files, meta, settings};

fuzz_target!(|bytes: &[u8]| {
    let bytes = bytes.to_vec();
    let _ = archive(&bytes);
    let _ = files(Some(&bytes), &bytes, Some(bytes.clone()));
    let _ = meta(&bytes);
    let _ = settings(&String::from_utf8_lossy(&bytes));
});
