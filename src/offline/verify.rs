//! A snapshot or a copied database, read completely and judged: its digest on one thread, its pages and records on
//! another. Memory is bounded whatever the file's size.

use super::recognise::{Kind, Unrecognised, recognise};
use crate::facts::{
    Drift, Leftovers, ResourceStorage, SnapshotFacts, Soundness, StoredAlarm, StoredConfState, StoredDamage,
    StoredDigest, StoredDrift, StoredMember, StoredPages, StoredPrefix,
};
use crate::files::FileSource;
use crate::format::bbolt::Database;
use crate::format::etcd::{
    Change, Digest, Discrepancy, Records, Row, Survey, appended, compare, read_digest, survey,
};
use crate::format::kubernetes::{NO_RESOURCE, PREFIXES, classify, count, resource};
use crate::format::source::{Damage, Damages, Place, Source};
use std::collections::BTreeMap;
use std::path::Path;

/// How often a file that a server writes meanwhile is read again.
const TRIES: usize = 3;

/// Resources that are counted by name; those of further ones are counted together.
const MAX_RESOURCES: usize = 1000;

/// The digest of a file that somebody computed already: what it says, and the SHA-256 of the whole file in hex.
pub type Verified = (Digest, String);

/// Reads a file completely and says all about it. Whether it is sound is in the facts.
///
/// # Errors
/// It is neither a snapshot nor a database, and what it is; or it cannot be opened.
pub fn verify(path: &Path) -> Result<SnapshotFacts, Unrecognised> {
    let other = |what: &str, instead: &str| Unrecognised::Other {
        path: path.to_owned(),
        what: what.to_owned(),
        instead: Some(instead.to_owned()),
    };
    match recognise(path)? {
        Kind::Snapshot(_) | Kind::Database(_) => {}
        Kind::DataDirectory(_) => {
            let instead =
                "`quorate snapshot save` for a running member, or the file member/snap/db of a stopped one";
            return Err(other("a data directory, not a snapshot", instead));
        }
        Kind::LogDirectory(_) => {
            return Err(other("a directory of log files, not a snapshot", "a snapshot file"));
        }
    }
    let unreadable = |error| Unrecognised::Unreadable { path: path.to_owned(), error };
    let source = FileSource::open(path).map_err(unreadable)?;
    let mut facts = examine(&source, None);
    facts.file = path.display().to_string();
    Ok(facts)
}

/// Reads an open file completely. `known` is the digest when it was computed already, while the file was written.
pub fn examine(source: &FileSource, known: Option<Verified>) -> SnapshotFacts {
    let (digest, content) = std::thread::scope(|scope| {
        let digest = match known {
            Some(known) => Err(known),
            None => Ok(scope.spawn(|| read_digest(source))),
        };
        let content = read_content(source);
        let digest = match digest {
            Err(known) => Ok(known),
            Ok(thread) => thread.join().unwrap_or_else(|_| {
                Err(Damage::new(Place::File, "the thread that computes the digest ended early"))
            }),
        };
        (digest, content)
    });
    let mut damages = Damages::default();
    let mut facts = SnapshotFacts { size_bytes: source.len(), ..SnapshotFacts::default() };
    judge_digest(source, digest, content.as_ref().ok(), &mut facts, &mut damages);
    match content {
        Ok(content) => describe(content, &mut facts, &mut damages),
        Err(damage) => damages.push(damage),
    }
    (facts.verdict, facts.more_damages, facts.damages) = judged(damages);
    facts
}

/// The verdict that damage makes, how much of it is not told, and what is.
pub(super) fn judged(damages: Damages) -> (Soundness, u64, Vec<StoredDamage>) {
    let verdict = if damages.is_empty() { Soundness::Sound } else { Soundness::Damaged };
    let told = |damage: Damage| StoredDamage { at: damage.at.to_string(), what: damage.what };
    (verdict, damages.more, damages.first.into_iter().map(told).collect())
}

/// What one pass over the pages found.
struct Content {
    survey: Survey,
    page_size: u32,
    used_bytes: u64,
    kubernetes: BTreeMap<String, ResourceStorage>,
    /// A server went on writing while it was read, however often it was read.
    moving: bool,
}

fn read_content(source: &FileSource) -> Result<Content, Damage> {
    let mut tries = 0;
    loop {
        tries += 1;
        let database = Database::open(source)?;
        let mut kubernetes = BTreeMap::new();
        let survey = survey(&database, &mut |row| count_row(row, &mut kubernetes));
        let moving = !database.is_current();
        if !moving || tries == TRIES {
            let (page_size, used_bytes) = (database.meta.page_size, database.used_bytes());
            return Ok(Content { survey, page_size, used_bytes, kubernetes, moving });
        }
    }
}

fn count_row(row: &Row<'_>, kubernetes: &mut BTreeMap<String, ResourceStorage>) {
    let Change::Put(kv) = row.change else { return };
    let Some(path) = PREFIXES.iter().find_map(|prefix| kv.key.strip_prefix(prefix.as_bytes())) else {
        return;
    };
    let Some(name) = resource(path) else { return };
    let name = String::from_utf8_lossy(name);
    let known = kubernetes.contains_key(name.as_ref());
    let name = if known || kubernetes.len() < MAX_RESOURCES { name.as_ref() } else { NO_RESOURCE };
    let storage = match kubernetes.get_mut(name) {
        Some(storage) => storage,
        None => kubernetes.entry(name.to_owned()).or_default(),
    };
    storage.total += 1;
    count(storage, classify(kv.value));
}

fn judge_digest(
    source: &FileSource,
    digest: Result<Verified, Damage>,
    content: Option<&Content>,
    facts: &mut SnapshotFacts,
    damages: &mut Damages,
) {
    let (digest, sha256) = match digest {
        Ok(read) => read,
        Err(damage) => return damages.push(damage),
    };
    facts.sha256 = sha256;
    let whole = matches!(digest, Digest::Matches { .. });
    let used = content.filter(|_| !whole).map(|content| content.used_bytes);
    let junk = used.and_then(|used| appended(source, used).ok().flatten());
    if let Some(bytes) = junk {
        let what = format!("{bytes} bytes were appended behind the digest of a snapshot");
        damages.push(Damage::new(Place::Offset(source.len() - bytes), what));
    }
    facts.digest = match digest {
        Digest::Matches { sha256 } => StoredDigest::Matches { sha256 },
        Digest::Absent => StoredDigest::Absent,
        Digest::Differs { stored, computed } => {
            if junk.is_none() {
                let what = "the SHA-256 at the end is not that of the content: it is not what was saved";
                damages.push(Damage::new(Place::File, what));
            }
            StoredDigest::Differs { stored, computed }
        }
    };
}

fn describe(content: Content, facts: &mut SnapshotFacts, damages: &mut Damages) {
    let Content { survey, page_size, kubernetes, moving, .. } = content;
    if moving {
        let what = "a server writes to it: what was read is not of one moment. Use `quorate snapshot save`";
        damages.push(Damage::new(Place::File, what));
    }
    facts.pages = StoredPages {
        page_size,
        total: survey.structure.pages,
        used: survey.structure.reached,
        free: survey.structure.free,
    };
    facts.status_hash = survey.status_hash;
    facts.rows_hash = survey.keys.hash;
    facts.revision = survey.revision();
    facts.last_row_revision = survey.keys.last.map_or(0, |last| last.main);
    facts.compacted = Some(survey.compacted()).filter(|compacted| *compacted >= 0);
    facts.keys = survey.keys.live;
    facts.key_revisions = survey.keys.revisions;
    facts.records = survey.structure.records;
    facts.prefixes = prefixes(&survey);
    facts.kubernetes = kubernetes.iter().map(|(name, storage)| (name.clone(), storage.into())).collect();
    describe_records(&survey.records, facts);
    facts.leftovers.keys_without_lease = survey.keys.without_lease;
    facts.restorable_by = restorable_by(facts);
    damages.absorb(survey.structure.damages);
    damages.absorb(survey.damages);
}

fn prefixes(survey: &Survey) -> BTreeMap<String, StoredPrefix> {
    let stored = survey.keys.prefixes.iter().map(|(name, amount)| {
        let prefix = StoredPrefix {
            keys: amount.live,
            bytes: amount.live_bytes,
            revisions: amount.revisions,
            revision_bytes: amount.bytes,
        };
        (name.clone(), prefix)
    });
    stored.collect()
}

fn describe_records(records: &Records, facts: &mut SnapshotFacts) {
    facts.consistent_index = records.meta.consistent_index;
    facts.term = records.meta.term;
    facts.cluster_version = records.cluster_version.clone();
    facts.storage_version = records.meta.storage_version.clone();
    facts.members = records
        .members
        .values()
        .map(|member| StoredMember {
            id: hex(&member.id),
            name: member.name.clone(),
            learner: member.is_learner,
            peer_urls: member.peer_urls.clone(),
            client_urls: member.client_urls.clone(),
        })
        .collect();
    facts.removed_members = records.removed.iter().map(hex).collect();
    facts.conf_state = records.meta.conf_state.as_ref().map(|conf| StoredConfState {
        voters: conf.voters.iter().map(hex).collect(),
        learners: conf.learners.iter().map(hex).collect(),
    });
    facts.membership = compare(Some(records), None, None).iter().filter_map(drift).collect();
    let alarms = records.alarms.iter();
    facts.leftovers = Leftovers {
        alarms: alarms.map(|a| StoredAlarm { member: hex(&a.member), kind: a.kind.clone() }).collect(),
        auth_enabled: records.auth.enabled,
        users: records.auth.users.keys().cloned().collect(),
        roles: records.auth.roles.keys().cloned().collect(),
        leases: records.leases.len() as u64,
        keys_without_lease: 0,
        downgrade_target: records
            .downgrade
            .as_ref()
            .filter(|downgrade| downgrade.enabled)
            .map(|downgrade| downgrade.target_version.clone()),
    };
}

fn drift(found: &Discrepancy) -> Option<StoredDrift> {
    let (kind, members) = match found {
        Discrepancy::Ghosts { members } => (Drift::Ghosts, members.as_slice()),
        Discrepancy::Zombies { members } => (Drift::Zombies, members.as_slice()),
        Discrepancy::VotersCalledLearners { members } => (Drift::VotersCalledLearners, members.as_slice()),
        Discrepancy::LearnersCalledVoters { members } => (Drift::LearnersCalledVoters, members.as_slice()),
        Discrepancy::PresentAndRemoved { members } => (Drift::PresentAndRemoved, members.as_slice()),
        Discrepancy::FreshlyRestored => (Drift::FreshlyRestored, &[][..]),
        // of the log and the .snap file, which a snapshot does not have
        _ => return None,
    };
    Some(StoredDrift { kind, members: members.iter().map(hex).collect() })
}

fn hex(id: &u64) -> String {
    format!("{id:x}")
}

/// Minors that are promised, oldest first.
const MINORS: [&str; 4] = ["3.4", "3.5", "3.6", "3.7"];

fn restorable_by(facts: &SnapshotFacts) -> Vec<String> {
    let written_by = [&facts.storage_version, &facts.cluster_version].into_iter().flatten();
    let minors =
        written_by.map(|version| version.rsplit_once('.').map_or(version.as_str(), |(minor, _)| minor));
    let lowest = minors.max().unwrap_or_default();
    MINORS.iter().filter(|minor| **minor >= lowest).map(|minor| (*minor).to_owned()).collect()
}
