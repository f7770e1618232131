//! Processes of this machine.

use super::super::error::Trouble;
use super::super::process::{self, Process, ProcessId, Signal, StatLine};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// More bytes than the arguments or the environment of a process can have (Linux allows 6 MiB for both).
const LONGEST: u64 = 16 << 20;

pub(super) fn processes(prefixes: &[&str]) -> Result<Vec<Process>, Trouble> {
    let pids = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut found: Vec<Process> = pids.filter_map(|pid| process(pid, prefixes)).collect();
    found.sort_by_key(|process| process.id.pid);
    Ok(found)
}

/// `None` when it is none of interest, or no longer there.
fn process(pid: u32, prefixes: &[&str]) -> Option<Process> {
    let dir = PathBuf::from(format!("/proc/{pid}"));
    let before = stat(&dir).filter(|stat| stat.is_process(pid))?;
    let status = read(&dir, "status")?;
    let found = Process {
        id: ProcessId { pid, start_ticks: before.start_ticks },
        argv: process::words(&read(&dir, "cmdline")?),
        env: environment(&dir, prefixes),
        uid: process::effective(&status, "Uid:")?,
        gid: process::effective(&status, "Gid:")?,
        cwd: fs::read_link(dir.join("cwd")).ok(),
        exe: fs::read_link(dir.join("exe")).ok(),
    };
    // All of it is of one process only if the number was not given away meanwhile.
    let after = stat(&dir)?;
    (after.start_ticks == before.start_ticks && !after.is_dead()).then_some(found)
}

fn environment(dir: &Path, prefixes: &[&str]) -> Option<Vec<(std::ffi::OsString, std::ffi::OsString)>> {
    if prefixes.is_empty() {
        return Some(Vec::new());
    }
    Some(process::variables(&read(dir, "environ")?, prefixes))
}

/// Files of `/proc` say that they are empty, and are then read in pieces of a few bytes: with room for a page, in one.
fn read(dir: &Path, name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4096);
    fs::File::open(dir.join(name)).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn stat(dir: &Path) -> Option<StatLine> {
    StatLine::parse(&read(dir, "stat")?)
}

/// Through a descriptor of the process: between the look at its start time and the signal its number cannot change hands.
pub(super) fn signal(process: ProcessId, signal: Signal) -> Result<(), Trouble> {
    let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    let descriptor = pidfd_open(pid, PidfdFlags::empty())?;
    let stat = stat(&PathBuf::from(format!("/proc/{}", process.pid)));
    if !stat.is_some_and(|stat| stat.start_ticks == process.start_ticks && !stat.is_dead()) {
        return Err(Errno::SRCH.into());
    }
    Ok(pidfd_send_signal(&descriptor, signal.number())?)
}
