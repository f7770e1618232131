//! Any bytes as a segment of etcd's log, and as the data of an entry.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quorate::format::etcd::wal::{EntryKind, Operation, Replay, Segment, scan};

fuzz_target!(|bytes: &[u8]| {
    let _ = Operation::decode(EntryKind::Normal, bytes);
    let _ = Operation::decode(EntryKind::ConfChange, bytes);
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let files = [bytes.to_vec(), first.to_vec(), second.to_vec()];
    let one = [Segment { sequence: 0, first_index: 0, source: &files[0] }];
    let two = [
        Segment { sequence: 3, first_index: 7, source: &files[1] },
        Segment { sequence: 4, first_index: 9, source: &files[2] },
    ];
    for segments in [&one[..], &two[..]] {
        let found = scan(segments);
        let _ = Replay::new(segments, &found, Some(3), 0).count();
    }
});
