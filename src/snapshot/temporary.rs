//! Files under construction: a random name beside the final one, readable by nobody else, gone when given up, and put in
//! place by a rename that never replaces.
//!
//! After kill -9 one may stay behind. It is ours to remove only if its name is of our pattern, it is a regular file of
//! this user, and its lock is free: whoever writes one holds its lock.

use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

const PREFIX: &str = ".quorate-snapshot-";
const SUFFIX: &str = ".part";
const RANDOM: usize = 16;
/// Tries to make one that no sweep of another run takes away before it is locked.
const TRIES: usize = 16;

/// A file under construction.
#[derive(Debug)]
pub struct Temporary {
    file: NamedTempFile,
}

/// What became of putting it in place.
#[derive(Debug)]
pub enum Placed {
    /// It is there.
    Done,
    /// Something was there already, and stays; the file under construction is gone.
    Occupied,
}

impl Temporary {
    /// An empty one in `dir`, mode 0600, locked.
    pub fn create(dir: &Path) -> io::Result<Temporary> {
        for _ in 0..TRIES {
            // O_CREAT | O_EXCL: never opens what is there, never follows a link
            let file =
                tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM).tempfile_in(dir)?;
            flock(file.as_file(), FlockOperation::LockExclusive)?;
            if file.as_file().metadata()?.nlink() > 0 {
                return Ok(Temporary { file });
            }
        }
        Err(io::Error::other("files are removed from the directory as fast as they are made"))
    }

    /// The open file.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Renames it to `target` in the same directory. What is there is never replaced, a link never followed.
    pub fn place(self, target: &Path) -> io::Result<Placed> {
        match self.file.persist_noclobber(target) {
            Ok(_) => Ok(Placed::Done),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(Placed::Occupied),
            Err(error) => Err(error.error),
        }
    }
}

/// Makes what was renamed in `dir` durable.
pub(super) fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Removes what killed runs left in `dir`; returns what was removed. Never an error: it is not what was asked for.
pub fn sweep(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| is_ours(path) && remove_stale(path)).collect()
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let random = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)).unwrap_or_default();
    random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn remove_stale(path: &Path) -> bool {
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits() as i32 | rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let Ok(file) = File::options().read(true).custom_flags(no_follow).open(path) else { return false };
    let Ok(about) = file.metadata() else { return false };
    let own = about.is_file() && about.uid() == rustix::process::geteuid().as_raw();
    if !own || flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return false;
    }
    // still the file that was locked, not another that took its name
    let same =
        std::fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (about.dev(), about.ino()));
    same && std::fs::remove_file(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn is_private_and_never_replaces() {
        let dir = tempfile::tempdir().expect("a directory");
        let target = dir.path().join("a.db");
        let temporary = Temporary::create(dir.path()).expect("made");
        assert_eq!(temporary.file().metadata().expect("there").permissions().mode() & 0o777, 0o600);
        assert!(matches!(temporary.place(&target), Ok(Placed::Done)));
        let second = Temporary::create(dir.path()).expect("made");
        assert!(matches!(second.place(&target), Ok(Placed::Occupied)));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("elsewhere", &link).expect("a link");
        let third = Temporary::create(dir.path()).expect("made");
        assert!(matches!(third.place(&link), Ok(Placed::Occupied)));
        assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 2, "nothing else is left");
    }

    #[test]
    fn only_what_is_provably_ours_and_dead_is_swept() {
        let dir = tempfile::tempdir().expect("a directory");
        let alive = Temporary::create(dir.path()).expect("made");
        let dead = dir.path().join(format!("{PREFIX}0123456789abcdef{SUFFIX}"));
        std::fs::write(&dead, b"x").expect("written");
        let others =
            ["0123456789abcdef.part", ".quorate-snapshot-short.part", ".quorate-snapshot-.part", "a.part"];
        others.iter().for_each(|name| std::fs::write(dir.path().join(name), b"x").expect("written"));
        let link = dir.path().join(format!("{PREFIX}fedcba9876543210{SUFFIX}"));
        std::os::unix::fs::symlink(dir.path().join("a.part"), &link).expect("a link");
        assert_eq!(sweep(dir.path()), [dead]);
        assert!(alive.path().exists() && link.is_symlink());
        others.iter().for_each(|name| assert!(dir.path().join(name).exists()));
    }
}
