//! Small files made by hand for the tests, as bbolt lays them out.

use super::begin::{self, freelist, header, metas};
use super::meta::HEADER;

pub(in crate::format) use super::begin::{Pair, leaf};

/// Page size of these files.
pub(in crate::format) const PAGE: usize = 1024;

/// A file of inline buckets: metas with transactions 7 and 8, freelist on page 2 (empty), the root on page 3.
pub(in crate::format) fn file(buckets: &[(&[u8], &[Pair<'_>])]) -> Vec<u8> {
    begin::file(PAGE, buckets)
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
    let mut file = [metas(PAGE, 4, 3, high), vec![0; PAGE], page(freelist(3, &[2])), page(root)].concat();
    file.extend(page(branch(5, &children)));
    for (at, keys) in leaves.iter().enumerate() {
        let pairs: Vec<(u32, &[u8], &[u8])> =
            keys.iter().map(|key| (0, key.as_bytes(), &b"some value"[..])).collect();
        file.extend(page(leaf(6 + at as u64, &pairs, 0)));
    }
    file
}

fn page(bytes: Vec<u8>) -> Vec<u8> {
    begin::page(PAGE, bytes)
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
