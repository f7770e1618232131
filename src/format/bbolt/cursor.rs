//! One tree in key order, page by page: the branch pages above the current leaf are all that is in memory.

use super::meta::Database;
use super::page::{BucketRoot, Kind, LeafElement, Page, bucket_root};
use crate::format::source::{Damage, Place};

/// Pages from the root to a leaf. A full tree of 2-element branches would hold 2³² leaves at this depth.
const MAX_DEPTH: usize = 32;

/// An element of a tree.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its key.
    pub key: &'a [u8],
    /// Its value; for a bucket its header, and its page when it is inline.
    pub value: &'a [u8],
    /// Whether it is a bucket.
    pub is_bucket: bool,
    /// The page it stands on.
    pub page: u64,
    /// Its position on that page.
    pub element: usize,
}

/// Reads the tree of one bucket in key order. Damage is returned once; the next call goes on behind the damaged page.
pub struct Cursor<'d, 's> {
    database: &'d Database<'s>,
    /// Branch pages above the leaf, each with the element it stands on.
    above: Vec<(Page, usize)>,
    leaf: Option<(Page, usize)>,
    /// The page to read next, when no leaf is loaded.
    next: Option<u64>,
    spare: Vec<u8>,
    /// Bytes held by others that share the budget.
    reserved: usize,
}

impl<'d, 's> Cursor<'d, 's> {
    /// The root tree, whose elements are the buckets.
    pub fn root(database: &'d Database<'s>) -> Cursor<'d, 's> {
        Cursor::at_page(database, database.meta.root)
    }

    /// The tree of a top-level bucket; `None` when there is no such bucket.
    pub fn bucket(database: &'d Database<'s>, name: &[u8]) -> Result<Option<Cursor<'d, 's>>, Damage> {
        let mut root = Cursor::root(database);
        root.seek(name)?;
        match root.next_item(&mut |_, _| Ok(()))? {
            Some(item) if item.key == name && item.is_bucket => Cursor::inside(database, &item).map(Some),
            _ => Ok(None),
        }
    }

    /// The tree of the bucket that `item` is.
    pub(super) fn inside(database: &'d Database<'s>, item: &Item<'_>) -> Result<Cursor<'d, 's>, Damage> {
        let place = Place::Element { page: item.page, element: item.element };
        match bucket_root(item.value, place)? {
            BucketRoot::Page(root) => Ok(Cursor::at_page(database, root)),
            BucketRoot::Inline(bytes) => {
                let page = Page::inline(bytes, item.page)?;
                let mut cursor = Cursor::at_page(database, 0);
                cursor.next = None;
                cursor.leaf = Some((page, 0));
                Ok(cursor)
            }
        }
    }

    fn at_page(database: &'d Database<'s>, root: u64) -> Cursor<'d, 's> {
        let (above, spare) = (Vec::new(), Vec::new());
        Cursor { database, above, leaf: None, next: Some(root), spare, reserved: 0 }
    }

    /// Leaves room for `bytes` that are held elsewhere.
    pub(super) fn reserving(mut self, bytes: usize) -> Cursor<'d, 's> {
        self.reserved = bytes;
        self
    }

    /// Bytes of pages in memory.
    pub(super) fn held(&self) -> usize {
        let leaf = self.leaf.as_ref().map_or(0, |(page, _)| page.held());
        self.reserved + leaf + self.above.iter().map(|(page, _)| page.held()).sum::<usize>()
    }

    /// The next element in key order; `None` at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "an item borrows the page in memory, which Iterator cannot say"
    )]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Damage> {
        self.next_item(&mut |_, _| Ok(()))
    }

    /// Goes to the first element that is not smaller than `key`; [`Cursor::next`] returns it.
    pub fn seek(&mut self, key: &[u8]) -> Result<(), Damage> {
        while let Some(id) = self.next.take() {
            self.load(id, &mut |_, _| Ok(()))?;
            if self.leaf.is_none()
                && let Some((page, at)) = self.above.last_mut()
            {
                *at = position(page, |k| k <= key).saturating_sub(1);
                self.next = page.branch(*at).map(|(_, child)| child);
            }
        }
        if let Some((page, at)) = &mut self.leaf {
            *at = position(page, |k| k < key);
        }
        Ok(())
    }

    /// The last element; `None` in an empty tree.
    pub fn last(&mut self) -> Result<Option<Item<'_>>, Damage> {
        while let Some(id) = self.next.take() {
            self.load(id, &mut |_, _| Ok(()))?;
            if self.leaf.is_none()
                && let Some((page, at)) = self.above.last_mut()
            {
                *at = page.count.saturating_sub(1);
                self.next = page.branch(*at).map(|(_, child)| child);
            }
        }
        if let Some((page, at)) = &mut self.leaf {
            *at = page.count.saturating_sub(1);
        }
        self.next()
    }

    /// [`Cursor::next`]; every page is told to `claim` before it is read, which may refuse it.
    pub(super) fn next_item(
        &mut self,
        claim: &mut dyn FnMut(u64, u64) -> Result<(), Damage>,
    ) -> Result<Option<Item<'_>>, Damage> {
        loop {
            if self.leaf.as_ref().is_some_and(|(page, at)| *at < page.count) {
                break;
            }
            if let Some((page, _)) = self.leaf.take() {
                self.spare = page.into_buffer();
            }
            match self.next.take().or_else(|| self.advance()) {
                Some(id) => self.load(id, claim)?,
                None => return Ok(None),
            }
            if self.leaf.is_none() {
                self.next = self.above.last().and_then(|(page, at)| page.branch(*at)).map(|(_, child)| child);
            }
        }
        let Some((page, at)) = &mut self.leaf else { return Ok(None) };
        let element = *at;
        *at += 1;
        let id = page.id;
        Ok(page.leaf(element).map(|LeafElement { is_bucket, key, value }| Item {
            key,
            value,
            is_bucket,
            page: id,
            element,
        }))
    }

    /// Moves to the next child in the deepest branch that has one.
    fn advance(&mut self) -> Option<u64> {
        while let Some((page, at)) = self.above.last_mut() {
            *at += 1;
            if let Some((_, child)) = page.branch(*at) {
                return Some(child);
            }
            self.above.pop();
        }
        None
    }

    /// Reads a page into its place, with its keys inside the bounds that the branches above give.
    fn load(&mut self, id: u64, claim: &mut dyn FnMut(u64, u64) -> Result<(), Damage>) -> Result<(), Damage> {
        if self.above.len() >= MAX_DEPTH {
            return Err(Damage::new(Place::Page(id), format!("the tree is deeper than {MAX_DEPTH} pages")));
        }
        let page = Page::read(self.database, id, self.held(), std::mem::take(&mut self.spare), claim)?;
        let low = self.above.last().and_then(|(page, at)| page.key(*at));
        let high = self.above.iter().rev().find_map(|(page, at)| page.key(at + 1));
        page.check_bounds(low, high)?;
        match page.kind {
            Kind::Branch => self.above.push((page, 0)),
            Kind::Leaf => self.leaf = Some((page, 0)),
        }
        Ok(())
    }
}

/// How many keys from the start of a page satisfy `before`, which is true for a prefix of them.
fn position(page: &Page, before: impl Fn(&[u8]) -> bool) -> usize {
    let (mut low, mut high) = (0, page.count);
    while low < high {
        let middle = low + (high - low) / 2;
        if page.key(middle).is_some_and(&before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::super::handmade;
    use super::*;

    fn keys(file: &[u8], bucket: &[u8], from: Option<&[u8]>) -> Vec<Vec<u8>> {
        let database = Database::open(&file).expect("valid");
        let mut cursor = Cursor::bucket(&database, bucket).expect("readable").expect("there");
        if let Some(from) = from {
            cursor.seek(from).expect("readable");
        }
        let mut keys = Vec::new();
        while let Some(item) = cursor.next().expect("readable") {
            keys.push(item.key.to_vec());
        }
        keys
    }

    #[test]
    fn reads_in_order_across_leaves_and_seeks() {
        let file = handmade::tree(40);
        let all = keys(&file, b"key", None);
        assert_eq!(all.len(), 40);
        assert!(all.is_sorted());
        assert_eq!(keys(&file, b"key", Some(b"k0017")), all[17..]);
        assert_eq!(keys(&file, b"key", Some(b"k0017x")), all[18..]);
        assert_eq!(keys(&file, b"key", Some(b"a")), all);
        assert!(keys(&file, b"key", Some(b"z")).is_empty());
    }

    #[test]
    fn finds_the_last_and_misses_what_is_not_there() {
        let file = handmade::tree(40);
        let database = Database::open(&file).expect("valid");
        let mut cursor = Cursor::bucket(&database, b"key").expect("readable").expect("there");
        assert_eq!(cursor.last().expect("readable").map(|i| i.key.to_vec()), Some(b"k0039".to_vec()));
        assert!(Cursor::bucket(&database, b"nothing").expect("readable").is_none());
    }

    #[test]
    fn reads_inline_buckets() {
        let file = handmade::file(&[(b"a", &[]), (b"b", &[(b"x", b"1"), (b"y", b"2")])]);
        assert_eq!(keys(&file, b"b", None), [b"x", b"y"]);
        assert!(keys(&file, b"a", None).is_empty());
    }
}
