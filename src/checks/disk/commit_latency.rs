use crate::checks::agents::unread;
use crate::checks::servers::on;
use crate::facts::{CommonFacts, ConsulFacts, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "commit_latency_warn",
    default: Limit::Millis(100.0),
    source: "zookeeperMonitor.md: AvgLatencyTooHigh, avg_latency > 100 ms",
};

/// Fewer make no 99th percentile, and no mean of a warm server.
const ENOUGH_WRITES: f64 = 100.0;
const ENOUGH_REQUESTS: u64 = 1000;

const COMMIT_WARN: Threshold = Threshold {
    key: "commit_latency_mean_warn",
    default: Limit::Millis(25.0),
    source: "our own, as etcd's limit for commits; Consul telemetry reference: normally a few ms",
};

pub(super) const CHECK: Check = Check {
    slug: "commit-latency",
    family: Family::Disk,
    question: "Do clients get their writes committed fast enough?",
    why: "Every write waits until a majority has it on its disks: what clients wait for is those disks, the network \
          between them, and pauses of the servers together.",
    remedy: "See which part is slow: `quorate check --only wal-fsync,raft-lag,linearizable-read`, `quorate probe commit \
             TARGET`; with ZooKeeper look for long pauses in the garbage collector's log.",
    runbook: Some("slow-disk"),
    thresholds: &[WARN, COMMIT_WARN],
    sources: &[
        "zookeeperMonitor.md, alert rules",
        "ZooKeeper ServerMetrics.java: updatelatency (3.6 and later)",
        "Consul telemetry reference: consul.raft.commitTime",
    ],
    rules: &[Rule::Zookeeper(judge), Rule::Consul(judge_consul)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    if zookeeper.serving().next().is_none() {
        return Outcome::undecided("no server serves", Severity::Warning);
    }
    let limit = policy.get(&WARN);
    let mut tally = Tally::new();
    for (member, srvr) in zookeeper.serving() {
        let enough = member.metric("updatelatency_cnt").is_some_and(|count| count >= ENOUGH_WRITES);
        let writes = member.metric("updatelatency_p99").filter(|_| enough);
        let all = srvr.latency_avg_ms.filter(|_| srvr.received.is_some_and(|count| count >= ENOUGH_REQUESTS));
        let (took, says) = match (writes, all) {
            (Some(p99), _) => {
                (p99, "writes took {took} at the 99th percentile since its start; limit {limit}")
            }
            (None, Some(mean)) => (mean, "requests took {took} on average since its start; limit {limit}"),
            // A Java server's first answers are slow: a few of them say nothing.
            (None, None) => continue,
        };
        if took > limit {
            let hit = on(member, Severity::Warning, says).with("took", Value::Millis(took));
            tally.hit(hit.with("limit", Value::Millis(limit)));
        }
        tally.nearest(took, vec![("slowest_member", member.label().into()), ("took", Value::Millis(took))]);
    }
    tally.outcome()
}

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let Some((leader, native)) = consul.leader(facts) else {
        return Outcome::undecided("how long commits take: no leader answered", Severity::Warning);
    };
    let mut tally = Tally::new();
    unread(leader, native, &mut tally);
    if let Some(sample) = native.metrics.known().and_then(|m| m.samples.get("raft.commitTime")) {
        let limit = policy.get(&COMMIT_WARN);
        if sample.mean > limit {
            let says =
                "commits take {mean} on average, over {limit}; the slowest of {samples} took {slowest}";
            let hit = Hit::new(Severity::Warning, says)
                .with("mean", Value::Millis(sample.mean))
                .with("limit", Value::Millis(limit))
                .with("samples", sample.count)
                .with("slowest", Value::Millis(sample.max));
            tally.hit(hit.on(leader.label()));
        }
        tally.evidence("mean", Value::Millis(sample.mean));
        tally.evidence("samples", sample.count);
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row, sampled, servers, undecided};

    #[test]
    fn writes_count_where_they_are_told_and_all_requests_where_not() {
        let mut sample = ensemble(3);
        row(&CHECK, &sample, &[]);
        let numbers = [("updatelatency_p99", 101.0), ("updatelatency_cnt", 100.0)];
        sample.numbers_mut("n1").extend(numbers.map(|(name, n)| (name.to_owned(), n)));
        sample.srvr_mut("n2").latency_avg_ms = Some(100.5);
        row(&CHECK, &sample, &[Severity::Warning; 2]);
        sample.numbers_mut("n1").insert("updatelatency_cnt".into(), 99.0);
        sample.srvr_mut("n2").received = Some(99);
        row(&CHECK, &sample, &[]);
    }

    #[test]
    fn commits_as_the_leader_sees_them() {
        row(&CHECK, &servers(3), &[]);
        let mut slow = servers(3);
        slow.interval_mut("n1").samples.insert("raft.commitTime".into(), sampled(26.0, 90.0));
        row(&CHECK, &slow, &[Severity::Warning]);
        undecided(&CHECK, &servers(3).down("n1"), Severity::Warning);
    }
}
