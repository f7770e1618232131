use crate::facts::{CommonFacts, Observed, QuorumRead};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};
use crate::quorum::{self, QuorumState};
use jiff::Timestamp;

const WARN: Threshold = Threshold {
    key: "linearizable_read_warn",
    default: Limit::Millis(150.0),
    source: "etcd contrib/mixin/alerts: etcdGRPCRequestsSlow (p99 over 150 ms)",
};
const CRITICAL: Threshold = Threshold {
    key: "linearizable_read_critical",
    default: Limit::Millis(1000.0),
    source: "our own: the default election timeout of etcd, within which a leader must be heard",
};

pub(super) const CHECK: Check = Check {
    slug: "linearizable-read",
    family: Family::Quorum,
    question: "Does every voter answer a read that only a quorum can answer, and quickly?",
    why: "Such a read goes through the leader and a majority: it is the path every client's write takes, without \
          writing anything. A member that fails it while the others serve is cut off from them.",
    remedy: "Look at the member's link to the leader and at the disks: `quorate check --only peer-network,wal-fsync`.",
    runbook: Some("slow-cluster"),
    thresholds: &[WARN, CRITICAL],
    sources: &[
        "ZooKeeper: a session of its own, then sync",
        "Consul /v1/catalog/node?consistent on every server",
        "etcd server/etcdserver/v3_server.go: Range waits for ReadIndex",
        "etcdctl endpoint health reads the key \"health\"",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, policy: &Policy, _: Timestamp) -> Outcome {
    let state = quorum::assess(facts).state;
    if state == QuorumState::Lost {
        return Outcome::NotApplicable("quorum is lost: see quorum-lost".into());
    }
    let (warn, critical) = (policy.get(&WARN), policy.get(&CRITICAL));
    let mut tally = Tally::new();
    let mut slowest: Option<f64> = None;
    let mut asked = 0;
    for member in facts.voters().filter(|m| m.reachable) {
        asked += 1;
        match &member.quorum_read {
            Observed::Known(QuorumRead::Served { ms }) if *ms > warn => {
                let (severity, limit) =
                    if *ms > critical { (Severity::Critical, critical) } else { (Severity::Warning, warn) };
                let hit = Hit::new(severity, "a linearizable read took {took}, over {limit}")
                    .with("took", Value::Millis(*ms))
                    .with("limit", Value::Millis(limit));
                tally.hit(hit.on(member.label()));
            }
            Observed::Known(QuorumRead::Served { ms }) => {
                slowest = Some(slowest.map_or(*ms, |s: f64| s.max(*ms)));
            }
            // Nothing heard in less time than a slow read may take, or nothing proven of the quorum at all, is no
            // proof of a failure.
            Observed::Known(QuorumRead::Failed { why, after_ms, refused })
                if state == QuorumState::Unknown || (!refused && *after_ms < critical) =>
            {
                let missing =
                    format!("a linearizable read, after {}: {why}", Value::Millis(*after_ms).human());
                tally.gap(member.label(), missing, Severity::Critical);
            }
            Observed::Known(QuorumRead::Failed { why, after_ms, .. }) => {
                let hit = Hit::new(Severity::Critical, "a linearizable read failed after {after}: {why}")
                    .with("why", why.as_str())
                    .with("after", Value::Millis(*after_ms));
                tally.hit(hit.on(member.label()));
            }
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its linearizable read: {why}"), Severity::Critical)
            }
        }
    }
    if asked == 0 {
        return Outcome::undecided("no voter answered", Severity::Critical);
    }
    if let Some(ms) = slowest {
        tally.evidence("slowest", Value::Millis(ms));
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn read(read: QuorumRead) -> Sample {
        let mut facts = cluster(3);
        facts.member_mut("n2").quorum_read = Observed::Known(read);
        facts
    }

    #[test]
    fn slow_and_failed_reads() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &read(QuorumRead::Served { ms: 150.0 }), &[]);
        row(&CHECK, &read(QuorumRead::Served { ms: 151.0 }), &[Severity::Warning]);
        row(&CHECK, &read(QuorumRead::Served { ms: 1001.0 }), &[Severity::Critical]);
        let failed = QuorumRead::Failed { why: "no answer".into(), after_ms: 2000.0, refused: false };
        row(&CHECK, &read(failed), &[Severity::Critical]);
    }

    #[test]
    fn a_lost_quorum_and_learners_are_not_its_business() {
        assert!(matches!(cluster(3).leaderless().run(&CHECK), Outcome::NotApplicable(_)));
        let mut learner = read(QuorumRead::Failed { why: "a learner".into(), after_ms: 0.0, refused: true });
        learner.member_mut("n2").voter = false;
        row(&CHECK, &learner, &[]);
    }

    #[test]
    fn a_read_that_was_not_tried_is_unknown() {
        let mut facts = cluster(3);
        facts.member_mut("n3").quorum_read = Observed::default();
        undecided(&CHECK, &facts, Severity::Critical);
    }
}
