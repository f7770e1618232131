//! Child processes with bounded output and an end: whoever stops waiting for one kills it with its process group.

use super::{OUTPUT_LIMIT, Output, STDERR_LIMIT};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// How long output may still come after a command has ended: a process that it left behind may keep the pipes open for
/// ever (ssh's shared connections do).
const GRACE: Duration = Duration::from_millis(200);

/// What a child reads.
#[derive(Debug)]
pub(super) enum Input {
    Nothing,
    Bytes(Vec<u8>),
    File(File),
}

/// Where its output goes.
#[derive(Debug)]
pub(super) enum Sink {
    /// So many bytes are kept.
    Kept(usize),
    /// All of it, into a file.
    File(File),
}

/// Runs it to its end. Dropping the future kills it and its group.
pub(super) async fn run(mut command: Command, input: Input, sink: Sink) -> io::Result<Output> {
    let (stdin, bytes) = match input {
        Input::Nothing => (Stdio::null(), Vec::new()),
        Input::Bytes(bytes) => (Stdio::piped(), bytes),
        Input::File(file) => (Stdio::from(file), Vec::new()),
    };
    let (stdout, stdout_limit) = match sink {
        Sink::Kept(limit) => (Stdio::piped(), limit),
        Sink::File(file) => (Stdio::from(file), 0),
    };
    command.stdin(stdin).stdout(stdout).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut group = Group::of(&child);
    let (out, err) = (Kept::first(stdout_limit), Kept::last(STDERR_LIMIT));
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let streams = async {
        tokio::join!(feed(stdin, &bytes), out.fill(stdout), err.fill(stderr));
    };
    tokio::pin!(streams);
    let status = tokio::select! {
        () = &mut streams => child.wait().await?,
        status = child.wait() => {
            let _ = tokio::time::timeout(GRACE, &mut streams).await;
            status?
        }
    };
    group.0 = None;
    let (stdout, truncated) = out.take();
    Ok(Output { code: code(status), stdout, stderr: err.take().0, truncated })
}

/// Runs a command of this machine with the limits of [`Output`]; one that cannot be started ends as in a shell.
pub(super) async fn run_local(command: Command, input: Input) -> io::Result<Output> {
    let failed = |code, error: io::Error| {
        Ok(Output { code, stdout: Vec::new(), stderr: error.to_string().into_bytes(), truncated: false })
    };
    match run(command, input, Sink::Kept(OUTPUT_LIMIT)).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => failed(127, error),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => failed(126, error),
        other => other,
    }
}

/// As a shell counts it.
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// The child's process group, killed when dropped early. It is cleared once the child was waited for: until then its
/// number cannot be anyone else's.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Group {
        Group(child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A child that does not read to the end says so by its exit code, not here.
async fn feed(stdin: Option<tokio::process::ChildStdin>, bytes: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(bytes).await;
        let _ = stdin.shutdown().await;
    }
}

/// The first or the last bytes of a stream. The stream is read to its end either way, so that nobody blocks on it.
struct Kept {
    limit: usize,
    last: bool,
    bytes: Mutex<(Vec<u8>, bool)>,
}

impl Kept {
    fn first(limit: usize) -> Kept {
        Kept { limit, last: false, bytes: Mutex::default() }
    }

    fn last(limit: usize) -> Kept {
        Kept { limit, last: true, bytes: Mutex::default() }
    }

    async fn fill(&self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            self.add(&buffer[..count]);
        }
    }

    fn add(&self, new: &[u8]) {
        let mut kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0.extend_from_slice(new);
        let surplus = kept.0.len().saturating_sub(self.limit);
        if surplus > 0 {
            kept.1 = true;
            if self.last {
                kept.0.drain(..surplus);
            } else {
                kept.0.truncate(self.limit);
            }
        }
    }

    fn take(&self) -> (Vec<u8>, bool) {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn output_is_bounded_at_the_right_end() {
        let script =
            "head -c 3000000 /dev/zero; echo first >&2; head -c 99999 /dev/zero >&2; echo last >&2; exit 3";
        let output = run(sh(script), Input::Nothing, Sink::Kept(10)).await.expect("runs");
        assert_eq!((output.code, output.stdout.len(), output.truncated), (3, 10, true));
        assert!(output.stderr.ends_with(b"last\n") && output.stderr.len() == STDERR_LIMIT);
    }

    #[tokio::test]
    async fn what_was_left_behind_does_not_hold_us() {
        let run =
            run(sh("echo ready; sleep 5 & kill -9 $$"), Input::Bytes(vec![0; 1 << 20]), Sink::Kept(100));
        let output = tokio::time::timeout(Duration::from_secs(3), run).await.expect("in time").expect("runs");
        assert_eq!((output.code, output.stdout.as_slice()), (137, b"ready\n".as_slice()));
    }

    #[tokio::test]
    async fn dropping_kills_the_whole_group() {
        let dir = tempfile::tempdir().expect("a directory");
        let mark = dir.path().join("mark");
        let script = format!("(sleep 0.6; touch '{}') & wait", mark.display());
        let run = run(sh(&script), Input::Nothing, Sink::Kept(1));
        let late = tokio::time::timeout(Duration::from_millis(200), run).await;
        assert!(late.is_err());
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert!(!mark.exists(), "the grandchild lived on");
    }

    #[tokio::test]
    async fn a_missing_command_ends_as_in_a_shell() {
        let output = run_local(Command::new("/nowhere/x"), Input::Nothing).await.expect("an output");
        assert_eq!(output.code, 127);
        let output = run_local(Command::new("/etc/passwd"), Input::Nothing).await.expect("an output");
        assert_eq!(output.code, 126);
    }
}
