//! The same question of a server's files: can it start from them, and what does it lose?

use crate::facts::{
    Observed, ZookeeperFileState, ZookeeperFiles, ZookeeperFilesKind, ZookeeperMember, ZookeeperReplay,
    ZookeeperSnapshotFile,
};
use crate::finding::{Hit, Outcome, Severity, Tally, Value};
use crate::policy::Policy;

const DIRECTORY: &str = "Start no server on it before it is copied: what it passes over or cuts off is gone once it has joined. \
     Where other members are in order, empty version-2 of this one and let it take their snapshot; keep the copy.";
const NOT_LOADED: &str = "Take another snapshot: of the server itself (a restart of a healthy member writes one) or of another member's \
     dataDir, together with its logs.";
const WITH_LOG: &str = "Keep it together with the log of the same server: log.ZXID with the greatest zxid not above its own, and all later ones.";
const FLAG: &str = "Start servers on it with -Dzookeeper.digest.enabled=false, as it was written, or let a server that has them load it and \
     write its next snapshot with the digest.";

pub(super) fn judge(files: &ZookeeperFiles, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    match files.kind {
        ZookeeperFilesKind::Log | ZookeeperFilesKind::LogDirectory => match files.damages.first() {
            None => return Outcome::NotApplicable("a log without a snapshot".into()),
            Some(damage) => {
                let says = "a log is damaged: {what} ({at})";
                let hit =
                    Hit::new(Severity::Critical, says).remedy(DIRECTORY).with("what", damage.what.as_str());
                tally.hit(hit.with("at", damage.at.as_str()));
            }
        },
        ZookeeperFilesKind::Snapshot => {
            for snapshot in &files.snapshots {
                alone(files, snapshot, &mut tally);
                of_content(files, snapshot, &mut tally);
            }
        }
        ZookeeperFilesKind::DataDirectory => match &files.start {
            Some(start) => directory(files, start, &mut tally),
            None => return Outcome::NotApplicable("no server was ever started on it".into()),
        },
    }
    tally.outcome()
}

/// The files of a server that runs on them, where they were read. Where its log lies is known: what is not there was never
/// written.
pub(super) fn of_member(member: &ZookeeperMember, policy: &Policy, tally: &mut Tally) {
    let files = member.here.known().and_then(|here| here.files.as_ref()).filter(|_| !member.not_serving);
    match files {
        None => {}
        Some(Observed::Unknown(why)) => {
            tally.gap(member.label(), format!("its snapshots and logs: {why}"), Severity::Critical);
        }
        Some(Observed::Known(files)) => {
            if let Outcome::Judged { hits, .. } = judge(files, policy) {
                hits.into_iter().for_each(|hit| tally.hit(hit.on(member.label())));
            }
        }
    }
}

/// A snapshot that is no part of a directory.
fn alone(files: &ZookeeperFiles, snapshot: &ZookeeperSnapshotFile, tally: &mut Tally) {
    if snapshot.state != ZookeeperFileState::Whole {
        let says = "{file} cannot be loaded: {what} ({at})";
        let damage = files.damages.first();
        let hit = Hit::new(Severity::Critical, says).remedy(NOT_LOADED).with("file", snapshot.file.as_str());
        let hit = hit.with("what", damage.map_or("", |damage| damage.what.as_str()));
        return tally.hit(hit.with("at", damage.map_or("", |damage| damage.at.as_str())));
    }
    if let Some(ended) = snapshot.ended_at.as_ref().filter(|ended| Some(*ended) != snapshot.zxid.as_ref()) {
        let says = "{file} was written while transactions up to {ended} were applied: without the log it is of no one moment";
        let hit = Hit::new(Severity::Warning, says).remedy(WITH_LOG).with("file", snapshot.file.as_str());
        tally.hit(hit.with("ended", ended.as_str()));
    }
}

fn directory(files: &ZookeeperFiles, start: &ZookeeperReplay, tally: &mut Tally) {
    for why in &start.refusals {
        let hit = Hit::new(Severity::Critical, "a server does not start on it: {why}").remedy(DIRECTORY);
        tally.hit(hit.with("why", why.as_str()));
    }
    if start.starts_empty {
        let says = "servers take {files} for no snapshot, and there is no log: a server starts with an empty tree and does not \
                    say so";
        let hit = Hit::new(Severity::Critical, says).remedy(DIRECTORY);
        tally.hit(hit.with("files", start.passed_over.clone()));
    }
    for missing in &start.missing {
        let says = match (missing.within_log, &missing.next) {
            (true, _) => {
                "transactions between {after} and {next} are missing ({file}): a server before 3.9.4 starts without them and \
                 logs a digest mismatch at most, a later one does not start"
            }
            (false, Some(_)) => {
                "transactions between {after} and {next} are missing ({file}): a server starts without them and logs a digest \
                 mismatch at most"
            }
            (false, None) => "transactions behind {after} are missing ({file}): a server starts without them",
        };
        let hit = Hit::new(Severity::Critical, says).remedy(DIRECTORY).with("after", missing.after.as_str());
        let hit = hit.with("file", missing.file.as_str());
        tally.hit(match &missing.next {
            Some(next) => hit.with("next", next.as_str()),
            None => hit,
        });
    }
    if let (Some(loaded), false) = (&start.snapshot, start.passed_over.is_empty()) {
        let says =
            "{files} cannot be loaded: a server passes over them with a warning and starts from {loaded}";
        let hit = Hit::new(Severity::Warning, says).remedy(DIRECTORY);
        tally.hit(hit.with("files", start.passed_over.clone()).with("loaded", loaded.as_str()));
    }
    if start.snapshot.is_some() && !start.log_seen {
        let missing =
            "the transaction log, for none lies in the directory (it is in dataLogDir, where there is one)";
        tally.gap(None, missing, Severity::Critical);
    }
    spare(files, start, tally);
    let loaded = files.snapshots.iter().find(|snapshot| Some(&snapshot.file) == start.snapshot.as_ref());
    if let Some(loaded) = loaded {
        of_content(files, loaded, tally);
        tally.evidence("loads", loaded.file.as_str());
        tally.evidence("replays", start.transactions);
        tally.evidence("ends_with", start.last_zxid.as_str());
    }
}

/// Damage of files that this start does not need.
fn spare(files: &ZookeeperFiles, start: &ZookeeperReplay, tally: &mut Tally) {
    let damaged = |state: ZookeeperFileState| state == ZookeeperFileState::Damaged;
    let told = |file: &String| {
        start.passed_over.contains(file)
            || start.snapshot.is_none()
            || start.missing.iter().any(|missing| missing.file == *file)
            || start.refusals.iter().any(|why| why.starts_with(file.as_str()))
    };
    let snapshots = files.snapshots.iter().filter(|one| damaged(one.state)).map(|one| &one.file);
    let logs = files.logs.iter().filter(|one| damaged(one.state)).map(|one| &one.file);
    let spare: Vec<String> = snapshots.chain(logs).filter(|file| !told(file)).cloned().collect();
    if !spare.is_empty() {
        let says = "{files} are damaged; this start does not need them, one from an older snapshot would";
        tally.hit(Hit::new(Severity::Warning, says).remedy(DIRECTORY).with("files", Value::List(spare)));
    }
}

/// What is wrong with a snapshot that is whole.
fn of_content(files: &ZookeeperFiles, snapshot: &ZookeeperSnapshotFile, tally: &mut Tally) {
    if snapshot.digest_matches == Some(false) {
        let says = "the digest in {file} is not that of its nodes: the server's tree had diverged from its transactions";
        tally.hit(Hit::new(Severity::Warning, says).remedy(DIRECTORY).with("file", snapshot.file.as_str()));
    }
    if (snapshot.has_digest, snapshot.has_last_zxid) == (Some(false), Some(true)) {
        let says = "{file} has the last zxid and no digest: a server with the default digest.enabled=true cannot load it";
        tally.hit(Hit::new(Severity::Warning, says).remedy(FLAG).with("file", snapshot.file.as_str()));
    }
    let without = files.tree.as_ref().map_or(0, |tree| tree.nodes_without_acl);
    if without > 0 {
        let says = "{nodes} nodes in {file} have an ACL that is not in it: servers before 3.8.5 and 3.9.4 cannot load it \
                    (ZOOKEEPER-4846)";
        let hit = Hit::new(Severity::Warning, says).remedy(NOT_LOADED).with("nodes", without);
        tally.hit(hit.with("file", snapshot.file.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{ZookeeperLogFile, ZookeeperMissing, ZookeeperTree};

    fn whole() -> ZookeeperFiles {
        let snapshot = |file: &str| ZookeeperSnapshotFile {
            file: file.to_owned(),
            zxid: Some("0x5".to_owned()),
            state: ZookeeperFileState::Whole,
            has_digest: Some(true),
            has_last_zxid: Some(true),
            ended_at: Some("0x5".to_owned()),
            digest_matches: Some(true),
            ..ZookeeperSnapshotFile::default()
        };
        let start = ZookeeperReplay {
            snapshot: Some("snapshot.5".to_owned()),
            first_log: Some("log.1".to_owned()),
            log_seen: true,
            ..ZookeeperReplay::default()
        };
        let log = ZookeeperLogFile { file: "log.1".to_owned(), ..ZookeeperLogFile::default() };
        ZookeeperFiles {
            snapshots: vec![snapshot("snapshot.5"), snapshot("snapshot.0")],
            logs: vec![log],
            start: Some(start),
            tree: Some(ZookeeperTree::default()),
            ..ZookeeperFiles::default()
        }
    }

    fn found(change: impl Fn(&mut ZookeeperFiles, &mut ZookeeperReplay)) -> Vec<Severity> {
        let mut files = whole();
        let mut start = files.start.take().expect("made above");
        change(&mut files, &mut start);
        files.start = Some(start);
        severities(&files)
    }

    fn severities(files: &ZookeeperFiles) -> Vec<Severity> {
        match judge(files, &Policy::default()) {
            Outcome::Judged { hits, gaps } => {
                hits.iter().map(|hit| hit.severity).chain(gaps.iter().map(|gap| gap.at_worst)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn what_a_start_makes_of_a_directory() {
        assert_eq!(found(|_, _| {}), []);
        let critical = [Severity::Critical];
        assert_eq!(found(|_, start| start.refusals.push("acceptedEpoch: older".into())), critical);
        let missing = ZookeeperMissing {
            after: "0x5".into(),
            next: Some("0x9".into()),
            file: "log.9".into(),
            within_log: true,
        };
        assert_eq!(found(|_, start| start.starts_empty = true), critical);
        assert_eq!(found(|_, start| start.missing.push(missing.clone())), critical);
        assert_eq!(found(|_, start| start.log_seen = false), critical);
        let warning = [Severity::Warning];
        assert_eq!(found(|_, start| start.passed_over.push("snapshot.9".into())), warning);
        assert_eq!(found(|files, _| files.snapshots[1].state = ZookeeperFileState::Damaged), warning);
        assert_eq!(found(|files, _| files.logs[0].state = ZookeeperFileState::Damaged), warning);
        assert_eq!(found(|files, _| files.snapshots[0].digest_matches = Some(false)), warning);
        assert_eq!(found(|files, _| files.snapshots[0].has_digest = Some(false)), warning);
        assert_eq!(found(|files, _| files.snapshots[1].has_digest = Some(false)), []);
        let tree = ZookeeperTree { nodes_without_acl: 2, ..ZookeeperTree::default() };
        assert_eq!(found(|files, _| files.tree = Some(tree.clone())), warning);
    }

    #[test]
    fn a_log_alone() {
        let mut files = ZookeeperFiles { kind: ZookeeperFilesKind::Log, ..ZookeeperFiles::default() };
        assert!(matches!(judge(&files, &Policy::default()), Outcome::NotApplicable(_)));
        files
            .damages
            .push(crate::facts::StoredDamage { at: "log.1, offset 16".into(), what: "wrong".into() });
        assert_eq!(severities(&files), [Severity::Critical]);
    }

    #[test]
    fn a_snapshot_alone() {
        let mut files = whole();
        files.kind = ZookeeperFilesKind::Snapshot;
        files.start = None;
        files.snapshots.truncate(1);
        assert_eq!(severities(&files), []);
        files.snapshots[0].ended_at = Some("0x7".to_owned());
        assert_eq!(severities(&files), [Severity::Warning]);
        files.snapshots[0].state = ZookeeperFileState::Damaged;
        assert_eq!(severities(&files), [Severity::Critical]);
    }
}
