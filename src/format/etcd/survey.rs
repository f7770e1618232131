//! A whole etcd database in one pass: structure proven, every record decoded, keys counted, the status hash computed.

use super::buckets::Records;
use super::newest::{Newest, Put};
use super::revision::{Change, KeyValue, Revision, Row};
use crate::format::bbolt::{Cursor, Database, Item, Visitor, Walked};
use crate::format::source::{Damage, Damages, Place, key_text};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Prefixes counted by name; keys of further ones are counted together under [`OTHER`].
const MAX_PREFIXES: usize = 4096;
/// The name under which they are.
pub const OTHER: &str = "(other)";
/// Leases looked at when keys are compared with them: 8 bytes each.
const MAX_LEASES: usize = 500_000;

/// What a database holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// The structure and its damage.
    pub structure: Walked,
    /// What `etcdutl snapshot status` calls hash: CRC-32C over every bucket's name and records.
    pub status_hash: u32,
    /// Records and bytes (keys and values) of each bucket.
    pub buckets: BTreeMap<String, Amount>,
    /// The `key` bucket.
    pub keys: Keys,
    /// The other buckets.
    pub records: Records,
    /// Records that do not decode or contradict themselves or each other.
    pub damages: Damages,
}

/// Records and their bytes, keys and values together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// How many.
    pub records: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The key space over all revisions that are still there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Keys {
    /// Keys that exist now.
    pub live: u64,
    /// Rows, deletions included: a row for each change that compaction left.
    pub revisions: u64,
    /// Rows that are deletions.
    pub deletions: u64,
    /// Rows that only raise the revision.
    pub bumps: u64,
    /// CRC-32C over all rows up to the last one that does more than raise the revision. A restored database has the hash
    /// of its snapshot: the tool that restores only adds to the end.
    pub hash: u32,
    /// The first row.
    pub first: Option<Revision>,
    /// The last row. `snapshot status` prints its main part as the revision.
    pub last: Option<Revision>,
    /// By prefix: what stands up to the second `/` behind a leading one (`/registry/pods/`).
    pub prefixes: BTreeMap<String, PrefixAmount>,
    /// Live keys attached to a lease that does not exist.
    pub without_lease: u64,
}

/// Keys under a prefix. Bytes are of keys and values, without what etcd and bbolt add.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PrefixAmount {
    /// Keys that exist now.
    pub live: u64,
    /// Their bytes.
    pub live_bytes: u64,
    /// Rows over all revisions.
    pub revisions: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Survey {
    /// The store's current revision as a server computes it at start; 1 for a store that was never written to.
    pub fn revision(&self) -> i64 {
        let meta = &self.records.meta;
        let last = self.keys.last.map_or(1, |last| last.main);
        last.max(meta.scheduled_compaction.unwrap_or(0)).max(meta.finished_compaction.unwrap_or(0))
    }

    /// The compaction that was asked for last, as a server says it in HashKV; -1 when there was none.
    pub fn compacted(&self) -> i64 {
        let meta = &self.records.meta;
        meta.scheduled_compaction.max(meta.finished_compaction).unwrap_or(-1)
    }

    /// Whether nothing is wrong with the structure or any record.
    pub fn is_sound(&self) -> bool {
        self.structure.damages.is_empty() && self.damages.is_empty()
    }
}

/// Reads the whole database once (and the `key` bucket again for every further part of very many keys), and shows every
/// row of the `key` bucket to `row` in the order of revisions.
pub fn survey(database: &Database<'_>, row: &mut dyn FnMut(&Row<'_>)) -> Survey {
    let mut surveyor = Surveyor::new(database, row);
    surveyor.read_leases(database);
    let structure = database.walk(&mut surveyor);
    surveyor.finish(database, structure)
}

/// What is remembered of the newest row of a key.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    bytes: u32,
    prefix: u16,
    live: bool,
    without_lease: bool,
}

struct Surveyor<'r> {
    survey: Survey,
    bucket: Amount,
    bucket_name: String,
    /// CRC-32C over the bucket's records so far.
    bucket_hash: u32,
    newest: Newest<Held>,
    prefixes: Prefixes,
    leases: Option<HashSet<i64>>,
    row: &'r mut dyn FnMut(&Row<'_>),
}

impl<'r> Surveyor<'r> {
    fn new(database: &Database<'_>, row: &'r mut dyn FnMut(&Row<'_>)) -> Surveyor<'r> {
        Surveyor {
            survey: Survey::default(),
            bucket: Amount::default(),
            bucket_name: String::new(),
            bucket_hash: 0,
            newest: Newest::for_file(database.used_bytes()),
            prefixes: Prefixes::default(),
            leases: None,
            row,
        }
    }

    /// `lease` comes after `key`: its ids are read before the walk.
    fn read_leases(&mut self, database: &Database<'_>) {
        let Ok(Some(mut cursor)) = Cursor::bucket(database, b"lease") else { return };
        let mut ids = HashSet::new();
        while let Ok(Some(item)) = cursor.next() {
            if let Ok(id) = item.key.try_into() {
                ids.insert(i64::from_be_bytes(id));
            }
            if ids.len() > MAX_LEASES {
                return;
            }
        }
        self.leases = Some(ids);
    }

    fn close_bucket(&mut self) {
        let name = std::mem::take(&mut self.bucket_name);
        let amount = std::mem::take(&mut self.bucket);
        let (before, hash) = (self.survey.status_hash, std::mem::take(&mut self.bucket_hash));
        // the hash of all is put together from those of the buckets: each byte is hashed once
        let bytes = usize::try_from(amount.bytes).unwrap_or(usize::MAX);
        self.survey.status_hash = crc32c::crc32c_combine(before, hash, bytes);
        if !name.is_empty() {
            self.survey.buckets.insert(name, amount);
        }
    }

    fn take_row(&mut self, item: &Item<'_>) {
        let row = match Row::parse(item.key, item.value) {
            Ok(row) => row,
            Err(what) => return self.tell("key", &revision_text(item.key), what),
        };
        let keys = &mut self.survey.keys;
        keys.revisions += 1;
        keys.first.get_or_insert(row.revision);
        keys.last = Some(row.revision);
        if !matches!(row.change, Change::Bump) {
            keys.hash = self.bucket_hash;
        }
        match row.change {
            Change::Put(kv) => {
                let prefix = self.prefixes.of(kv.key);
                let amount = self.prefixes.amount(prefix);
                amount.revisions += 1;
                amount.bytes += (kv.key.len() + kv.value.len()) as u64;
                self.hold_put(&kv, prefix);
            }
            Change::Delete(key) => {
                keys.deletions += 1;
                let prefix = self.prefixes.of(key);
                let amount = self.prefixes.amount(prefix);
                amount.revisions += 1;
                amount.bytes += key.len() as u64;
                self.hold(key, Held { prefix, ..Held::default() });
            }
            Change::Bump => keys.bumps += 1,
        }
        (self.row)(&row);
    }

    /// Counts a row of a later pass: only what the first pass could not hold.
    fn take_again(&mut self, row: &Row<'_>) {
        match row.change {
            Change::Put(kv) => {
                let prefix = self.prefixes.of(kv.key);
                self.hold_put(&kv, prefix);
            }
            Change::Delete(key) => {
                let prefix = self.prefixes.of(key);
                self.hold(key, Held { prefix, ..Held::default() });
            }
            Change::Bump => {}
        }
    }

    fn hold_put(&mut self, kv: &KeyValue<'_>, prefix: u16) {
        let without_lease =
            kv.lease != 0 && self.leases.as_ref().is_some_and(|leases| !leases.contains(&kv.lease));
        let bytes = u32::try_from(kv.key.len() + kv.value.len()).unwrap_or(u32::MAX);
        self.hold(kv.key, Held { bytes, prefix, live: true, without_lease });
    }

    fn hold(&mut self, key: &[u8], held: Held) {
        let (prefixes, without_lease) = (&mut self.prefixes, &mut self.survey.keys.without_lease);
        let put = self.newest.put(key, held, &mut |old| prefixes.count(old, false, without_lease));
        if let Put::Replaced(old) = put {
            prefixes.count(old, false, without_lease);
        }
        if !matches!(put, Put::Elsewhere) {
            prefixes.count(held, true, without_lease);
        }
    }

    fn tell(&mut self, bucket: &str, key: &str, what: impl Into<String>) {
        let place = Place::Record { bucket: bucket.to_owned(), key: key.to_owned() };
        self.survey.damages.push(Damage::new(place, what));
    }

    fn finish(mut self, database: &Database<'_>, structure: Walked) -> Survey {
        self.close_bucket();
        self.survey.structure = structure;
        while self.newest.next_pass() {
            let Ok(Some(mut cursor)) = Cursor::bucket(database, b"key") else { break };
            loop {
                match cursor.next() {
                    Ok(Some(item)) => {
                        if let Ok(row) = Row::parse(item.key, item.value) {
                            self.take_again(&row);
                        }
                    }
                    Ok(None) => break,
                    // told by the walk already; the cursor goes on behind it
                    Err(_) => {}
                }
            }
        }
        let keys = &mut self.survey.keys;
        keys.live = self.prefixes.amounts.iter().map(|amount| amount.live).sum();
        keys.prefixes = self.prefixes.named();
        let meta = &self.survey.records.meta;
        if meta.finished_compaction > meta.scheduled_compaction {
            self.tell("meta", "finishedCompactRev", "a compaction was finished that was never asked for");
        }
        if self.survey.keys.without_lease > 0 {
            let what = format!(
                "{} live keys are attached to leases that do not exist",
                self.survey.keys.without_lease
            );
            self.tell("lease", "", what);
        }
        self.survey
    }
}

impl Visitor for Surveyor<'_> {
    fn bucket(&mut self, path: &[Vec<u8>]) {
        self.close_bucket();
        let name = path.last().map(Vec::as_slice).unwrap_or_default();
        self.survey.status_hash = crc32c::crc32c_append(self.survey.status_hash, name);
        self.bucket_name = path.iter().map(|part| key_text(part)).collect::<Vec<_>>().join("/");
    }

    fn record(&mut self, path: &[Vec<u8>], item: &Item<'_>) {
        let hash = crc32c::crc32c_append(self.bucket_hash, item.key);
        self.bucket_hash = crc32c::crc32c_append(hash, item.value);
        self.bucket.records += 1;
        self.bucket.bytes += (item.key.len() + item.value.len()) as u64;
        let [bucket] = path else { return };
        if bucket == b"key" {
            return self.take_row(item);
        }
        if let Err(what) = self.survey.records.take(bucket, item.key, item.value) {
            self.tell(&key_text(bucket), &key_text(item.key), what);
        }
    }
}

/// Amounts by prefix, each with a small number.
struct Prefixes {
    numbers: HashMap<Vec<u8>, u16>,
    amounts: Vec<PrefixAmount>,
    /// Rows of one prefix often follow one another.
    latest: (Vec<u8>, u16),
}

impl Default for Prefixes {
    fn default() -> Prefixes {
        Prefixes { numbers: HashMap::new(), amounts: vec![PrefixAmount::default()], latest: (Vec::new(), 0) }
    }
}

impl Prefixes {
    fn of(&mut self, key: &[u8]) -> u16 {
        let prefix = prefix_of(key);
        if self.latest.1 != 0 && self.latest.0 == prefix {
            return self.latest.1;
        }
        let number = match self.numbers.get(prefix) {
            Some(number) => *number,
            None if self.amounts.len() > MAX_PREFIXES => return 0,
            None => {
                let number = self.amounts.len() as u16;
                self.amounts.push(PrefixAmount::default());
                self.numbers.insert(prefix.to_vec(), number);
                number
            }
        };
        self.latest = (prefix.to_vec(), number);
        number
    }

    fn amount(&mut self, number: u16) -> &mut PrefixAmount {
        let at = usize::from(number).min(self.amounts.len() - 1);
        &mut self.amounts[at]
    }

    /// Adds or takes away a live key.
    fn count(&mut self, held: Held, add: bool, without_lease: &mut u64) {
        if !held.live {
            return;
        }
        let amount = self.amount(held.prefix);
        let (live, bytes) = (amount.live, u64::from(held.bytes));
        if add {
            amount.live = live + 1;
            amount.live_bytes += bytes;
            *without_lease += u64::from(held.without_lease);
        } else {
            amount.live = live.saturating_sub(1);
            amount.live_bytes = amount.live_bytes.saturating_sub(bytes);
            *without_lease = without_lease.saturating_sub(u64::from(held.without_lease));
        }
    }

    fn named(&self) -> BTreeMap<String, PrefixAmount> {
        let mut named: BTreeMap<String, PrefixAmount> = BTreeMap::new();
        for (name, number) in &self.numbers {
            let amount = self.amounts.get(usize::from(*number)).copied().unwrap_or_default();
            add(named.entry(key_text(name)).or_default(), amount);
        }
        if self.amounts[0] != PrefixAmount::default() {
            add(named.entry(OTHER.to_owned()).or_default(), self.amounts[0]);
        }
        named
    }
}

fn add(into: &mut PrefixAmount, amount: PrefixAmount) {
    into.live += amount.live;
    into.live_bytes += amount.live_bytes;
    into.revisions += amount.revisions;
    into.bytes += amount.bytes;
}

/// What stands up to the second `/` behind a leading one; up to the first when there is no second; nothing without any.
pub fn prefix_of(key: &[u8]) -> &[u8] {
    let slashes =
        key.iter().take(256).enumerate().skip(1).filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let end = slashes.take(2).last().map_or(usize::from(key.first() == Some(&b'/')), |at| at + 1);
    &key[..end]
}

/// A row's key as `main/sub` or as hex when it is none.
fn revision_text(key: &[u8]) -> String {
    match key.get(..17).and_then(Revision::parse) {
        Some(revision) => format!("{}/{}", revision.main, revision.sub),
        None => key_text(key),
    }
}

#[cfg(test)]
mod tests {
    use super::super::revision::made::{Written, revision};
    use super::*;
    use crate::format::bbolt::handmade;
    use prost::Message;

    fn put(key: &str, create: i64, main: i64, version: i64, lease: i64) -> (Vec<u8>, Vec<u8>) {
        let (key, value) = (key.as_bytes().to_vec(), b"value".to_vec());
        let kv = Written { key, create_revision: create, mod_revision: main, version, value, lease };
        (revision(main, 0, false), kv.encode_to_vec())
    }

    fn delete(key: &str, main: i64) -> (Vec<u8>, Vec<u8>) {
        let kv = Written { key: key.as_bytes().to_vec(), ..Written::default() };
        (revision(main, 0, true), kv.encode_to_vec())
    }

    fn survey_of(rows: &[(Vec<u8>, Vec<u8>)]) -> Survey {
        let rows: Vec<handmade::Pair<'_>> = rows.iter().map(|(k, v)| (k.as_slice(), v.as_slice())).collect();
        let file = handmade::file(&[(b"key", &rows), (b"lease", &[])]);
        survey(&Database::open(&file).expect("valid"), &mut |_| {})
    }

    #[test]
    fn counts_keys_rows_and_prefixes() {
        let rows = [
            put("/a/b/c", 2, 2, 1, 0),
            put("/a/b/d", 3, 3, 1, 0),
            put("/a/b/c", 2, 4, 2, 0),
            delete("/a/b/d", 5),
        ];
        let survey = survey_of(&rows);
        assert!(survey.is_sound(), "{survey:?}");
        assert_eq!((survey.keys.live, survey.keys.revisions, survey.keys.deletions), (1, 4, 1));
        assert_eq!(survey.revision(), 5);
        let amount = survey.keys.prefixes["/a/b/"];
        assert_eq!((amount.live, amount.live_bytes, amount.revisions, amount.bytes), (1, 11, 4, 39));
    }

    #[test]
    fn more_keys_than_fit_in_the_table_are_counted_in_more_passes() {
        let key = |n: i64| format!("/many/{}/{n}", n % 3);
        let puts = (0..3000).map(|n| put(&key(n), n + 2, n + 2, 1, 0));
        let deletions = (0..1000).map(|n| delete(&key(n), 3002 + n));
        let again = (1000..1500).map(|n| put(&key(n), n + 2, 3002 + n, 2, 0));
        let rows: Vec<_> = puts.chain(deletions).chain(again).collect();
        let survey = survey_of(&rows);
        assert!(survey.is_sound(), "{:?}", survey.damages);
        assert_eq!((survey.keys.live, survey.keys.revisions), (2000, 4500));
        assert_eq!(survey.keys.prefixes["/many/1/"].live, (1000..3000).filter(|n| n % 3 == 1).count() as u64);
        let bytes: usize = (1000..3000).map(|n| key(n).len() + 5).sum();
        assert_eq!(survey.keys.prefixes.values().map(|prefix| prefix.live_bytes).sum::<u64>(), bytes as u64);
    }

    #[test]
    fn a_key_of_a_lost_lease_is_told_only_while_it_lives() {
        assert_eq!(survey_of(&[put("k", 2, 2, 1, 77)]).keys.without_lease, 1);
        assert_eq!(survey_of(&[put("k", 2, 2, 1, 77), delete("k", 3)]).keys.without_lease, 0);
    }

    #[test]
    fn a_row_that_does_not_decode_is_told_with_its_revision() {
        let mut broken = put("k", 2, 3, 2, 0);
        broken.1[1] = 200;
        let survey = survey_of(&[broken]);
        let place = Place::Record { bucket: "key".to_owned(), key: "3/0".to_owned() };
        assert_eq!(survey.damages.first[0].at, place);
    }

    #[test]
    fn prefixes_end_at_the_second_slash() {
        let cases =
            [("/registry/pods/ns/p", "/registry/pods/"), ("/registry/health", "/registry/"), ("a/b", "a/")];
        let rest = [("plain", ""), ("/x", "/"), ("", ""), ("a/b/c", "a/b/")];
        for (key, prefix) in cases.into_iter().chain(rest) {
            assert_eq!(prefix_of(key.as_bytes()), prefix.as_bytes(), "{key}");
        }
    }
}
