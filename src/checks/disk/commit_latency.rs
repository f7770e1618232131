use crate::checks::servers::on;
use crate::facts::{CommonFacts, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "commit_latency_warn",
    default: Limit::Millis(100.0),
    source: "zookeeperMonitor.md: AvgLatencyTooHigh, avg_latency > 100 ms",
};

pub(super) const CHECK: Check = Check {
    slug: "commit-latency",
    family: Family::Disk,
    question: "Are clients' requests answered quickly?",
    why: "What clients wait for is the log of a majority, the links between them, and pauses of the JVM together.",
    remedy: "See which part is slow: `quorate check --only wal-fsync,raft-lag,linearizable-read`; look for long pauses in \
             the garbage collector's log.",
    runbook: None,
    thresholds: &[WARN],
    sources: &[
        "zookeeperMonitor.md, alert rules",
        "ZooKeeper ServerMetrics.java: updatelatency (3.6 and later)",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    if zookeeper.serving().next().is_none() {
        return Outcome::undecided("no server serves", Severity::Warning);
    }
    let limit = policy.get(&WARN);
    let mut tally = Tally::new();
    for (member, srvr) in zookeeper.serving() {
        let writes = member
            .metric("updatelatency_p99")
            .map(|p99| (p99, "writes took {took} at the 99th percentile since its start; limit {limit}"));
        let all = srvr
            .latency_avg_ms
            .map(|mean| (mean, "requests took {took} on average since its start; limit {limit}"));
        match writes.into_iter().chain(all).find(|(took, _)| *took > limit) {
            Some((took, says)) => tally.hit(
                on(member, Severity::Warning, says)
                    .with("took", Value::Millis(took))
                    .with("limit", Value::Millis(limit)),
            ),
            None if srvr.latency_avg_ms.is_none() => {
                tally.gap(member.label(), "srvr did not tell its latency", Severity::Warning);
            }
            None => {
                let mean = srvr.latency_avg_ms.unwrap_or_default();
                tally.nearest(
                    mean,
                    vec![("slowest_member", member.label().into()), ("mean", Value::Millis(mean))],
                );
            }
        }
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn writes_count_where_they_are_told_and_all_requests_where_not() {
        let mut sample = ensemble(3);
        row(&CHECK, &sample, &[]);
        sample.numbers_mut("n1").insert("updatelatency_p99".into(), 101.0);
        sample.srvr_mut("n2").latency_avg_ms = Some(100.5);
        row(&CHECK, &sample, &[Severity::Warning; 2]);
    }
}
