//! ZooKeeper's files, read completely and judged: what a server loads and replays when it is started on them, and what is
//! lost then. Nothing is written or locked; a server may run on them meanwhile.

mod logs;
mod places;
mod playback;
mod replay;
mod snapshots;

use super::recognise::{Unrecognised, other, unreadable};
use crate::facts::{Soundness, StoredDamage, ZookeeperFiles, ZookeeperFilesKind};
use crate::format::source::{Damage, Damages};
use crate::format::zookeeper::{FileName, Zxid};
use places::Places;
pub use playback::{LogEnding, ZookeeperLogLine, ZookeeperOperation, describe, play, touches};
use std::path::Path;

/// Reads what lies at `path`: a `dataDir`, its `version-2`, one snapshot or one log. `log_dir` is the `dataLogDir` where
/// the server has one. A damaged file is read as far as it goes; the facts say what is wrong with it.
///
/// # Errors
/// There is nothing of ZooKeeper there, or a file of it cannot be opened.
pub fn read(path: &Path, log_dir: Option<&Path>) -> Result<ZookeeperFiles, Unrecognised> {
    let about = path.metadata().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Unrecognised::Absent(path.to_owned()),
        _ => unreadable(path, error),
    })?;
    let mut reading = Reading::new(path);
    if about.is_dir() {
        reading.directory(path, log_dir)?;
    } else {
        reading.file(path)?;
    }
    Ok(reading.finish())
}

/// Facts while they are gathered.
struct Reading {
    facts: ZookeeperFiles,
    damages: Vec<StoredDamage>,
    more: u64,
}

impl Reading {
    fn new(path: &Path) -> Reading {
        let facts = ZookeeperFiles { path: path.display().to_string(), ..ZookeeperFiles::default() };
        Reading { facts, damages: Vec::new(), more: 0 }
    }

    /// Damage of a file. Those of one file are bounded already; files are not.
    fn damaged(&mut self, file: &str, damage: &Damage) {
        let at = match damage.at {
            crate::format::source::Place::File => file.to_owned(),
            ref at => format!("{file}, {at}"),
        };
        self.told(at, damage.what.clone());
    }

    fn told(&mut self, at: String, what: String) {
        const KEPT: usize = 64;
        if self.damages.len() < KEPT {
            self.damages.push(StoredDamage { at, what });
        } else {
            self.more += 1;
        }
    }

    fn all_damaged(&mut self, file: &str, damages: &Damages) {
        damages.first.iter().for_each(|damage| self.damaged(file, damage));
        self.more += damages.more;
    }

    fn note(&mut self, note: impl Into<String>) {
        self.facts.notes.push(note.into());
    }

    fn file(&mut self, path: &Path) -> Result<(), Unrecognised> {
        match places::kind_of(path)? {
            ZookeeperFilesKind::Log => {
                self.facts.kind = ZookeeperFilesKind::Log;
                let read = logs::read(path, &mut |_| {}).map_err(|error| unreadable(path, error))?;
                self.all_damaged(&read.facts.file, &read.damages);
                logs::notes(&read, self);
                self.facts.logs.push(read.facts);
            }
            _ => {
                self.facts.kind = ZookeeperFilesKind::Snapshot;
                let read = snapshots::read(path).map_err(|error| unreadable(path, error))?;
                if let Some(damage) = &read.survey.damage {
                    self.damaged(&read.facts.file, damage);
                }
                snapshots::notes(&read, true, self);
                self.facts.tree = Some(snapshots::tree(&read));
                self.facts.snapshots.push(read.facts);
            }
        }
        Ok(())
    }

    fn directory(&mut self, path: &Path, log_dir: Option<&Path>) -> Result<(), Unrecognised> {
        let places = Places::find(path, log_dir)?;
        if places.snapshots.is_empty() && places.logs.is_empty() && places.epochs.is_none() {
            let what = "a directory without a snapshot, a log or an epoch of ZooKeeper";
            return Err(other(
                path,
                what,
                Some("a dataDir, the directory version-2 in it, or a file of that"),
            ));
        }
        self.facts.myid.clone_from(&places.myid);
        self.facts.epochs = places.epochs;
        let alone = places.snapshots.is_empty() && places.epochs.is_none() && places.myid.is_none();
        self.facts.kind =
            if alone { ZookeeperFilesKind::LogDirectory } else { ZookeeperFilesKind::DataDirectory };
        let loaded = snapshots::read_newest(&places, self)?;
        // Listed anew: a server that goes on writes transactions into a snapshot and begins a log with them meanwhile.
        let logs = Places::find(path, log_dir)?.logs;
        replay::read_logs(&logs, loaded, self)
    }

    fn finish(mut self) -> ZookeeperFiles {
        let whole = self.damages.is_empty();
        self.facts.verdict = if whole { Soundness::Sound } else { Soundness::Damaged };
        (self.facts.damages, self.facts.more_damages) = (self.damages, self.more);
        self.facts
    }
}

/// The zxid in a file's name.
fn named(path: &Path) -> Option<FileName> {
    FileName::of(path.file_name()?.to_str()?)
}

/// A file's name as text.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn text(zxid: Zxid) -> String {
    zxid.to_string()
}

/// A moment as Java tells it, RFC 3339 UTC.
fn moment(milliseconds: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(milliseconds).ok().map(crate::report::rfc3339)
}
