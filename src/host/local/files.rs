//! Operations on one file or directory.

use super::super::error::Trouble;
use super::super::{Kind, Stat, locks, mounts, parent};
use crate::transport::Deadline;
use rustix::fs::{CWD, Mode, OFlags, RenameFlags, fchmod, mkdir, open, renameat_with};
use std::ffi::OsString;
use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub(super) fn stat(path: &Path) -> Result<Option<Stat>, Trouble> {
    let meta = match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let nanos = i32::try_from(meta.mtime_nsec()).unwrap_or_default();
    Ok(Some(Stat {
        kind: Kind::of_mode(meta.mode()),
        size: meta.size(),
        mode: meta.mode() & 0o7777,
        uid: meta.uid(),
        gid: meta.gid(),
        dev: meta.dev(),
        ino: meta.ino(),
        mtime: jiff::Timestamp::new(meta.mtime(), nanos).map_err(io::Error::other)?,
    }))
}

pub(super) fn list(path: &Path) -> Result<Vec<OsString>, Trouble> {
    let mut names =
        fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("larger than {limit} bytes")).into());
    }
    Ok(bytes)
}

pub(super) fn free_space(path: &Path) -> Result<u64, Trouble> {
    let space = rustix::fs::statvfs(path)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

pub(super) fn same_filesystem(a: &Path, b: &Path) -> Result<bool, Trouble> {
    if a.metadata()?.dev() != b.metadata()?.dev() {
        return Ok(false);
    }
    let info = fs::read("/proc/self/mountinfo")?;
    let id = |path: &Path| Ok::<_, io::Error>(mounts::id_of(&info, &path.canonicalize()?));
    Ok(id(a)? == id(b)?)
}

pub(super) fn locked(path: &Path) -> Result<bool, Trouble> {
    let file = open_regular(path)?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => return Ok(true),
        Err(TryLockError::Error(error)) => return Err(error.into()),
        Ok(()) => file.unlock()?,
    }
    let meta = file.metadata()?;
    Ok(locks::exclusive(&fs::read_to_string("/proc/locks")?, meta.dev(), meta.ino()))
}

/// What a new file is to hold.
pub(super) enum Source {
    Bytes(Vec<u8>),
    File(PathBuf),
}

pub(super) fn write_new(path: &Path, source: Source, mode: u32, deadline: Deadline) -> Result<(), Trouble> {
    let mut temporary = tempfile::Builder::new().prefix(".quorate-").tempfile_in(parent(path))?;
    match source {
        Source::Bytes(bytes) => temporary.write_all(&bytes)?,
        Source::File(from) => {
            let from = open_regular(&from).map_err(|trouble| trouble.or_at(&from))?;
            pour(from, temporary.as_file(), deadline)?;
        }
    }
    temporary.as_file().set_permissions(Permissions::from_mode(mode))?;
    temporary.as_file().sync_all()?;
    in_time(deadline)?;
    temporary.persist_noclobber(path).map_err(|error| error.error)?;
    sync_dir(parent(path))
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Trouble> {
    renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?;
    sync_dir(parent(from))?;
    sync_dir(parent(to))
}

pub(super) fn make_dir(path: &Path, mode: u32) -> Result<(), Trouble> {
    let mode = Mode::from_raw_mode(mode);
    mkdir(path, Mode::RWXU)?;
    // A second call, because mkdir's mode goes through the umask.
    let dir =
        open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    fchmod(&dir, mode)?;
    rustix::fs::fsync(&dir)?;
    sync_dir(parent(path))
}

pub(super) fn chmod(path: &Path, mode: u32) -> Result<(), Trouble> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = open(path, flags, Mode::empty())?;
    fchmod(&file, Mode::from_raw_mode(mode))?;
    Ok(rustix::fs::fsync(&file)?)
}

/// Opens for reading and never waits: a pipe with nobody at its other end would hold the thread for ever.
pub(super) fn open_regular(path: &Path) -> Result<File, Trouble> {
    let file = File::from(open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file").into());
    }
    Ok(file)
}

/// Copies the rest of a file, looking at the deadline between pieces.
pub(super) fn pour(mut from: impl Read, mut to: impl Write, deadline: Deadline) -> Result<(), Trouble> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        in_time(deadline)?;
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            count => to.write_all(&buffer[..count])?,
        }
    }
}

pub(super) fn sync_dir(path: &Path) -> Result<(), Trouble> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|error| Trouble::at(path, error))
}

/// An error once nobody waits any more.
pub(super) fn in_time(deadline: Deadline) -> Result<(), Trouble> {
    if deadline.left().is_zero() {
        return Err(Trouble::late());
    }
    Ok(())
}
