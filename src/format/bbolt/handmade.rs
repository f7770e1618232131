//! Small files made by hand for the tests, as bbolt lays them out.

use super::meta::{HEADER, fnv1a};

/// Page size of these files.
pub(in crate::format) const PAGE: usize = 1024;

/// A key and a value.
pub(in crate::format) type Pair<'a> = (&'a [u8], &'a [u8]);

/// A file of inline buckets: metas with transactions 7 and 8, freelist on page 2 (empty), the root on page 3.
pub(in crate::format) fn file(buckets: &[(&[u8], &[Pair<'_>])]) -> Vec<u8> {
    let inline: Vec<(&[u8], Vec<u8>)> = buckets
        .iter()
        .map(|(name, pairs)| (*name, [&[0; 16][..], &leaf(0, &flat(pairs), 0)].concat()))
        .collect();
    let root: Vec<(u32, &[u8], &[u8])> =
        inline.iter().map(|(name, value)| (1, *name, value.as_slice())).collect();
    let size = leaf(3, &root, 0).len();
    let overflow = (size.div_ceil(PAGE) - 1) as u32;
    let pages =
        [metas(3, 2, 4 + u64::from(overflow)), page(freelist(2, &[])), page(leaf(3, &root, overflow))];
    pages.concat()
}

/// One bucket `key` with `records` records on leaves of ten under one branch. Page 2 is free, 3 the freelist, 4 the root,
/// 5 the branch, 6 and on the leaves.
pub(in crate::format) fn tree(records: usize) -> Vec<u8> {
    let keys: Vec<String> = (0..records).map(|n| format!("k{n:04}")).collect();
    let leaves: Vec<&[String]> = keys.chunks(10).collect();
    let header = [5u64.to_le_bytes(), 0u64.to_le_bytes()].concat();
    let root = leaf(4, &[(1, b"key", &header)], 0);
    let children: Vec<(&[u8], u64)> =
        leaves.iter().enumerate().map(|(at, keys)| (keys[0].as_bytes(), 6 + at as u64)).collect();
    let high = 6 + leaves.len() as u64;
    let mut file = [metas(4, 3, high), vec![0; PAGE], page(freelist(3, &[2])), page(root)].concat();
    file.extend(page(branch(5, &children)));
    for (at, keys) in leaves.iter().enumerate() {
        let pairs: Vec<(u32, &[u8], &[u8])> =
            keys.iter().map(|key| (0, key.as_bytes(), &b"some value"[..])).collect();
        file.extend(page(leaf(6 + at as u64, &pairs, 0)));
    }
    file
}

fn flat<'a>(pairs: &[Pair<'a>]) -> Vec<(u32, &'a [u8], &'a [u8])> {
    pairs.iter().map(|(key, value)| (0, *key, *value)).collect()
}

fn page(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
    bytes
}

fn header(id: u64, flags: u16, count: usize, overflow: u32) -> Vec<u8> {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend(flags.to_le_bytes());
    bytes.extend((count as u16).to_le_bytes());
    bytes.extend(overflow.to_le_bytes());
    bytes
}

fn metas(root: u64, freelist: u64, high: u64) -> Vec<u8> {
    let meta = |id: u64| {
        let mut body = [0xED0C_DAEDu32, 2, PAGE as u32, 0].map(u32::to_le_bytes).concat();
        body.extend([root, 0, freelist, high, 7 + id].map(u64::to_le_bytes).concat());
        body.extend(fnv1a(&body).to_le_bytes());
        page([header(id, 4, 0, 0), body].concat())
    };
    [meta(0), meta(1)].concat()
}

fn freelist(id: u64, free: &[u64]) -> Vec<u8> {
    [header(id, 0x10, free.len(), 0), free.iter().flat_map(|page| page.to_le_bytes()).collect()].concat()
}

/// A leaf with elements (flags, key, value).
pub(in crate::format) fn leaf(id: u64, elements: &[(u32, &[u8], &[u8])], overflow: u32) -> Vec<u8> {
    let mut table = header(id, 2, elements.len(), overflow);
    let mut data = Vec::new();
    for (at, (flags, key, value)) in elements.iter().enumerate() {
        let position = HEADER * (elements.len() - at) + data.len();
        let words = [*flags, position as u32, key.len() as u32, value.len() as u32];
        table.extend(words.map(u32::to_le_bytes).concat());
        data.extend([*key, *value].concat());
    }
    [table, data].concat()
}

fn branch(id: u64, children: &[(&[u8], u64)]) -> Vec<u8> {
    let mut table = header(id, 1, children.len(), 0);
    let mut data = Vec::new();
    for (at, (key, child)) in children.iter().enumerate() {
        let position = HEADER * (children.len() - at) + data.len();
        table.extend([position as u32, key.len() as u32].map(u32::to_le_bytes).concat());
        table.extend(child.to_le_bytes());
        data.extend(*key);
    }
    [table, data].concat()
}
