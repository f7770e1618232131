use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, Observed, ZookeeperDirectory, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity, Value};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "disk_free_warn",
    default: Limit::Percent(20.0),
    source: "our own: a file system that is fuller leaves little time to act",
};
const CRITICAL: Threshold = Threshold {
    key: "disk_free_critical",
    default: Limit::Percent(10.0),
    source: "our own, and less than three times the largest file: one more snapshot, one more log, and no more",
};

const ROOM_WARN: Threshold = Threshold {
    key: "disk_free_bytes_warn",
    default: Limit::Bytes(5 << 30),
    source: "strimzi's alert on ZooKeeper's volumes: less than 5 GiB free",
};

pub(super) const CHECK: Check = Check {
    slug: "disk-space",
    family: Family::Disk,
    question: "Is there room on every disk that data are written to?",
    why: "A server that cannot write its log stops. ZooKeeper then leaves an empty snapshot behind and exits; where all \
          servers fill up alike, the whole ensemble is gone in one night.",
    remedy: "Remove old snapshots and logs with zkCleanup.sh -n 3 (never by hand: the log that the oldest kept snapshot \
             needs is older than it), turn autopurge on, and enlarge the file system.",
    runbook: None,
    thresholds: &[WARN, CRITICAL, ROOM_WARN],
    sources: &[
        "ZooKeeper ZooKeeperCriticalThread: an I/O error in SyncRequestProcessor ends the server",
        "zookeeperAdmin.md: ongoing data directory cleanup",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
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

/// A share alone says little: a tenth of a large disk holds many snapshots.
fn severity(directory: &ZookeeperDirectory, policy: &Policy) -> Option<Severity> {
    let room_for = |files: u64| directory.free_bytes / files >= directory.largest_file_bytes;
    let percent = free(directory);
    let ample = directory.free_bytes as f64 >= policy.get(&ROOM_WARN) && room_for(10);
    if percent < policy.get(&CRITICAL) && !room_for(3) {
        Some(Severity::Critical)
    } else if percent < policy.get(&WARN) && !ample {
        Some(Severity::Warning)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, ensemble, row, undecided};

    fn with(free: u64, largest: u64) -> Sample {
        let mut sample = ensemble(3);
        let directory = &mut sample.here_mut("n2").directories[0];
        (directory.free_bytes, directory.largest_file_bytes) = (free << 30, largest << 30);
        sample
    }

    #[test]
    fn a_share_and_room_for_what_comes_next() {
        row(&CHECK, &ensemble(3), &[]);
        row(&CHECK, &with(19, 1), &[]);
        row(&CHECK, &with(19, 2), &[Severity::Warning]);
        row(&CHECK, &with(4, 0), &[Severity::Warning]);
        row(&CHECK, &with(9, 3), &[Severity::Warning]);
        row(&CHECK, &with(9, 4), &[Severity::Critical]);
        let mut far = ensemble(3);
        far.zookeeper_mut("n1").here = Observed::unknown("elsewhere");
        undecided(&CHECK, &far, Severity::Warning);
    }
}
