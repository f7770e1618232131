//! A stream into a file: hashed while it is written, verified completely, and only then put under its name.
//!
//! Receiving is on this thread, hashing and writing on another; then the pages are read back from the page cache while
//! the disk makes the file durable. Whatever ends this early leaves no name behind.

use super::manifest::{Manifest, manifest_path, stamp};
use super::temporary::{Placed, Temporary, sync_directory};
use crate::backend::snapshots::SnapshotStream;
use crate::facts::{SnapshotFacts, Soundness, Trouble};
use crate::files::FileSource;
use crate::format::etcd::{Digest, has_digest};
use crate::offline::{Verified, examine};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Bytes handed to the writing thread at once.
const BATCH: usize = 1 << 20;
/// Bytes written at once. For more, ext4 wants folios of as many pages in a row, and a machine that has been up for a while
/// spends seconds on moving others away to make room for them.
pub const WRITE: usize = 32 << 10;
/// Batches on their way.
const IN_FLIGHT: usize = 4;
/// Bytes after which the disk is told to take what there is, so that little is left to wait for at the end.
const DURABLE: u64 = 128 << 20;
/// Bytes of the digest at the end.
const DIGEST: usize = 32;

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The member.
    #[error("{0}")]
    Trouble(Trouble),
    /// The stream ended early.
    #[error("the stream ended after {got} bytes where {announced} were announced")]
    Cut {
        /// Bytes that came.
        got: u64,
        /// Bytes that the member said it would send, digest included.
        announced: u64,
    },
    /// What came is not what the member sent.
    #[error("{0}")]
    Digest(&'static str),
    /// What the member sent is damaged: its database is.
    #[error("the member's database is damaged: {}", first_damage(.0))]
    Damaged(Box<SnapshotFacts>),
    /// The output is there already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The output is a link.
    #[error("{} is a symbolic link", .0.display())]
    Link(PathBuf),
    /// The output is neither a file nor a directory.
    #[error("{} is neither a file nor a directory", .0.display())]
    Strange(PathBuf),
    /// The disk is full, or too small.
    #[error("no space left in {}: the snapshot needs {needed} bytes", dir.display())]
    NoSpace {
        /// Where.
        dir: PathBuf,
        /// As far as is known.
        needed: u64,
    },
    /// A call on a file failed.
    #[error("cannot {what} {}: {error}", path.display())]
    File {
        /// What was tried: a verb.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

fn first_damage(facts: &SnapshotFacts) -> String {
    facts.damages.first().map_or_else(String::new, |damage| format!("{}: {}", damage.at, damage.what))
}

/// A snapshot that is whole and sound, without its name yet.
#[derive(Debug)]
pub struct Received {
    temporary: Temporary,
    /// All about it.
    pub facts: SnapshotFacts,
}

/// Where it goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// This file.
    File(PathBuf),
    /// This directory, under a name made of the parts: `<cluster>[-<member>]-<time>-rev<revision>.db`.
    Directory {
        /// It.
        dir: PathBuf,
        /// Name of the cluster, and of the member when each member's is saved.
        stem: String,
    },
}

impl Target {
    /// The directory in which the file is made.
    pub fn directory(&self) -> &Path {
        match self {
            Target::Directory { dir, .. } => dir,
            Target::File(path) => {
                path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
            }
        }
    }

    /// Refuses early what could not be put in place at the end.
    pub fn check(&self, force: bool) -> Result<(), SaveError> {
        let Target::File(path) = self else { return Ok(()) };
        occupied(path, force)?;
        let manifest = manifest_path(path);
        match std::fs::symlink_metadata(&manifest) {
            Ok(about) if about.is_symlink() => Err(SaveError::Link(manifest)),
            _ => Ok(()),
        }
    }

    fn path(&self, taken_at: Timestamp, revision: i64) -> PathBuf {
        match self {
            Target::File(path) => path.clone(),
            Target::Directory { dir, stem } => {
                dir.join(format!("{}-{}-rev{revision}.db", plain(stem), stamp(taken_at)))
            }
        }
    }
}

/// What a cluster's name looks like in a file name.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = name.chars().take(100).map(plain).collect();
    let name = name.trim_start_matches(['.', '-']);
    if name.is_empty() { "cluster".to_owned() } else { name.to_owned() }
}

/// Whether something is at the output; an error when it must stay.
fn occupied(path: &Path, force: bool) -> Result<bool, SaveError> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("look at", path, error)),
        Ok(about) if about.is_symlink() => Err(SaveError::Link(path.to_owned())),
        Ok(about) if !about.is_file() => Err(SaveError::Strange(path.to_owned())),
        Ok(_) if force => Ok(true),
        Ok(_) => Err(SaveError::Exists(path.to_owned())),
    }
}

fn failed(what: &'static str, path: &Path, error: io::Error) -> SaveError {
    SaveError::File { what, path: path.to_owned(), error }
}

/// Receives the whole stream into a file of `dir` and verifies it. `progress` is told the bytes that have come, and how
/// many there will be.
pub async fn receive(
    stream: &mut dyn SnapshotStream,
    dir: &Path,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Received, SaveError> {
    let announced = stream.announced();
    has_room(dir, announced.unwrap_or(0))?;
    let temporary = Temporary::create(dir).map_err(|error| failed("create a file in", dir, error))?;
    let full = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            SaveError::NoSpace { dir: dir.to_owned(), needed: announced.unwrap_or(0) }
        }
        _ => failed("write to", temporary.path(), error),
    };
    let file = another(&temporary).map_err(full)?;
    let verified = write_all(stream, file, announced, progress).await.map_err(|error| match error {
        Stopped::Disk(error) => full(error),
        Stopped::Stream(error) => error,
    })?;
    let (for_sync, to_read) = (another(&temporary).map_err(full)?, another(&temporary).map_err(full)?);
    let synced = tokio::task::spawn_blocking(move || for_sync.sync_all());
    let examined = tokio::task::spawn_blocking(move || {
        FileSource::of(to_read).map(|source| examine(&source, Some(verified)))
    });
    let (synced, examined) = tokio::join!(synced, examined);
    // After a failed fsync the kernel may have dropped what it could not write: nothing read now proves anything.
    synced.map_err(io::Error::other).and_then(|synced| synced).map_err(full)?;
    let facts = examined.map_err(io::Error::other).and_then(|facts| facts).map_err(full)?;
    if facts.verdict == Soundness::Damaged {
        return Err(SaveError::Damaged(Box::new(facts)));
    }
    Ok(Received { temporary, facts })
}

fn another(temporary: &Temporary) -> io::Result<File> {
    temporary.file().try_clone()
}

fn has_room(dir: &Path, needed: u64) -> Result<(), SaveError> {
    let about = rustix::fs::statvfs(dir).map_err(|error| failed("look at", dir, error.into()))?;
    // a file system that counts no blocks says nothing
    if about.f_blocks > 0 && about.f_bavail.saturating_mul(about.f_frsize) < needed {
        return Err(SaveError::NoSpace { dir: dir.to_owned(), needed });
    }
    Ok(())
}

enum Stopped {
    Stream(SaveError),
    Disk(io::Error),
}

/// Streams into the file; what the digest at the end says, and the SHA-256 of it all.
async fn write_all(
    stream: &mut dyn SnapshotStream,
    file: File,
    announced: Option<u64>,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Verified, Stopped> {
    let (batches, to_write) = mpsc::channel::<Vec<u8>>(IN_FLIGHT);
    let (written, mut spare) = mpsc::channel::<Vec<u8>>(IN_FLIGHT + 1);
    let writer = tokio::task::spawn_blocking(move || write(file, to_write, &written));
    let mut got = 0;
    let mut more = true;
    while more {
        let mut batch = spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(BATCH + (64 << 10)));
        batch.clear();
        while more && batch.len() < BATCH {
            more = stream.next(&mut batch).await.map_err(|t| Stopped::Stream(SaveError::Trouble(t)))?;
        }
        got += batch.len() as u64;
        progress(got, announced);
        if batches.send(batch).await.is_err() {
            break;
        }
    }
    drop(batches);
    let verified = writer.await.map_err(io::Error::other).and_then(|done| done).map_err(Stopped::Disk)?;
    let announced = announced.map(|bytes| bytes + DIGEST as u64).filter(|bytes| *bytes != got);
    if let Some(announced) = announced {
        return Err(Stopped::Stream(SaveError::Cut { got, announced }));
    }
    let wrong = match &verified.0 {
        Digest::Matches { .. } => return Ok(verified),
        Digest::Absent => "the stream ended without the digest that proves it",
        Digest::Differs { .. } => "what came is not what the member sent: the SHA-256 differs",
    };
    Err(Stopped::Stream(SaveError::Digest(wrong)))
}

/// Writes everything, and makes it durable on another thread as it comes.
fn write(
    file: File,
    batches: mpsc::Receiver<Vec<u8>>,
    spare: &mpsc::Sender<Vec<u8>>,
) -> io::Result<Verified> {
    let for_sync = file.try_clone()?;
    let (due, when_due) = std::sync::mpsc::sync_channel::<()>(1);
    std::thread::scope(|scope| {
        // an error is told once for all that share the file: it counts here as it would at the end
        let durable = scope.spawn(move || when_due.iter().try_for_each(|()| for_sync.sync_data()));
        let verified = hash_and_write(file, batches, spare, &due);
        drop(due);
        durable.join().map_err(|_| io::Error::other("the thread that syncs ended early"))??;
        verified
    })
}

/// Hashes all but the last 32 bytes, which are the digest, and writes everything; says when a sync is due.
fn hash_and_write(
    mut file: File,
    mut batches: mpsc::Receiver<Vec<u8>>,
    spare: &mpsc::Sender<Vec<u8>>,
    due: &std::sync::mpsc::SyncSender<()>,
) -> io::Result<Verified> {
    let mut hasher = Sha256::new();
    let mut tail: Vec<u8> = Vec::with_capacity(2 * DIGEST);
    let mut length = 0u64;
    while let Some(batch) = batches.blocking_recv() {
        batch.chunks(WRITE).try_for_each(|piece| file.write_all(piece))?;
        let before = length;
        length += batch.len() as u64;
        if before / DURABLE != length / DURABLE {
            // one that is still busy takes this too
            let _ = due.try_send(());
        }
        if batch.len() >= DIGEST {
            let (body, end) = batch.split_at(batch.len() - DIGEST);
            hasher.update(&tail);
            hasher.update(body);
            tail.clear();
            tail.extend_from_slice(end);
        } else {
            tail.extend_from_slice(&batch);
            let over = tail.len().saturating_sub(DIGEST);
            hasher.update(&tail[..over]);
            tail.drain(..over);
        }
        let _ = spare.try_send(batch);
    }
    let computed = hasher.clone().finalize();
    hasher.update(&tail);
    let digest = match (has_digest(length) && tail.len() == DIGEST, computed[..] == tail[..]) {
        (false, _) => Digest::Absent,
        (true, true) => Digest::Matches { sha256: hex(&tail) },
        (true, false) => Digest::Differs { stored: hex(&tail), computed: hex(&computed) },
    };
    Ok((digest, hex(&hasher.finalize())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a snapshot is now.
#[derive(Debug)]
pub struct Stored {
    /// The snapshot.
    pub path: PathBuf,
    /// What was there before, under its new name.
    pub set_aside: Option<PathBuf>,
}

impl Received {
    /// Puts the snapshot alone under a name that must be free.
    pub fn place(self, path: &Path) -> Result<SnapshotFacts, SaveError> {
        put(self.temporary, path)?;
        let dir = path.parent().unwrap_or(path);
        sync_directory(dir).map_err(|error| failed("sync", dir, error))?;
        Ok(self.facts)
    }

    /// Puts the snapshot and its manifest under their names: the manifest first, so that a snapshot never stands without
    /// one. What is there already stays; with `force` it and its manifest are renamed, never deleted.
    pub fn store(
        self,
        target: &Target,
        taken_at: Timestamp,
        force: bool,
        describe: impl FnOnce(&SnapshotFacts, &str) -> Manifest,
    ) -> Result<Stored, SaveError> {
        let path = target.path(taken_at, self.facts.revision);
        let dir = target.directory();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let manifest = describe(&self.facts, &name);
        let beside = write_manifest(dir, &manifest)?;
        let set_aside = if occupied(&path, force)? { Some(set_aside(&path, taken_at)?) } else { None };
        let beside_path = manifest_path(&path);
        if let Ok(about) = std::fs::symlink_metadata(&beside_path) {
            if about.is_symlink() || !about.is_file() {
                return Err(SaveError::Link(beside_path));
            }
            // of a snapshot that is no more, or of a run that was killed between the two names
            rename_aside(&beside_path, taken_at)?;
        }
        put(beside, &beside_path)?;
        put(self.temporary, &path)?;
        sync_directory(dir).map_err(|error| failed("sync", dir, error))?;
        Ok(Stored { path, set_aside })
    }
}

fn put(temporary: Temporary, path: &Path) -> Result<(), SaveError> {
    match temporary.place(path).map_err(|error| failed("rename to", path, error))? {
        Placed::Done => Ok(()),
        Placed::Occupied => Err(SaveError::Exists(path.to_owned())),
    }
}

fn write_manifest(dir: &Path, manifest: &Manifest) -> Result<Temporary, SaveError> {
    let temporary = Temporary::create(dir).map_err(|error| failed("create a file in", dir, error))?;
    let written = serde_json::to_vec_pretty(manifest).map_err(io::Error::from).and_then(|mut bytes| {
        bytes.push(b'\n');
        temporary.file().write_all(&bytes)?;
        temporary.file().sync_all()
    });
    written.map_err(|error| failed("write to", temporary.path(), error))?;
    Ok(temporary)
}

/// Renames a snapshot and its manifest; the manifest follows its snapshot's new name.
fn set_aside(path: &Path, now: Timestamp) -> Result<PathBuf, SaveError> {
    let beside = manifest_path(path);
    let aside = rename_aside(path, now)?;
    if std::fs::symlink_metadata(&beside).is_ok_and(|about| about.is_file()) {
        rename_free(&beside, &manifest_path(&aside))?;
    }
    Ok(aside)
}

fn rename_aside(path: &Path, now: Timestamp) -> Result<PathBuf, SaveError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".quorate-{}", stamp(now)));
    let mut aside = path.with_file_name(&name);
    let mut number = 1;
    while std::fs::symlink_metadata(&aside).is_ok() && number < 1000 {
        number += 1;
        let mut numbered = name.clone();
        numbered.push(format!("-{number}"));
        aside = path.with_file_name(numbered);
    }
    rename_free(path, &aside)?;
    Ok(aside)
}

/// Renames without ever replacing.
fn rename_free(from: &Path, to: &Path) -> Result<(), SaveError> {
    let dir = rustix::fs::CWD;
    rustix::fs::renameat_with(dir, from, dir, to, rustix::fs::RenameFlags::NOREPLACE)
        .map_err(|error| failed("rename", from, error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(batches: &[&[u8]]) -> Verified {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let (sender, receiver) = mpsc::channel(batches.len().max(1));
        let (spare, _) = mpsc::channel(1);
        runtime.block_on(async {
            for batch in batches {
                sender.send(batch.to_vec()).await.expect("room");
            }
        });
        drop(sender);
        write(tempfile::tempfile().expect("a file"), receiver, &spare).expect("writes")
    }

    #[test]
    fn the_digest_is_found_however_the_stream_is_cut() {
        let body = vec![7u8; 1024];
        let whole = [body.clone(), Sha256::digest(&body).to_vec()].concat();
        let expected = hex(&Sha256::digest(&whole));
        for size in [1, 7, 31, 32, 33, 1000, 1023, 1024, 1025, 2000] {
            let batches: Vec<&[u8]> = whole.chunks(size).collect();
            let (digest, sha256) = written(&batches);
            assert!(matches!(digest, Digest::Matches { .. }), "{size}: {digest:?}");
            assert_eq!(sha256, expected, "{size}");
        }
        let mut wrong = whole.clone();
        wrong[3] ^= 1;
        assert!(matches!(written(&[&wrong]).0, Digest::Differs { .. }));
        assert_eq!(written(&[&body]).0, Digest::Absent);
        assert_eq!(written(&[]).0, Digest::Absent);
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(plain("prod-etcd"), "prod-etcd");
        assert_eq!(plain("127.0.0.1:2379+2"), "127.0.0.1_2379_2");
        assert_eq!(
            (plain("../../x").as_str(), plain("-rf").as_str(), plain("").as_str()),
            ("_.._x", "rf", "cluster")
        );
    }
}
