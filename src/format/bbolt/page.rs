//! One page (with its overflow): its kind, and its elements proven to lie inside of it, in order and without gaps.

use super::meta::{Database, HEADER};
use crate::format::source::{Damage, Place, read_exact, u16_at, u32_at, u64_at};

/// Bytes of an element of either kind.
const ELEMENT: usize = 16;
/// Element flag: the value is a bucket.
pub(super) const BUCKET_FLAG: u32 = 1;
/// Page flag: a leaf.
pub(super) const LEAF_FLAG: u16 = 2;
/// Bytes held at once for pages: the branch pages above the current leaf and the leaf with its overflow. etcd's largest
/// request is 1.5 MiB unless raised; a page that needs more than this is refused, so that damage cannot cost memory.
pub(super) const MAX_HELD: usize = 24 << 20;

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Branch,
    Leaf,
}

/// A page in memory whose elements were proven.
#[derive(Debug)]
pub(super) struct Page {
    /// Page id; for an inline bucket that of the page it stands in.
    pub(super) id: u64,
    pub(super) kind: Kind,
    pub(super) count: usize,
    bytes: Vec<u8>,
}

/// An element of a leaf.
pub(super) struct LeafElement<'a> {
    pub(super) is_bucket: bool,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

impl Page {
    /// Reads page `id` with its overflow. `held` bytes are in memory already; `spare` is a buffer to use again. `claim`
    /// hears of the page and its overflow before the overflow is read, and may refuse it.
    pub(super) fn read(
        database: &Database<'_>,
        id: u64,
        held: usize,
        mut spare: Vec<u8>,
        claim: &mut dyn FnMut(u64, u64) -> Result<(), Damage>,
    ) -> Result<Page, Damage> {
        let here = |what: String| Damage::new(Place::Page(id), what);
        let high = database.meta.high_water;
        if !(2..high).contains(&id) {
            return Err(here(format!("page {id} is referred to, the file has {high} pages")));
        }
        let size = database.meta.page_size as usize;
        spare.resize(size, 0);
        read_exact(database.source, id * size as u64, &mut spare)?;
        let head = Header::parse(&spare, id)?;
        if head.id != id {
            return Err(here(format!("its header says that it is page {}", head.id)));
        }
        let overflow = u64::from(head.overflow);
        if overflow >= high - id {
            return Err(here(format!("it claims {overflow} overflow pages, beyond the {high} pages in use")));
        }
        claim(id, overflow)?;
        let whole = (overflow as usize + 1).saturating_mul(size);
        if whole.saturating_add(held) > MAX_HELD {
            return Err(here(format!("it claims {overflow} overflow pages, more than this reader holds")));
        }
        if overflow > 0 {
            spare.resize(whole, 0);
            read_exact(database.source, (id + 1) * size as u64, &mut spare[size..])?;
        }
        Page { id, kind: head.kind, count: head.count, bytes: spare }.proven(size)
    }

    /// The page of an inline bucket, which stands in the value of `page`'s element.
    pub(super) fn inline(bytes: &[u8], page: u64) -> Result<Page, Damage> {
        let head = Header::parse(bytes, page)?;
        if head.kind != Kind::Leaf || head.overflow != 0 || head.id != 0 {
            return Err(Damage::new(Place::Page(page), "an inline bucket that is not one plain leaf"));
        }
        Page { id: page, kind: Kind::Leaf, count: head.count, bytes: bytes.to_vec() }.proven(1)
    }

    /// Bytes in memory.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Gives the buffer back for the next page.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }

    /// The leaf element at `at`.
    pub(super) fn leaf(&self, at: usize) -> Option<LeafElement<'_>> {
        let base = self.element(at)?;
        let flags = u32_at(&self.bytes, base)?;
        let key_at = base + u32_at(&self.bytes, base + 4)? as usize;
        let value_at = key_at + u32_at(&self.bytes, base + 8)? as usize;
        let end = value_at + u32_at(&self.bytes, base + 12)? as usize;
        let (key, value) = (self.bytes.get(key_at..value_at)?, self.bytes.get(value_at..end)?);
        Some(LeafElement { is_bucket: flags == BUCKET_FLAG, key, value })
    }

    /// Key and child of the branch element at `at`.
    pub(super) fn branch(&self, at: usize) -> Option<(&[u8], u64)> {
        let base = self.element(at)?;
        let key_at = base + u32_at(&self.bytes, base)? as usize;
        let end = key_at + u32_at(&self.bytes, base + 4)? as usize;
        Some((self.bytes.get(key_at..end)?, u64_at(&self.bytes, base + 8)?))
    }

    /// The key at `at`, of either kind.
    pub(super) fn key(&self, at: usize) -> Option<&[u8]> {
        match self.kind {
            Kind::Branch => self.branch(at).map(|(key, _)| key),
            Kind::Leaf => self.leaf(at).map(|element| element.key),
        }
    }

    /// Checks the keys against the bounds that the pages above give: `low` ≤ first, last < `high`.
    pub(super) fn check_bounds(&self, low: Option<&[u8]>, high: Option<&[u8]>) -> Result<(), Damage> {
        let (Some(first), Some(last)) = (self.key(0), self.key(self.count.saturating_sub(1))) else {
            return Ok(());
        };
        if low.is_some_and(|low| first < low) {
            return Err(self.at(0, "its key is smaller than the branch above says"));
        }
        if high.is_some_and(|high| last >= high) {
            return Err(self.at(self.count - 1, "its key belongs behind the next branch element"));
        }
        Ok(())
    }

    fn element(&self, at: usize) -> Option<usize> {
        (at < self.count).then_some(HEADER + at * ELEMENT)
    }

    fn at(&self, element: usize, what: &str) -> Damage {
        Damage::new(Place::Element { page: self.id, element }, what)
    }

    /// Proves every element: data directly behind the table, one after the other, inside, keys ascending. bbolt takes as
    /// many `unit`s of bytes as the page needs, never one more.
    fn proven(self, unit: usize) -> Result<Page, Damage> {
        if self.kind == Kind::Branch && self.count == 0 {
            return Err(Damage::new(Place::Page(self.id), "a branch without elements"));
        }
        let mut expected = HEADER + self.count * ELEMENT;
        let mut previous: Option<&[u8]> = None;
        for at in 0..self.count {
            let (start, end, flags) =
                self.extent(at).ok_or_else(|| self.at(at, "it lies outside of its page"))?;
            if flags > BUCKET_FLAG {
                return Err(self.at(at, "unknown element flags"));
            }
            if start != expected {
                return Err(self.at(at, "its data is not where the element before it ends"));
            }
            let key = self.key(at).ok_or_else(|| self.at(at, "it lies outside of its page"))?;
            if previous.is_some_and(|previous| previous >= key) {
                return Err(self.at(at, "its key is not greater than the one before it"));
            }
            previous = Some(key);
            expected = end;
        }
        if self.bytes.len().saturating_sub(expected) >= unit {
            return Err(Damage::new(Place::Page(self.id), "it takes more room than its elements need"));
        }
        Ok(self)
    }

    /// Start and end of an element's data, checked against the page, and a leaf element's flags.
    fn extent(&self, at: usize) -> Option<(usize, usize, u32)> {
        let base = self.element(at)?;
        let word = |offset: usize| u32_at(&self.bytes, base + offset).map(|v| v as usize);
        let (start, length, flags) = match self.kind {
            Kind::Branch => (base.checked_add(word(0)?)?, word(4)?, 0),
            Kind::Leaf => {
                (base.checked_add(word(4)?)?, word(8)?.checked_add(word(12)?)?, u32_at(&self.bytes, base)?)
            }
        };
        let end = start.checked_add(length)?;
        (end <= self.bytes.len()).then_some((start, end, flags))
    }
}

struct Header {
    id: u64,
    kind: Kind,
    count: usize,
    overflow: u32,
}

impl Header {
    fn parse(bytes: &[u8], page: u64) -> Result<Header, Damage> {
        let here = |what: String| Damage::new(Place::Page(page), what);
        let short = || here("too short for a page".to_owned());
        let flags = u16_at(bytes, 8).ok_or_else(short)?;
        let kind = match flags {
            1 => Kind::Branch,
            LEAF_FLAG => Kind::Leaf,
            other => return Err(here(format!("neither branch nor leaf: flags {other:#x}"))),
        };
        Ok(Header {
            id: u64_at(bytes, 0).ok_or_else(short)?,
            kind,
            count: usize::from(u16_at(bytes, 10).ok_or_else(short)?),
            overflow: u32_at(bytes, 12).ok_or_else(short)?,
        })
    }
}

/// How a bucket stands in its parent: with a root page of its own, or inside the value.
pub(super) enum BucketRoot<'a> {
    Page(u64),
    Inline(&'a [u8]),
}

/// Reads a bucket's value: root u64, sequence u64, and the page of an inline bucket when the root is 0.
pub(super) fn bucket_root(value: &[u8], place: Place) -> Result<BucketRoot<'_>, Damage> {
    match (u64_at(value, 0), value.get(16..)) {
        (Some(0), Some(page)) => Ok(BucketRoot::Inline(page)),
        (Some(root), Some([])) => Ok(BucketRoot::Page(root)),
        (Some(_), Some(_)) => Err(Damage::new(place, "a bucket with a root page and something behind it")),
        _ => Err(Damage::new(place, "a bucket whose header is cut")),
    }
}
