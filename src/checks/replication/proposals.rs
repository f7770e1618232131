use super::window::Spoken;
use super::zxids;
use crate::facts::{CommonFacts, EtcdFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const PENDING: Threshold = Threshold {
    key: "proposals_pending_warn",
    default: Limit::Count(100.0),
    source: "our own: upstream gives no number; one look cannot tell a queue from concurrent clients, so it is high",
};
const FAILED: Threshold = Threshold {
    key: "proposals_failed_warn",
    default: Limit::PerSecond(5.0),
    source: "etcd contrib/mixin/alerts: etcdHighNumberOfFailedProposals (over 5 per second for 15 minutes)",
};

pub(super) const CHECK: Check = Check {
    slug: "proposals",
    family: Family::Replication,
    question: "Are writes taken up and committed?",
    why: "Pending proposals are writes that wait for a majority; failed ones are writes that clients were refused.",
    remedy: "Look at the leader's disk and at the voters that answer late: `quorate check --only \
             quorum-margin,wal-fsync,raft-lag,leader-churn`.",
    runbook: None,
    thresholds: &[PENDING, FAILED, zxids::OUTSTANDING, zxids::PENDING_SYNCS],
    sources: &[
        "ZooKeeper mntr: outstanding_requests, proposal_count",
        "etcd contrib/mixin/alerts: etcdHighNumberOfFailedProposals",
        "etcd_server_proposals_pending, etcd_server_proposals_failed_total",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(zxids::waiting)],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut asked = 0;
    let mut most = 0.0;
    for (member, native, _) in etcd.answered(facts) {
        asked += 1;
        let metrics = match &native.metrics {
            Observed::Known(metrics) => metrics,
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its proposals: {why}"), Severity::Warning);
                continue;
            }
        };
        let pending = metrics.proposals_pending.unwrap_or(0.0);
        most = f64::max(most, pending);
        if pending > policy.get(&PENDING) {
            let hit =
                Hit::new(Severity::Warning, "{pending} writes were waiting for a majority when it was asked");
            tally.hit(hit.with("pending", pending as u64).on(member.label()));
        }
        if let Some(counted) = native.window.known() {
            let failed = counted.grown.proposals_failed.unwrap_or(0.0);
            let rate = counted.window.rate(failed);
            if rate > policy.get(&FAILED) {
                let hit = Hit::new(Severity::Warning, "{failed} writes failed {during}: {rate} per second")
                    .with("failed", failed as u64)
                    .with("during", counted.window.spoken())
                    .with("rate", Value::Number(rate));
                tally.hit(hit.on(member.label()));
            }
        }
    }
    if asked == 0 {
        return Outcome::undecided("no member answered", Severity::Warning);
    }
    tally.evidence("most_pending", most as u64);
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::replication::window::testing::windowed;
    use crate::checks::testing::{cluster, row, undecided};
    use crate::facts::Window;

    #[test]
    fn waiting_and_failed_writes() {
        row(&CHECK, &cluster(3), &[]);
        let mut pending = cluster(3);
        pending.metrics_mut("n2").proposals_pending = Some(100.0);
        row(&CHECK, &pending, &[]);
        pending.metrics_mut("n2").proposals_pending = Some(101.0);
        row(&CHECK, &pending, &[Severity::Warning]);
        let failed = |count, seconds| {
            windowed(Window::SinceLastRun { seconds }, |grown| grown.proposals_failed = Some(count))
        };
        row(&CHECK, &failed(501.0, 100.0), &[Severity::Warning]);
        row(&CHECK, &failed(500.0, 100.0), &[]);
        row(&CHECK, &failed(200.0, 1.0), &[]);
    }

    #[test]
    fn unread_metrics_are_unknown() {
        let mut facts = cluster(3);
        facts.etcd_mut("n2").metrics = Observed::unknown("HTTP status 404");
        undecided(&CHECK, &facts, Severity::Warning);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Warning);
    }
}
