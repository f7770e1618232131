//! What the scripts print, as values. `None` wherever it is not as expected.

use super::super::process::{self, Process, ProcessId, StatLine};
use super::super::{Kind, Stat, locks, mounts};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// `MODE(hex) SIZE UID GID DEVICE INODE SECONDS.NANOS`
pub(super) fn stat(printed: &[u8]) -> Option<Stat> {
    let fields: Vec<&str> = std::str::from_utf8(printed).ok()?.split_whitespace().collect();
    let [mode, size, uid, gid, dev, ino, mtime] = fields.as_slice() else { return None };
    let raw = u32::from_str_radix(mode, 16).ok()?;
    let (seconds, nanos) = mtime.split_once('.')?;
    Some(Stat {
        kind: Kind::of_mode(raw),
        size: size.parse().ok()?,
        mode: raw & 0o7777,
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        dev: dev.parse().ok()?,
        ino: ino.parse().ok()?,
        mtime: jiff::Timestamp::new(seconds.parse().ok()?, nanos.parse().ok()?).ok()?,
    })
}

/// Names, each ended by a NUL, in the order of their bytes.
pub(super) fn names(printed: &[u8]) -> Vec<OsString> {
    let names = printed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let mut names: Vec<OsString> = names.map(|name| OsString::from_vec(name.to_vec())).collect();
    names.sort();
    names
}

/// `BLOCKS SIZE`
pub(super) fn space(printed: &[u8]) -> Option<u64> {
    let (blocks, size) = std::str::from_utf8(printed).ok()?.trim().split_once(' ')?;
    Some(blocks.parse::<u64>().ok()?.saturating_mul(size.parse().ok()?))
}

/// A backslash stands first when the file's name was escaped.
pub(super) fn digest(printed: &[u8]) -> Option<String> {
    let digest = printed.strip_prefix(b"\\").unwrap_or(printed).get(..64)?;
    let hex = digest.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex.then(|| String::from_utf8_lossy(digest).into_owned())
}

/// `DEVICE\nDEVICE\nREAL\0REAL\0` and then the mounts.
pub(super) fn same(printed: &[u8]) -> Option<bool> {
    let mut lines = printed.splitn(3, |byte| *byte == b'\n');
    let (one, other) = (lines.next()?, lines.next()?);
    let mut rest = lines.next()?.splitn(3, |byte| *byte == 0);
    let mut path = || Some(PathBuf::from(OsString::from_vec(rest.next()?.to_vec())));
    let (a, b) = (path()?, path()?);
    let info = rest.next()?;
    let id = |path: &Path| mounts::id_of(info, path);
    Some(one == other && id(&a) == id(&b))
}

/// `DEVICE INODE\n` and then the locks.
pub(super) fn locked(printed: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(printed).ok()?;
    let (file, table) = text.split_once('\n')?;
    let (dev, ino) = file.split_once(' ')?;
    Some(locks::exclusive(table, dev.parse().ok()?, ino.parse().ok()?))
}

/// Processes whose record is whole; one that ended meanwhile lacks its start time.
pub(super) fn processes(printed: &[u8], prefixes: &[&str]) -> Vec<Process> {
    let mut found = Vec::new();
    let mut record = Record::default();
    for line in String::from_utf8_lossy(printed).lines() {
        match line {
            "end" => found.extend(std::mem::take(&mut record).process(prefixes)),
            line if line.starts_with("process ") => record = Record::of(line),
            line if line.starts_with(' ') => record.add(line),
            heading => record.open(heading),
        }
    }
    found.sort_by_key(|process: &Process| process.id.pid);
    found
}

/// The files of one process.
#[derive(Default)]
struct Record {
    /// Pid, user and group.
    numbers: Vec<u32>,
    files: BTreeMap<String, Vec<u8>>,
    current: String,
}

impl Record {
    fn of(line: &str) -> Record {
        let numbers = line.split(' ').skip(1).filter_map(|number| number.parse().ok()).collect();
        Record { numbers, ..Record::default() }
    }

    fn open(&mut self, heading: &str) {
        heading.clone_into(&mut self.current);
        self.files.entry(self.current.clone()).or_default();
    }

    fn add(&mut self, hex: &str) {
        let bytes = hex.split_whitespace().filter_map(|byte| u8::from_str_radix(byte, 16).ok());
        self.files.entry(self.current.clone()).or_default().extend(bytes);
    }

    fn process(mut self, prefixes: &[&str]) -> Option<Process> {
        let [pid, uid, gid] = *self.numbers.as_slice() else { return None };
        let stat = StatLine::parse(self.files.get("stat")?).filter(|stat| stat.is_process(pid))?;
        let env = match self.files.get("env").filter(|_| self.files.contains_key("env-read")) {
            Some(environ) => Some(process::variables(environ, prefixes)),
            None => prefixes.is_empty().then(Vec::new),
        };
        let mut link = |name: &str| {
            let bytes = self.files.remove(name).filter(|bytes| !bytes.is_empty())?;
            Some(PathBuf::from(OsString::from_vec(bytes)))
        };
        let (cwd, exe) = (link("cwd"), link("exe"));
        let argv = process::words(self.files.get("argv")?);
        Some(Process { id: ProcessId { pid, start_ticks: stat.start_ticks }, argv, env, uid, gid, cwd, exe })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_coreutils_print() {
        let stat = stat(b"41ed 4096 1 2 65024 99 1700000000.123456789\n").expect("a stat");
        assert_eq!((stat.kind, stat.mode, stat.dev), (Kind::Directory, 0o755, 65024));
        assert_eq!(stat.mtime.as_nanosecond(), 1_700_000_000_123_456_789);
        assert_eq!(space(b"10 4096\n"), Some(40960));
        let digest_line = format!("\\{}  /a\\nb\n", "0a".repeat(32));
        assert_eq!(digest(digest_line.as_bytes()), Some("0a".repeat(32)));
        assert_eq!(names(b"b\0a\nc\0"), ["a\nc", "b"]);
        for odd in [&b""[..], b"x", b"x y\n", b"\xff"] {
            assert!(super::stat(odd).is_none() && space(odd).is_none() && digest(odd).is_none());
            assert!(same(odd).is_none() && locked(odd).is_none() && processes(odd, &[]).is_empty());
        }
    }

    #[test]
    fn another_device_or_another_mount_is_not_the_same() {
        let table = "22 1 254:0 / / rw - ext4 x rw\n30 22 254:0 /b /b rw - ext4 x rw\n";
        let both = |one, other, a, b| same(format!("{one}\n{other}\n{a}\0{b}\0{table}").as_bytes());
        assert_eq!(both(1, 1, "/a", "/c\nd"), Some(true));
        assert_eq!(both(1, 2, "/a", "/c"), Some(false));
        assert_eq!(both(1, 1, "/a", "/b/x"), Some(false), "a bind mount");
    }
}
