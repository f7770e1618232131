//! Where runs are kept: `$XDG_STATE_HOME/quorate/recover/<run>/`.

use crate::cli::World;
use crate::cli::failure::Failure;
use crate::private;
use crate::recover::Plan;
use crate::recover::journal::{self, FILE, plan_of};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The directory of all runs.
pub(in crate::cli) struct Places {
    dir: PathBuf,
}

impl Places {
    /// In this directory: a drill's own.
    pub(in crate::cli) fn within(dir: PathBuf) -> Places {
        Places { dir }
    }

    pub(super) fn of(world: &World) -> Result<Places, Failure> {
        let state = world.state_dir().ok_or_else(|| {
            Failure::usage("there is no place for a journal").hint("set HOME, or XDG_STATE_HOME")
        })?;
        Ok(Places { dir: state.join("recover") })
    }

    /// The directory of one run.
    pub(super) fn run_dir(&self, run: &str) -> PathBuf {
        self.dir.join(run)
    }

    /// A directory for copies that are only read while a plan is made. What a killed process left of one goes with it.
    pub(super) fn scratch(&self) -> Result<Scratch, Failure> {
        private::make_dir(&self.dir)?;
        for entry in std::fs::read_dir(&self.dir)?.flatten() {
            let old = entry.file_name().to_string_lossy().starts_with(SCRATCH);
            if old && entry.file_type().is_ok_and(|kind| kind.is_dir()) && is_free(&entry.path()) {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        let dir = tempfile::Builder::new().prefix(SCRATCH).tempdir_in(&self.dir)?;
        let lock = File::open(dir.path())?;
        lock.lock()?;
        Ok(Scratch { dir, _lock: lock })
    }

    /// One process at a time may recover a cluster.
    pub(super) fn lock_cluster(&self, cluster_id: &str) -> Result<File, Failure> {
        private::make_dir(&self.dir)?;
        let name: String = cluster_id.chars().filter(char::is_ascii_alphanumeric).collect();
        let path = self.dir.join(format!("{name}.lock"));
        let mut file = private::append(&path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                writeln!(file, "{}", std::process::id())?;
                Ok(file)
            }
            Err(TryLockError::WouldBlock) => {
                Err(Failure::refused(format!("another quorate{} is recovering this cluster", holder(&path)))
                    .hint("wait for its end, or end it: what it began can be resumed"))
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// That another process works on this run; `None` when none does.
    pub(super) fn busy(&self, run: &str, plan: &Plan, target: &str) -> Option<Failure> {
        let journal = File::open(self.run_dir(run).join(FILE)).ok()?;
        if !matches!(journal.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let name: String = plan.cluster_id.chars().filter(char::is_ascii_alphanumeric).collect();
        let who = holder(&self.dir.join(format!("{name}.lock")));
        Some(
            Failure::refused(format!("another quorate{who} is at work on run {run} of {target}"))
                .hint(format!("see how far it is: quorate recover status {run}"))
                .hint("wait for its end, or end it: what it began can be resumed"),
        )
    }

    /// Every run, oldest first.
    pub(super) fn runs(&self) -> Result<Vec<String>, Failure> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut runs: Vec<String> = entries
            .flatten()
            .filter(|entry| entry.path().join(FILE).is_file())
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        runs.sort();
        Ok(runs)
    }

    /// Runs of such plans that did not come to their end.
    pub(super) fn unfinished(&self, of: impl Fn(&Plan) -> bool) -> Result<Vec<(String, Plan)>, Failure> {
        let mut found = Vec::new();
        for run in self.runs()? {
            let lines = journal::read(&self.run_dir(&run).join(FILE)).map_err(|error| {
                Failure::refused(format!("run {run}: {error}")).hint("put the journal back as it was")
            })?;
            let Some(plan) = plan_of(&lines) else { continue };
            if !journal::is_over(&lines) && of(plan) {
                found.push((run, plan.clone()));
            }
        }
        Ok(found)
    }
}

/// What directories of copies begin with, beside the runs.
const SCRATCH: &str = ".looking-";

/// A directory for copies; it goes with this value.
pub(super) struct Scratch {
    dir: TempDir,
    /// Says that a process is at work in it.
    _lock: File,
}

impl Scratch {
    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }
}

fn is_free(dir: &Path) -> bool {
    File::open(dir).is_ok_and(|dir| dir.try_lock().is_ok())
}

/// Who holds a lock, as far as its file tells: for words only.
fn holder(lock: &Path) -> String {
    let text = std::fs::read_to_string(lock).unwrap_or_default();
    text.trim().parse::<u32>().map_or_else(|_| String::new(), |pid| format!(" (process {pid})"))
}
