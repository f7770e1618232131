use super::window::Spoken;
use crate::checks::agents::unread;
use crate::facts::{CommonFacts, ConsulFacts, EtcdCounters, EtcdFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const RATE: Threshold = Threshold {
    key: "late_events_warn",
    default: Limit::PerSecond(0.1),
    source: "our own: six a minute; upstream gives no number, and single ones are normal, above all at start",
};

const CONTACT_WARN: Threshold = Threshold {
    key: "last_contact_warn",
    default: Limit::Percent(40.0),
    source: "Consul telemetry reference: raft.leader.lastContact below 200 ms, of a lease of 500 ms at raft_multiplier 1",
};
pub(super) const CHECK: Check = Check {
    slug: "heartbeats",
    family: Family::Replication,
    question: "Are heartbeats sent, reads confirmed and entries applied in time?",
    why: "A leader that cannot send its heartbeats in time, or a member that applies slowly, is short of disk or CPU; \
          the next step is an election or a client's timeout.",
    remedy: "Look at disk and CPU of that member: `quorate check --only wal-fsync,backend-commit,shared-disk`. Large \
             range requests show up as slow applies too.",
    runbook: None,
    thresholds: &[RATE, CONTACT_WARN],
    sources: &[
        "https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-failed-to-send-out-heartbeat-on-time-mean",
        "https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-apply-entries-took-too-long-mean",
        "Consul telemetry reference: consul.raft.leader.lastContact, of the leader's last interval of 10 s",
    ],
    rules: &[Rule::Etcd(judge), Rule::Consul(judge_consul)],
};

type Pick = fn(&EtcdCounters) -> Option<f64>;

/// What is counted, and how a finding says it.
const EVENTS: [(&str, Pick); 4] = [
    ("{events} heartbeats were sent late {during}", |c| c.heartbeat_failures),
    ("{events} linearizable reads were confirmed late {during}", |c| c.slow_reads),
    ("{events} linearizable reads could not be confirmed {during}", |c| c.failed_reads),
    ("{events} entries took over 100 ms to apply {during}", |c| c.slow_applies),
];

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let limit = policy.get(&RATE);
    let mut tally = Tally::new();
    let mut asked = 0;
    for (member, native, _) in etcd.answered(facts) {
        asked += 1;
        let counted = match &native.window {
            Observed::Known(counted) => counted,
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its counters: {why}"), Severity::Warning);
                continue;
            }
        };
        for (says, pick) in EVENTS {
            let events = pick(&counted.grown).unwrap_or(0.0);
            if counted.window.rate(events) > limit {
                let hit = Hit::new(Severity::Warning, says)
                    .with("events", events as u64)
                    .with("during", counted.window.spoken())
                    .with("per_second", Value::Number(counted.window.rate(events)));
                tally.hit(hit.on(member.label()));
            }
        }
        tally.evidence("during", counted.window.spoken());
    }
    if asked == 0 {
        return Outcome::undecided("no member answered", Severity::Warning);
    }
    tally.outcome()
}

/// How long the leader had not heard of a follower, against the lease that it loses when it hears of no majority. Every
/// follower is in that number, also one that is gone, for as long as it has been (hashicorp/raft raft.go checkLeaderLease).
fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.members.len() == 1 {
        return Outcome::NotApplicable("a lone server has nobody to hear of".into());
    }
    let Some((leader, native)) = consul.leader(facts) else {
        return Outcome::undecided("how late its heartbeats come: no leader answered", Severity::Warning);
    };
    if facts.members.iter().any(|member| !member.reachable) {
        return Outcome::NotApplicable(
            "who does not answer is in the leader's number too: see quorum-margin".into(),
        );
    }
    let mut tally = Tally::new();
    unread(leader, native, &mut tally);
    let contact = native.metrics.known().and_then(|metrics| metrics.samples.get("raft.leader.lastContact"));
    let lease = native.settings.known().and_then(|settings| settings.lease_ms).filter(|lease| *lease > 0.0);
    let (Some(contact), Some(lease)) = (contact, lease) else {
        if native.metrics.known().is_some() {
            let missing =
                "how late heartbeats come: it has not led for a whole interval of its metrics (10 s)";
            tally.gap(leader.label(), missing, Severity::Warning);
        }
        return tally.outcome();
    };
    if contact.max / lease * 100.0 > policy.get(&CONTACT_WARN) {
        let says = "it had not heard of a follower for {longest} in the last 10 s (mean {mean}); after {lease} without a majority \
                    it steps down";
        let hit = Hit::new(Severity::Warning, says)
            .with("longest", Value::Millis(contact.max))
            .with("mean", Value::Millis(contact.mean))
            .with("lease", Value::Millis(lease));
        tally.hit(hit.on(leader.label()));
    }
    tally.evidence("longest_without_contact", Value::Millis(contact.max));
    tally.evidence("lease", Value::Millis(lease));
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::replication::window::testing::windowed;
    use crate::checks::testing::{cluster, row, sampled, servers, undecided};
    use crate::facts::Window;

    #[test]
    fn a_few_at_start_are_normal_and_a_rate_is_not() {
        row(&CHECK, &cluster(3), &[]);
        let start = Window::SinceStart { seconds: Some(4.0) };
        row(&CHECK, &windowed(start, |grown| grown.heartbeat_failures = Some(6.0)), &[]);
        row(&CHECK, &windowed(start, |grown| grown.heartbeat_failures = Some(7.0)), &[Severity::Warning]);
        let hour = Window::SinceLastRun { seconds: 3600.0 };
        row(&CHECK, &windowed(hour, |grown| grown.slow_applies = Some(360.0)), &[]);
        row(&CHECK, &windowed(hour, |grown| grown.slow_applies = Some(361.0)), &[Severity::Warning]);
        let both = windowed(hour, |grown| {
            grown.slow_reads = Some(1000.0);
            grown.failed_reads = Some(1000.0);
        });
        row(&CHECK, &both, &[Severity::Warning, Severity::Warning]);
    }

    #[test]
    fn a_leader_that_hears_of_a_follower_late() {
        row(&CHECK, &servers(3), &[]);
        let contact = |longest| {
            let mut sample = servers(3);
            let samples = &mut sample.interval_mut("n1").samples;
            samples.insert("raft.leader.lastContact".into(), sampled(20.0, longest));
            sample
        };
        row(&CHECK, &contact(200.0), &[]);
        row(&CHECK, &contact(201.0), &[Severity::Warning]);
        let mut slow = contact(900.0);
        slow.settings_mut("n1").lease_ms = Some(2500.0);
        row(&CHECK, &slow, &[]);
        // Whoever is gone has not been heard of for as long.
        assert!(matches!(contact(20_000.0).down("n3").run(&CHECK), Outcome::NotApplicable(_)));
        let mut young = servers(3);
        young.interval_mut("n1").samples.remove("raft.leader.lastContact");
        undecided(&CHECK, &young, Severity::Warning);
        undecided(&CHECK, &servers(3).down("n1"), Severity::Warning);
        assert!(matches!(servers(1).run(&CHECK), Outcome::NotApplicable(_)));
    }

    #[test]
    fn unread_counters_are_unknown() {
        let mut facts = cluster(3);
        facts.etcd_mut("n2").window = Observed::unknown("HTTP status 404");
        undecided(&CHECK, &facts, Severity::Warning);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Warning);
    }
}
