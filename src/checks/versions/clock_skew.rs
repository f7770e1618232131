use crate::facts::{ClockOffset, CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};
use jiff::Timestamp;

const WARN: Threshold = Threshold {
    key: "clock_skew_warn",
    default: Limit::Millis(1000.0),
    source: "etcd server/etcdserver/api/rafthttp/probing_status.go: logs a high clock drift above 1 s",
};

const CRITICAL: Threshold = Threshold {
    key: "clock_skew_critical",
    default: Limit::Millis(10_000.0),
    source: "chosen: far enough to reject fresh certificates and tokens",
};

pub(super) const CHECK: Check = Check {
    slug: "clock-skew",
    family: Family::Versions,
    question: "Do the members' clocks agree with this machine's?",
    why: "Certificates, tokens and leases are judged by each member's own clock: one that is wrong rejects good \
          certificates, accepts expired ones, and makes logs impossible to put in order.",
    remedy: "Check the time service on the member (`chronyc tracking`, `timedatectl`).",
    runbook: Some("slow-cluster"),
    thresholds: &[WARN, CRITICAL],
    sources: &[
        "Date header of every answer (etcd, Consul); ZooKeeper: of its AdminServer",
        "RFC 9110 §6.6.1: the Date header",
    ],
    rules: &[Rule::Zookeeper(judge_zookeeper), Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, policy: &Policy, _: Timestamp) -> Outcome {
    decide(facts, policy, Severity::Critical)
}

/// Nothing that ZooKeeper decides hangs on a clock, and only its AdminServer tells one.
fn judge_zookeeper(_: &ZookeeperFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    decide(facts, policy, Severity::Info)
}

fn decide(facts: &CommonFacts, policy: &Policy, at_worst: Severity) -> Outcome {
    let mut tally = Tally::new();
    let mut clocks: Vec<(String, ClockOffset)> = Vec::new();
    for member in facts.reachable() {
        match &member.clock {
            Observed::Known(clock) => clocks.push((member.label(), *clock)),
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its clock: {why}"), at_worst);
            }
        }
    }
    if facts.reachable().next().is_none() {
        return Outcome::undecided("no member answered", at_worst);
    }
    let wrong: Vec<(&String, ClockOffset, Severity)> = clocks
        .iter()
        .filter_map(|(member, clock)| Some((member, *clock, severity(clock, policy)?)))
        .collect();
    if wrong.len() > 1 && wrong.len() == clocks.len() && same_way(&clocks) {
        let (_, clock, severity) = wrong[0];
        tally.hit(
            said(severity, "all members' clocks are {offset} {way} this machine's: it is probably this machine's that is wrong", clock)
                .remedy("Check the time service of the machine that runs quorate (`chronyc tracking`, `timedatectl`)."),
        );
    } else {
        for (member, clock, severity) in wrong {
            tally.hit(said(severity, "its clock is {offset} {way} this machine's", clock).on(member.clone()));
        }
    }
    for (member, clock) in clocks {
        let values = vec![
            ("member", member.into()),
            ("offset", Value::Millis(clock.offset_ms.round())),
            ("uncertainty", Value::Millis(clock.uncertainty_ms.round())),
        ];
        tally.nearest(clock.offset_ms.abs() - clock.uncertainty_ms, values);
    }
    tally.outcome()
}

/// Only what the measurement proves: the offset less its uncertainty.
fn severity(clock: &ClockOffset, policy: &Policy) -> Option<Severity> {
    match clock.offset_ms.abs() - clock.uncertainty_ms {
        proven if proven > policy.get(&CRITICAL) => Some(Severity::Critical),
        proven if proven > policy.get(&WARN) => Some(Severity::Warning),
        _ => None,
    }
}

/// Whether the members agree among themselves, as far as can be measured.
fn same_way(clocks: &[(String, ClockOffset)]) -> bool {
    let least = clocks.iter().map(|(_, c)| c.offset_ms + c.uncertainty_ms).fold(f64::INFINITY, f64::min);
    let most = clocks.iter().map(|(_, c)| c.offset_ms - c.uncertainty_ms).fold(f64::NEG_INFINITY, f64::max);
    most <= least
}

fn said(severity: Severity, says: &'static str, clock: ClockOffset) -> Hit {
    Hit::new(severity, says)
        .with("offset", Value::Millis(clock.offset_ms.abs().round()))
        .with("way", if clock.offset_ms > 0.0 { "ahead of" } else { "behind" })
        .with("uncertainty", Value::Millis(clock.uncertainty_ms.round()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn offsets(offsets: [f64; 3]) -> Sample {
        let mut sample = cluster(3);
        for (name, offset_ms) in ["n1", "n2", "n3"].iter().zip(offsets) {
            sample.member_mut(name).clock = Observed::Known(ClockOffset { offset_ms, uncertainty_ms: 500.0 });
        }
        sample
    }

    #[test]
    fn only_what_is_proven_counts() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &offsets([0.0, 1400.0, 0.0]), &[]);
        row(&CHECK, &offsets([0.0, 1600.0, 0.0]), &[Severity::Warning]);
        row(&CHECK, &offsets([0.0, -1600.0, 11_000.0]), &[Severity::Warning, Severity::Critical]);
    }

    #[test]
    fn all_members_off_alike_means_this_machine() {
        row(&CHECK, &offsets([-60_000.0, -60_200.0, -59_800.0]), &[Severity::Critical]);
        row(&CHECK, &offsets([60_000.0, -60_000.0, 90_000.0]), &[Severity::Critical; 3]);
    }

    #[test]
    fn an_unread_clock_is_a_gap() {
        let mut unread = cluster(3);
        unread.member_mut("n2").clock = Observed::unknown("the answer has no Date header");
        undecided(&CHECK, &unread, Severity::Critical);
        row(&CHECK, &cluster(3).down("n3"), &[]);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }
}
