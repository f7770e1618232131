use crate::checks::agents::unread;
use crate::facts::{CommonFacts, ConsulFacts, ConsulMember};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const RESTORE_FACTOR: Threshold = Threshold {
    key: "restore_window_warn",
    default: Limit::Count(2.0),
    source: "Consul telemetry reference: keep the oldest log entry at least twice as old as a restore takes",
};

pub(super) const CHECK: Check = Check {
    slug: "restore-window",
    family: Family::Replication,
    question: "Does the log reach back further than a restore takes?",
    why: "A server that restarts restores its snapshot and then needs the entries after it. Where \
          the leader has thrown them away by then, it gets a snapshot again, and again.",
    remedy: "Raise raft_trailing_logs (reloadable since 1.10) until the oldest entry is twice as \
          old as a restore takes.",
    runbook: None,
    thresholds: &[RESTORE_FACTOR],
    sources: &[
        "Consul telemetry reference: consul.raft.leader.oldestLogAge, consul.raft.fsm.lastRestoreDuration",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let Some((leader, native)) = consul.leader(facts) else {
        return Outcome::undecided("how old the leader's log is: no leader answered", Severity::Warning);
    };
    let mut tally = Tally::new();
    unread(leader, native, &mut tally);
    let age = gauge(native, "raft.leader.oldestLogAge").filter(|age| *age > 0.0);
    let restores = consul.answered(facts).filter_map(|(member, native)| {
        Some((member, gauge(native, "raft.fsm.lastRestoreDuration").filter(|ms| *ms > 0.0)?))
    });
    let Some((slowest, restore)) = restores.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return match tally.outcome() {
            Outcome::Clear(_) => Outcome::NotApplicable("no server has restored a snapshot".into()),
            outcome => outcome,
        };
    };
    let Some(age) = age else {
        return match tally.outcome() {
            Outcome::Clear(_) => Outcome::NotApplicable("the leader has not cut its log yet".into()),
            outcome => outcome,
        };
    };
    if age < restore * policy.get(&RESTORE_FACTOR) {
        let severity = if age < restore { Severity::Critical } else { Severity::Warning };
        let says = "the leader keeps log entries for {age} only, and a restore on {server} took {restore}: a server that \
                    restarts may never catch up";
        let hit = Hit::new(severity, says)
            .with("age", Value::Millis(age))
            .with("restore", Value::Millis(restore))
            .with("server", slowest.label());
        tally.hit(hit.on(leader.label()));
    }
    tally.evidence("oldest_entry", Value::Millis(age));
    tally.evidence("restore", Value::Millis(restore));
    tally.outcome()
}

fn gauge(native: &ConsulMember, name: &str) -> Option<f64> {
    native.metrics.known()?.gauges.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};

    #[test]
    fn a_restore_that_takes_longer_than_the_log_reaches_back() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        let with = |age: f64, restore: f64| {
            let mut sample = servers(3);
            sample.interval_mut("n1").gauges.insert("raft.leader.oldestLogAge".into(), age);
            sample.interval_mut("n2").gauges.insert("raft.fsm.lastRestoreDuration".into(), restore);
            sample
        };
        row(&CHECK, &with(60_000.0, 20_000.0), &[]);
        row(&CHECK, &with(30_000.0, 20_000.0), &[Severity::Warning]);
        row(&CHECK, &with(10_000.0, 20_000.0), &[Severity::Critical]);
    }
}
