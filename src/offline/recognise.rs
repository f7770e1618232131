//! What a path is, by its content; what is not etcd's is named.

use crate::facts::BackendKind;
use crate::files::FileSource;
use crate::format::bbolt::{Cursor, Database};
use crate::format::etcd::{has_digest, wal};
use crate::format::source::{Source, key_text};
use crate::format::zookeeper::FileName;
use std::io;
use std::path::{Path, PathBuf};

/// What a path is. The paths are as given, links not resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A member's data directory: the folder that holds `member`, or `member` itself. This is `member`.
    DataDirectory(PathBuf),
    /// A folder of log files.
    LogDirectory(PathBuf),
    /// A database with a digest behind it.
    Snapshot(PathBuf),
    /// A database.
    Database(PathBuf),
}

/// Why a path is none of them.
#[derive(Debug, thiserror::Error)]
pub enum Unrecognised {
    /// There is nothing.
    #[error("{path}: there is no such file or directory", path = .0.display())]
    Absent(PathBuf),
    /// It may not be looked at.
    #[error("{path}: {error}", path = .path.display())]
    Unreadable {
        /// The path, or what is in it.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is something else.
    #[error("{path}: this is {what}", path = .path.display())]
    Other {
        /// The path.
        path: PathBuf,
        /// What it is, as far as that can be told.
        what: String,
        /// What to give instead, when that is known.
        instead: Option<String>,
    },
}

/// Whose files lie at a path, by their names and first bytes; `None` when it cannot be told. A gzip file is taken for
/// Consul's unless it is named as a ZooKeeper snapshot: nothing else of the three is compressed.
pub fn whose(path: &Path) -> Option<BackendKind> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if path.is_dir() {
        let names = names(path).ok()?;
        return if is_zookeeper(path, &names) {
            Some(BackendKind::Zookeeper)
        } else if is_consul(path, &names) || is_raft(&names) {
            Some(BackendKind::Consul)
        } else {
            None
        };
    }
    let mut head = [0u8; HEAD];
    let source = FileSource::open(path).ok()?;
    let read = source.read_at(0, &mut head).ok()?;
    match &head[..read] {
        [b'Z', b'K', b'S' | b'L', b'N' | b'G', ..] => Some(BackendKind::Zookeeper),
        _ if matches!(FileName::of(name), Some(FileName::Snapshot(..))) => Some(BackendKind::Zookeeper),
        [0x1f, 0x8b, ..] => Some(BackendKind::Consul),
        head if head.get(257..262) == Some(b"ustar") && head.starts_with(b"meta.json\0") => {
            Some(BackendKind::Consul)
        }
        _ if name == "state.bin" || name == "raft.db" => Some(BackendKind::Consul),
        head if opens_as_bbolt(head) && is_log_store(&source) => Some(BackendKind::Consul),
        _ => None,
    }
}

fn is_zookeeper(path: &Path, names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|there| there == name);
    let own = |name: &String| match FileName::of(name) {
        Some(FileName::Snapshot(..)) => true,
        // many programs have a log.1
        Some(FileName::Log(_)) => begins_with(&path.join(name), b"ZKLG"),
        None => name == "acceptedEpoch",
    };
    has("version-2") || names.iter().any(own)
}

fn begins_with(path: &Path, magic: &[u8; 4]) -> bool {
    let mut head = [0; 4];
    let read = FileSource::open(path).and_then(|source| source.read_at(0, &mut head));
    read.is_ok_and(|read| head[..read] == magic[..])
}

fn is_consul(path: &Path, names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|there| there == name);
    (has("raft") && (has("serf") || path.join("raft/raft.db").exists())) || has("raft.db")
}

/// The directory `raft` of a Consul server, or a snapshot in it.
fn is_raft(names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|there| there == name);
    has("state.bin") || (has("snapshots") && (has("peers.info") || has("wal")))
}

/// Tells what a path of etcd is. Reads little of it, and changes nothing.
///
/// # Errors
/// It is nothing of etcd; says what it is.
pub fn recognise(path: &Path) -> Result<Kind, Unrecognised> {
    let about = path.metadata().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unrecognised::Absent(path.to_owned()),
        _ => unreadable(path, error),
    })?;
    if about.is_dir() {
        directory(path)
    } else if about.is_file() {
        file(path)
    } else {
        Err(other(path, "neither a file nor a directory", None))
    }
}

pub(super) fn unreadable(path: &Path, error: io::Error) -> Unrecognised {
    Unrecognised::Unreadable { path: path.to_owned(), error }
}

pub(super) fn other(path: &Path, what: impl Into<String>, instead: Option<&str>) -> Unrecognised {
    Unrecognised::Other { path: path.to_owned(), what: what.into(), instead: instead.map(str::to_owned) }
}

fn directory(path: &Path) -> Result<Kind, Unrecognised> {
    let names = names(path)?;
    let has = |name: &str| names.iter().any(|there| there == name);
    if has("member") && path.join("member").is_dir() {
        // a folder that cannot be listed is no empty one
        let inside = self::names(&path.join("member"))?;
        if inside.iter().any(|name| name == "snap" || name == "wal") {
            return Ok(Kind::DataDirectory(path.join("member")));
        }
        return Err(other(
            path,
            "an etcd data directory whose folder `member` holds neither snap nor wal",
            None,
        ));
    }
    if has("snap")
        && path.join("snap").is_dir()
        && (has("wal") || path.file_name().is_some_and(|n| n == "member"))
    {
        return Ok(Kind::DataDirectory(path.to_owned()));
    }
    if names.iter().any(|name| wal::segment_name(name).is_some()) {
        return Ok(Kind::LogDirectory(path.to_owned()));
    }
    if is_zookeeper(path, &names) {
        return Err(other(path, "a ZooKeeper data directory, not etcd's", None));
    }
    if is_consul(path, &names) {
        return Err(other(path, "a Consul data directory, not etcd's", None));
    }
    if has("db") {
        let instead = "the data directory (two levels up), or the file db itself";
        return Err(other(path, "the folder member/snap of an etcd data directory", Some(instead)));
    }
    if names.is_empty() {
        return Err(other(path, "an empty directory", None));
    }
    Err(other(path, "a directory without anything of etcd in it", None))
}

/// Names in a folder; those that are no text are left out, etcd writes none.
pub(super) fn names(path: &Path) -> Result<Vec<String>, Unrecognised> {
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, error))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(path, error))?;
        names.extend(entry.file_name().into_string().ok());
    }
    Ok(names)
}

/// Bytes of a file that are looked at to name it.
const HEAD: usize = 512;

fn file(path: &Path) -> Result<Kind, Unrecognised> {
    let source = FileSource::open(path).map_err(|error| unreadable(path, error))?;
    let mut head = [0u8; HEAD];
    let read = source.read_at(0, &mut head).map_err(|error| unreadable(path, error))?;
    let head = &head[..read];
    if head.is_empty() {
        return Err(other(path, "an empty file", None));
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if wal::segment_name(name).is_some() {
        let instead = "the directory that holds it: a log is read as a whole";
        return Err(other(path, "one file of an etcd write-ahead log", Some(instead)));
    }
    if let Some(what) = foreign(head, name) {
        return Err(other(path, what, None));
    }
    let kind = || {
        if has_digest(source.len()) {
            Kind::Snapshot(path.to_owned())
        } else {
            Kind::Database(path.to_owned())
        }
    };
    match Database::open(&source) {
        Ok(database) => match strange_buckets(&database) {
            Some(what) => Err(other(path, what, None)),
            None => Ok(kind()),
        },
        // damaged, but what it was meant to be can still be told
        Err(_) if opens_as_bbolt(head) || named_as_database(name) => Ok(kind()),
        Err(_) if head.iter().all(|byte| *byte == 0) => {
            Err(other(path, "a file that begins with zeros", None))
        }
        Err(_) if is_text(head) => Err(other(path, "a text file", None)),
        Err(_) => Err(other(path, "a file of a kind that is not known here", None)),
    }
}

/// Whether a file is the log store of HashiCorp's raft.
pub(super) fn is_log_store(source: &FileSource) -> bool {
    let Ok(database) = Database::open(source) else { return false };
    let there = |name| Cursor::bucket(&database, name).is_ok_and(|bucket| bucket.is_some());
    there(b"logs") && there(b"conf")
}

/// A magic number of another program's file.
fn foreign(head: &[u8], name: &str) -> Option<String> {
    let text = match head {
        [b'Z', b'K', b'S', b'N', ..] => "a ZooKeeper snapshot",
        [b'Z', b'K', b'L', b'G', ..] => "a ZooKeeper transaction log",
        [0x1f, 0x8b, ..] => {
            "a gzip file, as a Consul snapshot is (`quorate inspect` and `quorate check --snapshot` read one); for an etcd \
             snapshot that was compressed, unpack it with gunzip first"
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "a zstd file: unpack it first",
        [b'P', b'K', 3, 4, ..] => "a zip archive: unpack it first",
        _ if head.get(257..262) == Some(b"ustar") => match head.starts_with(b"meta.json\0") {
            true => "an unpacked Consul snapshot (a tar archive with meta.json)",
            false => "a tar archive: unpack it first",
        },
        _ if name.ends_with(".snap") && !opens_as_bbolt(head) => {
            "a .snap file of raft; give the data directory that it belongs to"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// A bbolt file of another program, by its buckets. `None` for etcd's, and for one whose buckets cannot be read.
fn strange_buckets(database: &Database<'_>) -> Option<String> {
    let mut root = Cursor::root(database);
    let mut names: Vec<Vec<u8>> = Vec::new();
    while names.len() < 16 {
        match root.next() {
            Ok(Some(item)) => names.push(item.key.to_vec()),
            Ok(None) => break,
            Err(_) => return None,
        }
    }
    let has = |name: &[u8]| names.iter().any(|there| there == name);
    if has(b"key") || has(b"meta") || has(b"members") {
        return None;
    }
    if has(b"logs") && has(b"conf") {
        return Some("a raft.db of Consul (or another program with HashiCorp's raft)".to_owned());
    }
    let names: Vec<String> = names.iter().map(|name| key_text(name)).collect();
    Some(match names.as_slice() {
        [] => "a bbolt database without any bucket".to_owned(),
        names => format!("a bbolt database of another program: its buckets are {}", names.join(", ")),
    })
}

/// bbolt's magic number where the first meta has it.
fn opens_as_bbolt(head: &[u8]) -> bool {
    head.get(16..20) == Some(&[0xed, 0xda, 0x0c, 0xed])
}

fn named_as_database(name: &str) -> bool {
    name == "db" || name.ends_with(".db")
}

fn is_text(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let odd = text.chars().filter(|c| c.is_control() && !c.is_whitespace() || *c == '\u{fffd}').count();
    odd <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn refused(path: &Path) -> String {
        recognise(path).expect_err("nothing that is read").to_string()
    }

    #[test]
    fn other_formats_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let consul = [b"meta.json".to_vec(), vec![0; 248], b"ustar".to_vec(), vec![0; 250]].concat();
        let cases: [(&str, &[u8], &str); 10] = [
            ("a", b"", "an empty file"),
            ("b", b"ZKSN\0\0\0\x02", "a ZooKeeper snapshot"),
            ("c", b"ZKLG\0\0\0\x02", "a ZooKeeper transaction log"),
            ("d", b"\x1f\x8b\x08\0", "as a Consul snapshot is"),
            ("e", &consul, "an unpacked Consul snapshot"),
            ("f", b"name: value\nother: value\n", "a text file"),
            ("g", &[0; 4096], "begins with zeros"),
            ("h", b"\xde\xad\xbe\xef\x01\x02\xff", "not known here"),
            ("0000000000000000-0000000000000000.wal", b"x", "one file of an etcd write-ahead log"),
            ("0000000000000002-0000000000000009.snap", b"x", "a .snap file of raft"),
        ];
        for (name, bytes, what) in cases {
            let path = folder.path().join(name);
            fs::write(&path, bytes).expect("written");
            assert!(refused(&path).contains(what), "{name}: {}", refused(&path));
        }
        assert!(refused(&folder.path().join("none")).contains("no such file"));
    }

    #[test]
    fn directories_are_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let make = |path: &str| {
            fs::create_dir_all(folder.path().join(path)).expect("made");
            folder.path().join(path)
        };
        let data = make("data/member/snap").join("../..");
        make("data/member/wal");
        assert_eq!(recognise(&data).expect("known"), Kind::DataDirectory(data.join("member")));
        let member = folder.path().join("data/member");
        assert_eq!(recognise(&member).expect("known"), Kind::DataDirectory(member.clone()));
        let log = make("log");
        fs::write(log.join("0000000000000000-0000000000000000.wal"), b"").expect("written");
        assert_eq!(recognise(&log).expect("known"), Kind::LogDirectory(log));
        assert!(refused(&make("empty")).contains("an empty directory"));
        make("zk/version-2");
        assert!(refused(&folder.path().join("zk")).contains("ZooKeeper"));
        make("consul/raft");
        make("consul/serf");
        assert!(refused(&folder.path().join("consul")).contains("Consul"));
        assert!(refused(&make("x/y").join("..")).contains("without anything of etcd"));
    }

    #[test]
    fn a_damaged_database_is_still_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("db");
        fs::write(&path, vec![7u8; 4096]).expect("written");
        assert_eq!(recognise(&path).expect("by its name"), Kind::Database(path));
        let mut bytes = vec![0u8; 4096 + 32];
        bytes[16..20].copy_from_slice(&[0xed, 0xda, 0x0c, 0xed]);
        let path = folder.path().join("x");
        fs::write(&path, bytes).expect("written");
        assert_eq!(recognise(&path).expect("by its magic"), Kind::Snapshot(path));
    }
}
