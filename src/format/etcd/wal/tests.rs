//! The log's readers on logs made by hand.

use super::handmade::Writer;
use super::*;
use proptest::prelude::*;

/// Five puts and a promotion over two segments; 3 to 5 were first written by another leader.
fn sample() -> Vec<Vec<u8>> {
    let mut writer = Writer::new();
    writer.state(1, 7, 0);
    writer.entry(1, 1, 0, None);
    for index in 2..=5 {
        writer.put(index, 1, &format!("old{index}"));
    }
    writer.state(1, 7, 2);
    writer.put(3, 2, "new3");
    writer.state(2, 7, 2);
    writer.cut();
    writer.state(2, 7, 2);
    writer.put(4, 2, "new4");
    writer.promote(5, 2);
    writer.state(2, 7, 4);
    writer.put(6, 2, "new6");
    writer.files()
}

fn segments(files: &[Vec<u8>]) -> Vec<Segment<'_>> {
    let firsts = [0, 4];
    let numbered = files.iter().enumerate();
    numbered
        .map(|(at, file)| Segment { sequence: at as u64, first_index: firsts[at.min(1)], source: file })
        .collect()
}

#[test]
fn a_sound_log_is_summed_up() {
    let files = sample();
    let scan = scan(&segments(&files));
    assert!(scan.is_sound(), "{:?}", scan.damages);
    assert_eq!(scan.identity, Some(Identity { member: 7, cluster: 99 }));
    assert_eq!((scan.commit(), scan.first_index, scan.entries), (4, Some(1), 9));
    assert_eq!(scan.last, Some(LastEntry { term: 2, index: 6 }));
    assert!(matches!(scan.ending, Ending::Clean { room: 4096, .. }));
}

#[test]
fn entries_are_decoded_and_marked() {
    let files = sample();
    let segments = segments(&files);
    let scan = scan(&segments);
    let replayed: Vec<Replayed> = Replay::new(&segments, &scan, Some(2), 1).collect();
    let marks: Vec<(u64, Mark, &str)> =
        replayed.iter().map(|e| (e.index, e.mark, e.operation.name())).collect();
    let expected = [
        (1, Mark::Applied, "empty"),
        (2, Mark::Applied, "put"),
        (3, Mark::Overwritten, "put"),
        (4, Mark::Overwritten, "put"),
        (5, Mark::Overwritten, "put"),
        (3, Mark::Committed, "put"),
        (4, Mark::Committed, "put"),
        (5, Mark::Uncertain, "conf-change"),
        (6, Mark::Uncertain, "put"),
    ];
    assert_eq!(marks, expected);
    let promoted = |change: &ConfChange| change.change == ConfChangeKind::Promote && change.member == 8;
    assert!(matches!(&replayed[7].operation, Operation::ConfChange { changes } if promoted(&changes[0])));
    assert_eq!(replayed[8].operation.written_keys(), [(&b"new6"[..], &b""[..])]);
}

#[test]
fn v2_requests_are_seen_bare_and_wrapped() {
    use super::request::{Request, V2Request};
    use prost::Message;
    let (method, path, value) = ("PUT".to_owned(), "/0/members/7/attributes".to_owned(), "{}".to_owned());
    let bare = V2Request { method, path, value }.encode_to_vec();
    let wrapped = Request { v2: Some(bare.clone()), ..Request::default() }.encode_to_vec();
    for data in [bare, wrapped] {
        let operation = Operation::decode(EntryKind::Normal, &data);
        assert!(matches!(&operation, Operation::V2 { method, .. } if method == "PUT"), "{operation:?}");
    }
}

#[test]
fn a_torn_end_is_told_from_damage() {
    let files = sample();
    let end = files[1].len() - 4096;
    // the last record's later sectors were never written
    let mut torn = files.clone();
    torn[1][end - 500..end].fill(0);
    let found = scan(&segments(&torn));
    assert!(matches!(&found.ending, Ending::Torn(tear) if tear.segment == 1), "{:?}", found.ending);
    assert!(found.is_sound());
    assert_eq!(found.last.map(|last| last.index), Some(5));
    // the same in the first file, which is not the last
    let mut middle = files.clone();
    let end = middle[0].len();
    middle[0][end - 900..end - 100].fill(0);
    assert!(!scan(&segments(&middle)).is_sound());
    // a flipped bit is never a torn end
    let mut flipped = files;
    let end = flipped[1].len() - 4096;
    flipped[1][end - 300] ^= 1;
    let found = scan(&segments(&flipped));
    assert!(matches!(&found.ending, Ending::Damaged(damage) if damage.what.contains("checksum")));
}

#[test]
fn zeros_with_a_log_behind_them_are_damage() {
    let mut files = sample();
    files[1][..64].fill(0);
    let found = scan(&segments(&files));
    assert!(
        found.damages.first.iter().any(|d| d.what.contains("goes on at offset 64")),
        "{:?}",
        found.damages
    );
}

#[test]
fn missing_segments_and_missing_entries_are_damage() {
    let files = sample();
    let mut gap = segments(&files);
    gap[1].sequence = 2;
    assert!(scan(&gap).damages.first[0].what.contains("gap in the log"));
    let mut writer = Writer::new();
    writer.state(1, 7, 0);
    writer.put(1, 1, "a");
    writer.put(3, 1, "c");
    let files = writer.files();
    assert!(scan(&segments(&files)).damages.first[0].what.contains("entries are missing"));
}

#[test]
fn a_snapshot_record_allows_a_jump() {
    let mut writer = Writer::new();
    writer.state(1, 7, 0);
    writer.put(1, 1, "a");
    writer.snapshot(50, 3);
    writer.state(3, 7, 50);
    writer.put(51, 3, "b");
    let files = writer.files();
    let scan = scan(&segments(&files));
    assert!(scan.is_sound(), "{:?}", scan.damages);
    assert_eq!(scan.snapshot().map(|mark| mark.index), Some(50));
}

/// Several files, some written over by later leaders, one with a change of the membership.
fn long() -> Vec<Vec<u8>> {
    let mut writer = Writer::new();
    writer.state(1, 7, 0);
    let mut index = 0;
    for term in 1..8 {
        for _ in 0..4 {
            index += 1;
            match (term, index % 5) {
                (3, 0) => writer.promote(index, term),
                _ => writer.put(index, term, "k"),
            }
        }
        writer.state(term, 7, index - 3);
        if term % 3 != 0 {
            writer.cut();
            writer.state(term, 7, index - 3);
        }
        index -= 2;
    }
    writer.files()
}

fn placed(files: &[Vec<u8>]) -> Vec<Segment<'_>> {
    let mut first_index = 0;
    let mut placed = Vec::new();
    for (at, file) in files.iter().enumerate() {
        placed.push(Segment { sequence: at as u64, first_index, source: file });
        first_index = scan(&placed).last.map_or(0, |last| last.index + 1);
    }
    placed
}

#[test]
fn what_is_passed_over_is_nothing_that_was_asked_for() {
    let files = long();
    let segments = placed(&files);
    let scan = scan(&segments);
    assert!(scan.is_sound() && files.len() > 4, "{:?}", scan.damages);
    let whole: Vec<Replayed> = Replay::new(&segments, &scan, Some(5), 0).collect();
    assert_eq!(whole.len() as u64, scan.entries);
    let last = scan.last.expect("an entry").index;
    for from in 0..=last + 1 {
        let asked: Vec<Replayed> = Replay::new(&segments, &scan, Some(5), from).collect();
        let expected: Vec<Replayed> = whole.iter().filter(|entry| entry.index >= from).cloned().collect();
        assert_eq!(asked, expected, "from {from}");
        let told = |entry: &Replayed| entry.index >= from || entry.kind != EntryKind::Normal;
        let notable: Vec<Replayed> = Replay::notable(&segments, &scan, Some(5), from).filter(told).collect();
        let expected: Vec<Replayed> = whole.iter().filter(|entry| told(entry)).cloned().collect();
        assert_eq!(notable, expected, "from {from}");
    }
    let mut runs: Vec<LastEntry> = Vec::new();
    for entry in whole.iter().filter(|entry| entry.mark != Mark::Overwritten) {
        if runs.last().is_none_or(|run| run.term != entry.term) {
            runs.push(LastEntry { term: entry.term, index: entry.index });
        }
    }
    assert_eq!(scan.terms, runs);
}

proptest! {
    #[test]
    fn every_flipped_bit_of_a_record_is_seen(at in 0usize..6000, bit in 0u8..8) {
        let mut files = sample();
        let lengths = [files[0].len(), files[1].len() - 4096];
        let (file, at) = if at < lengths[0] { (0, at) } else { (1, at - lengths[0]) };
        prop_assume!(at < lengths[file]);
        files[file][at] ^= 1 << bit;
        let found = scan(&segments(&files));
        prop_assert!(!found.is_sound() || matches!(found.ending, Ending::Torn(_)), "{:?}", found);
    }

    #[test]
    fn total_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let files = [bytes];
        let segments = segments(&files);
        let scan = scan(&segments);
        prop_assert!(Replay::new(&segments, &scan, Some(1), 0).count() <= 300);
    }
}
