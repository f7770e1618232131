//! Which row of each key is its newest, in bounded memory.
//!
//! Keys are remembered by a 64-bit fingerprint in a table of fixed size. When the table is full, the half of the
//! fingerprint space above the middle is given up and left to another pass over the file: a database with very many keys
//! costs more passes, never more memory. Two keys with one fingerprint would be counted as one; at ten million keys the
//! chance of that is 3 in a million.

use std::hash::{DefaultHasher, Hasher};

/// Most slots of a table: 40 MB at 16 bytes each.
const MAX_SLOTS: usize = 2_500_000;
/// Bytes of file for which one slot is made: rows are hardly smaller.
const BYTES_PER_SLOT: u64 = 128;

/// A part of the fingerprint space: those whose upper `bits` are `part`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    bits: u32,
    part: u64,
}

impl Range {
    fn holds(self, fingerprint: u64) -> bool {
        self.bits == 0 || fingerprint >> (64 - self.bits) == self.part
    }
}

/// Fingerprint to a value about the key's newest row so far.
pub(super) struct Newest<T> {
    slots: Vec<(u64, T)>,
    used: usize,
    range: Range,
    waiting: Vec<Range>,
}

/// What became of a row.
pub(super) enum Put<T> {
    /// Its key belongs to another pass.
    Elsewhere,
    /// The first row of its key.
    Fresh,
    /// A newer row of a key; the value of the older one.
    Replaced(T),
}

impl<T: Copy + Default> Newest<T> {
    /// A table for a file of `bytes`.
    pub(super) fn for_file(bytes: u64) -> Newest<T> {
        Newest::with_slots(((bytes / BYTES_PER_SLOT) as usize).clamp(1024, MAX_SLOTS))
    }

    fn with_slots(count: usize) -> Newest<T> {
        let slots = vec![(0, T::default()); count];
        Newest { slots, used: 0, range: Range { bits: 0, part: 0 }, waiting: Vec::new() }
    }

    /// Notes a row of `key`. What has to be given up to make room is told to `given_up`.
    pub(super) fn put(&mut self, key: &[u8], value: T, given_up: &mut dyn FnMut(T)) -> Put<T> {
        let fingerprint = fingerprint(key);
        if !self.range.holds(fingerprint) {
            return Put::Elsewhere;
        }
        let at = self.place(fingerprint);
        if self.slots[at].0 == fingerprint {
            return Put::Replaced(std::mem::replace(&mut self.slots[at].1, value));
        }
        self.slots[at] = (fingerprint, value);
        self.used += 1;
        while self.used * 8 > self.slots.len() * 7 && self.range.bits < 32 {
            self.split(given_up);
        }
        Put::Fresh
    }

    /// Empties the table for the next part that needs a pass of its own; false when there is none.
    pub(super) fn next_pass(&mut self) -> bool {
        let Some(range) = self.waiting.pop() else { return false };
        self.range = range;
        self.slots.fill((0, T::default()));
        self.used = 0;
        true
    }

    /// Gives up the upper half of the range.
    fn split(&mut self, given_up: &mut dyn FnMut(T)) {
        let Range { bits, part } = self.range;
        self.range = Range { bits: bits + 1, part: part * 2 };
        self.waiting.push(Range { bits: bits + 1, part: part * 2 + 1 });
        let mut kept = Vec::with_capacity(self.used / 2 + 1024);
        for slot in &mut self.slots {
            if slot.0 != 0 {
                match self.range.holds(slot.0) {
                    true => kept.push(*slot),
                    false => given_up(slot.1),
                }
                *slot = (0, T::default());
            }
        }
        self.used = kept.len();
        for (fingerprint, value) in kept {
            let at = self.place(fingerprint);
            self.slots[at] = (fingerprint, value);
        }
    }

    /// The slot of a fingerprint, or the free one where it belongs. There is always a free one.
    fn place(&self, fingerprint: u64) -> usize {
        let count = self.slots.len();
        // the lower half of the bits: the upper ones are the same for all when the range is split
        let mut at = (((fingerprint & 0xffff_ffff) * count as u64) >> 32) as usize;
        while self.slots[at].0 != 0 && self.slots[at].0 != fingerprint {
            at = (at + 1) % count;
        }
        at
    }
}

fn fingerprint(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts distinct keys of a stream as a caller does: a pass for every part.
    fn distinct(keys: &[Vec<u8>], slots: usize) -> (usize, usize) {
        let mut newest: Newest<u32> = Newest::with_slots(slots);
        let (mut count, mut passes) = (0isize, 0);
        loop {
            passes += 1;
            for key in keys {
                let mut lost = 0;
                if let Put::Fresh = newest.put(key, 1, &mut |_| lost += 1) {
                    count += 1;
                }
                count -= lost;
            }
            if !newest.next_pass() {
                return (count as usize, passes);
            }
        }
    }

    #[test]
    fn counts_exactly_with_any_memory() {
        let keys: Vec<Vec<u8>> = (0..30_000u32).map(|n| (n % 10_000).to_be_bytes().to_vec()).collect();
        let (count, passes) = distinct(&keys, 20_000);
        assert_eq!((count, passes), (10_000, 1));
        let (count, passes) = distinct(&keys, 1024);
        assert_eq!(count, 10_000);
        assert!(passes >= 12, "{passes}");
    }
}
