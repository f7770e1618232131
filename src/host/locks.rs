//! `/proc/locks`: who holds a lock, seen without taking one.

/// Whether somebody holds an exclusive lock, of any of the three kinds, on the file with this device and inode.
///
/// The kernel names the super block's device. On btrfs, overlayfs and NFS `stat` may name another one; all of them are
/// anonymous (major 0), and between two of those the inode alone decides: better a lock too many than a torn copy.
pub(super) fn exclusive(locks: &str, dev: u64, ino: u64) -> bool {
    let (major, minor) = (u64::from(rustix::fs::major(dev)), u64::from(rustix::fs::minor(dev)));
    locks.lines().filter_map(held).any(|lock| {
        let device = (lock.major, lock.minor) == (major, minor) || (lock.major == 0 && major == 0);
        lock.exclusive && lock.ino == ino && device
    })
}

struct Lock {
    exclusive: bool,
    major: u64,
    minor: u64,
    ino: u64,
}

/// `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE START END`; one that waits has `->` after its number.
fn held(line: &str) -> Option<Lock> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, kind, _, access, _, file, ..] = fields.as_slice() else { return None };
    if !matches!(*kind, "FLOCK" | "POSIX" | "OFDLCK") {
        return None;
    }
    let mut parts = file.split(':');
    let mut hex = || u64::from_str_radix(parts.next()?, 16).ok();
    let (major, minor) = (hex()?, hex()?);
    Some(Lock { exclusive: *access == "WRITE", major, minor, ino: parts.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "1: FLOCK  ADVISORY  WRITE 5892 fe:00:5595389 0 EOF\n\
        2: FLOCK  ADVISORY  READ 5892 fe:00:10 0 EOF\n\
        3: OFDLCK ADVISORY  WRITE -1 fe:00:11 0 EOF\n\
        4: -> POSIX  ADVISORY  WRITE 7 fe:00:12 0 EOF\n\
        5: LEASE  ACTIVE    WRITE 7 fe:00:13 0 EOF\n\
        6: POSIX  ADVISORY  WRITE 7 00:2b:14 0 EOF\n";

    #[test]
    fn only_a_held_exclusive_lock_counts() {
        let on = |major, minor, ino| exclusive(LOCKS, rustix::fs::makedev(major, minor), ino);
        assert!(on(0xfe, 0, 5_595_389) && on(0xfe, 0, 11));
        for (ino, why) in [(10, "shared"), (12, "waits"), (13, "no lock"), (15, "no such file")] {
            assert!(!on(0xfe, 0, ino), "{why}");
        }
        assert!(!on(0xfd, 0, 11), "another device");
        assert!(on(0, 0x2b, 14) && on(0, 0x99, 14), "anonymous devices differ");
    }
}
