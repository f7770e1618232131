//! The data directory of a server, which may be running: raft's snapshots, its log, and the files beside them.

use super::super::locks;
use super::super::recognise::{Unrecognised, other, unreadable};
use super::{describe, parts};
use crate::facts::{
    ConsulDataDir, ConsulFiles, ConsulFilesKind, ConsulLog, ConsulRaftSnapshot, ConsulSnapshot,
};
use crate::files::FileSource;
use crate::format::bbolt::Database;
use crate::format::consul::{LogStore, SnapshotName, log_store};
use crate::format::source::{Damage, Damages, Place, Source};
use jiff::Timestamp;
use std::io;
use std::path::{Path, PathBuf};

/// How often the log of a running server is read before it is said that it does not hold still.
const ATTEMPTS: usize = 5;

/// Where the parts are: below a data directory, or in `raft` itself.
struct Parts {
    data: Option<PathBuf>,
    raft: PathBuf,
}

/// Reads a data directory, or `raft` in it. `names` is what is in it.
pub(super) fn read(
    path: &Path,
    names: &[String],
    now: Timestamp,
    facts: &mut ConsulFiles,
    damages: &mut Damages,
) -> Result<(), Unrecognised> {
    let has = |name: &str| names.iter().any(|there| there == name);
    let parts = if has("raft") {
        Parts { data: Some(path.to_owned()), raft: path.join("raft") }
    } else if has("raft.db") || has("snapshots") || has("wal") {
        Parts { data: None, raft: path.to_owned() }
    } else {
        return Err(other(path, "a directory without anything of Consul in it", None));
    };
    facts.kind = ConsulFilesKind::DataDirectory;
    let mut dir = ConsulDataDir::default();
    if let Some(data) = &parts.data {
        dir.node_id = std::fs::read_to_string(data.join("node-id")).ok().map(|id| id.trim().to_owned());
    }
    let file = parts.raft.join("raft.db");
    dir.holder = holder(&file);
    if let Some(holder) = &dir.holder {
        facts.notes.push(format!("{holder} has it open: it may change while it is read"));
    }
    dir.peers_json = parts.raft.join("peers.json").exists();
    if dir.peers_json {
        facts.notes.push(
            "raft/peers.json waits: at its next start the server takes its members from it and forgets the others"
                .to_owned(),
        );
    }
    facts.snapshot = snapshots(&parts.raft.join("snapshots"), now, &mut dir, facts, damages)?;
    let after = facts.snapshot.as_ref().and_then(|snapshot| snapshot.index).unwrap_or(0);
    dir.log = log(&file, after, facts, damages);
    if parts.raft.join("wal").is_dir() {
        facts
            .unread
            .push("raft/wal, the log of Consul 1.15 and later: its format is not read here".to_owned());
    } else if dir.log.is_none() && !file.exists() {
        damages.push(Damage::new(Place::File, "there is no log: neither raft.db nor wal is in raft"));
    }
    if let Some(log) = &dir.log {
        compare(log, after, dir.holder.is_some(), damages);
    }
    facts.data_dir = Some(dir);
    Ok(())
}

/// Reads a `raft.db` that stands alone.
pub(super) fn log_alone(path: &Path, facts: &mut ConsulFiles, damages: &mut Damages) {
    let log = log(path, 0, facts, damages);
    facts.data_dir = Some(ConsulDataDir { holder: holder(path), log, ..ConsulDataDir::default() });
}

fn holder(file: &Path) -> Option<String> {
    let holder = locks::holder(&[file])?;
    let name = holder.command.unwrap_or_else(|| "a process".to_owned());
    Some(holder.pid.map_or_else(|| name.clone(), |pid| format!("{name} (pid {pid})")))
}

/// All of raft's snapshots; the newest that is whole is returned, as a server would start from it.
fn snapshots(
    path: &Path,
    now: Timestamp,
    dir: &mut ConsulDataDir,
    facts: &mut ConsulFiles,
    damages: &mut Damages,
) -> Result<Option<ConsulSnapshot>, Unrecognised> {
    let mut named: Vec<(SnapshotName, String)> = Vec::new();
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        // a server that has never taken one
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    };
    for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
        match SnapshotName::parse(&name) {
            Some(order) => named.push((order, name)),
            None if name.ends_with(".tmp") => {
                facts.notes.push(format!("raft/snapshots/{name} was begun and not finished"));
            }
            None => {}
        }
    }
    named.sort_by(|one, other| other.cmp(one));
    let mut newest = None;
    for (_, name) in named {
        let own = path.join(&name);
        let mut wrong = Damages::default();
        let snapshot = match parts(&own) {
            Ok((snapshot, missing)) => {
                let what = |file| Damage::new(Place::File, format!("{file} is missing"));
                missing.into_iter().for_each(|file| wrong.push(what(file)));
                describe(&own, &own.join("state.bin"), snapshot, now, &mut wrong)?
            }
            Err((file, error)) => {
                facts.unread.push(format!("raft/snapshots/{name}/{file}: {error}"));
                continue;
            }
        };
        // what a running server has removed meanwhile was replaced by a newer one
        if !own.is_dir() {
            continue;
        }
        let damage = wrong.first.first().map(ToString::to_string);
        dir.snapshots.push(ConsulRaftSnapshot { bytes: snapshot.state_bytes, damage, name: name.clone() });
        if newest.is_none() && wrong.is_empty() {
            newest = Some(snapshot);
        }
        damages.more += wrong.more;
        for damage in wrong.first {
            damages.push(Damage::new(inside(&name, damage.at), damage.what));
        }
    }
    Ok(newest)
}

/// A place in a snapshot, with its name before it.
fn inside(name: &str, at: Place) -> Place {
    match at {
        Place::Inside { file, offset } => Place::Inside { file: format!("snapshots/{name}/{file}"), offset },
        _ => Place::Inside { file: format!("snapshots/{name}"), offset: 0 },
    }
}

fn log(path: &Path, after: u64, facts: &mut ConsulFiles, damages: &mut Damages) -> Option<ConsulLog> {
    let mut why = String::new();
    for _ in 0..ATTEMPTS {
        let source = match FileSource::open(path) {
            Ok(source) => source,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                facts.unread.push(format!("{}: {error}", path.display()));
                return None;
            }
        };
        match look(&source, after) {
            Ok((store, true)) => return Some(told(store, source.len(), damages)),
            Ok((_, false)) => why = "a server went on writing to it each time it was read".to_owned(),
            Err(damage) if holder(path).is_none() => {
                damages.push(Damage::new(in_log(damage.at), damage.what));
                return None;
            }
            Err(damage) => why = damage.to_string(),
        }
    }
    facts.unread.push(format!("raft.db: {why}"));
    None
}

/// The log, and whether it is still that of the transaction that was read.
fn look(source: &FileSource, after: u64) -> Result<(LogStore, bool), Damage> {
    let database = Database::open(source)?;
    let store = log_store(&database, after);
    Ok((store, database.is_current()))
}

fn told(store: LogStore, bytes: u64, damages: &mut Damages) -> ConsulLog {
    damages.more += store.damages.more;
    for damage in store.damages.first {
        damages.push(Damage::new(in_log(damage.at), damage.what));
    }
    ConsulLog {
        current_term: store.current_term,
        vote_term: store.vote_term,
        vote: store.vote,
        entries: store.entries,
        first: store.first,
        last: store.last,
        last_term: store.last_term,
        holes: store.holes,
        behind_snapshot: store.tail.entries,
        behind_by_kind: store.tail.by_kind,
        behind_changes: store.tail.changes,
        more_behind_changes: store.tail.more_changes,
        bytes,
    }
}

/// A place in `raft.db`, which may be one of several files.
fn in_log(at: Place) -> Place {
    match at {
        Place::Offset(offset) => Place::Inside { file: "raft.db".to_owned(), offset },
        other => other,
    }
}

/// Whether anything is missing between the snapshot and the end of the log: with a hole there a server does not start ("failed
/// to get log at index").
fn compare(log: &ConsulLog, index: u64, running: bool, damages: &mut Damages) {
    let Some((first, last)) = log.first.zip(log.last) else { return };
    if last <= index {
        return;
    }
    let before = (first > index + 1).then_some((index + 1, first - 1));
    let within = log.holes.iter().find(|(_, to)| *to > index);
    let hole = before.or_else(|| within.map(|(from, to)| ((*from).max(index + 1), *to)));
    // a running server may have taken a newer snapshot since the directory was read
    if let Some(hole) = hole.filter(|_| !running) {
        let missing = match hole {
            (from, to) if from == to => format!("entry {from} is"),
            (from, to) => format!("entries {from} to {to} are"),
        };
        let what = match index {
            0 => format!("{missing} in no snapshot and not in the log: a server does not start on it"),
            _ => format!("{missing} missing behind the snapshot at {index}: a server does not start on it"),
        };
        damages.push(Damage::new(Place::Inside { file: "raft.db".to_owned(), offset: 0 }, what));
    }
}
