//! Who holds a file, without taking a lock: `/proc/locks` names every lock by device and inode.

use super::facts::Holder;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The process that holds one of these files with a lock, as a server does with its database and its log. Processes of
/// another PID namespace, and of other machines, are not seen.
pub(super) fn holder(files: &[&Path]) -> Option<Holder> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let locks: Vec<Lock> = locks.lines().filter_map(Lock::parse).collect();
    files.iter().find_map(|file| {
        let about = file.metadata().ok()?;
        let of_file = |lock: &&Lock| lock.inode == about.ino() && lock.may_be_on(about.dev());
        let lock = locks.iter().find(|lock| of_file(lock) && lock.device == about.dev());
        let lock = lock.or_else(|| locks.iter().find(|lock| of_file(lock)))?;
        let opened = || opener(file, &locks.iter().filter_map(|lock| lock.pid).collect::<Vec<_>>());
        // an overlay or btrfs shows another device: then the process must have the very file open
        if lock.device != about.dev() {
            return opened().map(named);
        }
        Some(match lock.pid.or_else(opened) {
            Some(pid) => named(pid),
            None => Holder { pid: None, command: None },
        })
    })
}

/// A lock of `/proc/locks`.
#[derive(Debug, PartialEq, Eq)]
struct Lock {
    /// `None` for a lock of an open file description, which has no process.
    pid: Option<u32>,
    device: u64,
    inode: u64,
}

impl Lock {
    /// `1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF`; waiting locks have `->` behind the number.
    fn parse(line: &str) -> Option<Lock> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.get(1) == Some(&"->") || !matches!(words.get(1), Some(&"FLOCK" | &"OFDLCK" | &"POSIX")) {
            return None;
        }
        let pid = words.get(4)?.parse().ok();
        let mut place = words.get(5)?.split(':');
        let mut hex = || u32::from_str_radix(place.next()?, 16).ok();
        let device = rustix::fs::makedev(hex()?, hex()?);
        let inode = place.next()?.parse().ok()?;
        Some(Lock { pid, device, inode })
    }

    fn may_be_on(&self, device: u64) -> bool {
        self.device == device || rustix::fs::major(device) == 0
    }
}

/// A process that has this very file open: those in `first` are asked first, then all.
fn opener(file: &Path, first: &[u32]) -> Option<u32> {
    let wanted = file.canonicalize().ok()?;
    let all =
        fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    first.iter().copied().chain(all).find(|pid| {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        descriptors.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| target == wanted)
    })
}

fn named(pid: u32) -> Holder {
    let command = fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim().to_owned());
    Holder { pid: Some(pid), command }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let parsed = Lock::parse("1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF").expect("a lock");
        assert_eq!((parsed.pid, parsed.inode), (Some(1234), 5678));
        assert_eq!(parsed.device, rustix::fs::makedev(0xfe, 1));
        assert_eq!(Lock::parse("3: OFDLCK ADVISORY  WRITE -1 08:02:9 0 EOF").expect("a lock").pid, None);
        assert_eq!(Lock::parse("3: -> FLOCK  ADVISORY  WRITE 9 08:02:9 0 EOF"), None);
        assert_eq!(Lock::parse("nonsense"), None);
    }

    #[test]
    fn a_lock_is_seen_and_its_absence_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("db");
        let file = fs::File::create(&path).expect("a file");
        assert_eq!(holder(&[&path]), None);
        file.lock().expect("a lock");
        let holder = holder(&[&folder.path().join("none"), &path]).expect("held");
        assert_eq!(holder.pid, Some(std::process::id()));
    }
}
