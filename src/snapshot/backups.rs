//! How old the newest snapshot in a directory is, whoever took it. Reads the first bytes of each file and no more: that a file
//! can be restored is what `snapshot verify` and a drill tell.

use crate::facts::{BackendKind, Backup, Backups, Observed};
use crate::snapshot::manifest::read_manifest;
use crate::target::Target;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// So many files that are no snapshots are named.
const BROKEN_NAMED: usize = 3;

/// Looks through the directory that the config file names; `None` where it names none.
pub fn observe(target: &Target, now: Timestamp) -> Option<Observed<Backups>> {
    let dir = target.snapshots.as_deref()?;
    Some(match look(dir, target.backend, now) {
        Ok(backups) => Observed::Known(backups),
        Err(error) => Observed::unknown(format!("{}: {error}", dir.display())),
    })
}

fn look(dir: &Path, backend: BackendKind, now: Timestamp) -> io::Result<Backups> {
    let mut backups = Backups { dir: dir.display().to_string(), ..Backups::default() };
    let mut found: Vec<Backup> = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.file_type()?.is_file() || !called_a_snapshot(&name, backend) {
            continue;
        }
        match begins_as_one(&entry.path(), backend) {
            Ok(true) => found.push(of_file(&entry.path(), name, now)?),
            Ok(false) => backups.broken.push(name),
            // Gone since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    backups.broken.sort();
    backups.broken.truncate(BROKEN_NAMED);
    backups.snapshots = found.len() as u64;
    found.sort_by_key(|backup| backup.taken_at);
    let newest = found.pop();
    backups.newest =
        newest.map(|newest| Backup { bytes_before: found.last().map(|before| before.bytes), ..newest });
    Ok(backups)
}

/// What people and tools call the files: `quorate snapshot save` and etcdctl write `.db`, `consul snapshot save` and its agent
/// `.snap` or an archive, ZooKeeper `snapshot.ZXID`.
fn called_a_snapshot(name: &str, backend: BackendKind) -> bool {
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    match backend {
        BackendKind::Etcd => ends(&[".db", ".snap", ".snapshot"]),
        BackendKind::Consul => ends(&[".snap", ".snapshot", ".tgz", ".tar.gz"]),
        BackendKind::Zookeeper => name.starts_with("snapshot."),
    }
}

/// By its first bytes: bbolt's magic behind the head of its first page, gzip, ZooKeeper's `ZKSN`.
fn begins_as_one(path: &Path, backend: BackendKind) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(20).read_to_end(&mut head)?;
    Ok(match backend {
        BackendKind::Etcd => head.get(16..20) == Some(&0xED0C_DAED_u32.to_le_bytes()),
        BackendKind::Consul => head.starts_with(&[0x1f, 0x8b, 8]),
        // Newer versions may compress: gzip, or snappy's frames.
        BackendKind::Zookeeper => {
            head.starts_with(b"ZKSN")
                || head.starts_with(&[0x1f, 0x8b])
                || head.starts_with(b"\xff\x06\0\0sNaPpY")
        }
    })
}

fn of_file(path: &Path, file: String, now: Timestamp) -> io::Result<Backup> {
    let about = std::fs::metadata(path)?;
    let told = read_manifest(path).ok().flatten().and_then(|manifest| manifest.taken_at.parse().ok());
    let written = about.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    Ok(Backup { file, taken_at: told.or(written).unwrap_or(now), bytes: about.len(), bytes_before: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::write;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_newest_that_begins_as_a_snapshot() {
        let dir = tempfile::tempdir().expect("a directory");
        let now = Timestamp::UNIX_EPOCH;
        let aged = |name: &str, text: &[u8], hours: u64| {
            let path = dir.path().join(name);
            write(&path, text).expect("a file");
            let file = File::options().write(true).open(&path).expect("the file");
            let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - hours * 3600);
            file.set_modified(then).expect("a time");
        };
        aged("old.snap", b"\x1f\x8b\x08 older", 30);
        aged("new.snap", b"\x1f\x8b\x08 new", 2);
        aged("empty.snap", b"", 1);
        aged("notes.txt", b"\x1f\x8b\x08", 0);
        let seen = look(dir.path(), BackendKind::Consul, now).expect("is seen");
        let newest = seen.newest.expect("one");
        assert_eq!((newest.file.as_str(), newest.bytes_before), ("new.snap", Some(9)));
        assert_eq!(newest.taken_at.as_second(), 1_700_000_000 - 7200);
        assert_eq!((seen.snapshots, seen.broken), (2, vec!["empty.snap".to_owned()]));
        let of_etcd = look(dir.path(), BackendKind::Etcd, now).expect("is seen");
        assert_eq!((of_etcd.snapshots, of_etcd.newest), (0, None));
        assert!(look(&dir.path().join("absent"), BackendKind::Consul, now).is_err());
    }
}
