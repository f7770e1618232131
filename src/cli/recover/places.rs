//! Where runs are kept: `$XDG_STATE_HOME/quorate/recover/<run>/`.

use crate::cli::World;
use crate::cli::failure::Failure;
use crate::private;
use crate::recover::Plan;
use crate::recover::journal::{self, FILE, plan_of};
use std::fs::{File, TryLockError};
use std::path::PathBuf;

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

    /// One process at a time may recover a cluster.
    pub(super) fn lock_cluster(&self, cluster_id: &str) -> Result<File, Failure> {
        private::make_dir(&self.dir)?;
        let name: String = cluster_id.chars().filter(char::is_ascii_alphanumeric).collect();
        let path = self.dir.join(format!("{name}.lock"));
        let file = private::append(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                Err(Failure::refused("another quorate is recovering this cluster").hint("wait for its end"))
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
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
    pub(super) fn unfinished(&self, of: impl Fn(&Plan) -> bool) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        for run in self.runs()? {
            let lines = journal::read(&self.run_dir(&run).join(FILE)).map_err(|error| {
                Failure::refused(format!("run {run}: {error}")).hint("put the journal back as it was")
            })?;
            let Some(plan) = plan_of(&lines) else { continue };
            if !journal::is_over(&lines) && of(plan) {
                found.push(run);
            }
        }
        Ok(found)
    }
}
