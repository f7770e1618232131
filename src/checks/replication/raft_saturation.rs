use crate::checks::agents::{nobody, unread};
use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const SATURATION_WARN: Threshold = Threshold {
    key: "raft_saturation_warn",
    default: Limit::Percent(50.0),
    source: "Consul telemetry reference: raft's threads should not be busy more than half of the time",
};

pub(super) const CHECK: Check = Check {
    slug: "raft-saturation",
    family: Family::Replication,
    question: "Has raft time to spare on every member?",
    why: "Elections, heartbeats and commits wait for one thread each: busy most of the time, they \
          come late.",
    remedy: "Give the server faster CPUs, or less to do: fewer blocking queries, fewer changes of \
          health checks.",
    runbook: None,
    thresholds: &[SATURATION_WARN],
    sources: &[
        "Consul telemetry reference: consul.raft.thread.main.saturation, consul.raft.thread.fsm.saturation",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, &mut tally);
        for thread in ["main", "fsm"] {
            let name = format!("raft.thread.{thread}.saturation");
            let Some(sample) = native.metrics.known().and_then(|m| m.samples.get(&name)) else { continue };
            let busy = sample.mean * 100.0;
            let values = vec![("thread", Value::from(thread)), ("busy", Value::Percent(busy))];
            if busy > policy.get(&SATURATION_WARN) {
                let says = "raft's {thread} thread was busy for {busy} of the last 10 s: elections and commits wait for it";
                let mut hit = Hit::new(Severity::Warning, says);
                hit.values = values;
                tally.hit(hit.on(member.label()));
            } else {
                tally.nearest(busy, values);
            }
        }
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, sampled, servers};

    #[test]
    fn busy_threads() {
        row(&CHECK, &servers(3), &[]);
        let mut busy = servers(3);
        busy.interval_mut("n1").samples.insert("raft.thread.fsm.saturation".into(), sampled(0.6, 0.9));
        row(&CHECK, &busy, &[Severity::Warning]);
    }
}
