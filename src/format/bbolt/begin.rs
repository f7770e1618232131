//! A small bbolt file from its first byte: all buckets inline on one leaf, as bbolt itself lays out what is small.
//! bbolt `db.go` `init`, `bucket.go` `write`.

use super::freelist::FREELIST_FLAG;
use super::meta::{HEADER, MAGIC, META_FLAG, VERSION, fnv1a};
use super::page::{BUCKET_FLAG, LEAF_FLAG};

/// A key and a value.
pub(in crate::format) type Pair<'a> = (&'a [u8], &'a [u8]);

/// Transactions that the two metas seem to come from.
const TRANSACTION: u64 = 7;

/// The file: its metas, an empty freelist on page 2, and the root on page 3 with these buckets. Names of buckets and keys
/// must be in order; a page has at least 1024 bytes and is a power of two.
pub fn file(page_size: usize, buckets: &[(&[u8], &[Pair<'_>])]) -> Vec<u8> {
    let inline: Vec<(&[u8], Vec<u8>)> = buckets
        .iter()
        .map(|(name, pairs)| (*name, [&[0; HEADER][..], &leaf(0, &flat(pairs), 0)].concat()))
        .collect();
    let root: Vec<(u32, &[u8], &[u8])> =
        inline.iter().map(|(name, value)| (BUCKET_FLAG, *name, value.as_slice())).collect();
    let overflow = (leaf(3, &root, 0).len().div_ceil(page_size) - 1) as u32;
    let page = |bytes| page(page_size, bytes);
    let metas = metas(page_size, 3, 2, 4 + u64::from(overflow));
    [metas, page(freelist(2, &[])), page(leaf(3, &root, overflow))].concat()
}

fn flat<'a>(pairs: &[Pair<'a>]) -> Vec<(u32, &'a [u8], &'a [u8])> {
    pairs.iter().map(|(key, value)| (0, *key, *value)).collect()
}

/// The bytes, up to the end of their last page.
pub(super) fn page(size: usize, mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(size), 0);
    bytes
}

pub(super) fn header(id: u64, flags: u16, count: usize, overflow: u32) -> Vec<u8> {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend(flags.to_le_bytes());
    bytes.extend((count as u16).to_le_bytes());
    bytes.extend(overflow.to_le_bytes());
    bytes
}

/// Both metas: the trees' root, the freelist's page, and the first page that was never used.
pub(super) fn metas(page_size: usize, root: u64, freelist: u64, high: u64) -> Vec<u8> {
    let meta = |id: u64| {
        let mut body = [MAGIC, VERSION, page_size as u32, 0].map(u32::to_le_bytes).concat();
        body.extend([root, 0, freelist, high, TRANSACTION + id].map(u64::to_le_bytes).concat());
        body.extend(fnv1a(&body).to_le_bytes());
        page(page_size, [header(id, META_FLAG, 0, 0), body].concat())
    };
    [meta(0), meta(1)].concat()
}

pub(super) fn freelist(id: u64, free: &[u64]) -> Vec<u8> {
    let pages = free.iter().flat_map(|page| page.to_le_bytes()).collect();
    [header(id, FREELIST_FLAG, free.len(), 0), pages].concat()
}

/// A leaf with elements (flags, key, value).
pub(in crate::format) fn leaf(id: u64, elements: &[(u32, &[u8], &[u8])], overflow: u32) -> Vec<u8> {
    let mut table = header(id, LEAF_FLAG, elements.len(), overflow);
    let mut data = Vec::new();
    for (at, (flags, key, value)) in elements.iter().enumerate() {
        let position = HEADER * (elements.len() - at) + data.len();
        let words = [*flags, position as u32, key.len() as u32, value.len() as u32];
        table.extend(words.map(u32::to_le_bytes).concat());
        data.extend([*key, *value].concat());
    }
    [table, data].concat()
}
