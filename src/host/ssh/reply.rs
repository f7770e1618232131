//! What the scripts print, as values. `None` wherever it is not as expected.

use super::super::process::{self, Process, ProcessId, StatLine};
use super::super::{Kind, Stat, locks, mounts};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// `absent`, or `MODE(hex) SIZE UID GID DEVICE INODE SECONDS.NANOS`
pub(super) fn stat(printed: &[u8]) -> Option<Option<Stat>> {
    if printed == b"absent\n" {
        return Some(None);
    }
    let fields: Vec<&str> = std::str::from_utf8(printed).ok()?.split_whitespace().collect();
    let [mode, size, uid, gid, dev, ino, mtime] = fields.as_slice() else { return None };
    let raw = u32::from_str_radix(mode, 16).ok()?;
    let (seconds, nanos) = mtime.split_once('.')?;
    Some(Some(Stat {
        kind: Kind::of_mode(raw),
        size: size.parse().ok()?,
        mode: raw & 0o7777,
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        dev: dev.parse().ok()?,
        ino: ino.parse().ok()?,
        mtime: jiff::Timestamp::new(seconds.parse().ok()?, nanos.parse().ok()?).ok()?,
    }))
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

/// `/proc/PID/FILE\0PIECE\0` …
pub(super) fn processes(printed: &[u8], prefixes: &[&str]) -> Vec<Process> {
    let mut records: BTreeMap<u32, Record> = BTreeMap::new();
    let mut fields = printed.split(|byte| *byte == 0);
    while let (Some(path), Some(piece)) = (fields.next(), fields.next()) {
        let Some((pid, file)) = of_process(path) else { continue };
        let content = records.entry(pid).or_default().entry(file).or_default();
        content.extend_from_slice(piece);
        content.push(0);
    }
    records.into_iter().filter_map(|(pid, record)| process(pid, &record, prefixes)).collect()
}

/// The files of one process, a NUL after each piece.
type Record = BTreeMap<String, Vec<u8>>;

fn of_process(path: &[u8]) -> Option<(u32, String)> {
    let (pid, file) = std::str::from_utf8(path).ok()?.strip_prefix("/proc/")?.split_once('/')?;
    Some((pid.parse().ok()?, file.to_owned()))
}

/// `None` when it is none of interest, or ended meanwhile.
fn process(pid: u32, record: &Record, prefixes: &[&str]) -> Option<Process> {
    let whole = |file: &str| record.get(file)?.strip_suffix(b"\0");
    let link = |file: &str| {
        let target = whole(file).filter(|target| !target.is_empty())?;
        Some(PathBuf::from(OsString::from_vec(target.to_vec())))
    };
    let stat = StatLine::parse(whole("stat")?).filter(|stat| stat.is_process(pid))?;
    let (cwd, exe) = (link("cwd"), link("exe"));
    // The kernel lets the same users read a process's environment and its `exe`; no match looks like no permission.
    let environ = record.get("environ").map(Vec::as_slice).or(exe.as_ref().map(|_| &b""[..]));
    Some(Process {
        id: ProcessId { pid, start_ticks: stat.start_ticks },
        argv: process::words(record.get("cmdline").map_or(&[][..], Vec::as_slice)),
        env: if prefixes.is_empty() {
            Some(Vec::new())
        } else {
            environ.map(|environ| process::variables(environ, prefixes))
        },
        uid: process::effective(whole("status")?, "Uid:")?,
        gid: process::effective(whole("status")?, "Gid:")?,
        cwd,
        exe,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_coreutils_print() {
        let stat = stat(b"41ed 4096 1 2 65024 99 1700000000.123456789\n").flatten().expect("a stat");
        assert_eq!(super::stat(b"absent\n"), Some(None));
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
    fn a_process_is_put_together_from_its_pieces() {
        let stat = "7 (a) b) S 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 55 0\n";
        let pieces = [
            ("stat", stat),
            ("status", "Name:\ta\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"),
            ("cmdline", "a"),
            ("cmdline", ""),
            ("cwd", ""),
            ("exe", "/bin/a\nb"),
        ];
        let text: String = pieces.iter().map(|(file, piece)| format!("/proc/7/{file}\0{piece}\0")).collect();
        let found = processes(format!("{text}/proc/8/stat\0{stat}\0").as_bytes(), &["A_"]);
        assert_eq!(found.len(), 1, "the other one ended meanwhile");
        let process = &found[0];
        assert_eq!((process.id, process.uid, process.gid), (ProcessId { pid: 7, start_ticks: 55 }, 2, 6));
        assert_eq!(process.argv, ["a", ""]);
        assert_eq!((process.cwd.as_deref(), process.exe.as_deref()), (None, Some(Path::new("/bin/a\nb"))));
        assert_eq!(process.env, Some(Vec::new()), "readable, and none matched");
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
