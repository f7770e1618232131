//! Snapshots of a directory: the newest that is whole is what a server loads.

use super::places::Places;
use super::{Reading, name, named, text};
use crate::facts::{
    ZookeeperBig, ZookeeperFileState, ZookeeperPacking, ZookeeperPrefix, ZookeeperSnapshotFile, ZookeeperTree,
};
use crate::files::FileSource;
use crate::format::zookeeper::{FileName, Packing, Survey, Zxid, passes_first_look, survey};
use crate::offline::recognise::{Unrecognised, unreadable};
use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Snapshots that are read in any case: as many as a purge leaves (`autopurge.snapRetainCount` is at least 3).
const READ: usize = 3;
/// How often a snapshot that a server is writing is read.
const TRIES: usize = 5;
/// How long one that is damaged is given to change: a server that writes it goes on writing.
const PAUSE: Duration = Duration::from_millis(100);

/// A snapshot that was read.
pub(super) struct ReadSnapshot {
    pub(super) facts: ZookeeperSnapshotFile,
    pub(super) survey: Survey,
    /// By its name.
    pub(super) zxid: Option<Zxid>,
    /// A server is writing it.
    pub(super) moving: bool,
    /// Servers take it for a snapshot at their first look.
    taken: bool,
}

impl ReadSnapshot {
    /// The last transaction that may be in it.
    pub(super) fn ended_at(&self) -> Option<Zxid> {
        let end = self.survey.end?;
        let digest = end.digest.map(|digest| digest.zxid).filter(|zxid| zxid.0 > 0);
        end.last_zxid.into_iter().chain(digest).max()
    }

    fn is_whole(&self) -> bool {
        self.survey.damage.is_none()
    }
}

/// What a server would start from.
pub(super) struct Loaded {
    pub(super) zxid: Zxid,
    pub(super) ended_at: Option<Zxid>,
    /// Zxid of the oldest snapshot that was read and is whole.
    pub(super) oldest: Zxid,
}

/// Reads the newest ones, and further ones until one is whole.
pub(super) fn read_newest(places: &Places, reading: &mut Reading) -> Result<Option<Loaded>, Unrecognised> {
    let mut loaded: Option<Loaded> = None;
    let none = !places.snapshots.is_empty();
    let mut replay = crate::facts::ZookeeperReplay { starts_empty: none, ..Default::default() };
    for (at, (zxid, path)) in places.snapshots.iter().enumerate() {
        if at >= READ && loaded.is_some() {
            reading.facts.snapshots.extend(listed(path, *zxid));
            continue;
        }
        let read = match read(path) {
            Ok(read) => read,
            // A server that goes on purges old ones.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(path, error)),
        };
        replay.starts_empty &= !read.taken;
        match (&read.survey.damage, read.moving) {
            (Some(_), true) => {
                reading.note(format!("{} is being written; the one before it is looked at", read.facts.file));
            }
            (Some(damage), false) => {
                reading.damaged(&read.facts.file, damage);
                if loaded.is_none() {
                    replay.passed_over.push(read.facts.file.clone());
                }
            }
            (None, _) => {}
        }
        if read.is_whole() {
            notes(&read, false, reading);
            match &mut loaded {
                Some(loaded) => loaded.oldest = *zxid,
                None => {
                    loaded = Some(Loaded { zxid: *zxid, ended_at: read.ended_at(), oldest: *zxid });
                    replay.snapshot = Some(read.facts.file.clone());
                    reading.facts.tree = Some(tree(&read));
                }
            }
        }
        reading.facts.snapshots.push(read.facts);
    }
    if reading.facts.kind == crate::facts::ZookeeperFilesKind::DataDirectory {
        reading.facts.start = Some(replay);
    }
    Ok(loaded)
}

/// An older one, that is not read.
fn listed(path: &Path, zxid: Zxid) -> Option<ZookeeperSnapshotFile> {
    let about = path.metadata().ok()?;
    Some(facts_of(path, Some(zxid), &about))
}

fn facts_of(path: &Path, zxid: Option<Zxid>, about: &Metadata) -> ZookeeperSnapshotFile {
    let written_at = about.modified().ok().and_then(|time| jiff::Timestamp::try_from(time).ok());
    ZookeeperSnapshotFile {
        file: name(path),
        zxid: zxid.map(text),
        size_bytes: about.len(),
        written_at: written_at.map(crate::report::rfc3339),
        packing: match packing(path) {
            Packing::Plain => ZookeeperPacking::Plain,
            Packing::Gzip => ZookeeperPacking::Gz,
            Packing::Snappy => ZookeeperPacking::Snappy,
        },
        ..ZookeeperSnapshotFile::default()
    }
}

/// By the suffix, as servers do, also of a file whose name tells no zxid.
fn packing(path: &Path) -> Packing {
    match (named(path), path.extension().and_then(|suffix| suffix.to_str())) {
        (Some(FileName::Snapshot(_, packing)), _) => packing,
        (_, Some("gz")) => Packing::Gzip,
        (_, Some("snappy")) => Packing::Snappy,
        _ => Packing::Plain,
    }
}

/// Reads a snapshot, again while a server is writing it.
pub(super) fn read(path: &Path) -> io::Result<ReadSnapshot> {
    let zxid = match named(path) {
        Some(FileName::Snapshot(zxid, _)) => Some(zxid),
        _ => None,
    };
    let stamp = |about: &Metadata| (about.len(), about.modified().ok());
    let mut tries = 0;
    loop {
        tries += 1;
        let source = FileSource::open(path)?;
        let before = path.metadata()?;
        let survey = survey(&source, packing(path));
        let mut moving = false;
        if survey.damage.is_some() {
            std::thread::sleep(PAUSE);
            moving = stamp(&path.metadata()?) != stamp(&before);
        }
        if !moving || tries == TRIES {
            let facts = told(path, zxid, &before, &survey);
            let taken = passes_first_look(&source, packing(path));
            return Ok(ReadSnapshot { facts, survey, zxid, moving, taken });
        }
    }
}

fn told(path: &Path, zxid: Option<Zxid>, about: &Metadata, survey: &Survey) -> ZookeeperSnapshotFile {
    let end = survey.end;
    let ended = end.and_then(|end| end.last_zxid.max(end.digest.map(|digest| digest.zxid)));
    ZookeeperSnapshotFile {
        state: match survey.damage {
            None => ZookeeperFileState::Whole,
            Some(_) => ZookeeperFileState::Damaged,
        },
        nodes: survey.nodes,
        has_digest: end.map(|end| end.digest.is_some()),
        has_last_zxid: end.map(|end| end.last_zxid.is_some()),
        ended_at: ended.filter(|ended| ended.0 > 0).map(text),
        digest_matches: zxid.and_then(|zxid| survey.digest_matches(zxid)),
        ..facts_of(path, zxid, about)
    }
}

/// What is worth knowing of one that is whole. `alone`: its log does not lie beside it.
pub(super) fn notes(read: &ReadSnapshot, alone: bool, reading: &mut Reading) {
    let file = &read.facts.file;
    let later = read.ended_at().filter(|ended| read.zxid.is_some_and(|zxid| *ended > zxid));
    if let Some(ended) = later.filter(|_| alone) {
        reading.note(format!(
            "{file} was written while transactions up to {ended} were applied: they are partly in it, and it is whole only \
             together with the log that has them"
        ));
    }
    if read.facts.digest_matches == Some(false) {
        reading.note(format!(
            "the digest in {file} is not that of its nodes: the server's tree had diverged from it"
        ));
    }
    if read.survey.without_acl > 0 {
        reading.note(format!(
            "{} nodes in {file} have an ACL that is not in it: servers before 3.8.5 and 3.9.4 do not load it \
             (ZOOKEEPER-4846)",
            read.survey.without_acl
        ));
    }
}

/// The tree as facts.
pub(super) fn tree(read: &ReadSnapshot) -> ZookeeperTree {
    let survey = &read.survey;
    let prefixes = survey.prefixes.iter().map(|(name, prefix)| {
        let prefix = ZookeeperPrefix {
            nodes: prefix.nodes,
            bytes: prefix.bytes,
            ephemerals: prefix.ephemerals,
            readable: prefix.readable,
            writable: prefix.writable,
        };
        (name.clone(), prefix)
    });
    let big = |name: String, bytes: u64, count: u64| ZookeeperBig { name, bytes, count };
    let values = survey.values.iter().map(|value| big(value.path.clone(), value.bytes, 1));
    let lists = survey.lists.iter().map(|list| big(list.path.clone(), list.bytes, list.children));
    let sessions = survey.owners.iter().map(|one| big(format!("0x{:x}", one.id), one.bytes, one.nodes));
    let config = survey.config.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    ZookeeperTree {
        file: read.facts.file.clone(),
        nodes: survey.nodes,
        bytes: survey.bytes,
        ephemerals: survey.ephemerals,
        containers: survey.containers,
        ttl_nodes: survey.ttl_nodes,
        sessions: survey.sessions,
        shortest_timeout_ms: survey.timeouts_ms.map(|(low, _)| i64::from(low)),
        longest_timeout_ms: survey.timeouts_ms.map(|(_, high)| i64::from(high)),
        acls: survey.acls,
        nodes_without_acl: survey.without_acl,
        prefixes: prefixes.collect(),
        biggest_values: values.collect(),
        longest_lists: lists.collect(),
        biggest_sessions: sessions.collect(),
        digest: format!("{:x}", survey.digest),
        config: config.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect(),
    }
}
