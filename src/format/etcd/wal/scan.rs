//! A first pass over the log: proven, summed up, and with what later entries overwrite.

use super::reader::{Ending, Position, Reader, Segment};
use super::record::{Entry, EntryKind, HardState, Identity, Record, SnapshotMark};
use crate::format::source::{Damage, Damages, Place};
use serde::Serialize;
use std::collections::VecDeque;

/// Most snapshot records and overwrites that are kept; a log that has more is damaged.
const MAX_KEPT: usize = 100_000;
/// Changes of term that are kept, the last ones.
const MAX_TERMS: usize = 4096;

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Whose log it is.
    pub identity: Option<Identity>,
    /// The last hard state.
    pub state: Option<HardState>,
    /// Index of the first entry that is there.
    pub first_index: Option<u64>,
    /// Term and index of the last entry that counts, or of the snapshot that the log starts from.
    pub last: Option<LastEntry>,
    /// Entries read, overwritten ones included.
    pub entries: u64,
    /// Snapshot records in the order in which they were written. Those above the commit do not count.
    pub snapshots: Vec<SnapshotMark>,
    /// Each file.
    pub segments: Vec<SegmentScan>,
    /// How it ends.
    pub ending: Ending,
    /// Everything that is wrong, the ending included when it is damage.
    pub damages: Damages,
    /// Entries that count, as runs of one term: the index of each run's first entry. The last 4096 runs.
    #[serde(skip)]
    pub terms: VecDeque<LastEntry>,
    #[serde(skip)]
    pub(super) overwrites: Overwrites,
    /// What there is in each file that was read.
    #[serde(skip)]
    pub(super) contents: Vec<Contents>,
}

/// What there is in a file of the log: whether it is worth reading again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contents {
    /// Ordinal of its first record.
    pub(super) first_ordinal: u64,
    /// The highest index of an entry in it, overwritten ones included; 0 without any.
    pub(super) highest: u64,
    /// Whether an entry in it changes the membership.
    pub(super) changes_members: bool,
}

/// Term and index of an entry. Ordered as raft compares logs: by term, then by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LastEntry {
    /// Raft term.
    pub term: u64,
    /// Raft index.
    pub index: u64,
}

/// A file of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SegmentScan {
    /// Its number.
    pub sequence: u64,
    /// Index of its first entry, by its name.
    pub first_index: u64,
    /// Bytes in the file.
    pub length: u64,
}

impl Scan {
    /// Index known to be committed: the hard state's, and no snapshot is above it.
    pub fn commit(&self) -> u64 {
        self.state.map_or(0, |state| state.commit)
    }

    /// The newest snapshot record that counts: not above the commit.
    pub fn snapshot(&self) -> Option<&SnapshotMark> {
        let commit = self.commit();
        self.snapshots.iter().filter(|mark| mark.index <= commit).max_by_key(|mark| mark.index)
    }

    /// Whether the log is whole, a torn end allowed: a server starts on it.
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty()
    }
}

/// Reads the whole log once. The segments are in the order of their sequence numbers.
pub fn scan(segments: &[Segment<'_>]) -> Scan {
    let mut scanner = Scanner::new(segments);
    let mut reader = Reader::new(segments);
    let mut sequence = None;
    loop {
        let next = reader.next();
        let Some((position, record)) = next else { break };
        if sequence != Some(position.segment) {
            sequence = Some(position.segment);
            scanner.open_segment(segments, &position);
        }
        scanner.take(&position, &record);
    }
    let ending = reader.ending.take().unwrap_or(Ending::Clean { at: 0, room: 0 });
    scanner.finish(ending)
}

struct Scanner {
    scan: Scan,
    /// Where the last entry of the highest term stands, to name it.
    last_position: Position,
    written_term: u64,
}

impl Scanner {
    fn new(segments: &[Segment<'_>]) -> Scanner {
        let files = segments.iter().map(|segment| SegmentScan {
            sequence: segment.sequence,
            first_index: segment.first_index,
            length: segment.source.len(),
        });
        let scan = Scan {
            identity: None,
            state: None,
            first_index: None,
            last: None,
            entries: 0,
            snapshots: Vec::new(),
            segments: files.collect(),
            ending: Ending::Clean { at: 0, room: 0 },
            damages: Damages::default(),
            terms: VecDeque::new(),
            overwrites: Overwrites::default(),
            contents: Vec::new(),
        };
        Scanner { scan, last_position: Position::default(), written_term: 0 }
    }

    fn open_segment(&mut self, segments: &[Segment<'_>], position: &Position) {
        let Some(at) = segments.iter().position(|segment| segment.sequence == position.segment) else {
            return;
        };
        let segment = &segments[at];
        // a file without a record has a place too
        let nothing = Contents { first_ordinal: position.ordinal, highest: 0, changes_members: false };
        self.scan.contents.resize(at + 1, nothing);
        let last = self.scan.last.map_or(0, |last| last.index);
        if self.scan.entries > 0 && last.checked_add(1) != Some(segment.first_index) {
            let named = segment.first_index;
            self.tell(
                position,
                format!("the segment is named for index {named}, the one before it ends with {last}"),
            );
        }
    }

    fn take(&mut self, position: &Position, record: &Record<'_>) {
        match record {
            Record::Identity(identity) => match self.scan.identity {
                Some(known) if known != *identity => {
                    self.tell(position, "its identity is not that of the files before it".to_owned());
                }
                _ => self.scan.identity = Some(*identity),
            },
            _ if self.scan.identity.is_none() => {
                self.tell(position, "a record before the log says whose it is".to_owned());
            }
            Record::Entry(entry) => self.take_entry(position, entry),
            Record::State(state) => self.take_state(position, *state),
            Record::Snapshot(mark) => self.take_mark(position, mark),
        }
    }

    fn take_entry(&mut self, position: &Position, entry: &Entry<'_>) {
        self.scan.entries += 1;
        if let Some(contents) = self.scan.contents.last_mut() {
            contents.highest = contents.highest.max(entry.index);
            contents.changes_members |= entry.kind != EntryKind::Normal;
        }
        if entry.term < self.written_term {
            let what =
                format!("entry {} is of term {} after one of {}", entry.index, entry.term, self.written_term);
            self.tell(position, what);
        }
        self.written_term = self.written_term.max(entry.term);
        self.last_position = *position;
        let last = self.scan.last.map(|last| last.index);
        if let Some(last) = last.filter(|last| entry.index > last.saturating_add(1)) {
            let from_snapshot =
                self.scan.snapshots.iter().any(|mark| mark.index.checked_add(1) == Some(entry.index));
            if !from_snapshot {
                self.tell(
                    position,
                    format!("entry {} follows entry {last}: entries are missing", entry.index),
                );
            }
        }
        if last.is_some_and(|last| entry.index <= last) {
            if entry.index <= self.scan.commit() {
                self.tell(position, format!("entry {} overwrites a committed one", entry.index));
            }
            if !self.scan.overwrites.push(position.ordinal, entry.index) {
                self.tell(position, format!("more than {MAX_KEPT} entries overwrite others"));
            }
        }
        self.take_term(LastEntry { term: entry.term, index: entry.index });
        let first = self.scan.first_index.get_or_insert(entry.index);
        *first = (*first).min(entry.index);
        self.scan.last = Some(LastEntry { term: entry.term, index: entry.index });
    }

    /// An entry drops all that stand at its index or above.
    fn take_term(&mut self, entry: LastEntry) {
        let terms = &mut self.scan.terms;
        while terms.back().is_some_and(|run| run.index >= entry.index) {
            terms.pop_back();
        }
        if terms.back().is_none_or(|run| run.term != entry.term) {
            terms.push_back(entry);
        }
        if terms.len() > MAX_TERMS {
            terms.pop_front();
        }
    }

    fn take_state(&mut self, position: &Position, state: HardState) {
        let before = self.scan.state.unwrap_or_default();
        if state.term < before.term || state.commit < before.commit {
            self.tell(position, "the hard state goes back in term or commit".to_owned());
        }
        if state.term == before.term && before.vote != 0 && state.vote != before.vote {
            self.tell(position, format!("a second vote in term {}", state.term));
        }
        if state.term < self.written_term {
            let what =
                format!("hard state of term {} behind an entry of term {}", state.term, self.written_term);
            self.tell(position, what);
        }
        let reached = self.scan.snapshots.iter().map(|mark| mark.index);
        let reached = reached.chain(self.scan.last.map(|last| last.index)).max();
        // a log whose beginning was purged opens with a state, before its first entry
        if self.scan.entries > 0 && reached.is_some_and(|reached| state.commit > reached) {
            self.tell(position, format!("commit {} is beyond the last entry", state.commit));
        }
        self.scan.state = Some(state);
    }

    fn take_mark(&mut self, position: &Position, mark: &SnapshotMark) {
        if self.scan.snapshots.last().is_some_and(|last| mark.index < last.index) {
            self.tell(position, format!("a snapshot of index {} after a later one", mark.index));
        }
        if self.scan.snapshots.len() >= MAX_KEPT {
            return self.tell(position, format!("more than {MAX_KEPT} snapshot records"));
        }
        let newer = self.scan.last.is_none_or(|last| last.index < mark.index);
        if newer && mark.index > 0 {
            self.scan.last = Some(LastEntry { term: mark.term, index: mark.index });
        }
        self.scan.snapshots.push(mark.clone());
    }

    fn tell(&mut self, position: &Position, what: String) {
        let place = Place::Log { segment: position.segment, offset: position.offset };
        self.scan.damages.push(Damage::new(place, what));
    }

    fn finish(mut self, ending: Ending) -> Scan {
        if let Ending::Damaged(damage) = &ending {
            self.scan.damages.push(damage.clone());
        }
        if let Ending::Clean { .. } = ending {
            let position = self.last_position;
            let state = self.scan.state.unwrap_or_default();
            if self.written_term > state.term {
                let what = format!("an entry of term {} and no hard state of that term", self.written_term);
                self.tell(&position, what);
            }
            if self.scan.identity.is_none() {
                self.scan.damages.push(Damage::new(Place::File, "the log does not say whose it is"));
            }
        }
        self.scan.ending = ending;
        self.scan.overwrites.close();
        self.scan
    }
}

/// Which entries later ones overwrite: an entry at index i drops every earlier-written entry at i or above.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Overwrites {
    /// Ordinal of the overwriting entry, and the smallest index that it or a later one overwrites.
    events: Vec<(u64, u64)>,
}

impl Overwrites {
    fn push(&mut self, ordinal: u64, index: u64) -> bool {
        if self.events.len() < MAX_KEPT {
            self.events.push((ordinal, index));
        }
        self.events.len() < MAX_KEPT
    }

    fn close(&mut self) {
        let mut smallest = u64::MAX;
        for (_, index) in self.events.iter_mut().rev() {
            smallest = smallest.min(*index);
            *index = smallest;
        }
    }

    /// Whether an entry is overwritten by a later one.
    pub(super) fn hit(&self, ordinal: u64, index: u64) -> bool {
        let next = self.events.partition_point(|(at, _)| *at <= ordinal);
        self.events.get(next).is_some_and(|(_, smallest)| *smallest <= index)
    }
}
