//! Files of another host, copied to this machine to be read here. They are only read there. The copy is what was there
//! at one moment: once every file has been fetched, all are hashed on both sides, and whatever differs, for a server was
//! at work on it, is fetched again until a whole round finds nothing that differs.

use super::said;
use crate::host::local::LocalHost;
use crate::host::{Host, Kind};
use crate::transport::Deadline;
use crate::value::human_bytes;
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Rounds until it is said that the files do not hold still.
const ROUNDS: usize = 5;

/// Deeper than any data directory: a link that leads above itself ends here.
const DEPTH: usize = 8;

/// More files than any data directory has: a path that is something else ends here.
const FILES: usize = 10_000;

/// Files below a directory, by their path in it, with their sizes in bytes.
type Listing = BTreeMap<PathBuf, u64>;

/// Copies all files below `from` into `to`, which may hold a part of them from an attempt that was killed. `room` bytes
/// are left free beside it.
pub(in crate::recover) async fn fetch_tree(
    host: &dyn Host,
    from: &Path,
    to: &Path,
    room: u64,
    deadline: Deadline,
) -> Result<(), String> {
    make_dirs(to).map_err(|error| format!("{}: {error}", to.display()))?;
    for _ in 0..ROUNDS {
        let listing = list(host, from, deadline).await?;
        let mut missing = Listing::new();
        for (path, size) in &listing {
            if !is_same(host, from, to, path, deadline).await? {
                missing.insert(path.clone(), *size);
            }
        }
        drop_others(to, &listing).map_err(|error| format!("{}: {error}", to.display()))?;
        if missing.is_empty() {
            return sync(to).map_err(|error| format!("{}: {error}", to.display()));
        }
        fits(to, &missing, room)?;
        for path in missing.keys() {
            fetch(host, &from.join(path), &to.join(path), deadline).await?;
        }
    }
    Err(format!("the files in {} change while they are copied: a server is at work on them", from.display()))
}

/// Everything below a directory that is a file, or that a link says is one.
async fn list(host: &dyn Host, from: &Path, deadline: Deadline) -> Result<Listing, String> {
    let (mut files, mut dirs) = (Listing::new(), vec![(PathBuf::new(), 0)]);
    while let Some((below, depth)) = dirs.pop() {
        for name in host.list(&from.join(&below), deadline).await.map_err(said)? {
            let below = below.join(name);
            let mut found = host.stat(&from.join(&below), deadline).await.map_err(said)?;
            if found.is_some_and(|found| found.kind == Kind::Link) {
                let target = host.real_path(&from.join(&below), deadline).await.map_err(said)?;
                found = host.stat(&target, deadline).await.map_err(said)?;
            }
            match found.map(|found| (found.kind, found.size)) {
                Some((Kind::File, size)) => drop(files.insert(below, size)),
                Some((Kind::Directory, _)) if depth < DEPTH => dirs.push((below, depth + 1)),
                // A lock or a pipe holds nothing; what is gone again is seen in the next round.
                _ => {}
            }
            if files.len() > FILES {
                return Err(format!(
                    "{} has more than {FILES} files: it is no data directory",
                    from.display()
                ));
            }
        }
    }
    Ok(files)
}

/// Whether the copy of one file is there, and is what is there now.
async fn is_same(
    host: &dyn Host,
    from: &Path,
    to: &Path,
    path: &Path,
    deadline: Deadline,
) -> Result<bool, String> {
    let copy = to.join(path);
    if !copy.is_file() {
        return Ok(false);
    }
    let there = from.join(path);
    let both = tokio::join!(host.sha256(&there, deadline), LocalHost.sha256(&copy, deadline));
    Ok(both.0.map_err(said)? == both.1.map_err(said)?)
}

/// Nobody else ever had the copy: what is unfinished or old of it is made anew.
async fn fetch(host: &dyn Host, from: &Path, to: &Path, deadline: Deadline) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}", to.display());
    make_dirs(to.parent().unwrap_or(to)).map_err(failed)?;
    remove(to).map_err(failed)?;
    let file = File::options().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    host.fetch(from, &file, deadline).await.map_err(said)?;
    tokio::task::spawn_blocking(move || file.sync_all()).await.map_err(said)?.map_err(failed)
}

/// Copies of files that are not there any more: a server removes old ones.
fn drop_others(to: &Path, listing: &Listing) -> io::Result<()> {
    let mut dirs = vec![to.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            let below = path.strip_prefix(to).unwrap_or(&path);
            if path.is_dir() {
                dirs.push(path);
            } else if !listing.contains_key(below) {
                remove(&path)?;
            }
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn fits(to: &Path, missing: &Listing, room: u64) -> Result<(), String> {
    let needed = missing.values().sum::<u64>().saturating_add(room);
    let space = rustix::fs::statvfs(to).map_err(said)?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    if free >= needed {
        return Ok(());
    }
    let (needed, free) = (human_bytes(needed), human_bytes(free));
    Err(format!("{needed} are needed for a copy at {}, and {free} are free", to.display()))
}

fn make_dirs(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Every name, and the name of the directory itself; each file was synced when it was written.
fn sync(to: &Path) -> io::Result<()> {
    let mut dirs = vec![to.to_owned()];
    while let Some(dir) = dirs.pop() {
        File::open(&dir)?.sync_all()?;
        for entry in std::fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.is_dir() {
                dirs.push(path);
            }
        }
    }
    // Both may have been made for it.
    for above in to.ancestors().skip(1).take(2) {
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, read, write};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(20))
    }

    #[tokio::test]
    async fn what_an_attempt_left_is_used_where_it_is_right_and_made_anew_where_it_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let (from, to) = (dir.path().join("member"), dir.path().join("copy.part"));
        create_dir_all(from.join("snap")).expect("made");
        create_dir_all(dir.path().join("other-disk")).expect("made");
        write(from.join("snap/db"), b"a database").expect("written");
        write(dir.path().join("other-disk/0.wal"), b"a log").expect("written");
        std::os::unix::fs::symlink(dir.path().join("other-disk"), from.join("wal")).expect("a link");
        create_dir_all(to.join("wal")).expect("made");
        write(to.join("wal/0.wal"), b"a l").expect("cut short");
        write(to.join("gone"), b"old").expect("what the server has removed since");
        fetch_tree(&LocalHost, &from, &to, 0, soon()).await.expect("copied");
        assert_eq!(read(to.join("snap/db")).expect("there"), b"a database");
        assert_eq!(read(to.join("wal/0.wal")).expect("there"), b"a log", "a link is followed");
        assert!(!to.join("gone").exists());
        assert_eq!(read(from.join("snap/db")).expect("there"), b"a database");
        let full = fetch_tree(&LocalHost, &from, &dir.path().join("more"), u64::MAX, soon()).await;
        assert!(full.is_err_and(|why| why.contains("are free")));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_does_not_hold_still_is_not_taken_for_a_copy() {
        let dir = tempfile::tempdir().expect("a directory");
        let (from, to) = (dir.path().join("member"), dir.path().join("copy"));
        create_dir_all(&from).expect("made");
        let (stop, db) = (AtomicBool::new(false), from.join("db"));
        write(&db, b"0").expect("written");
        let moved = std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0_u64.. {
                    let written = write(from.join("next"), number.to_string());
                    written.and_then(|()| std::fs::rename(from.join("next"), &db)).expect("replaced");
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
            let runtime = tokio::runtime::Handle::current();
            let fetched = tokio::task::block_in_place(|| {
                runtime.block_on(fetch_tree(&LocalHost, &from, &to, 0, soon()))
            });
            stop.store(true, Ordering::SeqCst);
            fetched
        });
        assert!(moved.is_err(), "a server is at work on it");
    }
}
