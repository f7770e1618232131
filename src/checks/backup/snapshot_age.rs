use crate::facts::{Backup, Backups, CommonFacts, ConsulFiles, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};
use jiff::Timestamp;

const WARN: Threshold = Threshold {
    key: "snapshot_age_warn",
    default: Limit::Days(1.0),
    source: "our own: a snapshot a day is the least that runbooks ask for; Consul's snapshot agent takes one an hour",
};
const CRITICAL: Threshold = Threshold {
    key: "snapshot_age_critical",
    default: Limit::Days(7.0),
    source: "our own: nobody noticed for a week that none was taken",
};

pub(super) const CHECK: Check = Check {
    slug: "snapshot-age",
    family: Family::Backup,
    question: "Is there a snapshot that is not too old?",
    why: "When every disk is lost, or somebody deletes the wrong keys, the newest snapshot is what comes back. A job that \
          stopped taking them is noticed on that day, or by this check.",
    remedy: "Take one now, see why the job did not, and verify it: see the runbook.",
    runbook: None,
    thresholds: &[WARN, CRITICAL],
    sources: &[
        "the files in clusters.NAME.snapshots of the config file: manifest or time of writing, and their first bytes",
        "etcd.io/docs/v3.6/op-guide/maintenance/#snapshot-backup",
        "https://developer.hashicorp.com/consul/docs/manage/disaster-recovery/backup-restore",
        "zookeeperAdmin.md, \"Ongoing data directory cleanup\"",
    ],
    rules: &[Rule::Common(judge), Rule::ConsulFile(judge_consul_file)],
};

const DAY: f64 = 86_400.0;

/// One file says nothing of newer ones elsewhere: however old it is, that is no more than a warning. Raft's own snapshots are
/// no backups.
fn judge_consul_file(files: &ConsulFiles, policy: &Policy) -> Outcome {
    let age = files.snapshot.as_ref().filter(|_| files.data_dir.is_none()).and_then(|s| s.age_seconds);
    let Some(seconds) = age else {
        return Outcome::NotApplicable("it does not say when it was taken, or is none that was taken".into());
    };
    let days = seconds / DAY;
    let age = age_of(days);
    match () {
        () if days < -1.0 / 24.0 => Outcome::found(
            Hit::new(
                Severity::Warning,
                "it was taken in the future: a clock is wrong, or its id was changed",
            )
            .remedy("Compare the clocks of the servers and of this machine."),
        ),
        () if days > policy.get(&WARN) => {
            Outcome::found(Hit::new(Severity::Warning, "it is {age} old").with("age", age))
        }
        () => Outcome::Clear(vec![("age", age)]),
    }
}

/// An age in minutes, or in days from two on.
fn age_of(days: f64) -> Value {
    match days {
        days if days < 2.0 => Value::Millis((days.max(0.0) * DAY * 1000.0 / 60_000.0).round() * 60_000.0),
        days => Value::Days(days as i64),
    }
}

fn judge(facts: &CommonFacts, policy: &Policy, now: Timestamp) -> Outcome {
    let backups = match &facts.backups {
        None => {
            let why = "no directory of snapshots is named (clusters.NAME.snapshots)";
            return Outcome::NotApplicable(why.into());
        }
        Some(Observed::Unknown(why)) => {
            return Outcome::undecided(format!("how old the newest snapshot is: {why}"), Severity::Critical);
        }
        Some(Observed::Known(backups)) => backups,
    };
    let mut tally = Tally::new();
    match &backups.newest {
        None => tally.hit(
            Hit::new(Severity::Critical, "there is no snapshot in {dir}").with("dir", backups.dir.as_str()),
        ),
        Some(newest) => old_or_small(backups, newest, policy, now, &mut tally),
    }
    if !backups.broken.is_empty() {
        let says = "files in {dir} are called snapshots and are none: {files}";
        let hit = Hit::new(Severity::Warning, says).with("dir", backups.dir.as_str());
        tally.hit(hit.with("files", backups.broken.clone()));
    }
    tally.evidence("snapshots", backups.snapshots);
    tally.outcome()
}

fn old_or_small(backups: &Backups, newest: &Backup, policy: &Policy, now: Timestamp, tally: &mut Tally) {
    let days = (now.as_second() - newest.taken_at.as_second()) as f64 / DAY;
    let age = age_of(days);
    let severity = match days {
        _ if days > policy.get(&CRITICAL) => Some(Severity::Critical),
        _ if days > policy.get(&WARN) => Some(Severity::Warning),
        _ => None,
    };
    if let Some(severity) = severity {
        let says = "the newest snapshot, {file} in {dir}, is {age} old";
        let hit = Hit::new(severity, says).with("file", newest.file.as_str());
        tally.hit(hit.with("dir", backups.dir.as_str()).with("age", age.clone()));
    }
    if let Some(before) = newest.bytes_before.filter(|before| newest.bytes < before / 2) {
        let says = "the newest snapshot, {file}, has {bytes}, less than half of the one before ({before})";
        let hit = Hit::new(Severity::Warning, says).with("file", newest.file.as_str());
        tally.hit(hit.with("bytes", Value::Bytes(newest.bytes)).with("before", Value::Bytes(before)));
    }
    tally.evidence("newest", newest.file.as_str());
    tally.evidence("age", age);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::{ConsulSnapshot, FileFacts};

    #[test]
    fn a_file_of_consul_is_old_by_its_id() {
        let hits = |hours: f64, data_dir: bool| {
            let age_seconds = Some(hours * 3600.0);
            let snapshot = Some(ConsulSnapshot { age_seconds, ..ConsulSnapshot::default() });
            let data_dir = data_dir.then(Default::default);
            let files = Box::new(ConsulFiles { snapshot, data_dir, ..ConsulFiles::default() });
            match CHECK.run_on_file(&FileFacts::Consul(files), &Policy::default()) {
                Some(Outcome::Judged { hits, .. }) => hits.iter().map(|hit| hit.severity).collect(),
                _ => Vec::new(),
            }
        };
        assert!(hits(23.0, false).is_empty() && hits(-0.1, false).is_empty());
        assert_eq!(hits(25.0, false), [Severity::Warning]);
        assert_eq!(hits(24.0 * 365.0, false), [Severity::Warning], "there may be newer ones");
        assert_eq!(hits(-3.0, false), [Severity::Warning]);
        assert!(hits(24.0 * 365.0, true).is_empty(), "raft's own");
    }

    fn with(hours: i64, bytes_before: Option<u64>) -> Sample {
        let mut sample = cluster(3);
        let taken_at = sample.0.taken_at - jiff::SignedDuration::from_hours(hours);
        let newest = Backup { file: "a.db".into(), taken_at, bytes: 100, bytes_before };
        let backups = Backups { snapshots: 2, newest: Some(newest), ..Backups::default() };
        sample.0.common.backups = Some(Observed::Known(backups));
        sample
    }

    #[test]
    fn old_small_missing_and_broken() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
        row(&CHECK, &with(23, Some(110)), &[]);
        row(&CHECK, &with(25, None), &[Severity::Warning]);
        row(&CHECK, &with(24 * 8, None), &[Severity::Critical]);
        row(&CHECK, &with(1, Some(202)), &[Severity::Warning]);
        let mut none = cluster(3);
        none.0.common.backups = Some(Observed::Known(Backups::default()));
        row(&CHECK, &none, &[Severity::Critical]);
        let broken = Backups { broken: vec!["x.db".into()], ..Backups::default() };
        none.0.common.backups = Some(Observed::Known(broken));
        row(&CHECK, &none, &[Severity::Critical, Severity::Warning]);
        none.0.common.backups = Some(Observed::unknown("no such directory"));
        undecided(&CHECK, &none, Severity::Critical);
    }
}
