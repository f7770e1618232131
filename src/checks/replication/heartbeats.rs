use super::window::Spoken;
use crate::facts::{CommonFacts, EtcdCounters, EtcdFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const RATE: Threshold = Threshold {
    key: "late_events_warn",
    default: Limit::PerSecond(0.1),
    source: "our own: six a minute; upstream gives no number, and single ones are normal, above all at start",
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
    thresholds: &[RATE],
    sources: &[
        "https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-failed-to-send-out-heartbeat-on-time-mean",
        "https://etcd.io/docs/v3.6/faq/#what-does-the-etcd-warning-apply-entries-took-too-long-mean",
    ],
    rules: &[Rule::Etcd(judge)],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::replication::window::testing::windowed;
    use crate::checks::testing::{cluster, row, undecided};
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
    fn unread_counters_are_unknown() {
        let mut facts = cluster(3);
        facts.etcd_mut("n2").window = Observed::unknown("HTTP status 404");
        undecided(&CHECK, &facts, Severity::Warning);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Warning);
    }
}
