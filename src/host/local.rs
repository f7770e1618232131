//! This machine, by system calls. File work runs on threads of its own, so that a disk that hangs cannot hold up a
//! deadline; such a thread looks at the deadline between pieces of work and then ends by itself.

mod digest;
mod files;
mod proc;
mod tree;

use super::child::{self, Input};
use super::error::Trouble;
use super::{
    Consent, Content, Doing, Host, HostError, Output, Owner, Place, Process, ProcessId, Signal, Stat,
};
use crate::transport::Deadline;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

const NAME: &str = "localhost";

/// This machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalHost;

impl Host for LocalHost {
    fn name(&self) -> &str {
        NAME
    }

    fn ask<'a>(&'a self, argv: &'a [OsString], deadline: Deadline) -> Doing<'a, Output> {
        Box::pin(command(argv, Input::Nothing, deadline))
    }

    fn run<'a>(
        &'a self,
        _: &'a Consent,
        argv: &'a [OsString],
        stdin: Option<&'a [u8]>,
        deadline: Deadline,
    ) -> Doing<'a, Output> {
        let input = stdin.map_or(Input::Nothing, |bytes| Input::Bytes(bytes.to_vec()));
        Box::pin(command(argv, input, deadline))
    }

    fn stat<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, Option<Stat>> {
        on_path("look at", path, deadline, |path| files::stat(&path))
    }

    fn list<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, Vec<OsString>> {
        on_path("list", path, deadline, |path| files::list(&path))
    }

    fn real_path<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, PathBuf> {
        on_path("resolve", path, deadline, |path| Ok(path.canonicalize()?))
    }

    fn read<'a>(&'a self, path: &'a Path, limit: u64, deadline: Deadline) -> Doing<'a, Vec<u8>> {
        on_path("read", path, deadline, move |path| files::read(&path, limit))
    }

    fn fetch<'a>(&'a self, path: &'a Path, into: &'a File, deadline: Deadline) -> Doing<'a, ()> {
        let into = into.try_clone();
        on_path("read", path, deadline, move |path| files::pour(files::open_regular(&path)?, into?, deadline))
    }

    fn free_space<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, u64> {
        on_path("measure the space at", path, deadline, |path| files::free_space(&path))
    }

    fn sha256<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, String> {
        on_path("hash", path, deadline, move |path| digest::sha256(&path, deadline))
    }

    fn same_filesystem<'a>(&'a self, a: &'a Path, b: &'a Path, deadline: Deadline) -> Doing<'a, bool> {
        on_two("compare", a, b, deadline, |a, b| files::same_filesystem(&a, &b))
    }

    fn locked<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, bool> {
        on_path("see locks on", path, deadline, |path| files::locked(&path))
    }

    fn processes<'a>(&'a self, prefixes: &'a [&'a str], deadline: Deadline) -> Doing<'a, Vec<Process>> {
        let prefixes: Vec<String> = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        let work = move || proc::processes(&prefixes.iter().map(String::as_str).collect::<Vec<_>>());
        Box::pin(blocking(Place::new(NAME, "list", "processes"), deadline, work))
    }

    fn write_new<'a>(
        &'a self,
        _: &'a Consent,
        path: &'a Path,
        content: Content<'a>,
        mode: u32,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        let content = match content {
            Content::Bytes(bytes) => files::Source::Bytes(bytes.to_vec()),
            Content::File(file) => files::Source::File(file.to_owned()),
        };
        on_path("write", path, deadline, move |path| files::write_new(&path, content, mode, deadline))
    }

    fn rename<'a>(
        &'a self,
        _: &'a Consent,
        from: &'a Path,
        to: &'a Path,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        on_two("rename", from, to, deadline, |from, to| files::rename(&from, &to))
    }

    fn copy_tree<'a>(
        &'a self,
        _: &'a Consent,
        from: &'a Path,
        to: &'a Path,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        on_two("copy", from, to, deadline, move |from, to| tree::copy(&from, &to, deadline))
    }

    fn make_dir<'a>(
        &'a self,
        _: &'a Consent,
        path: &'a Path,
        mode: u32,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        on_path("make the directory", path, deadline, move |path| files::make_dir(&path, mode))
    }

    fn chown_tree<'a>(
        &'a self,
        _: &'a Consent,
        path: &'a Path,
        owner: Owner,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        on_path("change the owner of", path, deadline, move |path| tree::chown(&path, owner, deadline))
    }

    fn chmod<'a>(&'a self, _: &'a Consent, path: &'a Path, mode: u32, deadline: Deadline) -> Doing<'a, ()> {
        on_path("change the mode of", path, deadline, move |path| files::chmod(&path, mode))
    }

    fn signal<'a>(
        &'a self,
        _: &'a Consent,
        process: ProcessId,
        signal: Signal,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        let place = Place::new(NAME, "signal", format_args!("process {}", process.pid));
        Box::pin(blocking(place, deadline, move || proc::signal(process, signal)))
    }
}

async fn command(argv: &[OsString], input: Input, deadline: Deadline) -> Result<Output, HostError> {
    let (program, arguments) =
        argv.split_first().ok_or_else(|| Place::new(NAME, "run", "a command").refused("it has no words"))?;
    let place = Place::new(NAME, "run", program.display());
    if argv.iter().any(|word| word.as_bytes().contains(&0)) {
        return Err(place.refused("a word holds a NUL"));
    }
    let mut command = Command::new(program);
    command.args(arguments);
    let waited = Waited::until(deadline);
    match deadline.run(child::run_local(command, input)).await {
        None => Err(waited.late(place)),
        Some(output) => output.map_err(|error| place.failed(error.into())),
    }
}

fn on_path<'a, T: Send + 'static>(
    doing: &'static str,
    path: &'a Path,
    deadline: Deadline,
    work: impl FnOnce(PathBuf) -> Result<T, Trouble> + Send + 'static,
) -> Doing<'a, T> {
    Box::pin(async move {
        let place = Place::path(NAME, doing, path);
        let owned = absolute(path, &place)?;
        blocking(place, deadline, move || work(owned)).await
    })
}

fn on_two<'a, T: Send + 'static>(
    doing: &'static str,
    one: &'a Path,
    other: &'a Path,
    deadline: Deadline,
    work: impl FnOnce(PathBuf, PathBuf) -> Result<T, Trouble> + Send + 'static,
) -> Doing<'a, T> {
    Box::pin(async move {
        let place = two(NAME, doing, one, other);
        let (one, other) = (absolute(one, &place)?, absolute(other, &place)?);
        blocking(place, deadline, move || work(one, other)).await
    })
}

/// The place of an operation with two paths.
pub(super) fn two(host: &str, doing: &'static str, one: &Path, other: &Path) -> Place {
    let joined: &dyn Display = &format_args!("{} and {}", one.display(), other.display());
    let to: &dyn Display = &format_args!("{} to {}", one.display(), other.display());
    Place::new(host, doing, if doing == "compare" { joined } else { to })
}

/// The path itself if it may be used at all.
pub(super) fn absolute(path: &Path, place: &Place) -> Result<PathBuf, HostError> {
    match path {
        path if !path.is_absolute() => Err(place.clone().refused("the path is not absolute")),
        path if path.as_os_str().as_bytes().contains(&0) => {
            Err(place.clone().refused("the path holds a NUL"))
        }
        path => Ok(path.to_owned()),
    }
}

async fn blocking<T: Send + 'static>(
    place: Place,
    deadline: Deadline,
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, HostError> {
    let waited = Waited::until(deadline);
    match deadline.run(tokio::task::spawn_blocking(work)).await {
        None => Err(waited.late(place)),
        Some(Err(join)) => Err(place.refused(join)),
        Some(Ok(Err(trouble))) if trouble.is_late() => Err(waited.late(place)),
        Some(Ok(result)) => result.map_err(|trouble| place.failed(trouble)),
    }
}

/// How long a call was given.
pub(super) struct Waited(Duration);

impl Waited {
    pub(super) fn until(deadline: Deadline) -> Waited {
        // Up to the next hundredth of a second: some of what was given is gone before it is looked at.
        let ms = u64::try_from(deadline.left().as_millis()).unwrap_or(u64::MAX);
        Waited(Duration::from_millis(ms.div_ceil(10).saturating_mul(10)))
    }

    pub(super) fn late(&self, place: Place) -> HostError {
        HostError::TimedOut { place, after: self.0 }
    }
}
