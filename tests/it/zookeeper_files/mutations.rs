//! A thousand mutations of each kind of a real snapshot and a real log: each is refused or told with its place, or what is
//! left is what was written; nothing panics, and nothing is read in larger pieces than the readers promise.

use quorate::format::source::Source;
use quorate::format::zookeeper::{LogReader, Packing, Survey, Zxid, survey};
use std::cell::Cell;
use std::io::Write;

const SNAPSHOT: &[u8] = include_bytes!("../../data/zookeeper/snapshot.8e");
const LOG: &[u8] = include_bytes!("../../data/zookeeper/log.1");
const PAGE: usize = 4096;
const ROUNDS: u64 = 1000;
const KINDS: [&str; 5] = ["truncate", "flip", "splice", "extend", "zero"];

/// Notes the largest piece that is asked for, and how much in all.
struct Watched {
    bytes: Vec<u8>,
    largest: Cell<usize>,
    all: Cell<usize>,
}

impl Watched {
    fn new(bytes: Vec<u8>) -> Watched {
        Watched { bytes, largest: Cell::new(0), all: Cell::new(0) }
    }
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
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

fn mutate(original: &[u8], kind: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    match kind {
        "truncate" => bytes.truncate(random.below(original.len())),
        "flip" => bytes[random.below(original.len())] ^= 1 << random.below(8),
        "splice" => {
            let length = 1 + random.below(600);
            let (from, to) = (random.below(original.len() - length), random.below(original.len() - length));
            bytes.copy_within(from..from + length, to);
        }
        "extend" => bytes.extend((0..=random.below(2 * PAGE)).map(|_| random.below(256) as u8)),
        _ => {
            let page = random.below(original.len() / PAGE);
            bytes[page * PAGE..(page + 1) * PAGE].fill(0);
        }
    }
    bytes
}

fn each_mutation(original: &[u8], mut check: impl FnMut(&str, u64, &Watched)) {
    for (seed, kind) in KINDS.into_iter().enumerate() {
        for round in 0..ROUNDS {
            let source = Watched::new(mutate(original, kind, &mut Random(round * 31 + seed as u64)));
            if source.bytes == original {
                continue;
            }
            check(kind, round, &source);
            let (largest, all) = (source.largest.get(), source.all.get());
            assert!(largest <= 5 << 20, "{kind} {round}: {largest} bytes at once");
            assert!(all <= 200 * source.bytes.len() + (1 << 20), "{kind} {round}: {all} bytes were read");
        }
    }
}

/// Whether what is read of a changed snapshot is all that is in the original but blocks behind the tree.
fn same_tree(found: &Survey, original: &Survey) -> bool {
    Survey { end: original.end, ..found.clone() } == *original
}

#[test]
fn every_mutation_of_a_snapshot_is_seen() {
    let original = survey(&SNAPSHOT.to_vec(), Packing::Plain);
    assert!(original.damage.is_none() && original.nodes == 145, "{original:?}");
    assert_eq!(original.digest_matches(Zxid(0x8e)), Some(true));
    each_mutation(SNAPSHOT, |kind, round, source| {
        let found = survey(source, Packing::Plain);
        match &found.damage {
            Some(damage) => assert!(
                damage.to_string().contains("offset") || source.bytes.is_empty(),
                "{kind} {round}: {damage}"
            ),
            // Cut right behind a seal: a whole snapshot of a server that writes less behind the tree.
            None => assert!(kind == "truncate" && same_tree(&found, &original), "{kind} {round}: {found:?}"),
        }
    });
}

#[test]
fn every_mutation_of_a_packed_snapshot_is_seen() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(SNAPSHOT).expect("packed");
    let packed = packer.finish().expect("packed");
    let original = survey(&packed, Packing::Gzip);
    assert!(original.damage.is_none(), "{original:?}");
    for round in 0..ROUNDS {
        let kind = KINDS[round as usize % 4];
        let source = Watched::new(mutate(&packed, kind, &mut Random(round)));
        let found = survey(&source, Packing::Gzip);
        // The header of a gzip file has a time, a name and flags that nobody proves.
        let same = found == original || kind == "truncate" && same_tree(&found, &original);
        assert!(found.damage.is_some() || same, "{kind} {round}: {found:?}");
    }
}

/// What is said of a log: every record, and why it is not whole.
fn told(source: &dyn Source) -> (Vec<String>, Option<String>) {
    let (mut records, mut wrong) = (Vec::new(), None);
    match LogReader::open(source) {
        Ok((mut reader, _)) => {
            while let Some(next) = reader.next_record() {
                match next {
                    Ok(record) => records.push(format!("{record:?}")),
                    Err(damage) => wrong = wrong.or(Some(damage.to_string())),
                }
            }
            let torn = reader.ending().torn.map(|at| format!("torn at offset {at}"));
            (records, wrong.or(torn))
        }
        Err(damage) => (records, Some(damage.to_string())),
    }
}

#[test]
fn every_mutation_of_a_log_is_seen() {
    let (original, wrong) = told(&LOG.to_vec());
    assert_eq!((original.len(), wrong), (143, None));
    let written = LOG.len() - LOG.iter().rev().take_while(|byte| **byte == 0).count();
    each_mutation(LOG, |kind, round, source| {
        let (records, wrong) = told(source);
        for record in &records {
            let known = original.contains(record) || kind == "splice";
            assert!(known, "{kind} {round}: {record} was never written");
        }
        match wrong {
            Some(wrong) => assert!(wrong.contains("offset"), "{kind} {round}: {wrong}"),
            // Zeros, or nothing, from the end of a record on: what the log was some records ago.
            None => {
                let bytes = &source.bytes;
                let end = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
                let earlier = bytes[..end] == LOG[..end] && end <= written;
                let unproven = kind == "flip" && records == original;
                assert!(earlier && original.starts_with(&records) || unproven, "{kind} {round}");
            }
        }
    });
}
