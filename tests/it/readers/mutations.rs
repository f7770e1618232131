//! A thousand mutations of a real database and a real log, of each kind: every change of what a checksum or the structure
//! covers is refused or told with its place, nothing panics, nothing is read in larger pieces than the readers promise.

use quorate::format::bbolt::Database;
use quorate::format::etcd::wal::{Ending, Replay, Segment, scan};
use quorate::format::etcd::{Digest, appended, hash_kv, read_digest, survey};
use quorate::format::source::Source;
use std::cell::Cell;

const SAVED: &[u8] = include_bytes!("../../data/etcd/saved.db");
const LOG: &[u8] = include_bytes!("../../data/etcd/0000000000000000-0000000000000000.wal");
const PAGE: usize = 4096;
pub(super) const ROUNDS: u64 = 1000;

/// Notes the largest piece that is asked for: no reader makes a buffer that it does not read into.
pub(super) struct Watched {
    pub(super) bytes: Vec<u8>,
    pub(super) largest: Cell<usize>,
    /// Bytes read in all.
    pub(super) all: Cell<usize>,
}

impl Source for Watched {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        self.largest.set(self.largest.get().max(into.len()));
        let read = self.bytes.as_slice().read_at(offset, into)?;
        self.all.set(self.all.get() + read);
        Ok(read)
    }
}

/// Small, fast and the same everywhere (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Truncate,
    Flip,
    Splice,
    Extend,
    ZeroPage,
}

pub(super) const KINDS: [Kind; 5] = [Kind::Truncate, Kind::Flip, Kind::Splice, Kind::Extend, Kind::ZeroPage];

pub(super) fn mutate(original: &[u8], kind: Kind, random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    match kind {
        Kind::Truncate => bytes.truncate(random.below(original.len())),
        Kind::Flip => bytes[random.below(original.len())] ^= 1 << random.below(8),
        Kind::Splice => {
            let length = 1 + random.below(600);
            let (from, to) = (random.below(original.len() - length), random.below(original.len() - length));
            bytes.copy_within(from..from + length, to);
        }
        Kind::Extend => {
            let more = 1 + random.below(2 * PAGE);
            bytes.extend((0..more).map(|_| random.below(256) as u8));
        }
        Kind::ZeroPage => {
            let page = random.below(original.len() / PAGE);
            bytes[page * PAGE..(page + 1) * PAGE].fill(0);
        }
    }
    bytes
}

pub(super) fn watched(bytes: Vec<u8>) -> Watched {
    Watched { bytes, largest: Cell::new(0), all: Cell::new(0) }
}

/// What is said of a saved snapshot: why it is not sound, or its status hash.
fn judge_saved(source: &Watched) -> Result<u32, String> {
    match read_digest(source).map_err(|damage| damage.to_string())?.0 {
        Digest::Differs { .. } => return Err("its digest differs".to_owned()),
        Digest::Matches { .. } => {}
        Digest::Absent => {
            let used = Database::open(source).map_err(|damage| damage.to_string())?.used_bytes();
            if let Some(more) = appended(source, used).map_err(|damage| damage.to_string())? {
                return Err(format!("{more} bytes behind its digest"));
            }
        }
    }
    judge_database(source)
}

/// The same of a database without a digest.
fn judge_database(source: &Watched) -> Result<u32, String> {
    let database = Database::open(source).map_err(|damage| damage.to_string())?;
    let found = survey(&database, &mut |_| {});
    let _ = hash_kv(&database, 0, found.records.meta.scheduled_compaction.unwrap_or(0));
    match found.structure.damages.first.first().or(found.damages.first.first()) {
        Some(damage) => Err(damage.to_string()),
        None => Ok(found.status_hash),
    }
}

pub(super) fn each_mutation(original: &[u8], mut check: impl FnMut(Kind, u64, &Watched)) {
    for kind in KINDS {
        for round in 0..ROUNDS {
            let mut random = Random(round * 31 + kind as u64);
            let source = watched(mutate(original, kind, &mut random));
            if source.bytes == original {
                continue;
            }
            check(kind, round, &source);
            assert!(
                source.largest.get() <= 32 << 20,
                "{kind:?} {round}: {} bytes at once",
                source.largest.get()
            );
        }
    }
}

#[test]
fn the_originals_are_sound() {
    assert!(judge_saved(&watched(SAVED.to_vec())).is_ok());
    assert!(judge_log(&watched(LOG.to_vec())).0.is_ok());
}

#[test]
fn every_mutation_of_a_snapshot_is_seen() {
    each_mutation(SAVED, |kind, round, source| {
        let verdict = judge_saved(source);
        // cut exactly behind a page, or where the digest starts: a database without a digest is no snapshot
        let bare = kind == Kind::Truncate && source.bytes.len() == SAVED.len() - 32;
        assert!(verdict.is_err() || bare, "{kind:?} {round}: {verdict:?}");
    });
}

#[test]
fn a_database_without_digest_is_never_read_otherwise_unless_only_a_value_changed() {
    let original = &SAVED[..SAVED.len() - 32];
    let sound = judge_database(&watched(original.to_vec())).expect("sound");
    let mut told = 0;
    each_mutation(original, |kind, round, source| {
        let verdict = judge_database(source);
        told += u64::from(verdict.is_err());
        // bbolt has no checksum over values: a changed byte in one shows in the status hash only
        let covered = match kind {
            Kind::Truncate | Kind::Extend => true,
            _ => touched(original, &source.bytes).any(|at| is_structure(original, at)),
        };
        if covered && let Ok(hash) = verdict {
            let first = touched(original, &source.bytes).next();
            assert_eq!(hash, sound, "{kind:?} {round}: read as something else from byte {first:?} on");
        }
    });
    assert!(told > 2500, "only {told} of 5000 mutations were told");
}

fn touched<'a>(a: &'a [u8], b: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at)
}

/// Whether a byte belongs to a meta, a page header or an element table.
fn is_structure(file: &[u8], at: usize) -> bool {
    let (page, within) = (at / PAGE, at % PAGE);
    if page < 2 {
        return within < 80;
    }
    let header = &file[page * PAGE..page * PAGE + 16];
    let own = header[..8] == (page as u64).to_le_bytes() && matches!(header[8], 1 | 2);
    own && within < 16 + 16 * usize::from(u16::from_le_bytes([header[10], header[11]]))
}

/// What is said of a log: why it is not whole, or that it is; and all that was read from it.
fn judge_log(source: &Watched) -> (Result<(), String>, String) {
    let segments = [Segment { sequence: 0, first_index: 0, source }];
    let found = scan(&segments);
    let entries: Vec<_> =
        Replay::new(&segments, &found, Some(10), 0).map(|e| (e.index, e.term, e.operation)).collect();
    let content = format!("{:?}{:?}{:?}{entries:?}", found.identity, found.state, found.snapshots);
    let verdict = match (found.damages.first.first(), &found.ending) {
        (Some(damage), _) => Err(damage.to_string()),
        (None, Ending::Torn(tear)) => Err(format!("torn at {}: {}", tear.offset, tear.what)),
        (None, Ending::Clean { room: 0, at }) => Err(format!("nothing behind its last record at {at}")),
        (None, _) => Ok(()),
    };
    (verdict, content)
}

#[test]
fn every_mutation_of_a_log_is_seen() {
    let end = LOG.len() - LOG.iter().rev().take_while(|byte| **byte == 0).count();
    each_mutation(LOG, |kind, round, source| {
        let (verdict, _) = judge_log(source);
        let only_zeros_went = kind == Kind::Truncate && source.bytes.len() > end;
        // zeros from the end of a record on: what the log was some records ago
        let earlier = verdict.is_ok() && is_earlier(&source.bytes);
        assert!(verdict.is_err() || only_zeros_went || earlier, "{kind:?} {round}: {verdict:?}");
    });
}

/// Whether a log is the original's beginning and then zeros.
fn is_earlier(bytes: &[u8]) -> bool {
    let written = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
    bytes[..written] == LOG[..written]
}

#[test]
fn what_is_read_before_damage_is_what_was_written() {
    let whole = judge_log(&watched(LOG.to_vec())).1;
    let whole = whole.split_once('[').expect("entries").1;
    for round in 0..200 {
        let mut random = Random(round);
        let source = watched(mutate(LOG, Kind::Truncate, &mut random));
        let segments = [Segment { sequence: 0, first_index: 0, source: &source }];
        let found = scan(&segments);
        for entry in Replay::new(&segments, &found, None, 0) {
            let text = format!("{:?}", (entry.index, entry.term, entry.operation));
            assert!(whole.contains(&text), "{round}: {text}");
        }
    }
}

#[test]
fn every_place_is_named() {
    let mut random = Random(1);
    let mut named = 0;
    for _ in 0..300 {
        let source = watched(mutate(LOG, Kind::Flip, &mut random));
        if let Err(told) = judge_log(&source).0 {
            assert!(
                told.contains("offset") || told.contains("torn at") || told.starts_with("the file"),
                "{told}"
            );
            named += 1;
        }
    }
    assert!(named > 250);
}
