//! Any bytes as a snapshot of ZooKeeper: refused or read, never a crash.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quorate::format::zookeeper::{Packing, survey};

fuzz_target!(|bytes: &[u8]| {
    for packing in [Packing::Plain, Packing::Gzip, Packing::Snappy] {
        let _ = survey(&bytes.to_vec(), packing);
    }
});
