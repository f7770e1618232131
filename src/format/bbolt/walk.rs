//! Everything once, in key order: decode and prove in one pass.

use super::cursor::{Cursor, Item};
use super::freelist::Ledger;
use super::meta::Database;
use crate::format::source::{Damage, Damages, Place, key_text};

/// Buckets inside buckets. etcd has one level.
const MAX_NESTING: usize = 8;

/// What the walk shows, in cursor order.
pub trait Visitor {
    /// A bucket opens; its path ends with its own name. Its records follow.
    fn bucket(&mut self, path: &[Vec<u8>]);
    /// A record of the bucket at `path`.
    fn record(&mut self, path: &[Vec<u8>], item: &Item<'_>);
}

/// What a walk found out about the structure.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Walked {
    /// Pages below the high-water mark.
    pub pages: u64,
    /// Pages in use: trees, metas, freelist.
    pub reached: u64,
    /// Pages free: those on the stored freelist, or those that nothing reaches when it is not stored.
    pub free: u64,
    /// Whether a freelist is stored; etcd's servers do not store it.
    pub freelist_stored: bool,
    /// Records in all buckets, buckets themselves not counted.
    pub records: u64,
    /// Everything that is wrong with the structure. Empty means what bbolt's own check calls OK.
    pub damages: Damages,
}

impl Database<'_> {
    /// Reads every tree once, shows all records to `visitor`, and proves that every page is reached once or free and that
    /// everything stands in order. Damage does not end it: what lies behind the damaged page is still read.
    pub fn walk(&self, visitor: &mut dyn Visitor) -> Walked {
        let mut walked =
            Walked { pages: self.meta.high_water, damages: self.remarks.clone(), ..Walked::default() };
        let mut ledger = Ledger::open(self, &mut walked.damages);
        let mut path: Vec<Vec<u8>> = Vec::new();
        let mut cursors = vec![Cursor::root(self)];
        while let Some(cursor) = cursors.last_mut() {
            let mut claim = |id, overflow| ledger.claim(id, overflow);
            match cursor.next_item(&mut claim) {
                Err(damage) => walked.damages.push(damage),
                Ok(None) => {
                    cursors.pop();
                    path.pop();
                }
                Ok(Some(item)) if !item.is_bucket => {
                    if path.is_empty() {
                        let place = Place::Element { page: item.page, element: item.element };
                        walked.damages.push(Damage::new(place, "a record outside of every bucket"));
                        continue;
                    }
                    walked.records += 1;
                    visitor.record(&path, &item);
                }
                Ok(Some(item)) => match open_bucket(self, &item, path.len()) {
                    Ok(inner) => {
                        path.push(item.key.to_vec());
                        visitor.bucket(&path);
                        let held = cursor.held();
                        cursors.push(inner.reserving(held));
                    }
                    Err(damage) => walked.damages.push(damage),
                },
            }
        }
        walked.freelist_stored = ledger.stored;
        walked.reached = ledger.reached_count();
        walked.free = if ledger.stored { ledger.free_count } else { walked.pages - walked.reached };
        ledger.tell_lost(&mut walked.damages);
        walked
    }
}

fn open_bucket<'d, 's>(
    database: &'d Database<'s>,
    item: &Item<'_>,
    depth: usize,
) -> Result<Cursor<'d, 's>, Damage> {
    if depth >= MAX_NESTING {
        let place = Place::Element { page: item.page, element: item.element };
        let what = format!("bucket {} is the {MAX_NESTING}th inside another", key_text(item.key));
        return Err(Damage::new(place, what));
    }
    Cursor::inside(database, item)
}

#[cfg(test)]
mod tests {
    use super::super::handmade::{self, PAGE};
    use super::*;
    use proptest::prelude::*;

    /// Counts, and keeps what it saw.
    #[derive(Default)]
    struct Seen(Vec<(Vec<u8>, Vec<u8>)>);

    impl Visitor for Seen {
        fn bucket(&mut self, _: &[Vec<u8>]) {}

        fn record(&mut self, path: &[Vec<u8>], item: &Item<'_>) {
            self.0.push((path.concat(), item.key.to_vec()));
        }
    }

    fn walk(file: &[u8]) -> (Walked, Seen) {
        let mut seen = Seen::default();
        (Database::open(&file).expect("a valid meta").walk(&mut seen), seen)
    }

    #[test]
    fn a_sound_file_has_nothing_wrong() {
        let (walked, seen) = walk(&handmade::tree(40));
        assert!(walked.damages.is_empty(), "{:?}", walked.damages);
        assert_eq!((walked.records, seen.0.len()), (40, 40));
        assert_eq!(walked.reached + walked.free, walked.pages);
        assert!(walked.freelist_stored);
    }

    #[test]
    fn each_kind_of_damage_is_told_with_its_place() {
        let sound = handmade::tree(40);
        let at = |page: usize, offset: usize| page * PAGE + offset;
        // page 3 is the freelist, 4 the root, 5 the branch of `key`, 6.. its leaves, the last page is free
        let cases: [(&str, usize, u8, &str); 9] = [
            ("a page that says it is another", at(6, 0), 9, "its header says that it is page 9"),
            ("a kind of page", at(6, 8), 3, "neither branch nor leaf"),
            ("overflow", at(6, 12), 200, "it claims 200 overflow pages"),
            ("count", at(6, 10), 1, "its data is not where the element before it ends"),
            ("an element's position", at(6, 16 + 4), 250, "its data is not where"),
            ("a key's size", at(6, 16 + 8 + 1), 250, "it lies outside of its page"),
            ("a child", at(5, 16 + 8), 7, "two places of the file refer to it"),
            ("a branch key", at(5, 16 + 16 * 4 + 5 + 4), b'z', "smaller than the branch above"),
            ("a free page", at(3, 16), 6, "it is in use and on the freelist"),
        ];
        for (what, offset, value, expected) in cases {
            let mut file = sound.clone();
            file[offset] = value;
            let (walked, _) = walk(&file);
            let told = walked.damages.first.iter().any(|d| d.what.contains(expected));
            assert!(told, "{what}: {:?}", walked.damages);
        }
    }

    #[test]
    fn damage_in_one_leaf_leaves_the_others_readable() {
        let mut file = handmade::tree(40);
        file[6 * PAGE + 8] = 0;
        let (walked, seen) = walk(&file);
        assert_eq!(seen.0.len(), 30);
        assert_eq!(walked.damages.first[0].at, Place::Page(6));
    }

    proptest! {
        #[test]
        fn total_on_any_change(changes in proptest::collection::vec((0usize..12 * PAGE, any::<u8>()), 1..20)) {
            let mut file = handmade::tree(40);
            let length = file.len();
            changes.into_iter().for_each(|(at, value)| file[at % length] = value);
            if let Ok(database) = Database::open(&file) {
                let _ = database.walk(&mut Seen::default());
                if let Ok(Some(mut cursor)) = Cursor::bucket(&database, b"key") {
                    let _ = cursor.last();
                }
            }
        }
    }
}
