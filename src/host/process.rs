//! Processes as `/proc` shows them. A pid with its start time names one process for as long as the machine is up.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// One process and no other: pids are used again, a pid with its start time is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// When it started, in clock ticks since the machine did.
    pub start_ticks: u64,
}

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which one.
    pub id: ProcessId,
    /// Its arguments, the command first; a process may have changed them.
    pub argv: Vec<OsString>,
    /// The variables that were asked for, as it was started with them. `None` when they may not be read.
    pub env: Option<Vec<(OsString, OsString)>>,
    /// Effective user.
    pub uid: u32,
    /// Effective group.
    pub gid: u32,
    /// Its working directory; `None` when it may not be read.
    pub cwd: Option<PathBuf>,
    /// Its program; ends with ` (deleted)` when that was replaced. `None` when it may not be read.
    pub exe: Option<PathBuf>,
}

/// What a process can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// End, in your own way.
    Term,
    /// End at once.
    Kill,
    /// Stand still.
    Stop,
    /// Go on.
    Cont,
}

impl Signal {
    /// As `kill -s` has it.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Term => "TERM",
            Signal::Kill => "KILL",
            Signal::Stop => "STOP",
            Signal::Cont => "CONT",
        }
    }

    pub(super) fn number(self) -> rustix::process::Signal {
        match self {
            Signal::Term => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
            Signal::Stop => rustix::process::Signal::STOP,
            Signal::Cont => rustix::process::Signal::CONT,
        }
    }
}

/// What `/proc/PID/stat` says of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatLine {
    state: u8,
    parent: u32,
    threads: u32,
    /// Clock ticks since boot.
    pub start_ticks: u64,
}

impl StatLine {
    /// `PID (NAME) STATE PARENT …`: the name may hold anything, so the last bracket ends it.
    pub fn parse(bytes: &[u8]) -> Option<StatLine> {
        let bracket = bytes.iter().rposition(|byte| *byte == b')')?;
        let mut fields = std::str::from_utf8(&bytes[bracket + 1..]).ok()?.split_whitespace();
        let state = *fields.next()?.as_bytes().first()?;
        let parent = fields.next()?.parse().ok()?;
        // The state is field 3, the parent field 4, the number of threads field 20 and the start time field 22.
        let threads = fields.nth(15)?.parse().ok()?;
        let start_ticks = fields.nth(1)?.parse().ok()?;
        Some(StatLine { state, parent, threads, start_ticks })
    }

    /// Neither dead nor a thread of the kernel (those descend from process 2).
    pub fn is_process(&self, pid: u32) -> bool {
        !self.is_dead() && self.parent != 2 && pid != 2
    }

    /// Whether nothing of it is left but its number. A process whose first thread has ended is called a zombie while others
    /// may still wait for the disk: until they end, its files stay open and locked, and its ports.
    pub fn is_dead(&self) -> bool {
        matches!(self.state, b'X' | b'x') || self.state == b'Z' && self.threads <= 1
    }

    /// Whether it was stopped by a signal or is traced.
    pub fn is_paused(&self) -> bool {
        matches!(self.state, b'T' | b't')
    }
}

/// The effective one of the four numbers of a line such as `Uid:` in `/proc/PID/status`.
pub(super) fn effective(status: &[u8], key: &str) -> Option<u32> {
    let text = String::from_utf8_lossy(status);
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// `a\0b\0` as words; arguments that a process overwrote may lack the last NUL.
pub(super) fn words(bytes: &[u8]) -> Vec<OsString> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    bytes.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect()
}

/// Variables whose name begins with one of the prefixes. Nothing else is kept: an environment may hold secrets.
pub(super) fn variables(environ: &[u8], prefixes: &[&str]) -> Vec<(OsString, OsString)> {
    let own = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let pairs = environ.split(|byte| *byte == 0).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        Some((&pair[..equals], &pair[equals + 1..]))
    });
    let wanted = |name: &[u8]| prefixes.iter().any(|prefix| name.starts_with(prefix.as_bytes()));
    pairs.filter(|(name, _)| wanted(name)).map(|(name, value)| (own(name), own(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_newlines_does_not_confuse() {
        let line = b"42 (a) S 2\n(b c)) T 1 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 9 0 987654 11 12\n";
        let stat = StatLine::parse(line).expect("a stat line");
        assert_eq!(stat, StatLine { state: b'T', parent: 1, threads: 9, start_ticks: 987_654 });
        assert!(stat.is_process(42) && !stat.is_process(2) && stat.is_paused());
        assert!(StatLine::parse(b"42 (cut").is_none());
    }

    #[test]
    fn a_zombie_whose_threads_go_on_is_not_dead() {
        let with = |state: &str, threads: &str| {
            let line =
                format!("7 (etcd) {state} 1 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 {threads} 0 5 11 12\n");
            StatLine::parse(line.as_bytes()).expect("a stat line").is_dead()
        };
        assert!(!with("Z", "2") && with("Z", "1") && with("X", "1") && !with("D", "1"));
    }

    #[test]
    fn arguments_and_variables_are_bytes() {
        assert_eq!(words(b"a\0\0c\xff\0"), ["a".into(), "".into(), OsString::from_vec(b"c\xff".to_vec())]);
        assert_eq!(words(b"title"), ["title"]);
        assert!(words(b"").is_empty());
        let found = variables(b"ETCD_NAME=a=b\0SECRET=x\0odd\0", &["ETCD_"]);
        assert_eq!(found, [("ETCD_NAME".into(), "a=b".into())]);
        assert!(variables(b"A=1\0", &[]).is_empty());
    }

    #[test]
    fn the_effective_id_is_the_second() {
        let status = b"Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n";
        assert_eq!((effective(status, "Uid:"), effective(status, "Gid:")), (Some(2), Some(6)));
    }
}
