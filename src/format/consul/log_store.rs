//! `raft.db`: the log of raft and what raft must never forget, in bbolt (hashicorp/raft-boltdb v2).

use super::kinds::{KVS, kind_text};
use super::msgpack::{Broken, Reader};
use crate::format::bbolt::{Database, Item, Visitor};
use crate::format::source::{Damage, Damages, Place, key_text};
use std::collections::BTreeMap;

/// Holes that are given.
const MOST_HOLES: usize = 8;
/// An address, or an id.
const LONGEST_CANDIDATE: usize = 256;
/// Longer commands are cut; a value of a key has at most 512 KiB unless the server was told otherwise.
const LONGEST_COMMAND: usize = 4 << 20;
/// Changes of keys that are given.
const MOST_CHANGES: usize = 64;
/// Longer keys are cut.
const LONGEST_KEY: usize = 4096;

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
    /// Entries behind a snapshot.
    pub tail: Tail,
    /// Everything that is wrong with it.
    pub damages: Damages,
}

/// Entries behind a snapshot: what is only in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tail {
    /// Index of the snapshot.
    pub after: u64,
    /// How many.
    pub entries: u64,
    /// By what they do: kinds as of records, and raft's own such as `noop`.
    pub by_kind: BTreeMap<String, u64>,
    /// Changes of keys, the first ones: `set app/a`.
    pub changes: Vec<String>,
    /// How many more there are.
    pub more_changes: u64,
}

/// Reads it whole. `after` is the index of the snapshot that the server would start from.
pub fn log_store(database: &Database<'_>, after: u64) -> LogStore {
    let mut store = LogStore { tail: Tail { after, ..Tail::default() }, ..LogStore::default() };
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
        let entry = match Entry::read(item.value, index > self.tail.after) {
            Ok(read) => read,
            Err(what) => return self.damages.push(damage(item, format!("entry {index}: {what}"))),
        };
        if entry.index != Some(index) {
            self.damages.push(damage(item, format!("the entry stored as {index} is another")));
        }
        if let Some(last) = self.last.filter(|last| index > last + 1)
            && self.holes.len() < MOST_HOLES
        {
            self.holes.push((last + 1, index - 1));
        }
        self.entries += 1;
        self.first = self.first.or(Some(index));
        (self.last, self.last_term) = (Some(index), entry.term);
        if index > self.tail.after {
            self.tail.take(&entry);
        }
    }
}

impl Tail {
    fn take(&mut self, entry: &Entry) {
        self.entries += 1;
        let kind = match (entry.kind, entry.command.first()) {
            (0, _) if entry.chunk => "part of a larger command".to_owned(),
            // the highest bit only says that who does not know the kind may pass over it
            (0, Some(kind)) => kind_text(kind & 0x7f),
            (0, None) => "empty command".to_owned(),
            (1, _) => "noop".to_owned(),
            (4, _) => "barrier".to_owned(),
            (5, _) => "configuration".to_owned(),
            (other, _) => format!("raft's kind {other}"),
        };
        *self.by_kind.entry(kind).or_default() += 1;
        let change =
            entry.command.split_first().filter(|(kind, _)| entry.kind == 0 && !entry.chunk && **kind == KVS);
        match change {
            Some(_) if self.changes.len() >= MOST_CHANGES => self.more_changes += 1,
            Some((_, request)) => self.changes.extend(change_text(request)),
            None => {}
        }
    }
}

/// What a change of a key does, without its value.
fn change_text(mut request: &[u8]) -> Option<String> {
    let (mut what, mut key) = (String::new(), None);
    let read = Reader::new(&mut request).map(&mut |reader, name| {
        match name {
            b"Op" => what = reader.text(LONGEST_KEY)?,
            b"DirEnt" => drop(reader.map(&mut |reader, name| {
                if name != b"Key" {
                    return Ok(false);
                }
                key = reader.bytes(LONGEST_KEY)?;
                Ok(true)
            })?),
            _ => return Ok(false),
        }
        Ok(true)
    });
    read.ok().flatten()?;
    Some(format!("{what} {}", key_text(&key?)))
}

fn damage(item: &Item<'_>, what: impl Into<String>) -> Damage {
    Damage::new(Place::Element { page: item.page, element: item.element }, what)
}

/// An entry as far as it is looked at.
#[derive(Default)]
struct Entry {
    index: Option<u64>,
    term: Option<u64>,
    /// Raft's own: 0 is a command to the state.
    kind: u64,
    /// Only of entries that are wanted with it.
    command: Vec<u8>,
    /// Whether it is a part of a command that was too long for one entry.
    chunk: bool,
}

impl Entry {
    fn read(mut value: &[u8], with_command: bool) -> Result<Entry, String> {
        let mut entry = Entry::default();
        let read = Reader::new(&mut value).map(&mut |reader, name| {
            match name {
                b"Index" => entry.index = reader.number()?,
                b"Term" => entry.term = reader.number()?,
                b"Type" => entry.kind = reader.number()?.unwrap_or(u64::MAX),
                b"Data" if with_command => entry.command = reader.bytes(LONGEST_COMMAND)?.unwrap_or_default(),
                b"Extensions" => entry.chunk = reader.length()? > 0,
                _ => return Ok(false),
            }
            Ok(true)
        });
        match read {
            Ok(Some(_)) => Ok(entry),
            Ok(None) => Err("it is no map".to_owned()),
            Err(Broken::Form(damage)) => Err(damage.to_string()),
            Err(Broken::Input(error)) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::handmade::{map, raw};
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
        log_store(&Database::open(&file).expect("a database"), 5)
    }

    fn command(index: u8, command: &[u8], extensions: &[u8]) -> Vec<u8> {
        let fields = [("Data", raw(command)), ("Extensions", raw(extensions)), ("Index", vec![index])];
        map(&[&fields[..], &[("Term", vec![2]), ("Type", vec![0])]].concat())
    }

    fn change(op: &str, key: &str) -> Vec<u8> {
        let entry = map(&[("Key", raw(key.as_bytes())), ("Value", raw(b"classified"))]);
        [vec![KVS], map(&[("DirEnt", entry), ("Op", raw(op.as_bytes()))])].concat()
    }

    #[test]
    fn what_is_behind_the_snapshot_is_told_without_values() {
        let noop = map(&[("Index", vec![9]), ("Term", vec![2]), ("Type", vec![1])]);
        let store = read(&[
            (5, command(5, &change("set", "before"), b"")),
            (6, command(6, &change("set", "app/a"), b"")),
            (7, command(7, &change("delete-tree", "app/"), b"")),
            (8, command(8, &[0x80], b"")),
            (9, noop),
            (10, command(10, &change("set", "x"), b"chunk")),
        ]);
        let counts = [("KVS", 2), ("Register", 1), ("noop", 1), ("part of a larger command", 1)];
        let by_kind = counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect();
        let changes = vec!["set app/a".to_owned(), "delete-tree app/".to_owned()];
        assert_eq!(store.tail, Tail { after: 5, entries: 5, by_kind, changes, more_changes: 0 });
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
            tail: Tail {
                after: 5,
                entries: 2,
                by_kind: [("empty command".to_owned(), 2)].into(),
                ..Tail::default()
            },
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
