//! The journal: JSON lines on disk, each with the hash of the one before, written and synced before and after every
//! effect. What a run knows of its past is a fold over them; nothing else is remembered. A last line without its end is
//! a write that did not finish and is dropped; any other damage is refused.

use super::plan::{Plan, hex};
use crate::private;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Name of the file in a run's directory.
pub const FILE: &str = "journal.jsonl";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// From 1.
    pub seq: u64,
    /// When it was written.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// SHA-256 of the line before, without its end; 64 zeros in the first.
    pub prev: String,
    /// What happened.
    pub record: Record,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Record {
    /// The first one: what this run is.
    Plan {
        /// The plan's own hash.
        hash: String,
        /// The plan.
        plan: Box<Plan>,
    },
    /// A process begins or goes on.
    Begun {
        /// `run`, `resume` or `rollback`.
        verb: String,
        /// How it was agreed to: `typed` or `--yes`.
        consent: String,
    },
    /// The step's action is about to be carried out.
    Started {
        /// Id of the step.
        step: String,
    },
    /// The step's effect was seen.
    Done {
        /// Id of the step.
        step: String,
        /// Whether it was so before anything was done for it in this process.
        already: bool,
        /// Milliseconds from the start of the step.
        took_ms: u64,
    },
    /// The step's effect was not seen.
    Failed {
        /// Id of the step.
        step: String,
        /// Why.
        why: String,
    },
    /// The step is about to be undone.
    Undoing {
        /// Id of the step.
        step: String,
    },
    /// The step was undone.
    Undone {
        /// Id of the step.
        step: String,
    },
    /// The step was not undone, because that would lose what clients wrote: this run goes on, or stays as it is.
    Stays {
        /// Id of the step.
        step: String,
        /// Why.
        why: String,
    },
    /// Undoing failed.
    UndoFailed {
        /// Id of the step.
        step: String,
        /// Why.
        why: String,
    },
    /// What the run leaves on hosts, as it was found at its end.
    LeftBehind {
        /// Everything of it.
        left: Vec<Left>,
        /// What could not be looked at, and why.
        unseen: Vec<String>,
    },
    /// Every step is done.
    Finished,
    /// Everything that could be undone is.
    RolledBack,
}

/// Something that a run leaves on a host, for a person to remove.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// One of the plan's hosts.
    pub host: String,
    /// Absolute path there.
    pub path: PathBuf,
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is recorded.
    NotStarted,
    /// It was begun and its end is not recorded.
    InDoubt,
    /// It failed.
    Failed,
    /// Its effect was seen.
    Done,
    /// It was undone.
    Undone,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process writes it.
    #[error("another quorate is at work on this recovery")]
    Busy,
    /// Something in it is not as it was written.
    #[error("line {line} of the journal is damaged: {why}")]
    Damaged {
        /// From 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// It belongs to another plan.
    #[error("the journal belongs to run {run} of cluster {cluster_id}, with another plan")]
    OtherPlan {
        /// Its run id.
        run: String,
        /// Its cluster.
        cluster_id: String,
    },
    /// There is no plan in it: nothing was ever done.
    #[error("the journal is empty: nothing was begun")]
    Empty,
    /// It cannot be read or written.
    #[error("the journal {path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Where lines are kept.
pub trait Tape {
    /// All of it.
    fn read(&mut self) -> Result<Vec<u8>, JournalError>;
    /// Adds to the end; it survives a power cut when this returns.
    fn append(&mut self, bytes: &[u8]) -> Result<(), JournalError>;
    /// Drops what is after `length` bytes.
    fn cut(&mut self, length: u64) -> Result<(), JournalError>;
}

/// A journal that is being written.
pub struct Journal {
    tape: Box<dyn Tape>,
    lines: Vec<Line>,
    last_hash: String,
    /// Bytes of the lines.
    length: u64,
}

impl Journal {
    /// Begins a journal for `plan`, or goes on with the one that was begun for it.
    pub fn of(plan: &Plan, tape: Box<dyn Tape>, now: Timestamp) -> Result<Journal, JournalError> {
        let mut journal = Journal::open(tape)?;
        match journal.plan() {
            None => {
                let record = Record::Plan { hash: plan.hash.clone(), plan: Box::new(plan.clone()) };
                journal.append(record, now)?;
            }
            Some(theirs) if theirs.hash == plan.hash => {}
            Some(theirs) => {
                return Err(JournalError::OtherPlan {
                    run: theirs.run_id.clone(),
                    cluster_id: theirs.cluster_id.clone(),
                });
            }
        }
        Ok(journal)
    }

    /// Reads what is there; the plan is in it, or it is empty.
    pub fn open(mut tape: Box<dyn Tape>) -> Result<Journal, JournalError> {
        let bytes = tape.read()?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (lines, last_hash) = parse(&bytes[..whole])?;
        if whole < bytes.len() {
            tape.cut(whole as u64)?;
        }
        Ok(Journal { tape, lines, last_hash, length: whole as u64 })
    }

    /// The plan this run was begun with.
    pub fn plan(&self) -> Option<&Plan> {
        plan_of(&self.lines)
    }

    /// Every line.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Writes one record.
    pub fn append(&mut self, record: Record, now: Timestamp) -> Result<(), JournalError> {
        let line = Line { seq: self.lines.len() as u64 + 1, time: now, prev: self.last_hash.clone(), record };
        let mut bytes = serde_json::to_vec(&line).map_err(|error| JournalError::Damaged {
            line: line.seq,
            why: format!("it cannot be written as JSON: {error}"),
        })?;
        let hash = hex(&Sha256::digest(&bytes));
        bytes.push(b'\n');
        if let Err(error) = self.tape.append(&bytes) {
            // A part of a line, as a full disk leaves it: nothing may ever be written behind it.
            self.tape.cut(self.length)?;
            return Err(error);
        }
        self.length += bytes.len() as u64;
        self.lines.push(line);
        self.last_hash = hash;
        Ok(())
    }

    /// How far a step has come.
    pub fn progress(&self, id: &str) -> Progress {
        progress(&self.lines, id)
    }
}

/// Reads a journal without taking its lock: for showing it. A torn end is left out.
pub fn read(path: &Path) -> Result<Vec<Line>, JournalError> {
    let bytes = std::fs::read(path).map_err(|error| JournalError::Io { path: path.to_owned(), error })?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Ok(parse(&bytes[..whole])?.0)
}

/// The plan of a journal.
pub fn plan_of(lines: &[Line]) -> Option<&Plan> {
    match &lines.first()?.record {
        Record::Plan { plan, .. } => Some(plan),
        _ => None,
    }
}

/// How far a step has come.
pub fn progress(lines: &[Line], id: &str) -> Progress {
    lines.iter().fold(Progress::NotStarted, |so_far, line| match &line.record {
        Record::Started { step } | Record::Undoing { step } if step == id => Progress::InDoubt,
        Record::Done { step, .. } if step == id => Progress::Done,
        Record::Failed { step, .. } | Record::UndoFailed { step, .. } if step == id => Progress::Failed,
        Record::Undone { step } if step == id => Progress::Undone,
        _ => so_far,
    })
}

/// Whether the run went back, or was about to, and nothing forbade it on the way.
pub fn is_rolled_back(lines: &[Line]) -> bool {
    let stays = lines.iter().rposition(|line| matches!(line.record, Record::Stays { .. }));
    lines[stays.map_or(0, |at| at + 1)..].iter().any(|line| {
        matches!(line.record, Record::Undoing { .. } | Record::Undone { .. } | Record::RolledBack)
    })
}

/// Whether nothing is left to do.
pub fn is_over(lines: &[Line]) -> bool {
    lines.iter().any(|line| matches!(line.record, Record::Finished | Record::RolledBack))
}

fn parse(bytes: &[u8]) -> Result<(Vec<Line>, String), JournalError> {
    let mut lines = Vec::new();
    let mut last_hash = "0".repeat(64);
    for (at, text) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let number = at as u64 + 1;
        let damaged = |why: String| JournalError::Damaged { line: number, why };
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let line: Line = serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if line.prev != last_hash {
            return Err(damaged("the line before it is not the one that was there".into()));
        }
        if line.seq != number {
            return Err(damaged(format!("it is numbered {}", line.seq)));
        }
        match &line.record {
            Record::Plan { plan, hash } if number == 1 && plan.is_intact() && plan.hash == *hash => {}
            Record::Plan { .. } if number == 1 => {
                return Err(damaged("the plan is not the one that was made".into()));
            }
            Record::Plan { .. } => return Err(damaged("a second plan".into())),
            _ if number == 1 => return Err(damaged("it does not begin with a plan".into())),
            _ => {}
        }
        last_hash = hex(&Sha256::digest(text));
        lines.push(line);
    }
    Ok((lines, last_hash))
}

/// A file, locked as long as this lives.
#[derive(Debug)]
pub struct FileTape {
    path: PathBuf,
    file: File,
}

impl FileTape {
    /// Opens or makes the journal of a run, for its owner only, and locks it.
    pub fn lock(dir: &Path) -> Result<FileTape, JournalError> {
        let path = dir.join(FILE);
        let io = |error| JournalError::Io { path: path.clone(), error };
        private::make_dir(dir).map_err(io)?;
        let file = private::append(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        for above in [Some(dir), dir.parent()].into_iter().flatten() {
            File::open(above).and_then(|dir| dir.sync_all()).map_err(io)?;
        }
        Ok(FileTape { path, file })
    }

    fn io(&self, error: io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), error }
    }
}

impl Tape for FileTape {
    fn read(&mut self) -> Result<Vec<u8>, JournalError> {
        let mut bytes = Vec::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|error| self.io(error))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        written.map_err(|error| self.io(error))
    }

    fn cut(&mut self, length: u64) -> Result<(), JournalError> {
        let cut = self.file.set_len(length).and_then(|()| self.file.sync_all());
        cut.map_err(|error| self.io(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recover::testing::{self, MemoryTape};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn written() -> (MemoryTape, Vec<u8>) {
        let tape = MemoryTape::default();
        let mut journal = Journal::of(&testing::plan(), Box::new(tape.clone()), NOW).expect("begins");
        journal.append(Record::Started { step: "01-a".into() }, NOW).expect("written");
        journal
            .append(Record::Done { step: "01-a".into(), already: false, took_ms: 3 }, NOW)
            .expect("written");
        let bytes = tape.bytes();
        (tape, bytes)
    }

    #[test]
    fn what_was_written_is_read_back() {
        let (tape, _) = written();
        let journal = Journal::open(Box::new(tape)).expect("opens");
        assert_eq!(journal.progress("01-a"), Progress::Done);
        assert_eq!(journal.progress("02-b"), Progress::NotStarted);
        assert_eq!(journal.plan().map(|p| p.hash.clone()), Some(testing::plan().hash));
    }

    #[test]
    fn a_torn_end_is_dropped_and_any_other_change_refused() {
        let (_, bytes) = written();
        let ends: Vec<usize> =
            bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
        for length in 0..bytes.len() {
            let journal = Journal::open(Box::new(MemoryTape::holding(&bytes[..length]))).expect("opens");
            assert_eq!(journal.lines().len(), ends.iter().filter(|end| **end <= length).count(), "{length}");
        }
        for at in (0..bytes.len()).step_by(7) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            // The last line has no successor that vouches for it: only what it says is checked.
            if at < ends[1] && !changed[..at + 1].ends_with(b"\n") && bytes[at] != b'\n' {
                let opened = Journal::open(Box::new(MemoryTape::holding(&changed)));
                assert!(opened.is_err(), "a flip at {at} is noticed");
            }
        }
        let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
        let missing = [lines[0], lines[2]].concat();
        assert!(matches!(
            Journal::open(Box::new(MemoryTape::holding(&missing))),
            Err(JournalError::Damaged { line: 2, .. })
        ));
    }

    #[test]
    fn the_journal_of_another_plan_is_refused() {
        let (tape, _) = written();
        let other = Plan { cluster_id: "other".into(), ..testing::plan() }.sealed();
        let opened = Journal::of(&other, Box::new(tape), NOW);
        assert!(matches!(opened, Err(JournalError::OtherPlan { .. })));
    }

    #[test]
    fn one_process_at_a_time_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().expect("a directory");
        let dir = home.path().join("recover/run");
        let first = FileTape::lock(&dir).expect("locked");
        assert!(matches!(FileTape::lock(&dir), Err(JournalError::Busy)));
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join(FILE))), (0o700, 0o600));
        drop(first);
        assert!(FileTape::lock(&dir).is_ok());
    }
}
