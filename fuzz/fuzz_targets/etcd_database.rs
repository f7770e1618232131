//! Any bytes as an etcd database: refused or read, never a crash. The meta checksums are made right first, so that the
//! fuzzer gets behind them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quorate::format::bbolt::{Cursor, Database};
use quorate::format::etcd::{hash_kv, survey};

fuzz_target!(|bytes: &[u8]| {
    let mut file = bytes.to_vec();
    sign(&mut file, 0);
    let size = file.get(24..28).and_then(|size| size.try_into().ok()).map_or(4096, u32::from_le_bytes);
    sign(&mut file, size as usize);
    let Ok(database) = Database::open(&file) else { return };
    let found = survey(&database, &mut |_| {});
    let _ = hash_kv(&database, 0, found.records.meta.scheduled_compaction.unwrap_or(0));
    if let Ok(Some(mut cursor)) = Cursor::bucket(&database, b"key") {
        let _ = cursor.seek(b"\0\0\0\0\0\0\0\x05_");
        let _ = cursor.next().map(|_| ());
    }
});

/// Puts the right checksum behind the meta of the page at `at`.
fn sign(file: &mut [u8], at: usize) {
    let Some(meta) = file.get_mut(at.saturating_add(16)..at.saturating_add(80)) else { return };
    let sum = meta[..56].iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    meta[56..].copy_from_slice(&sum.to_le_bytes());
}
