//! The questions of this family, asked of ZooKeeper.

use super::file_descriptors;
use crate::checks::servers::{each_with_numbers, hidden_alike, number, on};
use crate::facts::{CommonFacts, Observed, Window, ZookeeperFacts};
use crate::finding::{Hit, Outcome, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

pub(super) const MEAN_WARN: Threshold = Threshold {
    key: "fsync_mean_warn",
    default: Limit::Millis(20.0),
    source: "our own: ZooKeeper tells count, sum and slowest, no percentile; its documents take 10 % of all time in fsync for a fault",
};
pub(super) const SLOWEST_WARN: Threshold = Threshold {
    key: "fsync_slowest_warn",
    default: Limit::Millis(1000.0),
    source: "ZooKeeper zookeeper.fsync.warningthresholdms = 1000: the server logs a warning itself",
};

/// wal-fsync. A mean wakes nobody: what a slow log does to clients is linearizable-read's finding, which always sees it.
pub(super) fn fsync(zookeeper: &ZookeeperFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.metrics) {
        return Outcome::undecided(format!("the servers' numbers: {why}"), Severity::Warning);
    }
    let mut tally = Tally::new();
    let mut asked = 0_usize;
    for member in facts.reachable().filter(|m| zookeeper.of(m).is_some()) {
        asked += 1;
        let latency = match &member.log_sync {
            Observed::Known(latency) => latency,
            Observed::Unknown(why) => {
                tally.gap(member.label(), why, Severity::Warning);
                continue;
            }
        };
        let (mean, limit) = (latency.mean_ms, policy.get(&MEAN_WARN));
        // One sample, of the first epoch, says nothing of the disk.
        if mean >= limit && !latency.slowest_only {
            tally.hit(
                Hit::new(Severity::Warning, "the log took {mean} to reach the disk on average of {samples} times {window}; limit {limit}")
                    .with("mean", Value::Millis(mean))
                    .with("samples", latency.samples)
                    .with("window", latency.window.label())
                    .with("limit", Value::Millis(limit))
                    .on(member.label()),
            );
        }
        let slowest = zookeeper.of(member).and_then(|native| native.metric("fsynctime_max"));
        if let Some(slowest) = slowest.filter(|slowest| *slowest >= policy.get(&SLOWEST_WARN)) {
            // The slowest since the start may be of a month ago: worth knowing, no more.
            let old = matches!(latency.window, Window::SinceStart { seconds: Some(s) } if s > 86_400.0);
            let severity = if old { Severity::Info } else { Severity::Warning };
            tally.hit(
                Hit::new(severity, "the slowest sync of the log since its start took {slowest}")
                    .with("slowest", Value::Millis(slowest))
                    .on(member.label()),
            );
        }
        tally.nearest(mean, vec![("slowest_member", member.label().into()), ("mean", Value::Millis(mean))]);
    }
    if asked == 0 { Outcome::undecided("no member answered", Severity::Warning) } else { tally.outcome() }
}

/// file-descriptors.
pub(super) fn files(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    each_with_numbers(zookeeper, Severity::Warning, |member, tally| {
        let what = "its open files";
        let Some(used) = number(member, "open_file_descriptor_count", what, Severity::Warning, tally) else {
            return;
        };
        let Some(limit) = number(member, "max_file_descriptor_count", what, Severity::Warning, tally) else {
            return;
        };
        let percent = if limit > 0.0 { used / limit * 100.0 } else { 0.0 };
        if percent >= policy.get(&file_descriptors::WARN) {
            tally.hit(
                on(member, Severity::Warning, "{used} of {limit} file descriptors are open ({percent})")
                    .with("used", used as u64)
                    .with("limit", limit as u64)
                    .with("percent", Value::Percent(percent)),
            );
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::wal_fsync;
    use super::*;
    use crate::checks::testing::{ensemble, row, undecided};

    #[test]
    fn a_mean_is_judged_and_no_measure_is_unknown() {
        row(&wal_fsync::CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.member_mut("n2").log_sync = sample.member_mut("n2").log_sync.map(|l| {
            let mut slow = *l;
            slow.mean_ms = 20.0;
            slow
        });
        row(&wal_fsync::CHECK, &sample, &[Severity::Warning]);
        sample.member_mut("n2").log_sync = Observed::unknown("this version does not tell");
        undecided(&wal_fsync::CHECK, &sample, Severity::Warning);
    }

    #[test]
    fn descriptors_run_out() {
        let mut sample = ensemble(3);
        row(&file_descriptors::CHECK, &sample, &[]);
        sample.numbers_mut("n1").insert("open_file_descriptor_count".into(), 900.0);
        row(&file_descriptors::CHECK, &sample, &[Severity::Warning]);
    }
}
