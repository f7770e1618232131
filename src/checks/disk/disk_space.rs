use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, DataDir, Observed, ZookeeperDirectory, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};
use jiff::Timestamp;

const WARN: Threshold = Threshold {
    key: "disk_free_warn",
    default: Limit::Percent(5.0),
    source: "prometheus/node_exporter node-mixin: NodeFilesystemAlmostOutOfSpace warns below 5 %",
};
const CRITICAL: Threshold = Threshold {
    key: "disk_free_critical",
    default: Limit::Percent(3.0),
    source: "prometheus/node_exporter node-mixin: NodeFilesystemAlmostOutOfSpace is critical below 3 %",
};

pub(super) const CHECK: Check = Check {
    slug: "disk-space",
    family: Family::Disk,
    question: "Has every member's disk room for its data to grow, and for a copy of them?",
    why: "A member whose disk is full stops: it cannot write its log any more. Snapshots, compaction and recovery write a \
          new copy before the old one goes, so room for less than one copy is too little long before the disk is full.",
    remedy: "Make room beside the data, never in it: old logs of the server, packages, core files; or give the data a larger \
             disk, one member at a time.",
    runbook: Some("full-disk"),
    thresholds: &[WARN, CRITICAL],
    sources: &[
        "statvfs of the data directory, on members with host = { local = true } in the config file",
        "ZooKeeper ZooKeeperCriticalThread: an I/O error in SyncRequestProcessor ends the server",
        "zookeeperAdmin.md: ongoing data directory cleanup",
        "consul issue 21875: a snapshot is written before an old one goes",
        "etcd.io/docs/v3.6/op-guide/maintenance: defragmentation writes a second database",
    ],
    rules: &[Rule::Zookeeper(judge_zookeeper), Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, policy: &Policy, _: Timestamp) -> Outcome {
    if facts.data_dirs.is_empty() {
        return Outcome::NotApplicable(super::UNSEEN.into());
    }
    let mut tally = Tally::new();
    for (member, dir) in &facts.data_dirs {
        match dir {
            Observed::Known(dir) => match low(dir, policy) {
                Some(hit) => tally.hit(hit.on(member.clone())),
                None => tally.nearest(-free_percent(dir), values(dir)),
            },
            Observed::Unknown(why) => {
                tally.gap(member.clone(), format!("the room on its disk: {why}"), Severity::Critical);
            }
        }
    }
    tally.outcome()
}

fn low(dir: &DataDir, policy: &Policy) -> Option<Hit> {
    let percent = free_percent(dir);
    let (severity, says) = if percent < policy.get(&CRITICAL) {
        (Severity::Critical, "the disk of {path} is nearly full: {free} of {total} are left")
    } else if percent < policy.get(&WARN) {
        (Severity::Warning, "the disk of {path} fills: {free} of {total} are left")
    } else if dir.free_bytes < dir.used_bytes {
        (
            Severity::Warning,
            "the disk of {path} has {free} left, less than its data take ({used}): no copy of them fits",
        )
    } else {
        return None;
    };
    let mut hit = Hit::new(severity, says);
    hit.values = values(dir);
    Some(hit)
}

fn free_percent(dir: &DataDir) -> f64 {
    dir.free_bytes as f64 / dir.total_bytes.max(1) as f64 * 100.0
}

fn values(dir: &DataDir) -> Vec<(&'static str, Value)> {
    vec![
        ("path", dir.path.as_str().into()),
        ("free", Value::Bytes(dir.free_bytes)),
        ("total", Value::Bytes(dir.total_bytes)),
        ("used", Value::Bytes(dir.used_bytes)),
    ]
}

/// ZooKeeper tells itself where its data and its log are; what it writes next is as large as its largest file.
fn judge_zookeeper(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.here) {
        return Outcome::undecided(format!("the servers' disks: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| {
        let here = match &member.here {
            Observed::Known(here) => here,
            Observed::Unknown(why) => {
                return tally.gap(member.label(), format!("its disks: {why}"), Severity::Warning);
            }
        };
        for directory in &here.directories {
            let percent = free(directory);
            if let Some(severity) = severity(directory, policy) {
                tally.hit(
                    on(member, severity, "{free} ({percent}) are free where {key} is ({path})")
                        .with("free", Value::Bytes(directory.free_bytes))
                        .with("percent", Value::Percent(percent))
                        .with("key", directory.key.as_str())
                        .with("path", directory.path.as_str()),
                );
            }
            tally.nearest(
                100.0 - percent,
                vec![("least_free", Value::Percent(percent)), ("path", directory.path.as_str().into())],
            );
        }
    })
}

fn free(directory: &ZookeeperDirectory) -> f64 {
    if directory.size_bytes == 0 {
        0.0
    } else {
        directory.free_bytes as f64 / directory.size_bytes as f64 * 100.0
    }
}

fn severity(directory: &ZookeeperDirectory, policy: &Policy) -> Option<Severity> {
    let room_for = |files: u64| directory.free_bytes / files >= directory.largest_file_bytes;
    let percent = free(directory);
    if percent < policy.get(&CRITICAL) || !room_for(1) {
        Some(Severity::Critical)
    } else if percent < policy.get(&WARN) || !room_for(3) {
        Some(Severity::Warning)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, ensemble, row, undecided};

    fn with(free_bytes: u64, used_bytes: u64) -> Sample {
        let mut sample = cluster(3);
        let dir = DataDir { free_bytes, total_bytes: 1000, used_bytes, ..DataDir::default() };
        sample.0.common.data_dirs.insert("n2".into(), Observed::Known(dir));
        sample
    }

    #[test]
    fn fills_and_no_copy_fits() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
        row(&CHECK, &with(51, 20), &[]);
        row(&CHECK, &with(49, 20), &[Severity::Warning]);
        row(&CHECK, &with(29, 20), &[Severity::Critical]);
        row(&CHECK, &with(300, 301), &[Severity::Warning]);
        let mut unseen = cluster(3);
        unseen.0.common.data_dirs.insert("n1".into(), Observed::unknown("permission denied"));
        undecided(&CHECK, &unseen, Severity::Critical);
    }

    fn with_largest(free: u64, largest: u64) -> Sample {
        let mut sample = ensemble(3);
        let directory = &mut sample.here_mut("n2").directories[0];
        (directory.free_bytes, directory.largest_file_bytes) = (free << 30, largest << 30);
        sample
    }

    #[test]
    fn a_share_and_room_for_what_comes_next() {
        row(&CHECK, &ensemble(3), &[]);
        row(&CHECK, &with_largest(6, 2), &[]);
        row(&CHECK, &with_largest(4, 0), &[Severity::Warning]);
        row(&CHECK, &with_largest(9, 4), &[Severity::Warning]);
        row(&CHECK, &with_largest(2, 0), &[Severity::Critical]);
        row(&CHECK, &with_largest(9, 10), &[Severity::Critical]);
        let mut far = ensemble(3);
        far.zookeeper_mut("n1").here = Observed::unknown("elsewhere");
        undecided(&CHECK, &far, Severity::Warning);
    }
}
