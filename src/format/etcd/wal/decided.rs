//! A log written again, with every entry in it decided: as a new leader with the longest log decides its own tail, but
//! without anybody to agree. A server that starts on it applies all entries, also those of which nobody knows whether a
//! majority had them. It is written for another cluster id: no server of the old cluster speaks with one that has it, so
//! what is started on it stays alone, whoever comes back meanwhile.
//!
//! Entries, snapshot marks and hard states are copied as they stand; only whose log it is and the checksums differ, and
//! a hard state is added. A torn end is left out: what is torn was never acknowledged.

use super::begin::{CHECKSUM, IDENTITY, frame, numbers};
use super::reader::{Reader, Segment};
use super::scan::Scan;

/// Type of a hard state record.
const STATE: u64 = 3;

/// The files of such a log, one after the other: name and content.
pub struct Decided<'a, 's> {
    segments: &'a [Segment<'s>],
    reader: Reader<'a, 's>,
    at: usize,
    checksum: u32,
    owner: Vec<u8>,
    last_state: Vec<u8>,
    /// The first record of the next file, which had to be read to see where this one ends.
    held: Option<(u64, Vec<u8>)>,
}

/// Writes a log again for `cluster`, decided up to its last entry. `None` when `scan` found damage, or no entry, or
/// not whose log it is: there is nothing that could be decided.
pub fn decided<'a, 's>(segments: &'a [Segment<'s>], scan: &Scan, cluster: u64) -> Option<Decided<'a, 's>> {
    let (own, last) = (scan.identity.filter(|_| scan.is_sound())?, scan.last?);
    let state = scan.state.unwrap_or_default();
    let term = state.term.max(last.term);
    let vote = if term == state.term { state.vote } else { 0 };
    Some(Decided {
        segments,
        reader: Reader::new(segments),
        at: 0,
        checksum: 0,
        owner: numbers(&[own.member, cluster]),
        last_state: numbers(&[term, vote, last.index.max(state.commit)]),
        held: None,
    })
}

impl Decided<'_, '_> {
    fn put(&mut self, bytes: &mut Vec<u8>, kind: u64, data: &[u8]) {
        self.checksum = crc32c::crc32c_append(self.checksum, data);
        frame(bytes, kind, self.checksum, Some(data));
    }
}

impl Iterator for Decided<'_, '_> {
    type Item = (String, Vec<u8>);

    fn next(&mut self) -> Option<(String, Vec<u8>)> {
        let segment = *self.segments.get(self.at)?;
        let mut bytes = Vec::new();
        frame(&mut bytes, CHECKSUM, self.checksum, None);
        let mut next = self.held.take();
        loop {
            if let Some((kind, data)) = next.take() {
                let data = if kind == IDENTITY { self.owner.clone() } else { data };
                self.put(&mut bytes, kind, &data);
            }
            let read = self.reader.next_raw().map(|(at, raw)| (at.segment, raw.kind, raw.data.to_vec()));
            match read {
                Some((at, kind, data)) if at == segment.sequence => next = Some((kind, data)),
                Some((_, kind, data)) => {
                    self.held = Some((kind, data));
                    break;
                }
                None => break,
            }
        }
        self.at += 1;
        if self.at == self.segments.len() {
            let state = self.last_state.clone();
            self.put(&mut bytes, STATE, &state);
        }
        Some((format!("{:016x}-{:016x}.wal", segment.sequence, segment.first_index), bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::handmade::Writer;
    use super::super::{scan, segment_name};
    use super::*;

    #[test]
    fn every_entry_is_decided_and_nothing_else_is_changed() {
        let mut log = Writer::new();
        log.state(2, 7, 0);
        (1..4).for_each(|index| log.put(index, 2, "/a"));
        log.cut();
        log.state(2, 7, 2);
        (4..6).for_each(|index| log.put(index, 2, "/b"));
        let files = log.files();
        let segments = [(0, 0), (1, 4)].into_iter().zip(&files);
        let before: Vec<Segment<'_>> = segments
            .map(|((sequence, first_index), source)| Segment { sequence, first_index, source })
            .collect();
        let seen = scan(&before);
        assert!(seen.is_sound() && seen.commit() == 2, "{:?}", seen.damages);
        let written: Vec<(String, Vec<u8>)> = decided(&before, &seen, 77).expect("whole").collect();
        assert_eq!(written.len(), 2);
        let after: Vec<Segment<'_>> = written
            .iter()
            .map(|(name, bytes)| {
                let (sequence, first_index) = segment_name(name).expect("a name");
                Segment { sequence, first_index, source: bytes }
            })
            .collect();
        let now = scan(&after);
        assert!(now.is_sound(), "{:?}", now.damages);
        assert_eq!((now.commit(), now.last, now.entries), (5, seen.last, seen.entries));
        assert_eq!(now.snapshots, seen.snapshots);
        let (was, is) = (seen.identity.expect("an owner"), now.identity.expect("an owner"));
        assert_eq!((is.member, is.cluster), (was.member, 77));
    }

    #[test]
    fn a_damaged_log_is_not_decided() {
        let mut log = Writer::new();
        log.state(2, 7, 0);
        (1..4).for_each(|index| log.put(index, 2, "/a"));
        let mut files = log.files();
        let middle = files[0].len() / 4;
        files[0][middle] ^= 1;
        let segments = [Segment { sequence: 0, first_index: 0, source: &files[0] }];
        assert!(decided(&segments, &scan(&segments), 77).is_none());
    }
}
