//! HashKV(r) computed offline: the number that a server gives for the same revision, from its file.
//!
//! Rows up to the compaction are hashed only if a compaction at `r` would keep them: the newest row ≤ r of each key that
//! is alive at r. Finding those takes one pass over the rows; hashing takes another.

use super::newest::{Newest, Put};
use super::revision::{Change, Revision, Row};
use crate::format::bbolt::{Cursor, Database};
use crate::format::source::{Damage, Place};
use serde::Serialize;

/// Rows up to the compaction that are looked at: one bit each, 32 MiB.
const MAX_ROWS: usize = 1 << 28;

/// HashKV at a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HashKv {
    /// The revision it is of.
    pub revision: i64,
    /// CRC-32C over the rows.
    pub hash: u32,
    /// The compaction that had been asked for. Only hashes with the same one can be compared.
    pub compacted: i64,
}

/// Computes HashKV at `revision`; 0 means the current one. `compacted` is
/// [`Survey::compacted`](super::Survey::compacted).
///
/// # Errors
/// Damage met on the way: a hash over less than everything would be worth nothing. A compacted revision.
pub fn hash_kv(database: &Database<'_>, revision: i64, compacted: i64) -> Result<HashKv, Damage> {
    let revision = if revision == 0 { i64::MAX } else { revision };
    if revision < compacted {
        return Err(Damage::new(Place::File, format!("revision {revision} was compacted at {compacted}")));
    }
    let keep = if compacted > 0 { Keep::find(database, revision, compacted)? } else { Keep::default() };
    let mut hash = crc32c::crc32c(b"key");
    let mut last = 1;
    let mut ordinal = 0;
    each_row(database, revision, &mut |row, key, value| {
        last = row.revision.main;
        let up_to_compaction = row.revision.main <= compacted;
        let at = ordinal;
        ordinal += usize::from(up_to_compaction);
        if up_to_compaction && keep.any && !keep.holds(at) {
            return;
        }
        // servers before 3.4.34 and 3.5.16 drop this row when they compact, later ones do not: no one hashes it
        if row.revision.main == compacted && matches!(row.change, Change::Delete(_)) {
            return;
        }
        hash = crc32c::crc32c_append(crc32c::crc32c_append(hash, key), value);
    })?;
    let revision = if revision == i64::MAX { last.max(compacted) } else { revision };
    Ok(HashKv { revision, hash, compacted })
}

/// Which rows up to the compaction stay: by their place among those rows.
#[derive(Default)]
struct Keep {
    dropped: Vec<u64>,
    /// Whether any key is alive at the revision. When none is, a server hashes all rows.
    any: bool,
}

impl Keep {
    fn find(database: &Database<'_>, revision: i64, compacted: i64) -> Result<Keep, Damage> {
        let mut keep = Keep::default();
        let mut newest: Newest<Newer> = Newest::for_file(database.used_bytes());
        let mut alive = 0i64;
        loop {
            let mut ordinal = 0usize;
            each_row(database, revision, &mut |row, _, _| {
                let up_to_compaction = row.revision.main <= compacted;
                let at = if up_to_compaction { ordinal } else { usize::MAX };
                ordinal += usize::from(up_to_compaction);
                let (key, lives) = match row.change {
                    Change::Put(kv) => (kv.key, true),
                    Change::Delete(key) => (key, false),
                    // a server reads this row as a key without a name, and keeps it
                    Change::Bump => (&b""[..], true),
                };
                let newer = Newer { row: u32::try_from(at).unwrap_or(u32::MAX), lives };
                let put = newest.put(key, newer, &mut |old| alive -= i64::from(old.lives));
                match put {
                    Put::Elsewhere => return,
                    Put::Fresh => {}
                    Put::Replaced(old) => {
                        alive -= i64::from(old.lives);
                        keep.drop_row(old.row as usize);
                    }
                }
                alive += i64::from(lives);
                if !lives {
                    keep.drop_row(at);
                }
            })?;
            if ordinal > MAX_ROWS {
                let what = format!("{ordinal} rows up to the compaction are more than are looked at");
                return Err(Damage::new(Place::File, what));
            }
            if !newest.next_pass() {
                keep.any = alive > 0;
                return Ok(keep);
            }
        }
    }

    fn drop_row(&mut self, at: usize) {
        if at < MAX_ROWS {
            let word = at / 64;
            if self.dropped.len() <= word {
                self.dropped.resize(word + 1, 0);
            }
            self.dropped[word] |= 1 << (at % 64);
        }
    }

    fn holds(&self, at: usize) -> bool {
        self.dropped.get(at / 64).is_none_or(|word| word >> (at % 64) & 1 == 0)
    }
}

/// The newest row of a key so far: its place among the rows up to the compaction, and whether the key lives.
#[derive(Debug, Clone, Copy, Default)]
struct Newer {
    row: u32,
    lives: bool,
}

/// A row, and its key and value as stored.
type EachRow<'f> = dyn FnMut(&Row<'_>, &[u8], &[u8]) + 'f;

/// Every row with main ≤ `revision`, with its bytes.
fn each_row(database: &Database<'_>, revision: i64, each: &mut EachRow<'_>) -> Result<(), Damage> {
    let Some(mut cursor) = Cursor::bucket(database, b"key")? else { return Ok(()) };
    while let Some(item) = cursor.next()? {
        let place = || Place::Element { page: item.page, element: item.element };
        let row = Row::parse(item.key, item.value).map_err(|what| Damage::new(place(), what))?;
        if row.revision > (Revision { main: revision, sub: i64::MAX }) {
            break;
        }
        each(&row, item.key, item.value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::revision::made::{Written, revision};
    use super::*;
    use crate::format::bbolt::handmade;
    use proptest::prelude::*;
    use prost::Message;
    use std::collections::{BTreeMap, BTreeSet};

    type Stored = (i64, String, bool, Vec<u8>, Vec<u8>);

    /// A history of puts and deletions: each step has a revision of its own.
    fn history(steps: &[(u8, bool)]) -> Vec<Stored> {
        let mut alive: BTreeMap<u8, (i64, i64)> = BTreeMap::new();
        let mut rows = Vec::new();
        for (number, deletes) in steps {
            let main = rows.len() as i64 + 2;
            let key = format!("k{number}");
            if *deletes && alive.remove(number).is_some() {
                let kv = Written { key: key.clone().into_bytes(), ..Written::default() };
                rows.push((main, key, true, revision(main, 0, true), kv.encode_to_vec()));
            } else {
                let (create_revision, version) = alive.get(number).map_or((main, 1), |(c, v)| (*c, v + 1));
                alive.insert(*number, (create_revision, version));
                let (name, value) = (key.clone().into_bytes(), b"v".to_vec());
                let kv = Written { key: name, create_revision, mod_revision: main, version, value, lease: 0 };
                rows.push((main, key, false, revision(main, 0, false), kv.encode_to_vec()));
            }
        }
        rows
    }

    /// What a server does, with everything in memory: `kvindex.Keep` and `kvHasher.WriteKeyValue`.
    fn served(rows: &[Stored], at: i64, compacted: i64) -> u32 {
        let mut newest: BTreeMap<&str, (i64, bool)> = BTreeMap::new();
        for (main, key, deletes, ..) in rows.iter().filter(|row| row.0 <= at) {
            newest.insert(key, (*main, *deletes));
        }
        let keep: BTreeSet<i64> =
            newest.values().filter(|(_, deletes)| !deletes).map(|(main, _)| *main).collect();
        let mut hash = crc32c::crc32c(b"key");
        for (main, _, deletes, key, value) in rows.iter().filter(|row| row.0 <= at) {
            let at_compaction = *main == compacted && *deletes;
            let dropped = *main <= compacted && !keep.is_empty() && !keep.contains(main);
            if !dropped && !at_compaction {
                hash = crc32c::crc32c_append(crc32c::crc32c_append(hash, key), value);
            }
        }
        hash
    }

    proptest! {
        /// Also while a compaction is under way: rows that it will drop are still there.
        #[test]
        fn is_what_a_server_says(
            steps in proptest::collection::vec((0u8..6, any::<bool>()), 1..60),
            compacted in 0i64..40,
            done in 0i64..40,
            at in 1i64..70,
        ) {
            let mut rows = history(&steps);
            let current = rows.len() as i64 + 1;
            let (compacted, at) = (compacted.min(current), at.min(current).max(compacted.min(current)));
            let keeps = rows.clone();
            // what a compaction has dropped so far: rows up to `done` that are not the newest up to the compaction
            let newer = |main: i64, key: &str| keeps.iter().any(|r| r.0 > main && r.0 <= compacted && r.1 == key);
            rows.retain(|r| r.0 > done.min(compacted) || (!newer(r.0, &r.1) && !r.2));
            let pairs: Vec<handmade::Pair<'_>> = rows.iter().map(|r| (&r.3[..], &r.4[..])).collect();
            let file = handmade::file(&[(b"key", &pairs)]);
            let database = Database::open(&file).expect("valid");
            let ours = hash_kv(&database, at, compacted).expect("sound");
            prop_assert_eq!(ours.hash, served(&rows, at, compacted));
        }
    }

    #[test]
    fn a_compacted_revision_is_refused() {
        let file = handmade::file(&[(b"key", &[])]);
        let database = Database::open(&file).expect("valid");
        assert!(hash_kv(&database, 5, 6).is_err());
    }
}
