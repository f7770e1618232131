//! Any bytes as a log of ZooKeeper: refused or read, never a crash.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quorate::format::zookeeper::LogReader;

fuzz_target!(|bytes: &[u8]| {
    let file = bytes.to_vec();
    let Ok((mut reader, _)) = LogReader::open(&file) else { return };
    while let Some(_record) = reader.next_record() {}
});
