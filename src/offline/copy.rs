//! One copy, read whole: `.snap` files, then the database and the log. A server may go on while it is read, and the log
//! must not be older than the database that it is compared with.

use super::facts::{CopyFacts, CopyKind, DatabaseFacts, SnapFacts};
use super::parts::{self, Parts, open_file};
use super::recognise::{Unrecognised, recognise};
use super::{locks, log, membership, notes};
use crate::files::FileSource;
use crate::format::bbolt::Database;
use crate::format::etcd::wal::Scan;
use crate::format::etcd::{
    Digest, Records, Snap, Survey, appended, read_digest, read_snap, snap_name, survey,
};
use crate::format::source::{Damage, Source};
use std::io;
use std::path::Path;

/// How often the files of a running server are read before it is said that they do not hold still.
pub(super) const ATTEMPTS: usize = 5;

/// Reads the copy at `path`. `wal_dir` is where the log is when it is not in the data directory, as etcd's `--wal-dir`.
/// A damaged copy is read as far as it goes; the facts say what is wrong with it.
///
/// # Errors
/// The path is no copy of anything that is read here.
pub fn open(path: &Path, wal_dir: Option<&Path>) -> Result<CopyFacts, Unrecognised> {
    let kind = recognise(path)?;
    let mut facts = CopyFacts { path: path.display().to_string(), ..CopyFacts::default() };
    let parts = Parts::find(&kind, wal_dir, &mut facts);
    facts.holder = find_holder(&parts);
    let snap = parts.snap.as_deref().and_then(|folder| read_snaps(folder, &mut facts));
    let (records, scan) = read_both(&parts, &mut facts);
    membership::fill(records.as_ref(), scan.as_ref(), snap.as_ref(), &mut facts);
    notes::fill(records.as_ref(), scan.as_ref(), snap.as_ref(), &mut facts);
    Ok(facts)
}

/// The log is read beside the database, which takes as long. Should the database turn out to be the newer of the two,
/// or not to hold still, the log is read again.
fn read_both(parts: &Parts, facts: &mut CopyFacts) -> (Option<Records>, Option<Scan>) {
    let moving = |facts: &CopyFacts| facts.holder.is_some() || !facts.gaps.is_empty();
    let moved = moving(facts);
    let (records, scanned) = std::thread::scope(|scope| {
        let scan = parts.wal.as_deref().map(|folder| scope.spawn(move || log::scanned(folder, moved)));
        let records = parts.database.as_deref().and_then(|file| read_database(file, facts));
        (records, scan.and_then(|thread| thread.join().ok()))
    });
    let applied = records.as_ref().and_then(|records| records.meta.consistent_index);
    let Some(folder) = &parts.wal else {
        if facts.kind == CopyKind::DataDirectory {
            let why = "there is no folder member/wal: a server with --wal-dir keeps it elsewhere; give --wal-dir DIR";
            facts.gap("the write-ahead log", why);
        }
        return (records, None);
    };
    let scanned = match scanned {
        Some(Ok(scanned)) if !scanned.is_behind(applied) && moved == moving(facts) => Ok(scanned),
        _ => log::scanned(folder, moving(facts)),
    };
    let scan = log::tell(folder, scanned, applied, facts);
    (records, scan)
}

fn find_holder(parts: &Parts) -> Option<super::Holder> {
    let logs: Vec<std::path::PathBuf> =
        parts.wal.iter().flat_map(std::fs::read_dir).flatten().flatten().map(|entry| entry.path()).collect();
    let files: Vec<&Path> = parts.database.iter().chain(&logs).map(std::path::PathBuf::as_path).collect();
    locks::holder(&files)
}

/// All `.snap` files; the newest that is whole is returned.
fn read_snaps(folder: &Path, facts: &mut CopyFacts) -> Option<Snap> {
    facts.leftovers = parts::leftovers(folder);
    let mut newest = None;
    for name in parts::snap_files(folder) {
        let Some((term, index)) = snap_name(&name) else { continue };
        facts.snaps.push(SnapFacts { file: name.clone(), index, term });
        let path = folder.join(&name);
        let source = match open_file(&path) {
            Ok(source) => source,
            // a server that goes on removes old ones
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                facts.gap(name, error.to_string());
                continue;
            }
        };
        match read_snap(&source) {
            Ok(snap) if newest.is_none() => newest = Some(snap),
            Ok(_) => {}
            Err(damage) => facts.damaged(&path.display().to_string(), damage.at, damage.what),
        }
    }
    newest
}

/// Why a database could not be read.
const MOVED: &str = "a server went on writing to it during each of 5 attempts";

/// A database as it was read in one go.
struct Look {
    survey: Survey,
    /// Digest and SHA-256, read beside it. `None` for a file that a server writes to.
    digest: Option<Result<(Digest, String), Damage>>,
    /// Bytes of the file and of it in use.
    bytes: (u64, u64),
    /// Bytes behind a digest that stands where the database ends.
    appended: Option<u64>,
    /// Whether the file is still that of the transaction that was read.
    still: bool,
}

fn read_database(path: &Path, facts: &mut CopyFacts) -> Option<Records> {
    let file = path.display().to_string();
    let mut told = Err(Damage::new(crate::format::source::Place::File, "not read"));
    for _ in 0..ATTEMPTS {
        told = match look(path, facts.holder.is_some()) {
            Ok(told) => told,
            Err(error) => {
                match error.kind() {
                    io::ErrorKind::NotFound => facts.damaged(&file, "the file", "there is no database"),
                    _ => facts.gap("the database", error.to_string()),
                }
                return None;
            }
        };
        if told.as_ref().is_ok_and(|look| look.still) || facts.holder.is_none() && told.is_err() {
            break;
        }
    }
    match told {
        // a server would not run on a database that is broken at its root: it changed under the eyes
        Err(damage) if facts.holder.is_some() => {
            facts.gap("the database", format!("{MOVED}: {damage}"));
            None
        }
        Err(damage) => {
            facts.damaged(&file, &damage.at, damage.what);
            None
        }
        Ok(look) => Some(take(look, path, facts)),
    }
}

/// Reads a database once. The outer error is that it cannot be opened, the inner that it is none.
fn look(path: &Path, live: bool) -> io::Result<Result<Look, Damage>> {
    let source = open_file(path)?;
    let beside = open_file(path)?;
    let database = match Database::open(&source) {
        Ok(database) => database,
        Err(damage) => return Ok(Err(damage)),
    };
    let used = database.used_bytes();
    let (survey, digest) = std::thread::scope(|scope| {
        let digest = (!live).then(|| scope.spawn(|| read_digest(&beside)));
        let survey = survey(&database, &mut |_| {});
        (survey, digest.and_then(|thread| thread.join().ok()))
    });
    let appended = match &digest {
        Some(Ok((Digest::Absent, _))) => appended(&source, used).unwrap_or(None),
        _ => None,
    };
    // opened anew: it may have grown
    let now = open_file(path)?;
    let still = Database::open(&now).is_ok_and(|now| now.meta == database.meta);
    Ok(Ok(Look { survey, digest, bytes: (source.len(), used), appended, still }))
}

fn take(look: Look, path: &Path, facts: &mut CopyFacts) -> Records {
    let file = path.display().to_string();
    let Look { survey, digest, bytes: (file_bytes, used_bytes), appended, still } = look;
    let mut database = database_facts(&survey);
    database.path.clone_from(&file);
    (database.file_bytes, database.used_bytes) = (file_bytes, used_bytes);
    if still {
        for damage in survey.structure.damages.first.iter().chain(&survey.damages.first) {
            facts.damaged(&file, &damage.at, damage.what.clone());
        }
        facts.damage_more += survey.structure.damages.more + survey.damages.more;
    } else {
        let why = format!("{MOVED}; its numbers are of no one moment");
        facts.gap("the database", why);
    }
    match digest {
        Some(Ok((digest, sha256))) => {
            database.sha256 = Some(sha256);
            database.digest = Some(digest_name(&digest).to_owned());
            if let Digest::Differs { stored, computed } = digest {
                let what = format!(
                    "the digest behind it is {stored}, its content gives {computed}: it is not what was saved"
                );
                facts.damaged(&file, "the file", what);
            }
        }
        Some(Err(damage)) => facts.damaged(&file, damage.at, damage.what),
        None => {}
    }
    if let Some(more) = appended {
        facts.damaged(&file, "the file", format!("{more} bytes stand behind the digest of a snapshot"));
    }
    facts.database = Some(database);
    survey.records
}

fn digest_name(digest: &Digest) -> &'static str {
    match digest {
        Digest::Absent => "absent",
        Digest::Matches { .. } => "matches",
        Digest::Differs { .. } => "differs",
    }
}

fn database_facts(survey: &Survey) -> DatabaseFacts {
    let (records, keys) = (&survey.records, &survey.keys);
    let prefix = |amount: &crate::format::etcd::PrefixAmount| super::PrefixFacts {
        keys: amount.live,
        bytes: amount.live_bytes,
        rows: amount.revisions,
        row_bytes: amount.bytes,
    };
    let alarm = |alarm: &crate::format::etcd::Alarm| super::AlarmFacts {
        member: format!("{:x}", alarm.member),
        alarm: alarm.kind.clone(),
    };
    let auth = super::AuthFacts {
        enabled: records.auth.enabled.unwrap_or(false),
        users: records.auth.users.iter().map(|(name, user)| (name.clone(), user.roles.clone())).collect(),
        roles: records.auth.roles.keys().cloned().collect(),
    };
    DatabaseFacts {
        status_hash: format!("{:08x}", survey.status_hash),
        rows_hash: format!("{:08x}", keys.hash),
        consistent_index: records.meta.consistent_index,
        term: records.meta.term,
        revision: survey.revision(),
        compacted: Some(survey.compacted()).filter(|revision| *revision >= 0),
        keys: keys.live,
        rows: keys.revisions,
        tombstones: keys.deletions,
        prefixes: keys.prefixes.iter().map(|(name, amount)| (name.clone(), prefix(amount))).collect(),
        alarms: records.alarms.iter().map(alarm).collect(),
        auth,
        leases: records.leases.len() as u64,
        keys_without_lease: keys.without_lease,
        cluster_version: records.cluster_version.clone(),
        storage_version: records.meta.storage_version.clone(),
        downgrade: records.downgrade.as_ref().filter(|d| d.enabled).map(|d| d.target_version.clone()),
        startable_by: startable_by(records),
        ..DatabaseFacts::default()
    }
}

/// Minors of 3 that exist.
const MINORS: std::ops::RangeInclusive<u32> = 4..=7;

/// Server minors that are meant to start on a database: that of the cluster and the next, none older than its schema.
/// Others may start all the same and must not: 3.4 does on the directories of 3.6 and 3.7, whose cluster version it does
/// not see, and 3.6 does on those of 3.4.
fn startable_by(records: &Records) -> Vec<String> {
    let minor = |version: &String| version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    let Some(cluster) = records.cluster_version.as_ref().and_then(minor) else { return Vec::new() };
    let schema = records.meta.storage_version.as_ref().and_then(minor).unwrap_or(0);
    let starts = |candidate: &u32| (cluster..=cluster + 1).contains(candidate) && *candidate >= schema;
    MINORS.filter(starts).map(|minor| format!("3.{minor}")).collect()
}

/// The database's consistent index, without reading more than that. `Ok(None)` when it does not say.
///
/// # Errors
/// Why it could not be read, as a phrase.
pub fn consistent_index(path: &Path) -> Result<Option<u64>, String> {
    let mut problem = String::new();
    for _ in 0..ATTEMPTS {
        let source = open_file(path).map_err(|error| error.to_string())?;
        match index_of(&source) {
            Ok((index, true)) => return Ok(index),
            Ok((_, false)) => problem = "a server is writing to it".to_owned(),
            Err(damage) => problem = damage.to_string(),
        }
    }
    Err(problem)
}

fn index_of(source: &FileSource) -> Result<(Option<u64>, bool), Damage> {
    let database = Database::open(source)?;
    let mut index = None;
    if let Some(mut cursor) = crate::format::bbolt::Cursor::bucket(&database, b"meta")? {
        while let Some(item) = cursor.next()? {
            if item.key == b"consistent_index" {
                index = item.value.try_into().ok().map(u64::from_be_bytes);
            }
        }
    }
    Ok((index, database.is_current()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minors_that_start() {
        let with = |cluster: &str, storage: Option<&str>| {
            let mut records = Records { cluster_version: Some(cluster.to_owned()), ..Records::default() };
            records.meta.storage_version = storage.map(str::to_owned);
            startable_by(&records).join(" ")
        };
        assert_eq!(with("3.4.0", None), "3.4 3.5");
        assert_eq!(with("3.5.0", None), "3.5 3.6");
        assert_eq!(with("3.5.0", Some("3.6.0")), "3.6");
        assert_eq!(with("3.7.0", Some("3.7.0")), "3.7");
        assert!(startable_by(&Records::default()).is_empty());
    }
}
