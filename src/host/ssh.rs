//! Another machine, through the system's `ssh`: the user's configuration, agent and bastions apply, and nothing is ever
//! asked. The other side needs a POSIX login shell, GNU coreutils, grep and find.
//!
//! What is sent is always an argument vector, quoted by [`quote::line`] and nowhere else. Operations are scripts without
//! holes ([`script`]): what varies is passed to them as arguments. A `timeout` around them ends them on the other side
//! too when we no longer wait.

mod reply;
mod script;
mod shared;

use super::child::{self, Input, Sink};
use super::local::{Waited, absolute, two};
use super::{
    Consent, Content, Doing, Host, HostError, OUTPUT_LIMIT, Output, Owner, Place, Process, ProcessId, Signal,
    Stat, parent, quote,
};
use crate::transport::Deadline;
use shared::Shared;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Bytes kept of what an operation of ours prints: names in a directory, processes.
const REPLY_LIMIT: usize = 64 << 20;

/// How ssh is called.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program.
    pub program: PathBuf,
    /// Configuration instead of the user's (`ssh -F`).
    pub config: Option<PathBuf>,
    /// Whether commands share one connection, which is closed when the host is dropped. Saves a handshake for each.
    pub share: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { program: PathBuf::from("ssh"), config: None, share: true }
    }
}

/// Another machine.
#[derive(Debug)]
pub struct SshHost {
    destination: String,
    options: Options,
    shared: Shared,
}

impl SshHost {
    /// A destination as ssh has it: an alias of its configuration, `user@host`, or `ssh://user@host:port`. Connects to
    /// nothing yet.
    pub fn new(destination: &str, options: Options) -> Result<SshHost, HostError> {
        if destination.is_empty() || destination.starts_with('-') || destination.contains('\0') {
            let place = Place::new(destination, "reach", "the host");
            return Err(place.refused("this is no destination for ssh"));
        }
        Ok(SshHost { destination: destination.to_owned(), options, shared: Shared::default() })
    }

    /// ssh with what every call has in common.
    fn ssh(&self, deadline: Deadline) -> Command {
        let mut command = Command::new(&self.options.program);
        if let Some(config) = &self.options.config {
            command.arg("-F").arg(config);
        }
        // Half of the time: the reason why it cannot connect is to come before the deadline does.
        let connect = (deadline.left() / 2).as_secs().clamp(1, 10);
        command.arg("-o").arg(format!("ConnectTimeout={connect}"));
        for option in SETTINGS {
            command.args(["-o", option]);
        }
        command
    }

    /// Runs an argument vector on the other side.
    async fn remote(
        &self,
        place: &Place,
        words: &[&OsStr],
        input: Input,
        sink: Sink,
        deadline: Deadline,
    ) -> Result<Output, HostError> {
        if words.iter().any(|word| word.as_bytes().contains(&0)) {
            return Err(place.clone().refused("a word holds a NUL"));
        }
        let waited = Waited::until(deadline);
        // One second more than we wait: then it is us who say that it was late.
        let seconds = (deadline.left().as_secs() + 1).to_string();
        let timeout = ["timeout", "-k", "2", &seconds].map(OsStr::new);
        let line = quote::line(timeout.iter().chain(words));
        let mut command = self.ssh(deadline);
        if self.options.share {
            self.shared.ready(|| self.ssh(deadline), &self.destination);
            command.args(self.shared.options());
        }
        command.arg("--").arg(&self.destination).arg(line);
        let output = match deadline.run(child::run(command, input, sink)).await {
            None => return Err(waited.late(place.clone())),
            Some(Err(error)) => {
                let reason = format!("cannot start {}: {error}", self.options.program.display());
                return Err(HostError::Unreachable { host: self.destination.clone(), reason });
            }
            Some(Ok(output)) => output,
        };
        self.told_apart(output)
    }

    /// 255 is what ssh ends with when ssh itself failed. A command that ended so leaves a mark ([`script::RUN`]).
    fn told_apart(&self, mut output: Output) -> Result<Output, HostError> {
        if output.code != 255 {
            return Ok(output);
        }
        if let Some(stderr) = output.stderr.strip_suffix(script::MARK_255) {
            output.stderr = stderr.to_vec();
            return Ok(output);
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let reason = if lines.is_empty() {
            "ssh ended with 255 and says nothing: the connection broke, or the host stopped answering"
                .to_owned()
        } else {
            lines.join("; ")
        };
        Err(HostError::Unreachable { host: self.destination.clone(), reason })
    }

    /// Runs one of our scripts; what it prints.
    async fn script(
        &self,
        place: &Place,
        script: &str,
        arguments: &[&OsStr],
        input: Input,
        deadline: Deadline,
    ) -> Result<Vec<u8>, HostError> {
        self.script_into(place, script, arguments, input, Sink::Kept(REPLY_LIMIT), deadline).await
    }

    /// The same with what it prints put somewhere.
    async fn script_into(
        &self,
        place: &Place,
        script: &str,
        arguments: &[&OsStr],
        input: Input,
        sink: Sink,
        deadline: Deadline,
    ) -> Result<Vec<u8>, HostError> {
        let shell = ["env", "LC_ALL=C", "sh", "-c", script, "quorate"].map(OsStr::new);
        let words: Vec<&OsStr> = shell.iter().chain(arguments).copied().collect();
        let output = self.remote(place, &words, input, sink, deadline).await?;
        match output.code {
            0 if output.truncated => Err(place.clone().refused("the answer is too long")),
            0 => Ok(output.stdout),
            124 => Err(Waited::until(deadline).late(place.clone())),
            // `timeout`, `env` or `sh` is missing: that says nothing of the file.
            126 | 127 => Err(place.clone().refused(String::from_utf8_lossy(&output.stderr).trim())),
            _ => Err(place.clone().said(&output.stderr)),
        }
    }

    /// A script whose first argument is a path.
    async fn on(
        &self,
        doing: &'static str,
        path: &Path,
        script: &str,
        more: &[&OsStr],
        deadline: Deadline,
    ) -> Result<(Place, Vec<u8>), HostError> {
        let place = Place::path(&self.destination, doing, path);
        absolute(path, &place)?;
        let arguments: Vec<&OsStr> = [path.as_os_str()].into_iter().chain(more.iter().copied()).collect();
        let printed = self.script(&place, script, &arguments, Input::Nothing, deadline).await?;
        Ok((place, printed))
    }

    async fn command(
        &self,
        argv: &[OsString],
        input: Input,
        deadline: Deadline,
    ) -> Result<Output, HostError> {
        let name = argv.first().map(|word| word.display().to_string()).unwrap_or_default();
        let place = Place::new(&self.destination, "run", name);
        if argv.is_empty() {
            return Err(place.refused("a command without words"));
        }
        let shell = ["sh", "-c", script::RUN, "quorate"].map(OsStr::new);
        let words: Vec<&OsStr> = shell.into_iter().chain(argv.iter().map(OsString::as_os_str)).collect();
        self.remote(&place, &words, input, Sink::Kept(OUTPUT_LIMIT), deadline).await
    }

    async fn same(&self, a: &Path, b: &Path, deadline: Deadline) -> Result<bool, HostError> {
        let place = two(&self.destination, "compare", a, b);
        let (a, b) = (absolute(a, &place)?, absolute(b, &place)?);
        let arguments = [a.as_os_str(), b.as_os_str()];
        let printed = self.script(&place, script::SAME, &arguments, Input::Nothing, deadline).await?;
        reply::same(&printed).ok_or_else(|| odd(place))
    }
}

/// Never ask, say little, notice a dead connection, and leave out what the user's configuration may do beside running
/// a command.
const SETTINGS: [&str; 10] = [
    "BatchMode=yes",
    "LogLevel=ERROR",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "RequestTTY=no",
    "RemoteCommand=none",
    "PermitLocalCommand=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
];

fn odd(place: Place) -> HostError {
    place.refused("its commands answer in a form that is not understood; GNU coreutils are needed there")
}

/// Options of `grep` for lines that begin with this. Only wanted variables leave the other side.
fn pattern(prefix: &str) -> [String; 2] {
    let literal = prefix.chars().flat_map(|char| match char {
        '.' | '*' | '[' | ']' | '^' | '$' | '\\' => vec!['\\', char],
        char => vec![char],
    });
    ["-e".to_owned(), format!("^{}", literal.collect::<String>())]
}

fn octal(mode: u32) -> String {
    format!("{mode:04o}")
}

impl Host for SshHost {
    fn name(&self) -> &str {
        &self.destination
    }

    fn ask<'a>(&'a self, argv: &'a [OsString], deadline: Deadline) -> Doing<'a, Output> {
        Box::pin(self.command(argv, Input::Nothing, deadline))
    }

    fn run<'a>(
        &'a self,
        _: &'a Consent,
        argv: &'a [OsString],
        stdin: Option<&'a [u8]>,
        deadline: Deadline,
    ) -> Doing<'a, Output> {
        let input = stdin.map_or(Input::Nothing, |bytes| Input::Bytes(bytes.to_vec()));
        Box::pin(self.command(argv, input, deadline))
    }

    fn stat<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, Option<Stat>> {
        Box::pin(async move {
            let (place, printed) = self.on("look at", path, script::STAT, &[], deadline).await?;
            reply::stat(&printed).ok_or_else(|| odd(place))
        })
    }

    fn list<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, Vec<OsString>> {
        Box::pin(async move {
            let (_, printed) = self.on("list", path, script::LIST, &[], deadline).await?;
            Ok(reply::names(&printed))
        })
    }

    fn real_path<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, PathBuf> {
        Box::pin(async move {
            let (place, printed) = self.on("resolve", path, script::REAL, &[], deadline).await?;
            reply::names(&printed).pop().map(PathBuf::from).ok_or_else(|| odd(place))
        })
    }

    fn read<'a>(&'a self, path: &'a Path, limit: u64, deadline: Deadline) -> Doing<'a, Vec<u8>> {
        Box::pin(async move {
            let count = limit.saturating_add(1).to_string();
            let more = [OsStr::new(&count)];
            let (place, printed) = self.on("read", path, script::READ, &more, deadline).await?;
            if printed.len() as u64 > limit {
                return Err(place.refused(format_args!("larger than {limit} bytes")));
            }
            Ok(printed)
        })
    }

    fn fetch<'a>(&'a self, path: &'a Path, into: &'a File, deadline: Deadline) -> Doing<'a, ()> {
        Box::pin(async move {
            let place = Place::path(&self.destination, "fetch", path);
            absolute(path, &place)?;
            let sink = into.try_clone().map_err(|error| place.clone().failed(error.into()))?;
            let (arguments, sink) = ([path.as_os_str()], Sink::File(sink));
            self.script_into(&place, script::FETCH, &arguments, Input::Nothing, sink, deadline)
                .await
                .map(|_| ())
        })
    }

    fn free_space<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, u64> {
        Box::pin(async move {
            let doing = "measure the space at";
            let (place, printed) = self.on(doing, path, script::SPACE, &[], deadline).await?;
            reply::space(&printed).ok_or_else(|| odd(place))
        })
    }

    fn sha256<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, String> {
        Box::pin(async move {
            let (place, printed) = self.on("hash", path, script::HASH, &[], deadline).await?;
            reply::digest(&printed).ok_or_else(|| odd(place))
        })
    }

    fn same_filesystem<'a>(&'a self, a: &'a Path, b: &'a Path, deadline: Deadline) -> Doing<'a, bool> {
        Box::pin(self.same(a, b, deadline))
    }

    fn locked<'a>(&'a self, path: &'a Path, deadline: Deadline) -> Doing<'a, bool> {
        Box::pin(async move {
            let (place, printed) = self.on("see locks on", path, script::LOCKS, &[], deadline).await?;
            reply::locked(&printed).ok_or_else(|| odd(place))
        })
    }

    fn processes<'a>(&'a self, prefixes: &'a [&'a str], deadline: Deadline) -> Doing<'a, Vec<Process>> {
        Box::pin(async move {
            let place = Place::new(&self.destination, "list", "processes");
            let patterns: Vec<String> = prefixes.iter().flat_map(|prefix| pattern(prefix)).collect();
            let patterns: Vec<&OsStr> = patterns.iter().map(OsStr::new).collect();
            let printed = self.script(&place, script::PROCESSES, &patterns, Input::Nothing, deadline).await?;
            Ok(reply::processes(&printed, prefixes))
        })
    }

    fn write_new<'a>(
        &'a self,
        _: &'a Consent,
        path: &'a Path,
        content: Content<'a>,
        mode: u32,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        Box::pin(async move {
            let place = Place::path(&self.destination, "write", path);
            absolute(path, &place)?;
            let (input, length) = match content {
                Content::Bytes(bytes) => (Input::Bytes(bytes.to_vec()), bytes.len() as u64),
                Content::File(from) => {
                    let opened = File::open(from).and_then(|file| Ok((file.metadata()?.len(), file)));
                    let here = Place::path("localhost", "read", from);
                    let (length, file) = opened.map_err(|error| here.failed(error.into()))?;
                    (Input::File(file), length)
                }
            };
            // A connection that breaks looks like the end of the input: only the length tells.
            let (mode, length) = (octal(mode), length.to_string());
            let arguments =
                [path.as_os_str(), parent(path).as_os_str(), OsStr::new(&mode), OsStr::new(&length)];
            self.script(&place, script::WRITE, &arguments, input, deadline).await.map(|_| ())
        })
    }

    fn rename<'a>(
        &'a self,
        _: &'a Consent,
        from: &'a Path,
        to: &'a Path,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        Box::pin(async move {
            let place = two(&self.destination, "rename", from, to);
            let (from, to) = (absolute(from, &place)?, absolute(to, &place)?);
            // `mv` copies where it cannot rename, so that is found out first.
            if !self.same(parent(&from), parent(&to), deadline).await? {
                return Err(HostError::CrossDevice(place));
            }
            let arguments = [&*from, &*to, parent(&from), parent(&to)].map(Path::as_os_str);
            self.script(&place, script::RENAME, &arguments, Input::Nothing, deadline).await.map(|_| ())
        })
    }

    fn copy_tree<'a>(
        &'a self,
        _: &'a Consent,
        from: &'a Path,
        to: &'a Path,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        Box::pin(async move {
            let place = two(&self.destination, "copy", from, to);
            let (from, to) = (absolute(from, &place)?, absolute(to, &place)?);
            let arguments = [&*from, &*to, parent(&to)].map(Path::as_os_str);
            self.script(&place, script::COPY, &arguments, Input::Nothing, deadline).await.map(|_| ())
        })
    }

    fn make_dir<'a>(
        &'a self,
        _: &'a Consent,
        path: &'a Path,
        mode: u32,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        Box::pin(async move {
            let mode = octal(mode);
            let more = [OsStr::new(&mode), parent(path).as_os_str()];
            self.on("make the directory", path, script::MAKE_DIR, &more, deadline).await.map(|_| ())
        })
    }

    fn chown_tree<'a>(
        &'a self,
        _: &'a Consent,
        path: &'a Path,
        owner: Owner,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        Box::pin(async move {
            let owner = format!("{}:{}", owner.uid, owner.gid);
            let more = [OsStr::new(&owner), parent(path).as_os_str()];
            self.on("change the owner of", path, script::CHOWN, &more, deadline).await.map(|_| ())
        })
    }

    fn chmod<'a>(&'a self, _: &'a Consent, path: &'a Path, mode: u32, deadline: Deadline) -> Doing<'a, ()> {
        Box::pin(async move {
            let mode = octal(mode);
            self.on("change the mode of", path, script::CHMOD, &[OsStr::new(&mode)], deadline)
                .await
                .map(|_| ())
        })
    }

    fn signal<'a>(
        &'a self,
        _: &'a Consent,
        process: ProcessId,
        signal: Signal,
        deadline: Deadline,
    ) -> Doing<'a, ()> {
        Box::pin(async move {
            let place = Place::new(&self.destination, "signal", format_args!("process {}", process.pid));
            let (pid, ticks) = (process.pid.to_string(), process.start_ticks.to_string());
            let arguments = [&pid, &ticks, signal.name()].map(OsStr::new);
            self.script(&place, script::SIGNAL, &arguments, Input::Nothing, deadline).await.map(|_| ())
        })
    }
}
