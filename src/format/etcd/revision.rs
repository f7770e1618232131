//! Rows of the `key` bucket: a revision and what was put or deleted at it.

use super::proto::{Fields, Malformed};

/// A revision: the transaction's number and the operation's place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize)]
pub struct Revision {
    /// The store's revision.
    pub main: i64,
    /// Place inside of the transaction, from 0.
    pub sub: i64,
}

impl Revision {
    /// Reads 17 bytes: main, `_`, sub.
    pub fn parse(bytes: &[u8]) -> Option<Revision> {
        let (main, rest) = bytes.split_first_chunk::<8>()?;
        let (mark, sub) = rest.split_first()?;
        let sub: &[u8; 8] = sub.try_into().ok()?;
        (*mark == b'_').then_some(Revision { main: i64::from_be_bytes(*main), sub: i64::from_be_bytes(*sub) })
    }
}

/// A key with its value as stored, in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyValue<'a> {
    /// The key.
    pub key: &'a [u8],
    /// Revision at which the key came to life.
    pub create_revision: i64,
    /// Revision of this row.
    pub mod_revision: i64,
    /// How many puts since it came to life.
    pub version: i64,
    /// The value.
    pub value: &'a [u8],
    /// The lease it is attached to; 0 for none.
    pub lease: i64,
}

impl<'a> KeyValue<'a> {
    fn parse(bytes: &'a [u8]) -> Result<KeyValue<'a>, Malformed> {
        let mut kv = KeyValue::default();
        for field in Fields::of(bytes) {
            match field? {
                (1, value) => kv.key = value.bytes()?,
                (2, value) => kv.create_revision = value.number()? as i64,
                (3, value) => kv.mod_revision = value.number()? as i64,
                (4, value) => kv.version = value.number()? as i64,
                (5, value) => kv.value = value.bytes()?,
                (6, value) => kv.lease = value.number()? as i64,
                _ => return Err(Malformed("a field that a key-value does not have")),
            }
        }
        Ok(kv)
    }
}

/// A row of the `key` bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its revision.
    pub revision: Revision,
    /// What happened at it.
    pub change: Change<'a>,
}

/// What happened at a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// A key was put.
    Put(KeyValue<'a>),
    /// A key was deleted.
    Delete(&'a [u8]),
    /// Nothing: `snapshot restore --bump-revision` writes such a row to raise the revision.
    Bump,
}

impl<'a> Row<'a> {
    /// Reads a row and checks it against its own revision.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence fragment.
    pub fn parse(key: &'a [u8], value: &'a [u8]) -> Result<Row<'a>, &'static str> {
        let tombstone = match key.len() {
            17 => false,
            18 if key[17] == b't' => true,
            _ => return Err("its key is no revision"),
        };
        let revision = key.get(..17).and_then(Revision::parse).ok_or("its key is no revision")?;
        if revision.main < 1 || revision.sub < 0 {
            return Err("its revision is negative or zero");
        }
        if value.is_empty() && !tombstone {
            return Ok(Row { revision, change: Change::Bump });
        }
        let kv = KeyValue::parse(value).map_err(|malformed| malformed.0)?;
        if kv.key.is_empty() {
            return Err("it has no key");
        }
        if tombstone {
            let bare = KeyValue { key: kv.key, ..KeyValue::default() };
            return if kv == bare {
                Ok(Row { revision, change: Change::Delete(kv.key) })
            } else {
                Err("a deletion that carries more than a key")
            };
        }
        if kv.mod_revision != revision.main {
            return Err("its modification revision is not that of its row");
        }
        if kv.create_revision < 1 || kv.create_revision > kv.mod_revision {
            return Err("its creation revision is after its modification, or missing");
        }
        if kv.version < 1 || (kv.version == 1) != (kv.create_revision == kv.mod_revision) {
            return Err("its version does not fit its revisions");
        }
        Ok(Row { revision, change: Change::Put(kv) })
    }
}

#[cfg(test)]
pub(super) mod made {
    /// mvccpb.KeyValue as prost writes it: the other side of the reader above.
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in crate::format::etcd) struct Written {
        #[prost(bytes = "vec", tag = "1")]
        pub(in crate::format::etcd) key: Vec<u8>,
        #[prost(int64, tag = "2")]
        pub(in crate::format::etcd) create_revision: i64,
        #[prost(int64, tag = "3")]
        pub(in crate::format::etcd) mod_revision: i64,
        #[prost(int64, tag = "4")]
        pub(in crate::format::etcd) version: i64,
        #[prost(bytes = "vec", tag = "5")]
        pub(in crate::format::etcd) value: Vec<u8>,
        #[prost(int64, tag = "6")]
        pub(in crate::format::etcd) lease: i64,
    }

    /// The 17 or 18 bytes of a row's key.
    pub(in crate::format::etcd) fn revision(main: i64, sub: i64, tombstone: bool) -> Vec<u8> {
        let mark: &[u8] = if tombstone { b"t" } else { b"" };
        [&main.to_be_bytes()[..], b"_", &sub.to_be_bytes(), mark].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::made::{Written, revision};
    use super::*;
    use proptest::prelude::*;
    use prost::Message;

    #[test]
    fn rows_are_puts_deletions_and_bumps() {
        let kv = Written { key: b"k".to_vec(), ..Written::default() }.encode_to_vec();
        let (deleted, bumped) = (revision(7, 1, true), revision(9, 0, false));
        assert_eq!(Row::parse(&deleted, &kv).map(|row| row.change), Ok(Change::Delete(b"k")));
        assert_eq!(Row::parse(&bumped, b"").map(|row| row.change), Ok(Change::Bump));
        assert!(Row::parse(b"short", b"").is_err());
    }

    #[test]
    fn a_row_that_contradicts_itself_is_refused() {
        let kv = |create, modified, version| {
            let key = b"k".to_vec();
            Written { key, create_revision: create, mod_revision: modified, version, ..Written::default() }
        };
        let sound = [kv(3, 5, 2), kv(5, 5, 1)];
        let wrong = [kv(3, 4, 2), kv(6, 5, 2), kv(5, 5, 2), kv(3, 5, 1), kv(3, 5, 0)];
        sound.iter().for_each(|kv| assert!(Row::parse(&revision(5, 0, false), &kv.encode_to_vec()).is_ok()));
        wrong.iter().for_each(|kv| assert!(Row::parse(&revision(5, 0, false), &kv.encode_to_vec()).is_err()));
    }

    proptest! {
        #[test]
        fn reads_what_prost_writes(key in "[a-z/]{1,20}", value in ".{0,40}", lease in 0i64.., main in 2i64..) {
            let (key, value) = (key.into_bytes(), value.into_bytes());
            let written = Written { key, create_revision: 1, mod_revision: main, version: 2, value, lease };
            let bytes = written.encode_to_vec();
            let row_key = revision(main, 3, false);
            let row = Row::parse(&row_key, &bytes).expect("sound");
            let kv = match row.change {
                Change::Put(kv) => Some(kv),
                _ => None,
            };
            let kv = kv.expect("a put");
            prop_assert_eq!(row.revision, Revision { main, sub: 3 });
            prop_assert_eq!((kv.key, kv.value, kv.lease), (&written.key[..], &written.value[..], lease));
        }

        #[test]
        fn total_on_any_bytes(key in proptest::collection::vec(any::<u8>(), 0..20), value in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Row::parse(&key, &value);
        }
    }
}
