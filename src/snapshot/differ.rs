//! How the keys of two files differ, in bounded memory: keys are compared by fingerprint, so many at a time, and only
//! what differs is looked at again to count it by prefix.

use crate::format::bbolt::{Cursor, Database};
use crate::format::etcd::{Change, Row, prefix_of};
use crate::format::source::{Damage, Source, key_text};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hasher};

/// Keys of one file that are compared at once: about 20 MB each.
const KEYS_AT_ONCE: u64 = 500_000;
/// Prefixes counted by name; keys of further ones are counted together.
const MAX_PREFIXES: usize = 1024;
/// Their name.
const OTHER: &str = "(other)";

/// On which side a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Only in the first file.
    OnlyInA,
    /// Only in the second file.
    OnlyInB,
    /// In both, with another value, lease or history.
    Changed,
}

/// How two files differ in the keys that exist now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// Keys that exist only in the first.
    pub only_in_a: u64,
    /// Keys that exist only in the second.
    pub only_in_b: u64,
    /// Keys that differ.
    pub changed: u64,
    /// The same by prefix.
    pub prefixes: BTreeMap<String, PrefixDifference>,
    /// Some of these keys. Never a value.
    pub examples: Vec<Example>,
}

/// Counts of one prefix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PrefixDifference {
    /// Keys that exist only in the first.
    pub only_in_a: u64,
    /// Keys that exist only in the second.
    pub only_in_b: u64,
    /// Keys that differ.
    pub changed: u64,
}

/// A key that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Example {
    /// The key: text, or hex when it is none; shortened.
    pub key: String,
    /// How.
    pub side: Side,
}

/// Compares the keys that exist in both. `keys` is the larger number of keys that exist in one of them.
///
/// # Errors
/// Damage met on the way: a comparison of less than everything would be worth nothing.
pub fn differ(a: &dyn Source, b: &dyn Source, keys: u64, examples: usize) -> Result<Difference, Damage> {
    let (a, b) = (Database::open(a)?, Database::open(b)?);
    let parts = keys.div_ceil(KEYS_AT_ONCE).max(1);
    let mut difference = Difference::default();
    for part in 0..parts {
        let (mut of_a, mut of_b) = (states(&a, part, parts)?, states(&b, part, parts)?);
        of_a.retain(|key, state| match of_b.get(key) {
            Some(other) if other == state => {
                of_b.remove(key);
                false
            }
            _ => true,
        });
        let mut sides: HashMap<u64, Side> = HashMap::new();
        for key in of_a.keys() {
            let side = if of_b.remove(key).is_some() { Side::Changed } else { Side::OnlyInA };
            sides.insert(*key, side);
        }
        sides.extend(of_b.keys().map(|key| (*key, Side::OnlyInB)));
        // each once, in the file where it exists
        name_keys(&a, &mut sides, Side::OnlyInB, examples, &mut difference)?;
        name_keys(&b, &mut sides, Side::OnlyInA, examples, &mut difference)?;
    }
    Ok(difference)
}

/// The keys of one part that exist, each with a hash of everything that is stored of it.
fn states(database: &Database<'_>, part: u64, parts: u64) -> Result<HashMap<u64, u64>, Damage> {
    let mut states = HashMap::new();
    each_row(database, &mut |row| {
        let key = match row.change {
            Change::Put(kv) => kv.key,
            Change::Delete(key) => key,
            Change::Bump => return,
        };
        let fingerprint = hash(&[key]);
        if fingerprint % parts != part {
            return;
        }
        match row.change {
            Change::Put(kv) => {
                let numbers =
                    [kv.create_revision, kv.mod_revision, kv.version, kv.lease].map(i64::to_le_bytes);
                states.insert(fingerprint, hash(&[numbers.as_flattened(), kv.value]));
            }
            Change::Delete(_) | Change::Bump => {
                states.remove(&fingerprint);
            }
        }
    })?;
    Ok(states)
}

/// Counts the keys of `sides` that are met in a file, all but those that exist only in the other.
fn name_keys(
    database: &Database<'_>,
    sides: &mut HashMap<u64, Side>,
    but: Side,
    examples: usize,
    difference: &mut Difference,
) -> Result<(), Damage> {
    if sides.values().all(|side| *side == but) {
        return Ok(());
    }
    each_row(database, &mut |row| {
        let Change::Put(kv) = row.change else { return };
        let fingerprint = hash(&[kv.key]);
        let Some(side) = sides.get(&fingerprint).copied().filter(|side| *side != but) else { return };
        sides.remove(&fingerprint);
        difference.note(kv.key, side, examples);
    })
}

impl Difference {
    /// Whether both have the same keys with the same values and history.
    pub fn is_none(&self) -> bool {
        self.only_in_a + self.only_in_b + self.changed == 0
    }

    fn note(&mut self, key: &[u8], side: Side, examples: usize) {
        let prefix = key_text(prefix_of(key));
        let full = self.prefixes.len() >= MAX_PREFIXES && !self.prefixes.contains_key(&prefix);
        let counted = self.prefixes.entry(if full { OTHER.to_owned() } else { prefix }).or_default();
        let (all, one) = match side {
            Side::OnlyInA => (&mut self.only_in_a, &mut counted.only_in_a),
            Side::OnlyInB => (&mut self.only_in_b, &mut counted.only_in_b),
            Side::Changed => (&mut self.changed, &mut counted.changed),
        };
        *all += 1;
        *one += 1;
        if self.examples.len() < examples {
            self.examples.push(Example { key: key_text(key), side });
        }
    }
}

fn each_row(database: &Database<'_>, take: &mut dyn FnMut(&Row<'_>)) -> Result<(), Damage> {
    let Some(mut cursor) = Cursor::bucket(database, b"key")? else { return Ok(()) };
    while let Some(item) = cursor.next()? {
        if let Ok(row) = Row::parse(item.key, item.value) {
            take(&row);
        }
    }
    Ok(())
}

fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.iter().for_each(|part| hasher.write(part));
    hasher.finish()
}
