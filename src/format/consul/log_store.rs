//! `raft.db`: the log of raft and what raft must never forget, in bbolt (hashicorp/raft-boltdb v2).

use super::msgpack::{Broken, Reader};
use crate::format::bbolt::{Database, Item, Visitor};
use crate::format::source::{Damage, Damages, Place};

/// Holes that are given.
const MOST_HOLES: usize = 8;
/// An address, or an id.
const LONGEST_CANDIDATE: usize = 256;

/// What a log store holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogStore {
    /// Term that the server is in; `None` when it was never in one.
    pub current_term: Option<u64>,
    /// Term in which it voted last.
    pub vote_term: Option<u64>,
    /// For whom.
    pub vote: Option<String>,
    /// Entries.
    pub entries: u64,
    /// Index of the first.
    pub first: Option<u64>,
    /// Index of the last.
    pub last: Option<u64>,
    /// Term of the last.
    pub last_term: Option<u64>,
    /// Indexes that are missing between the first and the last, from and to: a restore leaves one on purpose.
    pub holes: Vec<(u64, u64)>,
    /// Everything that is wrong with it.
    pub damages: Damages,
}

/// Reads it whole.
pub fn log_store(database: &Database<'_>) -> LogStore {
    let mut store = LogStore::default();
    let walked = database.walk(&mut store);
    store.damages.absorb(walked.damages);
    store
}

impl Visitor for LogStore {
    fn bucket(&mut self, _: &[Vec<u8>]) {}

    fn record(&mut self, path: &[Vec<u8>], item: &Item<'_>) {
        match path.first().map(Vec::as_slice) {
            Some(b"logs") => self.entry(item),
            Some(b"conf") => self.setting(item),
            _ => {}
        }
    }
}

impl LogStore {
    fn setting(&mut self, item: &Item<'_>) {
        let number = item.value.try_into().ok().map(u64::from_be_bytes);
        let length = item.value.len().min(LONGEST_CANDIDATE);
        match item.key {
            b"CurrentTerm" => self.current_term = number,
            b"LastVoteTerm" => self.vote_term = number,
            b"LastVoteCand" => self.vote = Some(String::from_utf8_lossy(&item.value[..length]).into_owned()),
            _ => {}
        }
    }

    fn entry(&mut self, item: &Item<'_>) {
        let Ok(index) = item.key.try_into().map(u64::from_be_bytes) else {
            return self.damages.push(damage(item, "the key of an entry is not eight bytes"));
        };
        let (there, term) = match terms(item.value) {
            Ok(read) => read,
            Err(what) => return self.damages.push(damage(item, format!("entry {index}: {what}"))),
        };
        if there != Some(index) {
            self.damages.push(damage(item, format!("the entry stored as {index} is another")));
        }
        if let Some(last) = self.last.filter(|last| index > last + 1)
            && self.holes.len() < MOST_HOLES
        {
            self.holes.push((last + 1, index - 1));
        }
        self.entries += 1;
        self.first = self.first.or(Some(index));
        (self.last, self.last_term) = (Some(index), term);
    }
}

fn damage(item: &Item<'_>, what: impl Into<String>) -> Damage {
    Damage::new(Place::Element { page: item.page, element: item.element }, what)
}

/// Index and term in an entry.
fn terms(mut value: &[u8]) -> Result<(Option<u64>, Option<u64>), String> {
    let (mut index, mut term) = (None, None);
    let read = Reader::new(&mut value).map(&mut |reader, name| {
        match name {
            b"Index" => index = reader.number()?,
            b"Term" => term = reader.number()?,
            _ => return Ok(false),
        }
        Ok(true)
    });
    match read {
        Ok(Some(_)) => Ok((index, term)),
        Ok(None) => Err("it is no map".to_owned()),
        Err(Broken::Form(damage)) => Err(damage.to_string()),
        Err(Broken::Input(error)) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::handmade::map;
    use super::*;
    use crate::format::bbolt::first_file;

    fn entry(index: u8, term: u8) -> Vec<u8> {
        map(&[("Data", vec![0xc0]), ("Index", vec![index]), ("Term", vec![term])])
    }

    fn key(index: u64) -> [u8; 8] {
        index.to_be_bytes()
    }

    fn read(entries: &[(u64, Vec<u8>)]) -> LogStore {
        let keys: Vec<([u8; 8], &Vec<u8>)> = entries.iter().map(|(at, value)| (key(*at), value)).collect();
        let logs: Vec<(&[u8], &[u8])> = keys.iter().map(|(at, value)| (&at[..], value.as_slice())).collect();
        let term = 3u64.to_be_bytes();
        let conf: [(&[u8], &[u8]); 3] =
            [(b"CurrentTerm", &term), (b"LastVoteCand", b"10.0.0.1:8300"), (b"LastVoteTerm", &term)];
        let file = first_file(4096, &[(b"conf", &conf), (b"logs", &logs)]);
        log_store(&Database::open(&file).expect("a database"))
    }

    #[test]
    fn term_vote_and_ends() {
        let store = read(&[(5, entry(5, 2)), (6, entry(6, 2)), (9, entry(9, 3))]);
        let expected = LogStore {
            current_term: Some(3),
            vote_term: Some(3),
            vote: Some("10.0.0.1:8300".into()),
            entries: 3,
            first: Some(5),
            last: Some(9),
            last_term: Some(3),
            holes: vec![(7, 8)],
            damages: Damages::default(),
        };
        assert_eq!(store, expected);
    }

    #[test]
    fn entries_that_are_none_are_told() {
        let store = read(&[(5, entry(6, 2)), (6, vec![1]), (7, vec![0x81, 0xa1])]);
        let told: Vec<String> = store.damages.first.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        for (told, says) in
            told.iter().zip(["stored as 5 is another", "entry 6: it is no map", "entry 7: offset 2"])
        {
            assert!(told.contains(says), "{told}");
        }
    }
}
