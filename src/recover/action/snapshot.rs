//! A snapshot streamed to a file of this machine, and what makes it one. It is read whole once: hashed while it is
//! written, its pages and records read back while the disk makes it durable. What that found is written beside it with
//! what identifies the file, so that neither a later look nor a later process reads it again unless it has changed.

use super::{LOOK, RealHands, WORK, said};
use crate::facts::SnapshotFacts;
use crate::offline::{self, CopyKind, DatabaseFacts};
use crate::private;
use crate::recover::executor::Truth;
use crate::snapshot::{WRITE, receive, sweep};
use crate::transport::Deadline;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A record larger than this is none, in bytes.
const LARGEST: u64 = 64 << 10;

/// What a whole snapshot holds, as far as the rest of a recovery is compared with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    /// SHA-256 of the file, hex.
    pub(super) sha256: String,
    /// The store's revision.
    pub(super) revision: i64,
    /// Keys that exist.
    pub(super) keys: u64,
    /// Leases.
    pub(super) leases: u64,
    /// CRC-32C over all rows, hex.
    pub(super) rows_hash: String,
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    /// Nanoseconds since 1970.
    modified: i128,
    /// The same of what is known about it: a change of its content cannot hide behind a time that was set back.
    changed: i128,
}

/// The record beside a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    file: Identity,
    found: Whole,
}

/// Snapshots that were read whole, by path.
#[derive(Debug, Default)]
pub(super) struct Proven(Mutex<BTreeMap<PathBuf, Record>>);

impl RealHands {
    /// Under another name until it is verified. What a killed attempt left is swept: it never had a name.
    pub(super) async fn save(
        &self,
        endpoint: &str,
        cluster_id: &str,
        to: &Path,
        min_revision: u64,
    ) -> Result<(), String> {
        let status = self.etcd.status_of(endpoint, Deadline::after(LOOK)).await.map_err(said)?;
        if status.cluster_id != cluster_id {
            return Err(format!("{endpoint} belongs to cluster {}", status.cluster_id));
        }
        let dir = to.parent().unwrap_or(to);
        sweep(dir);
        self.set_unusable_aside(to).await?;
        let work = Deadline::after(WORK);
        let receiving = async {
            let idle = self.limits.idle;
            let mut stream = self.etcd.snapshot_of(endpoint, work.within(idle), idle).await.map_err(said)?;
            receive(stream.as_mut(), dir, &mut |_, _| {}).await.map_err(said)
        };
        let received = work.run(receiving).await.ok_or("the snapshot took too long")??;
        at_least(received.facts.revision, min_revision)?;
        let facts = received.place(to).map_err(said)?;
        self.proven.write(to, Whole::of(&facts)).map_err(|error| format!("{}: {error}", to.display()))
    }

    /// A file that has the name and is no whole snapshot keeps existing under another one.
    async fn set_unusable_aside(&self, path: &Path) -> Result<(), String> {
        for number in 1..100 {
            let aside = beside(path, &format!(".unusable-{number}"));
            match rename(path, &aside) {
                Err(rustix::io::Errno::NOENT) | Ok(()) => return Ok(()),
                Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(format!("{}: {error}", path.display())),
            }
        }
        Err(format!("too many unusable files beside {}", path.display()))
    }

    /// Whether a file is a whole snapshot at or above a revision.
    pub(super) async fn is_snapshot(&self, path: &Path, min_revision: u64) -> Truth {
        if !path.exists() {
            return Truth::No(format!("there is no {}", path.display()));
        }
        match self.whole(path).await.and_then(|found| at_least(found.revision, min_revision)) {
            Ok(()) => Truth::Yes,
            Err(why) => Truth::No(why),
        }
    }

    /// What it holds, when it is whole down to every record; read only if that was not done before.
    pub(super) async fn whole(&self, path: &Path) -> Result<Whole, String> {
        if let Some(found) =
            self.proven.known(path).map_err(|error| format!("{}: {error}", path.display()))?
        {
            return Ok(found);
        }
        let of = path.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let before = of.metadata().map_err(said)?;
            Ok::<_, String>((Identity::of(&before), read(&of)?))
        });
        let (file, found) = read.await.map_err(said)??;
        self.proven.remember(path, Record { file, found: found.clone() });
        Ok(found)
    }
}

impl Proven {
    /// What is known of a file as it is now: from this process, else from the record beside it.
    fn known(&self, path: &Path) -> io::Result<Option<Whole>> {
        let now = Identity::of(&path.metadata()?);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(path)
            && let Some(record) = read_record(&record_path(path))
        {
            known.insert(path.to_owned(), record);
        }
        Ok(known.get(path).filter(|record| record.file == now).map(|record| record.found.clone()))
    }

    fn remember(&self, path: &Path, record: Record) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), record);
    }

    fn write(&self, path: &Path, found: Whole) -> io::Result<()> {
        let record = Record { file: Identity::of(&path.metadata()?), found };
        private::write(&record_path(path), &serde_json::to_vec(&record)?)?;
        self.remember(path, record);
        Ok(())
    }
}

/// A record that was cut short, or is none, is as if there were none: then the snapshot is read again.
fn read_record(path: &Path) -> Option<Record> {
    let about = path.symlink_metadata().ok()?;
    let fit = about.is_file() && about.len() <= LARGEST;
    serde_json::from_slice(&fit.then(|| std::fs::read(path).ok()).flatten()?).ok()
}

fn record_path(path: &Path) -> PathBuf {
    beside(path, ".verified")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn rename(from: &Path, to: &Path) -> Result<(), rustix::io::Errno> {
    let here = rustix::fs::CWD;
    rustix::fs::renameat_with(here, from, here, to, rustix::fs::RenameFlags::NOREPLACE)
}

impl Identity {
    fn of(about: &Metadata) -> Identity {
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Identity {
            device: about.dev(),
            inode: about.ino(),
            size: about.len(),
            modified: nanoseconds(about.mtime(), about.mtime_nsec()),
            changed: nanoseconds(about.ctime(), about.ctime_nsec()),
        }
    }
}

impl Whole {
    fn of(facts: &SnapshotFacts) -> Whole {
        Whole {
            sha256: facts.sha256.clone(),
            revision: facts.revision,
            keys: facts.keys,
            leases: facts.leftovers.leases,
            rows_hash: format!("{:08x}", facts.rows_hash),
        }
    }

    fn of_database(facts: &DatabaseFacts) -> Whole {
        Whole {
            sha256: facts.sha256.clone().unwrap_or_default(),
            revision: facts.revision,
            keys: facts.keys,
            leases: facts.leases,
            rows_hash: facts.rows_hash.clone(),
        }
    }
}

/// A copy of a database with its digest behind it: what a server would have sent.
pub(super) fn seal(from: &Path, to: &Path, min_revision: u64) -> Result<(), String> {
    let part = to.with_extension("part");
    let told = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| format!("{path}: {error}")
    };
    let mut database = File::open(from).map_err(told(from))?;
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&part);
    let mut file = file.map_err(told(&part))?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; WRITE]);
    loop {
        let read = database.read(&mut piece).map_err(told(from))?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        file.write_all(&piece[..read]).map_err(told(&part))?;
    }
    file.write_all(&hash.finalize()).and_then(|()| file.sync_all()).map_err(told(&part))?;
    at_least(read(&part)?.revision, min_revision)?;
    std::fs::rename(&part, to).map_err(said)?;
    let dir = to.parent().unwrap_or(to);
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(said)
}

/// Reads it down to every record.
fn read(path: &Path) -> Result<Whole, String> {
    let facts = offline::open(path, None).map_err(said)?;
    if let Some(damage) = facts.damage.first() {
        return Err(format!("it is damaged: {}: {}", damage.place, damage.what));
    }
    if let Some(gap) = facts.gaps.first() {
        return Err(format!("it could not be read: {}: {}", gap.what, gap.why));
    }
    if facts.kind != CopyKind::Snapshot {
        return Err(format!("it is {}, and no whole snapshot", facts.kind.article()));
    }
    facts.database.as_ref().map(Whole::of_database).ok_or_else(|| "it has no database".into())
}

fn at_least(revision: i64, wanted: u64) -> Result<(), String> {
    if revision < i64::try_from(wanted).unwrap_or(i64::MAX) {
        return Err(format!("it is at revision {revision}, before {wanted}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_counts_only_for_the_very_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("before.db");
        std::fs::write(&path, b"data").expect("written");
        let found = Whole { sha256: "ab".into(), revision: 7, keys: 1, leases: 0, rows_hash: "c".into() };
        Proven::default().write(&path, found.clone()).expect("recorded");
        let another_process = || Proven::default().known(&path).expect("looked at");
        assert_eq!(another_process(), Some(found.clone()));

        let times = std::fs::metadata(&path).and_then(|about| about.modified()).expect("a time");
        std::fs::write(&path, b"date").expect("changed, and as long as before");
        std::fs::File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(times))
            .expect("set");
        assert_eq!(another_process(), None, "a change does not hide behind its old time");

        std::fs::write(record_path(&path), b"{\"file\":").expect("cut short");
        assert_eq!(another_process(), None);
        std::fs::remove_file(record_path(&path)).expect("removed");
        std::os::unix::fs::symlink(&path, record_path(&path)).expect("a link");
        assert!(Proven::default().write(&path, Whole { rows_hash: String::new(), ..found.clone() }).is_err());
        assert_eq!(std::fs::read(&path).expect("there"), b"date", "no link is followed");
    }
}
