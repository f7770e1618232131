//! Whole trees. Every step is taken from an open directory by one name and follows no link, so that nobody who swaps
//! a directory for a link meanwhile can lead it elsewhere.

use super::super::error::Trouble;
use super::super::{Kind, Owner, parent};
use super::files::{in_time, pour, sync_dir};
use crate::transport::Deadline;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, Dir, Gid, Mode, OFlags, SeekFrom, Stat, Timespec, Timestamps, Uid, XattrFlags, chownat,
    fchmod, fchown, fgetxattr, flistxattr, fsetxattr, fsync, ftruncate, futimens, mkdirat, openat,
    readlinkat, seek, statat, symlinkat, syncfs, utimensat,
};
use rustix::io::Errno;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Deeper than any data directory; each level holds two descriptors.
const DEPTH_LIMIT: usize = 100;

/// Bytes of one extended attribute, or of a file's list of them: the kernel's own limit.
const ATTRIBUTE_LIMIT: usize = 64 << 10;

pub(super) fn copy(from: &Path, to: &Path, deadline: Deadline) -> Result<(), Trouble> {
    if parent(to).canonicalize()?.starts_with(from.canonicalize()?) {
        return Err(io::Error::other("a directory cannot be copied into itself").into());
    }
    if statat(CWD, from, AtFlags::SYMLINK_NOFOLLOW).map(|stat| kind(&stat))? == Kind::Link {
        return Err(io::Error::other("it is a symbolic link: name what it points to").into());
    }
    let (source, target) = (c_name(from)?, c_name(to)?);
    let copying = Copying { from: from.to_owned(), deadline };
    copying.entry(CWD, &source, CWD, &target, Path::new(""), 0)?;
    sync_dir(parent(to))
}

struct Copying {
    /// For errors.
    from: PathBuf,
    deadline: Deadline,
}

impl Copying {
    /// Copies one entry with all below it; `below` is its path from the top.
    fn entry(
        &self,
        from: BorrowedFd<'_>,
        name: &CStr,
        to: BorrowedFd<'_>,
        new: &CStr,
        below: &Path,
        depth: usize,
    ) -> Result<(), Trouble> {
        in_time(self.deadline)?;
        let here = |error: Errno| self.at(below, error);
        let stat = statat(from, name, AtFlags::SYMLINK_NOFOLLOW).map_err(here)?;
        let open = |flags: OFlags| {
            let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            openat(from, name, flags, Mode::empty()).map_err(here)
        };
        match kind(&stat) {
            Kind::File => {
                let source = File::from(open(OFlags::NONBLOCK)?);
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                let target = openat(to, new, flags, Mode::RUSR | Mode::WUSR).map_err(here)?;
                let target = File::from(target);
                data(&source, &target, self.deadline).map_err(|trouble| trouble.or_at(&self.path(below)))?;
                finish(source.as_fd(), target.as_fd(), &stat).map_err(here)
            }
            Kind::Directory if depth > DEPTH_LIMIT => {
                Err(Trouble::at(&self.path(below), io::Error::other("directories are nested too deep")))
            }
            Kind::Directory => {
                let source = open(OFlags::DIRECTORY)?;
                mkdirat(to, new, Mode::RWXU).map_err(here)?;
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let target = openat(to, new, flags, Mode::empty()).map_err(here)?;
                for child in names(&source).map_err(here)? {
                    let below = below.join(OsStr::from_bytes(child.to_bytes()));
                    self.entry(source.as_fd(), &child, target.as_fd(), &child, &below, depth + 1)?;
                }
                finish(source.as_fd(), target.as_fd(), &stat).map_err(here)
            }
            Kind::Link => link(from, name, to, new, &stat).map_err(here),
            Kind::Other => Err(Trouble::at(
                &self.path(below),
                io::Error::other("it is neither a file, a directory nor a link"),
            )),
        }
    }

    fn path(&self, below: &Path) -> PathBuf {
        if below.as_os_str().is_empty() { self.from.clone() } else { self.from.join(below) }
    }

    fn at(&self, below: &Path, error: Errno) -> Trouble {
        // The top is named by the operation itself.
        if below.as_os_str().is_empty() { error.into() } else { Trouble::at(&self.path(below), error) }
    }
}

pub(super) fn chown(path: &Path, owner: Owner, deadline: Deadline) -> Result<(), Trouble> {
    let name = c_name(path)?;
    let stat = statat(CWD, &name, AtFlags::SYMLINK_NOFOLLOW)?;
    chown_entry(CWD, &name, path, owner, deadline, 0)?;
    // One sync of the file system instead of one for each of perhaps many files. A link cannot be opened itself.
    let synced = if kind(&stat) == Kind::Directory { path } else { parent(path) };
    Ok(syncfs(File::open(synced)?)?)
}

fn chown_entry(
    dir: BorrowedFd<'_>,
    name: &CStr,
    path: &Path,
    owner: Owner,
    deadline: Deadline,
    depth: usize,
) -> Result<(), Trouble> {
    in_time(deadline)?;
    let here = |error: Errno| Trouble::at(path, error);
    let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map_err(here)?;
    if kind(&stat) == Kind::Directory {
        if depth > DEPTH_LIMIT {
            return Err(Trouble::at(path, io::Error::other("directories are nested too deep")));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(dir, name, flags, Mode::empty()).map_err(here)?;
        for child in names(&opened).map_err(here)? {
            let below = path.join(OsStr::from_bytes(child.to_bytes()));
            chown_entry(opened.as_fd(), &child, &below, owner, deadline, depth + 1)?;
        }
    }
    let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
    chownat(dir, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW).map_err(here)
}

fn kind(stat: &Stat) -> Kind {
    Kind::of_mode(stat.st_mode)
}

fn c_name(path: &Path) -> Result<CString, Trouble> {
    Ok(CString::new(path.as_os_str().as_bytes()).map_err(io::Error::from)?)
}

fn names(dir: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}

/// Copies what a file holds and keeps its holes: a database that shrank has many, and a copy needs no more space.
fn data(from: &File, to: &File, deadline: Deadline) -> Result<(), Trouble> {
    let size = from.metadata()?.len();
    let mut at = 0;
    while at < size {
        let begin = match seek(from, SeekFrom::Data(at)) {
            Err(Errno::NXIO) => break,
            // A file system that knows no holes.
            Err(Errno::INVAL) => at,
            other => other?,
        };
        let end = seek(from, SeekFrom::Hole(begin)).unwrap_or(size).min(size);
        if end <= begin {
            break;
        }
        seek(from, SeekFrom::Start(begin))?;
        seek(to, SeekFrom::Start(begin))?;
        pour(from.take(end - begin), to, deadline)?;
        at = end;
    }
    Ok(ftruncate(to, size)?)
}

/// Owner before mode, because a change of owner takes the setuid bits away; times last, because all else changes them.
fn finish(from: BorrowedFd<'_>, to: BorrowedFd<'_>, stat: &Stat) -> Result<(), Errno> {
    fchown(to, Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid)))?;
    fchmod(to, Mode::from_raw_mode(stat.st_mode & 0o7777))?;
    attributes(from, to);
    futimens(to, &times(stat))?;
    fsync(to)
}

/// Labels and access lists, as far as the file system and this user's rights go: as `cp -a` does.
fn attributes(from: BorrowedFd<'_>, to: BorrowedFd<'_>) {
    let mut list = vec![0; ATTRIBUTE_LIMIT];
    let Ok(length) = flistxattr(from, &mut list) else { return };
    let mut value = vec![0; ATTRIBUTE_LIMIT];
    for name in list[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if let Ok(size) = fgetxattr(from, name, &mut value) {
            let _ = fsetxattr(to, name, &value[..size], XattrFlags::empty());
        }
    }
}

fn link(from: BorrowedFd<'_>, name: &CStr, to: BorrowedFd<'_>, new: &CStr, stat: &Stat) -> Result<(), Errno> {
    symlinkat(readlinkat(from, name, Vec::new())?, to, new)?;
    let (uid, gid) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    chownat(to, new, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    utimensat(to, new, &times(stat), AtFlags::SYMLINK_NOFOLLOW)
}

fn times(stat: &Stat) -> Timestamps {
    let time = |seconds, nanos| Timespec { tv_sec: seconds, tv_nsec: nanos };
    Timestamps {
        last_access: time(stat.st_atime as _, stat.st_atime_nsec as _),
        last_modification: time(stat.st_mtime as _, stat.st_mtime_nsec as _),
    }
}
