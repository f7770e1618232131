//! Server processes: started in a process group of their own, recognised by their start time, and found again by
//! a mark in their environment when nobody could write their pid down.

use super::state::{Lab, Member, MemberState};
use super::{LabError, at};
use crate::host::StatLine;
use crate::transport::Deadline;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Variable in a server's environment that says whose it is.
const MARK: &str = "QUORATE_LAB_MEMBER";

/// How long the kernel may take to end a process after SIGKILL.
const KILL_LIMIT: Duration = Duration::from_secs(5);

/// Starts a member's process. Its group is its own, so that a Ctrl-C meant for us does not reach it.
pub(super) fn spawn(
    lab: &Lab,
    member: &Member,
    path: Option<&str>,
    home: Option<&str>,
) -> Result<u32, LabError> {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&member.log)
        .map_err(at("cannot open", &member.log))?;
    let errors = log.try_clone().map_err(at("cannot open", &member.log))?;
    let mut command = match &member.namespace {
        None => Command::new(&member.spec.program),
        Some(namespace) => {
            // `ip netns exec` replaces itself: the pid is the server's.
            let mut command = Command::new("ip");
            command.args(["netns", "exec", namespace]).arg(&member.spec.program);
            command
        }
    };
    command
        .args(&member.spec.arguments)
        .env_clear()
        .envs([("PATH", path), ("HOME", home)].into_iter().filter_map(|(name, v)| Some((name, v?))))
        .envs(&member.spec.environment)
        .env(MARK, mark(lab, &member.name))
        .current_dir(&lab.dir)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .process_group(0);
    command.spawn().map(|child| child.id()).map_err(at("cannot start", &member.spec.program))
}

fn mark(lab: &Lab, member: &str) -> String {
    format!("{}/{member}", lab.dir.display())
}

/// How a member stands by `/proc`.
pub(super) fn state(lab: &Lab, member: &Member) -> MemberState {
    let Some(pid) = running_pid(lab, member) else {
        return if member.state == MemberState::Exited { MemberState::Exited } else { MemberState::Dead };
    };
    match stat(pid) {
        Some(stat) if stat.is_paused() => MemberState::Paused,
        Some(_) => MemberState::Running,
        None => MemberState::Dead,
    }
}

/// The member's live process, if it has one.
pub(super) fn running_pid(lab: &Lab, member: &Member) -> Option<u32> {
    match (member.pid, member.started_ticks) {
        (Some(pid), Some(ticks)) => alive(pid, ticks).then_some(pid),
        // Started, but whoever started it was killed before it could say so.
        _ if member.state == MemberState::Starting => find_marked(&mark(lab, &member.name)),
        _ => None,
    }
}

/// When a live process started, in clock ticks since boot.
pub(super) fn started_ticks(pid: u32) -> Option<u64> {
    stat(pid).map(|stat| stat.start_ticks)
}

fn alive(pid: u32, ticks: u64) -> bool {
    stat(pid).is_some_and(|stat| stat.start_ticks == ticks)
}

/// Of a process that is there.
fn stat(pid: u32) -> Option<StatLine> {
    StatLine::parse(&std::fs::read(format!("/proc/{pid}/stat")).ok()?).filter(|stat| !stat.is_dead())
}

fn find_marked(mark: &str) -> Option<u32> {
    let wanted = format!("{MARK}={mark}");
    let pids =
        std::fs::read_dir("/proc").ok()?.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    let mut marked = pids.filter(|pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|pair| pair == wanted.as_bytes()) && stat(*pid).is_some()
    });
    marked.next()
}

/// Sends a signal; a process that is gone is no error.
pub(super) fn signal(pid: u32, signal: Signal) -> Result<(), LabError> {
    let Some(process) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    match kill_process(process, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => {
            Err(LabError::Io { what: format!("cannot signal process {pid}"), source: error.into() })
        }
    }
}

/// Waits until the member's process is gone; whether it is.
pub(super) fn gone_within(lab: &Lab, member: &Member, limit: Duration) -> bool {
    let deadline = Deadline::after(limit);
    while running_pid(lab, member).is_some() {
        if deadline.left().is_zero() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Ends all processes of a lab: asked first, made to after `patience`.
pub(super) fn stop_all(lab: &Lab, patience: Duration) -> Result<(), LabError> {
    let live: Vec<(&Member, u32)> =
        lab.members.iter().filter_map(|m| running_pid(lab, m).map(|pid| (m, pid))).collect();
    for (_, pid) in &live {
        signal(*pid, Signal::TERM)?;
        // A paused process sees SIGTERM only once it continues.
        signal(*pid, Signal::CONT)?;
    }
    let deadline = Deadline::after(patience);
    for (member, pid) in live {
        if !gone_within(lab, member, deadline.left()) {
            signal(pid, Signal::KILL)?;
            if !gone_within(lab, member, KILL_LIMIT) {
                return Err(LabError::Unstoppable { member: member.name.clone(), pid });
            }
        }
    }
    Ok(())
}

/// The first and the last lines of a log: a server that refuses its arguments says so before it prints its usage.
pub(super) fn excerpt(log: &Path, first: usize, last: usize) -> Vec<String> {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    if lines.len() <= first + last {
        return owned(&lines);
    }
    let mut excerpt = owned(&lines[..first]);
    excerpt.push(format!("({} lines left out)", lines.len() - first - last));
    excerpt.extend(owned(&lines[lines.len() - last..]));
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_a_recycled_pid_does_not() {
        let pid = std::process::id();
        let ticks = started_ticks(pid).expect("we run");
        assert!(alive(pid, ticks) && !alive(pid, ticks + 1));
    }

    #[test]
    fn an_excerpt_has_both_ends() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "a\n\nb\nc\nd\ne\n").expect("written");
        assert_eq!(excerpt(file.path(), 2, 3), ["a", "b", "c", "d", "e"]);
        assert_eq!(excerpt(file.path(), 1, 2), ["a", "(2 lines left out)", "d", "e"]);
    }
}
