//! What is done to a lab once it is there. Every operation may be repeated: it brings about a state.

use super::registry::{self, Entry, Home, Lock};
use super::state::{Lab, Member, MemberState};
use super::up::{Progress, ready, start};
use super::{LabError, at, config, network, process};
use crate::backend::state as last_run;
use crate::transport::Deadline;
use rustix::process::Signal;
use std::io;
use std::path::Path;
use std::time::Duration;

/// What ends a process without asking it.
pub const KILL: Signal = Signal::KILL;

/// File with the token that clients need.
pub(super) const TOKEN_FILE: &str = "token";

/// Directory of the lab's TLS files.
pub(super) const TLS_DIR: &str = "tls";

/// Patience with servers whose data is thrown away. Members that all end at once wait seconds for each other: each
/// leader wants to hand over first.
pub(super) const THROWN_AWAY: Duration = Duration::from_millis(500);

/// Patience with servers whose data is kept.
const KEPT: Duration = Duration::from_secs(8);

/// How long a killed member may take to be gone.
const GONE_LIMIT: Duration = Duration::from_secs(10);

/// What became of one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// The member.
    pub member: String,
    /// What was done.
    pub did: Did,
    /// How it stands now.
    pub state: MemberState,
}

/// Whether there was anything to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// It was done.
    Acted,
    /// It was so already.
    Already,
}

/// A lab, locked, to do something to.
#[derive(Debug)]
pub struct Control<'a> {
    lab: Lab,
    home: &'a Home<'a>,
    _lock: Lock,
}

impl Lab {
    /// Reads a lab and looks how its members stand; `None` when it was never described completely.
    pub fn look(entry: &Entry) -> Result<Option<Lab>, LabError> {
        let Some(mut lab) = Lab::read(&entry.dir)? else { return Ok(None) };
        refresh(&mut lab);
        Ok(Some(lab))
    }
}

fn refresh(lab: &mut Lab) {
    for position in 0..lab.members.len() {
        let member = &lab.members[position];
        let (state, pid) = (process::state(lab, member), process::running_pid(lab, member));
        let member = &mut lab.members[position];
        member.state = state;
        if pid != member.pid {
            member.pid = pid;
            member.started_ticks = pid.and_then(process::started_ticks);
        }
    }
}

impl<'a> Control<'a> {
    /// Waits for the right to change the lab.
    pub fn take(entry: &Entry, home: &'a Home<'a>) -> Result<Control<'a>, LabError> {
        let lock = registry::lock(&entry.name, &entry.dir)?;
        let lab = Lab::look(entry)?.ok_or_else(|| LabError::NotALab(entry.dir.clone()))?;
        Ok(Control { lab, home, _lock: lock })
    }

    /// The lab as it is now.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Sends a signal to these members. One that ends a process is waited for.
    pub fn kill(&mut self, names: &[String], signal: Signal) -> Result<Vec<Acted>, LabError> {
        let ends = signal == KILL || signal == Signal::TERM;
        self.each(names, |lab, member| {
            let Some(pid) = process::running_pid(lab, member) else { return Ok(Did::Already) };
            process::signal(pid, signal)?;
            if signal == Signal::TERM {
                // A paused process sees SIGTERM only once it continues.
                process::signal(pid, Signal::CONT)?;
            }
            if ends && !process::gone_within(lab, member, GONE_LIMIT) {
                return Err(LabError::Unstoppable { member: member.name.clone(), pid });
            }
            Ok(Did::Acted)
        })
    }

    /// Stops these members' processes where they are.
    pub fn pause(&mut self, names: &[String]) -> Result<Vec<Acted>, LabError> {
        self.turn(names, Signal::STOP, MemberState::Paused)
    }

    /// Lets paused members continue.
    pub fn resume(&mut self, names: &[String]) -> Result<Vec<Acted>, LabError> {
        self.turn(names, Signal::CONT, MemberState::Running)
    }

    fn turn(
        &mut self,
        names: &[String],
        signal: Signal,
        wanted: MemberState,
    ) -> Result<Vec<Acted>, LabError> {
        self.each(names, |lab, member| {
            let Some(pid) = process::running_pid(lab, member) else { return Ok(Did::Already) };
            if process::state(lab, member) == wanted {
                return Ok(Did::Already);
            }
            process::signal(pid, signal)?;
            let deadline = Deadline::after(Duration::from_secs(1));
            while process::state(lab, member) != wanted && !deadline.left().is_zero() {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(Did::Acted)
        })
    }

    fn each(
        &mut self,
        names: &[String],
        act: impl Fn(&Lab, &Member) -> Result<Did, LabError>,
    ) -> Result<Vec<Acted>, LabError> {
        self.check(names)?;
        let mut acted = Vec::new();
        for name in names {
            let member = self.lab.member(name)?;
            let was_alive = process::running_pid(&self.lab, member).is_some();
            let did = act(&self.lab, member)?;
            if let Some(member) = self.lab.members.iter_mut().find(|m| m.name == *name && was_alive) {
                // Ended by us, unless it still runs: `refresh` looks.
                member.state = MemberState::Exited;
            }
            refresh(&mut self.lab);
            self.lab.write()?;
            acted.push(Acted { member: name.clone(), did, state: self.lab.member(name)?.state });
        }
        Ok(acted)
    }

    fn check(&self, names: &[String]) -> Result<(), LabError> {
        names.iter().try_for_each(|name| self.lab.member(name).map(|_| ()))
    }

    /// Starts members that do not run, with the arguments they had; then waits until they serve, if there is a limit.
    pub async fn start(
        &mut self,
        names: &[String],
        wait: Option<Duration>,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Vec<Acted>, LabError> {
        self.check(names)?;
        let stopped: Vec<String> = self
            .lab
            .members
            .iter()
            .filter(|m| names.contains(&m.name) && process::running_pid(&self.lab, m).is_none())
            .map(|m| m.name.clone())
            .collect();
        start(&mut self.lab, &stopped, self.home)?;
        if let Some(limit) = wait {
            ready(&self.lab, names, Deadline::after(limit), tell).await?;
        }
        refresh(&mut self.lab);
        self.lab.write()?;
        let acted = |name: &String| {
            let did = if stopped.contains(name) { Did::Acted } else { Did::Already };
            Ok(Acted { member: name.clone(), did, state: self.lab.member(name)?.state })
        };
        names.iter().map(acted).collect()
    }

    /// Cuts the links between groups: `n1,n2|n3`. Members that are not named are one more group.
    pub fn partition(&mut self, text: &str) -> Result<(), LabError> {
        let groups = groups(text, &self.lab)?;
        if self.lab.network.is_none() {
            return Err(LabError::NotIsolated(self.lab.name.clone()));
        }
        network::require_root()?;
        self.lab.partition = groups;
        self.lab.write()?;
        network::apply_partition(&self.lab)
    }

    /// Restores every link.
    pub fn heal(&mut self) -> Result<(), LabError> {
        if self.lab.network.is_none() {
            return Err(LabError::NotIsolated(self.lab.name.clone()));
        }
        network::require_root()?;
        self.lab.partition.clear();
        network::apply_partition(&self.lab)?;
        self.lab.write()
    }
}

fn groups(text: &str, lab: &Lab) -> Result<Vec<Vec<String>>, LabError> {
    let wrong = |reason: String| LabError::Groups { text: text.to_owned(), reason };
    let mut groups: Vec<Vec<String>> = Vec::new();
    for part in text.split('|') {
        let mut group = Vec::new();
        for name in part.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            lab.member(name)?;
            if groups.iter().flatten().chain(&group).any(|other| other == name) {
                return Err(wrong(format!("{name} is named twice")));
            }
            group.push(name.to_owned());
        }
        if group.is_empty() {
            return Err(wrong("a group is empty".into()));
        }
        groups.push(group);
    }
    let rest: Vec<String> = lab
        .members
        .iter()
        .map(|m| m.name.clone())
        .filter(|name| !groups.iter().flatten().any(|g| g == name))
        .collect();
    if !rest.is_empty() {
        groups.push(rest);
    }
    if groups.len() < 2 {
        return Err(wrong("everybody is in one group".into()));
    }
    Ok(groups)
}

impl Home<'_> {
    /// Stops a lab and removes what it made. With `keep`, files stay. What stays is the answer: a directory with
    /// files that are not the lab's.
    pub fn down(&self, entry: &Entry, keep: bool) -> Result<Option<std::path::PathBuf>, LabError> {
        if !entry.dir.join(registry::MARKER).exists() {
            return self.forget_unmarked(entry);
        }
        let lock = registry::lock(&entry.name, &entry.dir)?;
        if keep {
            take_apart(entry, KEPT)?;
            self.release(&entry.name)?;
            return Ok(Some(entry.dir.clone()));
        }
        dismantle(self, entry, &lock)
    }

    /// A lab whose directory is gone, or was never marked because its maker was killed: only an empty directory may
    /// be removed then.
    fn forget_unmarked(&self, entry: &Entry) -> Result<Option<std::path::PathBuf>, LabError> {
        match std::fs::remove_dir(&entry.dir) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return Err(LabError::NotALab(entry.dir.clone())),
        }
        self.release(&entry.name).map(|()| None)
    }
}

/// Ends processes and removes the network.
fn take_apart(entry: &Entry, patience: Duration) -> Result<Option<Lab>, LabError> {
    let Some(mut lab) = Lab::look(entry)? else { return Ok(None) };
    process::stop_all(&lab, patience)?;
    for member in lab.members.iter_mut().filter(|m| m.pid.is_some()) {
        member.state = MemberState::Exited;
    }
    refresh(&mut lab);
    network::remove(&lab)?;
    lab.network = None;
    lab.write()?;
    Ok(Some(lab))
}

/// Ends processes, removes the network, the lab's own files, and the registry entry, in this order.
pub(super) fn dismantle(
    home: &Home<'_>,
    entry: &Entry,
    _: &Lock,
) -> Result<Option<std::path::PathBuf>, LabError> {
    let lab = take_apart(entry, THROWN_AWAY)?;
    if let Some(lab) = &lab {
        for member in &lab.members {
            remove_tree(&entry.dir.join(&member.name))?;
        }
        // A later lab of this name is another cluster.
        last_run::forget(&home.state_dir, &format!("{}-{}", lab.backend, lab.name));
    }
    remove_tree(&entry.dir.join(TLS_DIR))?;
    let [new, state] = Lab::files(&entry.dir);
    for file in [
        entry.dir.join(config::FILE),
        entry.dir.join(TOKEN_FILE),
        new,
        state,
        entry.dir.join(registry::MARKER),
    ] {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at("cannot remove", &file)(error));
            }
            _ => {}
        }
    }
    let left = if entry.made_dir {
        std::fs::remove_dir(&entry.dir).is_err()
    } else {
        registry::holds_files(&entry.dir)
    };
    home.release(&entry.name)?;
    Ok(left.then(|| entry.dir.clone()))
}

fn remove_tree(dir: &Path) -> Result<(), LabError> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("cannot remove", dir)(error)),
        _ => Ok(()),
    }
}

/// `9`, `KILL`, `SIGKILL`.
pub fn parse_signal(text: &str) -> Result<Signal, LabError> {
    const NAMES: &[(&str, Signal)] = &[
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("QUIT", Signal::QUIT),
        ("ABRT", Signal::ABORT),
        ("KILL", Signal::KILL),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
        ("TERM", Signal::TERM),
        ("CONT", Signal::CONT),
        ("STOP", Signal::STOP),
    ];
    let wanted = text.trim().to_ascii_uppercase();
    let bare = wanted.strip_prefix("SIG").unwrap_or(&wanted);
    let named = NAMES.iter().find(|(name, _)| *name == bare).map(|(_, signal)| *signal);
    named
        .or_else(|| bare.parse().ok().and_then(Signal::from_named_raw))
        .ok_or_else(|| LabError::Signal(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name_and_number() {
        for text in ["9", "KILL", "SIGKILL", "sigkill"] {
            assert_eq!(parse_signal(text).expect("a signal"), Signal::KILL, "{text}");
        }
        for text in ["", "0", "99", "SIGNONE", "-9"] {
            assert!(parse_signal(text).is_err(), "{text}");
        }
    }
}
