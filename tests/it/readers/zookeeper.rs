//! A thousand mutations of each kind of a real snapshot and a real log: each is refused or told with its place, or what is
//! left is what was written; nothing panics, and nothing is read in larger pieces than the readers promise.

use super::mutations::{KINDS, Kind, ROUNDS, Random, Watched, each_mutation, mutate, watched};
use quorate::format::source::Source;
use quorate::format::zookeeper::{LogReader, Packing, Survey, Zxid, survey};
use std::io::Write;

const SNAPSHOT: &[u8] = include_bytes!("../../data/zookeeper/snapshot.8e");
const LOG: &[u8] = include_bytes!("../../data/zookeeper/log.1");
/// Also bounded is how much is read in all: no mutation makes a reader go over its file again and again.
fn each_bounded(original: &[u8], mut check: impl FnMut(Kind, u64, &Watched)) {
    each_mutation(original, |kind, round, source| {
        check(kind, round, source);
        let (largest, all) = (source.largest.get(), source.all.get());
        assert!(largest <= 5 << 20, "{kind:?} {round}: {largest} bytes at once");
        assert!(all <= 200 * source.bytes.len() + (1 << 20), "{kind:?} {round}: {all} bytes were read");
    });
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
    each_bounded(SNAPSHOT, |kind, round, source| {
        let found = survey(source, Packing::Plain);
        match &found.damage {
            Some(damage) => assert!(
                damage.to_string().contains("offset") || source.bytes.is_empty(),
                "{kind:?} {round}: {damage}"
            ),
            // Cut right behind a seal: a whole snapshot of a server that writes less behind the tree.
            None => {
                assert!(kind == Kind::Truncate && same_tree(&found, &original), "{kind:?} {round}: {found:?}")
            }
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
        let source = watched(mutate(&packed, kind, &mut Random(round)));
        let found = survey(&source, Packing::Gzip);
        // The header of a gzip file has a time, a name and flags that nobody proves.
        let same = found == original || kind == Kind::Truncate && same_tree(&found, &original);
        assert!(found.damage.is_some() || same, "{kind:?} {round}: {found:?}");
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
    each_bounded(LOG, |kind, round, source| {
        let (records, wrong) = told(source);
        for record in &records {
            let known = original.contains(record) || kind == Kind::Splice;
            assert!(known, "{kind:?} {round}: {record} was never written");
        }
        match wrong {
            Some(wrong) => assert!(wrong.contains("offset"), "{kind:?} {round}: {wrong}"),
            // Zeros, or nothing, from the end of a record on: what the log was some records ago.
            None => {
                let bytes = &source.bytes;
                let end = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
                let earlier = bytes[..end] == LOG[..end] && end <= written;
                let unproven = kind == Kind::Flip && records == original;
                assert!(earlier && original.starts_with(&records) || unproven, "{kind:?} {round}");
            }
        }
    });
}
