//! Machines: where files are, where commands run and where services start and stop. One set of typed operations, two
//! ways to carry them out: [`local::LocalHost`] by system calls, [`ssh::SshHost`] through the system's `ssh`. Nothing
//! here knows what the files mean.
//!
//! **Paths** are absolute; a relative one is refused, because what it would be relative to differs. They may hold every
//! byte but NUL. **Deadlines** bound every call. After [`HostError::TimedOut`] a change is in doubt: look before you
//! repeat it. **Durability**: when a change has returned `Ok`, it survives a power cut; each method says what was synced.
//! What fails half-way leaves nothing under the final name, except where a method says so. Nothing here deletes.

mod child;
pub mod data_dir;
mod error;
pub mod local;
mod locks;
mod mounts;
pub mod process;
mod quote;
pub mod service;
pub mod ssh;

pub use error::{HostError, Place};
pub use process::{Process, ProcessId, Signal, StatLine};
pub use quote::typed;

use crate::consent::Consent;
use crate::target::DeclaredHost;
use crate::transport::Deadline;
use std::ffi::OsString;
use std::fs::File;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

/// What an operation returns: object safe, and fit to be moved between threads.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, HostError>> + Send + 'a>>;

/// One machine.
pub trait Host: Send + Sync {
    /// How errors and reports call it: `localhost`, or the ssh destination.
    fn name(&self) -> &str;

    /// Runs a command that changes nothing; the caller vouches for that. No shell is involved and nothing is expanded.
    /// A command that ends, however it ends, is `Ok`: read [`Output::code`].
    fn ask<'a>(&'a self, argv: &'a [OsString], deadline: Deadline) -> Doing<'a, Output>;

    /// Runs a command that may change something. At the deadline it is killed with its process group.
    fn run<'a>(
        &'a self,
        consent: &'a Consent,
        argv: &'a [OsString],
        stdin: Option<&'a [u8]>,
        deadline: Deadline,
    ) -> Doing<'a, Output>;

    /// What is at the path; a symbolic link is not followed. `None` only when it is certain that nothing is there.
    fn stat<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, Option<Stat>>;

    /// Names in a directory, sorted by their bytes, without `.` and `..`.
    fn list<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, Vec<OsString>>;

    /// The path without symbolic links; it must exist.
    fn real_path<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, PathBuf>;

    /// A whole regular file (links are followed). One larger than `limit` bytes is refused.
    fn read<'a>(&'a self, path: &'a Path, limit: u64, deadline: Deadline) -> Doing<'a, Vec<u8>>;

    /// Pours a whole regular file (links are followed) into an empty file of this machine; how long it is does not matter.
    /// Nothing is synced, and a connection that breaks may look like its end: compare sizes and hashes.
    fn fetch<'a>(&'a self, path: &'a Path, into: &'a File, deadline: Deadline) -> Doing<'a, ()>;

    /// Bytes that this user may still write to the file system of an existing path.
    fn free_space<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, u64>;

    /// SHA-256 of a regular file (links are followed), as 64 lower-case hex digits.
    fn sha256<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, String>;

    /// Whether something can be renamed from beside `a` to beside `b`: both exist, on one device and under one mount.
    fn same_filesystem<'a>(&'a self, a: &'a Path, b: &'a Path, deadline: Deadline) -> Doing<'a, bool>;

    /// Whether a process holds an exclusive lock on the file: flock(2) as bbolt takes it, or a record lock (POSIX, open
    /// file description) as etcd's log takes it. Taken from `/proc/locks`, which shows no holder outside this PID
    /// namespace; locally flock(2) is also tried, shared and for a moment, which sees those too.
    fn locked<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, bool>;

    /// Every process but kernel threads and zombies. Of their environment only variables whose name begins with one of
    /// `prefixes` are kept. A process that ends meanwhile is left out.
    fn processes<'a>(&'a self, prefixes: &'a [&'a str], deadline: Deadline) -> Doing<'a, Vec<Process>>;

    /// Makes a new file whole: written under a temporary name beside it, synced, then given its name, which must be free;
    /// then the directory is synced. `mode` holds whatever the umask says.
    fn write_new<'a>(
        &'a self,
        consent: &'a Consent,
        path: &'a Path,
        content: Content<'a>,
        mode: u32,
        deadline: Deadline,
    ) -> Doing<'a, ()>;

    /// Renames and never replaces: [`HostError::Exists`] if anything is at `to`, [`HostError::CrossDevice`] if it would
    /// have to copy. Both parent directories are synced.
    fn rename<'a>(
        &'a self,
        consent: &'a Consent,
        from: &'a Path,
        to: &'a Path,
        deadline: Deadline,
    ) -> Doing<'a, ()>;

    /// Copies a file or a directory to a free name, with owner, mode, times, holes, and extended attributes as far as
    /// the file system has them. Links inside are copied as links and never followed; a link as `from`, and anything
    /// that is neither file, directory nor link, is refused. All is synced. What fails half-way leaves a part at `to`:
    /// copy to a name of its own and rename.
    fn copy_tree<'a>(
        &'a self,
        consent: &'a Consent,
        from: &'a Path,
        to: &'a Path,
        deadline: Deadline,
    ) -> Doing<'a, ()>;

    /// Makes one directory; its parent must exist and is synced.
    fn make_dir<'a>(
        &'a self,
        consent: &'a Consent,
        path: &'a Path,
        mode: u32,
        deadline: Deadline,
    ) -> Doing<'a, ()>;

    /// Gives a file or a directory with all that is in it to an owner, links themselves included. The file system is
    /// synced.
    fn chown_tree<'a>(
        &'a self,
        consent: &'a Consent,
        path: &'a Path,
        owner: Owner,
        deadline: Deadline,
    ) -> Doing<'a, ()>;

    /// Changes the mode of a file or directory; a link is refused. It is synced.
    fn chmod<'a>(
        &'a self,
        consent: &'a Consent,
        path: &'a Path,
        mode: u32,
        deadline: Deadline,
    ) -> Doing<'a, ()>;

    /// Sends a signal if the process is still the same one; [`HostError::NotFound`] if it is gone or a zombie.
    fn signal<'a>(
        &'a self,
        consent: &'a Consent,
        process: ProcessId,
        signal: Signal,
        deadline: Deadline,
    ) -> Doing<'a, ()>;
}

/// The machine that a config file names; nothing is connected yet.
pub fn open(declared: &DeclaredHost) -> Result<Box<dyn Host>, HostError> {
    Ok(match declared {
        DeclaredHost::Local => Box::new(local::LocalHost),
        DeclaredHost::Ssh(destination) => Box::new(ssh::SshHost::new(destination, ssh::Options::default())?),
    })
}

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Exit code. As a shell has it: 128 + n when signal n ended it, 127 when there is no such command, 126 when it
    /// cannot be executed.
    pub code: i32,
    /// The first [`OUTPUT_LIMIT`] bytes of its standard output.
    pub stdout: Vec<u8>,
    /// The last [`STDERR_LIMIT`] bytes of its standard error.
    pub stderr: Vec<u8>,
    /// Whether `stdout` is not all of it.
    pub truncated: bool,
}

/// Bytes kept of a command's standard output.
pub const OUTPUT_LIMIT: usize = 1 << 20;

/// Bytes kept of a command's standard error.
pub const STDERR_LIMIT: usize = 16 << 10;

impl Output {
    /// This output when the command ended well, else [`HostError::Failed`].
    pub fn success(self, host: &dyn Host, argv: &[OsString]) -> Result<Output, HostError> {
        if self.code == 0 {
            return Ok(self);
        }
        Err(HostError::Failed {
            host: host.name().to_owned(),
            argv0: argv.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default(),
            code: self.code,
            stderr: String::from_utf8_lossy(&self.stderr).trim().to_owned(),
        })
    }
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Size in bytes, as the file system has it.
    pub size: u64,
    /// Permission bits with setuid, setgid and sticky: at most `0o7777`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Device that holds it; with `ino` it names the file.
    pub dev: u64,
    /// Number of the inode.
    pub ino: u64,
    /// When its content last changed.
    pub mtime: jiff::Timestamp,
}

/// What can be at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A socket, a pipe or a device.
    Other,
}

impl Kind {
    /// From the type bits of `st_mode`.
    fn of_mode(raw: u32) -> Kind {
        match raw & 0o170_000 {
            0o100_000 => Kind::File,
            0o040_000 => Kind::Directory,
            0o120_000 => Kind::Link,
            _ => Kind::Other,
        }
    }
}

/// What a new file is to hold.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// What a file of this machine holds: streamed, so its size does not matter.
    File(&'a Path),
}

/// Whom files belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// The directory in which a path's entry is.
fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
