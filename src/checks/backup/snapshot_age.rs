use crate::facts::{Backup, Backups, CommonFacts, Observed};
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
    rules: &[Rule::Common(judge)],
};

const DAY: f64 = 86_400.0;

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
    let age = match days {
        days if days < 2.0 => Value::Millis((days.max(0.0) * DAY * 1000.0 / 60_000.0).round() * 60_000.0),
        days => Value::Days(days as i64),
    };
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
