//! The log entry by entry, each decoded and marked.

use super::operation::Operation;
use super::reader::{Position, Reader, Segment};
use super::record::{EntryKind, Record};
use super::scan::{Contents, Scan};
use serde::Serialize;

/// What is known of an entry's fate on this member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// In the database.
    Applied,
    /// Committed: a server that starts on this directory applies it.
    Committed,
    /// In the log only: nothing here says whether a majority had it.
    Uncertain,
    /// A later leader wrote another entry at its index.
    Overwritten,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// Raft index.
    pub index: u64,
    /// Raft term.
    pub term: u64,
    /// What its data are.
    pub kind: EntryKind,
    /// Its fate.
    pub mark: Mark,
    /// What it asks for.
    pub operation: Operation,
    /// Where it stands.
    pub position: Position,
    /// Bytes of its data.
    pub bytes: u64,
}

/// Reads entries in the order in which they were written; memory is that of one entry.
pub struct Replay<'a, 's> {
    reader: Reader<'a, 's>,
    scan: &'a Scan,
    applied: Option<u64>,
    from: u64,
}

impl<'a, 's> Replay<'a, 's> {
    /// Replays the segments that `scan` is of. `applied` is the database's consistent index; `None` when it is not known,
    /// and then nothing is marked applied. Entries below index `from` are passed over undecoded.
    pub fn new(
        segments: &'a [Segment<'s>],
        scan: &'a Scan,
        applied: Option<u64>,
        from: u64,
    ) -> Replay<'a, 's> {
        let reader = reader(segments, scan, |contents| contents.highest >= from);
        Replay { reader, scan, applied, from }
    }

    /// The same, and of the files that have only entries below `from` those that tell of changes of the membership: what
    /// they hold is shown whole.
    pub fn notable(
        segments: &'a [Segment<'s>],
        scan: &'a Scan,
        applied: Option<u64>,
        from: u64,
    ) -> Replay<'a, 's> {
        let wanted = |contents: &Contents| contents.highest >= from || contents.changes_members;
        Replay { reader: reader(segments, scan, wanted), scan, applied, from: 0 }
    }
}

/// Files that the scan did not come to are not read here either.
fn reader<'a, 's>(
    segments: &'a [Segment<'s>],
    scan: &Scan,
    wanted: impl Fn(&Contents) -> bool,
) -> Reader<'a, 's> {
    let ordinal = |contents: &Contents| wanted(contents).then_some(contents.first_ordinal);
    Reader::of(segments, scan.contents.iter().map(ordinal).collect())
}

impl Iterator for Replay<'_, '_> {
    type Item = Replayed;

    fn next(&mut self) -> Option<Replayed> {
        loop {
            let (position, record) = self.reader.next()?;
            let Record::Entry(entry) = record else { continue };
            if entry.index < self.from {
                continue;
            }
            let mark = if self.scan.overwrites.hit(position.ordinal, entry.index) {
                Mark::Overwritten
            } else if self.applied.is_some_and(|applied| entry.index <= applied) {
                Mark::Applied
            } else if entry.index <= self.scan.commit() {
                Mark::Committed
            } else {
                Mark::Uncertain
            };
            return Some(Replayed {
                index: entry.index,
                term: entry.term,
                kind: entry.kind,
                mark,
                operation: Operation::decode(entry.kind, entry.data),
                position,
                bytes: entry.data.len() as u64,
            });
        }
    }
}
