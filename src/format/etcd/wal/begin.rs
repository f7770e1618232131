//! The first bytes of a log, as etcd's own first start writes them: the running checksum, whose log it is, and a
//! snapshot of nothing. A server that finds them takes itself for that member and learns the rest from its peers.
//! server/storage/wal/wal.go `Create`.

use super::record::Identity;

/// Name of the file that begins a log.
pub const FIRST_SEGMENT: &str = "0000000000000000-0000000000000000.wal";

pub(super) const IDENTITY: u64 = 1;
pub(super) const CHECKSUM: u64 = 4;
const SNAPSHOT: u64 = 5;

/// Content of that file.
pub fn first_segment(identity: Identity) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame(&mut bytes, CHECKSUM, 0, None);
    let owner = numbers(&[identity.member, identity.cluster]);
    let checksum = crc32c::crc32c(&owner);
    frame(&mut bytes, IDENTITY, checksum, Some(&owner));
    let nothing = numbers(&[0, 0]);
    let checksum = crc32c::crc32c_append(checksum, &nothing);
    frame(&mut bytes, SNAPSHOT, checksum, Some(&nothing));
    bytes
}

/// Fields 1, 2, … with these numbers.
pub(super) fn numbers(values: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (field, value) in (1..).zip(values) {
        varint(&mut bytes, field << 3);
        varint(&mut bytes, *value);
    }
    bytes
}

/// Adds a record with its length word and padding. `checksum` is the running one with this record's data in it.
pub(super) fn frame(into: &mut Vec<u8>, kind: u64, checksum: u32, data: Option<&[u8]>) {
    let mut record = numbers(&[kind, u64::from(checksum)]);
    if let Some(data) = data {
        varint(&mut record, 3 << 3 | 2);
        varint(&mut record, data.len() as u64);
        record.extend_from_slice(data);
    }
    let padding = record.len().wrapping_neg() % 8;
    let mut word = record.len() as u64;
    if padding > 0 {
        word |= (0x80 | padding as u64) << 56;
    }
    into.extend(word.to_le_bytes());
    into.extend(&record);
    into.resize(into.len() + padding, 0);
}

fn varint(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::super::{Ending, Segment, scan, segment_name};
    use super::*;

    #[test]
    fn the_reader_finds_who_it_is_and_nothing_else() {
        for (member, cluster) in [(1, 2), (u64::MAX, 0x8e9e_05c5_2164_694d)] {
            let bytes = first_segment(Identity { member, cluster });
            let scan = scan(&[Segment { sequence: 0, first_index: 0, source: &bytes }]);
            assert_eq!(scan.identity, Some(Identity { member, cluster }));
            assert_eq!((scan.entries, scan.snapshots.len()), (0, 1));
            assert!(scan.damages.is_empty() && matches!(scan.ending, Ending::Clean { .. }));
        }
        assert_eq!(segment_name(FIRST_SEGMENT), Some((0, 0)));
    }
}
