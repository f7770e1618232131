//! What lies in a directory of snapshots, and what may go.

use super::manifest::{MANIFEST_SCHEMA, Manifest, manifest_path, read_manifest};
use super::temporary::sync_directory;
use crate::consent::Consent;
use crate::files::FileSource;
use crate::format::etcd::read_digest;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// A file that is, or looks like, a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Kept {
    /// Name in the directory.
    pub file: String,
    /// Length in bytes.
    pub size_bytes: u64,
    /// What was saved; `null` without a manifest.
    pub manifest: Option<Manifest>,
    /// Seconds since it was saved; `null` without a manifest.
    pub age_seconds: Option<i64>,
    /// It was verified when it was saved and still has the length it had then. `snapshot verify` reads it again.
    pub verified: bool,
    /// What is wrong with it or its manifest, without having read it.
    pub trouble: Option<String>,
}

/// A directory of snapshots.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shelf {
    /// It.
    pub dir: PathBuf,
    /// The newest first; those without manifest last.
    pub kept: Vec<Kept>,
    /// Manifests whose snapshot is gone.
    pub orphans: Vec<String>,
}

/// Looks at every file of `dir`, not below. Reads manifests, not the snapshots.
pub fn look_through(dir: &Path, now: Timestamp) -> io::Result<Shelf> {
    let mut shelf = Shelf { dir: dir.to_owned(), ..Shelf::default() };
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_file()
            && let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
        {
            names.insert(name);
        }
    }
    for name in &names {
        if let Some(snapshot) = name.strip_suffix(".json") {
            let ours = || matches!(read_manifest(&dir.join(snapshot)), Ok(Some(_)));
            if !names.contains(snapshot) && ours() {
                shelf.orphans.push(name.clone());
            }
        } else if name.ends_with(".db") || names.contains(&format!("{name}.json")) {
            shelf.kept.extend(kept(dir, name, now)?);
        }
    }
    shelf.kept.sort_by(|a, b| (order(b), &a.file).cmp(&(order(a), &b.file)));
    Ok(shelf)
}

/// When it was saved; within one second the revision tells.
fn order(kept: &Kept) -> Option<(&str, i64)> {
    kept.manifest.as_ref().map(|manifest| (manifest.taken_at.as_str(), manifest.revision))
}

fn kept(dir: &Path, name: &str, now: Timestamp) -> io::Result<Option<Kept>> {
    let path = dir.join(name);
    let size_bytes = match std::fs::symlink_metadata(&path) {
        Ok(about) => about.len(),
        // removed since it was listed
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (manifest, mut trouble) = match read_manifest(&path) {
        Ok(manifest) => (manifest, None),
        Err(error) => (None, Some(format!("its manifest cannot be used: {error}"))),
    };
    if manifest.is_none() && trouble.is_none() && !name.ends_with(".db") {
        return Ok(None);
    }
    if let Some(manifest) = &manifest
        && manifest.size_bytes != size_bytes
    {
        trouble = Some(format!("{} bytes were saved", manifest.size_bytes));
    }
    let age = |manifest: &Manifest| Some(now.as_second() - moment(manifest)?.as_second());
    Ok(Some(Kept {
        file: name.to_owned(),
        size_bytes,
        age_seconds: manifest.as_ref().and_then(age),
        verified: trouble.is_none() && manifest.as_ref().is_some_and(|manifest| manifest.verified),
        manifest,
        trouble,
    }))
}

fn moment(manifest: &Manifest) -> Option<Timestamp> {
    manifest.taken_at.parse().ok()
}

/// What to keep. Of both, what either keeps is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The newest so many of each cluster.
    pub keep: Option<usize>,
    /// Everything younger than so many days.
    pub keep_days: Option<u32>,
}

/// What becomes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays, and why.
    Keep(String),
    /// It goes, and why.
    Delete(String),
}

/// Decides about each of `shelf.kept`, in their order. `intact` reads a snapshot again and says whether it is still what
/// was saved: nothing of a cluster goes unless a newer one that stays is.
pub fn plan_prune(
    shelf: &Shelf,
    rule: Rule,
    now: Timestamp,
    intact: &mut dyn FnMut(&Kept) -> bool,
) -> Vec<Fate> {
    let mut clusters: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut fates: Vec<Fate> = shelf
        .kept
        .iter()
        .map(|_| Fate::Keep("not a snapshot that quorate saved: no manifest".into()))
        .collect();
    for (at, kept) in shelf.kept.iter().enumerate() {
        match (&kept.manifest, &kept.trouble) {
            (None, Some(trouble)) => fates[at] = Fate::Keep(trouble.clone()),
            (None, None) => {}
            (Some(_), Some(_)) => {
                fates[at] = Fate::Keep("not what was saved: look at it, and remove it yourself".into());
            }
            (Some(manifest), None) => clusters.entry(&manifest.cluster_id).or_default().push(at),
        }
    }
    for (_, newest_first) in clusters {
        let wanted = |place: usize, at: usize| wanted(rule, place, &shelf.kept[at], now);
        let goes = newest_first.iter().enumerate().any(|(place, at)| wanted(place, *at).is_none());
        let proven =
            if goes { newest_first.iter().copied().find(|at| intact(&shelf.kept[*at])) } else { None };
        for (place, at) in newest_first.iter().copied().enumerate() {
            fates[at] = match (wanted(place, at), proven) {
                (Some(why), _) => Fate::Keep(why),
                (None, None) => Fate::Keep("no snapshot of this cluster is intact".into()),
                (None, Some(proven)) if proven == at => Fate::Keep("the newest that is intact".into()),
                // the newer ones are damaged: this one is not what proves the others superfluous
                (None, Some(proven)) if at < proven => {
                    Fate::Keep("newer than the newest intact one: look at it first".into())
                }
                (None, Some(_)) => Fate::Delete(superfluous(rule)),
            };
        }
    }
    fates
}

fn wanted(rule: Rule, place: usize, kept: &Kept, now: Timestamp) -> Option<String> {
    if let Some(keep) = rule.keep
        && place < keep
    {
        return Some(format!("among the newest {keep} of its cluster"));
    }
    let days = rule.keep_days?;
    let oldest =
        now.saturating_sub(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MIN);
    match kept.manifest.as_ref().and_then(moment) {
        None => Some("when it was saved cannot be told".into()),
        Some(taken) if taken >= oldest => Some(format!("younger than {days} days")),
        Some(_) => None,
    }
}

fn superfluous(rule: Rule) -> String {
    match (rule.keep, rule.keep_days) {
        (Some(keep), Some(days)) => {
            format!("not among the newest {keep} of its cluster, and older than {days} days")
        }
        (Some(keep), None) => format!("not among the newest {keep} of its cluster"),
        (_, days) => format!("older than {} days", days.unwrap_or_default()),
    }
}

impl Shelf {
    /// Whether a snapshot is still byte for byte what was saved.
    pub fn is_intact(&self, kept: &Kept) -> bool {
        let Some(manifest) = &kept.manifest else { return false };
        let read = FileSource::open(&self.dir.join(&kept.file)).map(|source| read_digest(&source));
        matches!(read, Ok(Ok((_, sha256))) if sha256 == manifest.sha256)
    }

    /// Removes a snapshot and then its manifest: a run that is killed between leaves a manifest, which the next one
    /// removes.
    pub fn delete(&self, _: &Consent, kept: &Kept) -> io::Result<()> {
        let path = self.dir.join(&kept.file);
        let about = std::fs::symlink_metadata(&path)?;
        let manifest = read_manifest(&path)?;
        if !about.is_file()
            || about.len() != kept.size_bytes
            || manifest != kept.manifest
            || manifest.is_none()
        {
            return Err(io::Error::other("it changed since it was looked at"));
        }
        std::fs::remove_file(&path)?;
        std::fs::remove_file(manifest_path(&path))?;
        sync_directory(&self.dir)
    }

    /// Removes a manifest whose snapshot is gone.
    pub fn delete_orphan(&self, _: &Consent, name: &str) -> io::Result<()> {
        let path = self.dir.join(name);
        let snapshot = self.dir.join(name.strip_suffix(".json").unwrap_or(name));
        let ours = read_manifest(&snapshot)?.is_some_and(|manifest| manifest.schema == MANIFEST_SCHEMA);
        if !ours || std::fs::symlink_metadata(&snapshot).is_ok() {
            return Err(io::Error::other("it changed since it was looked at"));
        }
        std::fs::remove_file(path)
    }
}

#[cfg(test)]
pub(super) mod made {
    use super::*;

    /// A snapshot of `cluster` that is `days` old.
    pub(in crate::snapshot) fn kept(file: &str, cluster: &str, days: i64, now: Timestamp) -> Kept {
        let taken = now - SignedDuration::from_hours(days * 24);
        let manifest = serde_json::json!({
            "schema": MANIFEST_SCHEMA, "file": file, "cluster": "c", "cluster_id": cluster, "member": "n1",
            "member_id": "1", "endpoint": "http://n1", "role": "follower", "chosen": "", "revision": 5,
            "compacted": null, "raft_index": 9, "raft_term": 2, "behind_entries": 0, "others": [],
            "quorum": "healthy", "server_version": "3.6.16", "cluster_version": null, "storage_version": null,
            "restorable_by": [], "keys": 1, "encryption_keys": [], "status_hash": 1, "size_bytes": 10,
            "sha256": "00", "verified": true, "taken_at": taken.to_string(), "duration_ms": 1, "quorate": "0",
        });
        let manifest = Some(serde_json::from_value(manifest).expect("a manifest"));
        let age_seconds = Some(days * 86_400);
        Kept { file: file.into(), size_bytes: 10, manifest, age_seconds, verified: true, trouble: None }
    }
}

#[cfg(test)]
mod tests {
    use super::made::kept;
    use super::*;

    fn deleted(kept: Vec<Kept>, rule: Rule, intact: impl Fn(&str) -> bool) -> Vec<String> {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        let shelf = Shelf { kept, ..Shelf::default() };
        let fates = plan_prune(&shelf, rule, now, &mut |kept| intact(&kept.file));
        let goes = shelf.kept.iter().zip(fates).filter(|(_, fate)| matches!(fate, Fate::Delete(_)));
        goes.map(|(kept, _)| kept.file.clone()).collect()
    }

    #[test]
    fn rules_apply_per_cluster_and_keep_what_either_keeps() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        let all = || {
            vec![
                kept("a0", "a", 0, now),
                kept("a1", "a", 1, now),
                kept("b3", "b", 3, now),
                kept("a9", "a", 9, now),
                kept("b20", "b", 20, now),
            ]
        };
        let rule = |keep, keep_days| Rule { keep, keep_days };
        assert_eq!(deleted(all(), rule(Some(1), None), |_| true), ["a1", "a9", "b20"]);
        assert_eq!(deleted(all(), rule(None, Some(7)), |_| true), ["a9", "b20"]);
        assert_eq!(deleted(all(), rule(Some(2), Some(7)), |_| true), ["a9"]);
        assert_eq!(
            deleted(all(), rule(None, Some(1)), |_| true),
            ["a9", "b20"],
            "b3 is the newest of its cluster"
        );
    }

    #[test]
    fn nothing_goes_unless_a_newer_one_is_intact() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        let all = || vec![kept("a0", "a", 0, now), kept("a1", "a", 1, now), kept("a2", "a", 2, now)];
        let one = Rule { keep: Some(1), keep_days: None };
        assert!(deleted(all(), one, |_| false).is_empty());
        assert_eq!(deleted(all(), one, |name| name != "a0"), ["a2"], "a1 is the newest intact one");
        let mut changed = all();
        changed[2].trouble = Some("other length".into());
        changed[1].manifest = None;
        assert!(deleted(changed, one, |_| true).is_empty(), "what is not ours, or not what was saved, stays");
    }
}
