use super::window::{self, Spoken};
use super::zxids;
use crate::checks::agents::{nobody, unread};
use crate::facts::{CommonFacts, ConsulFacts, EtcdFacts, Window};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "leader_changes_per_15m",
    default: Limit::Count(4.0),
    source: "etcd contrib/mixin/alerts: etcdHighNumberOfLeaderChanges (4 or more in 15 minutes)",
};

/// The threshold's span in seconds.
const SPAN: f64 = 900.0;

pub(super) const CHECK: Check = Check {
    slug: "leader-churn",
    family: Family::Replication,
    question: "Does the leader stay?",
    why: "Every change of leader stops writes for an election; many of them mean that heartbeats do not arrive in time.",
    remedy: "Look at fsync and CPU of the leader and at the round trips between members; the election timeout must be \
             well above both: `quorate check --only wal-fsync,peer-network,heartbeats`.",
    runbook: None,
    thresholds: &[WARN],
    sources: &[
        "ZooKeeper mntr: election_time",
        "Consul telemetry reference: consul.raft.state.candidate, consul.raft.transition.leader_lease_timeout",
        "etcd contrib/mixin/alerts: etcdHighNumberOfLeaderChanges",
        "https://etcd.io/docs/v3.6/tuning/",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(zxids::churn), Rule::Consul(judge_consul)],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let seen = etcd.answered(facts).filter_map(|(_, native, _)| {
        let grown = native.window.known()?;
        // Since its start a member sees at least the election that gave it its first leader.
        let first = if matches!(grown.window, Window::SinceStart { .. }) { 1.0 } else { 0.0 };
        Some(((grown.grown.leader_changes? - first).max(0.0), grown.window))
    });
    // Each member counts the same changes: the one that saw most was there for most of them.
    let in_span =
        |(changes, window): &(f64, Window)| changes * SPAN / window.seconds().unwrap_or(SPAN).max(SPAN);
    let Some((changes, window)) = seen.max_by(|a, b| in_span(a).total_cmp(&in_span(b))) else {
        return Outcome::undecided(window::why(etcd, facts, "leader changes"), Severity::Warning);
    };
    let mut tally = Tally::new();
    if in_span(&(changes, window)) >= policy.get(&WARN) {
        tally.hit(
            Hit::new(Severity::Warning, "the leader changed {changes} times {during}")
                .with("changes", changes as u64)
                .with("during", window.spoken()),
        );
    }
    tally.evidence("leader_changes", changes as u64);
    tally.evidence("during", window.spoken());
    tally.outcome()
}

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, &mut tally);
        let count = |name: &str| {
            native.metrics.known().and_then(|m| m.counters.get(name)).copied().unwrap_or_default() as u64
        };
        let (candidate, lost) =
            (count("raft.state.candidate"), count("raft.transition.leader_lease_timeout"));
        // The first election gives a cluster its first leader.
        let first = native.raft.known().is_some_and(|raft| raft.term <= FIRST_TERM);
        if lost > 0 {
            let says = "it lost its leadership {lost} times in the last 10 s: it did not hear from a majority in time";
            tally.hit(
                Hit::new(Severity::Warning, says).with("lost", lost).remedy(ELECTIONS).on(member.label()),
            );
        } else if candidate > 0 && !first {
            let severity = if candidate > 1 { Severity::Warning } else { Severity::Info };
            let says = "it stood for election {times} times in the last 10 s";
            tally.hit(Hit::new(severity, says).with("times", candidate).remedy(ELECTIONS).on(member.label()));
        }
    }
    let term = consul.leader(facts).and_then(|(_, native)| Some(native.raft.known()?.term));
    if let Some(term) = term {
        tally.evidence("term", term);
    }
    tally.outcome()
}

/// A cluster's first leader is elected in term 2: entries of bootstrapping are of term 1.
const FIRST_TERM: u64 = 2;

const ELECTIONS: &str = "Look at the disk and CPU of the leader and at the network between the RPC ports; raft_multiplier = 1 needs \
                     both to be good.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::replication::window::testing::windowed;
    use crate::checks::testing::{cluster, row, servers, undecided};
    use crate::facts::Observed;

    #[test]
    fn four_in_a_quarter_of_an_hour() {
        let changes = |changes, window| windowed(window, |grown| grown.leader_changes = Some(changes));
        let last = |seconds| Window::SinceLastRun { seconds };
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &changes(3.0, last(60.0)), &[]);
        row(&CHECK, &changes(4.0, last(60.0)), &[Severity::Warning]);
        row(&CHECK, &changes(15.0, last(3600.0)), &[]);
        row(&CHECK, &changes(16.0, last(3600.0)), &[Severity::Warning]);
        let start = |seconds| Window::SinceStart { seconds: Some(seconds) };
        row(&CHECK, &changes(4.0, start(60.0)), &[]);
        row(&CHECK, &changes(5.0, start(60.0)), &[Severity::Warning]);
    }

    #[test]
    fn one_member_that_counts_is_enough_and_none_is_not() {
        let mut facts = cluster(3);
        facts.etcd_mut("n1").window = Observed::unknown("HTTP status 404");
        row(&CHECK, &facts, &[]);
        facts.etcd_mut("n2").window = Observed::unknown("HTTP status 404");
        facts.etcd_mut("n3").window = Observed::unknown("HTTP status 404");
        undecided(&CHECK, &facts, Severity::Warning);
    }

    #[test]
    fn elections_in_the_last_interval() {
        row(&CHECK, &servers(3), &[]);
        let stood = |times: f64, term| {
            let mut sample = servers(3);
            sample.interval_mut("n2").counters.insert("raft.state.candidate".into(), times);
            sample.raft_mut("n2").term = term;
            sample
        };
        row(&CHECK, &stood(1.0, 2), &[]);
        row(&CHECK, &stood(1.0, 7), &[Severity::Info]);
        row(&CHECK, &stood(3.0, 7), &[Severity::Warning]);
        let mut lost = servers(3);
        lost.interval_mut("n1").counters.insert("raft.transition.leader_lease_timeout".into(), 1.0);
        row(&CHECK, &lost, &[Severity::Warning]);
    }
}
