//! Transaction ids, and the names of files that carry one.

use super::input::Packing;
use std::fmt;

/// A transaction id: the epoch of the leader in the upper 32 bits, its counter in the lower.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zxid(pub u64);

impl Zxid {
    /// Number of the leader's epoch.
    pub fn epoch(self) -> u64 {
        self.0 >> 32
    }

    /// Counter in the epoch; the first transaction has 1.
    pub fn counter(self) -> u64 {
        self.0 & 0xffff_ffff
    }
}

impl fmt::Display for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:x}", self.0)
    }
}

/// Whether a transaction may come right behind another: the next of its epoch, or the first of a later one. Servers
/// before 3.9.4 do not look at this when they replay a log.
pub fn follows(before: Zxid, next: Zxid) -> bool {
    let of_same = before.0.checked_add(1) == Some(next.0) && before.epoch() == next.epoch();
    of_same || next.epoch() > before.epoch() && next.counter() == 1
}

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileName {
    /// `snapshot.ZXID`, perhaps with `.gz` or `.snappy`: the last transaction applied when it was begun.
    Snapshot(Zxid, Packing),
    /// `log.ZXID`: the first transaction in it.
    Log(Zxid),
}

impl FileName {
    /// Takes a name apart as servers do: the part behind the first dot is the zxid in hex.
    pub fn of(name: &str) -> Option<FileName> {
        let (prefix, rest) = name.split_once('.')?;
        let (number, suffix) = rest.split_once('.').map_or((rest, ""), |(number, suffix)| (number, suffix));
        let all_hex = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_hexdigit());
        let zxid = Zxid(u64::from_str_radix(number, 16).ok().filter(|_| all_hex)?);
        match (prefix, suffix) {
            ("snapshot", "") => Some(FileName::Snapshot(zxid, Packing::Plain)),
            ("snapshot", "gz") => Some(FileName::Snapshot(zxid, Packing::Gzip)),
            ("snapshot", "snappy") => Some(FileName::Snapshot(zxid, Packing::Snappy)),
            ("log", "") => Some(FileName::Log(zxid)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let plain = |zxid| Some(FileName::Snapshot(Zxid(zxid), Packing::Plain));
        assert_eq!(FileName::of("snapshot.100000a1f"), plain(0x1_0000_0a1f));
        assert_eq!(FileName::of("snapshot.0.gz"), Some(FileName::Snapshot(Zxid(0), Packing::Gzip)));
        assert_eq!(FileName::of("log.1"), Some(FileName::Log(Zxid(1))));
        for other in
            ["snapshot.", "snapshot.x", "log.1.tmp", "snapshot.+1", "currentEpoch", "snapshot.1.gz.part"]
        {
            assert_eq!(FileName::of(other), None, "{other}");
        }
    }

    #[test]
    fn what_may_follow() {
        let epoch = |epoch: u64, counter: u64| Zxid(epoch << 32 | counter);
        assert!(follows(epoch(1, 5), epoch(1, 6)) && follows(epoch(1, 5), epoch(4, 1)));
        assert!(!follows(epoch(1, 5), epoch(1, 7)) && !follows(epoch(1, 5), epoch(2, 2)));
        assert!(!follows(epoch(1, 5), epoch(1, 5)) && !follows(epoch(2, 5), epoch(1, 1)));
        assert!(!follows(epoch(1, 0xffff_ffff), epoch(2, 0)));
    }
}
