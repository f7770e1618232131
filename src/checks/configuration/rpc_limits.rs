use crate::checks::agents::{nobody, unread};
use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "rpc-limits",
    family: Family::Configuration,
    question: "Were no requests refused or lost between the members?",
    why: "Requests over the limit and requests that fail are what clients see as errors, before \
          anything else does.",
    remedy: "Look at who asks so much (consul.rpc.request by method), raise limits.rpc_rate and \
          rpc_max_burst, or look at the network.",
    runbook: Some("slow-cluster"),
    thresholds: &[],
    sources: &[
        "Consul telemetry reference: consul.rpc.rate_limit.exceeded, consul.client.rpc.exceeded, consul.client.rpc.failed",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, &mut tally);
        let count = |name: &str| {
            native.metrics.known().and_then(|m| m.counters.get(name)).copied().unwrap_or_default() as u64
        };
        let exceeded = count("rpc.rate_limit.exceeded") + count("client.rpc.exceeded");
        let failed = count("client.rpc.failed");
        if exceeded > 0 {
            let says = "{exceeded} requests were over the limit of RPC requests in the last 10 s";
            tally.hit(Hit::new(Severity::Warning, says).with("exceeded", exceeded).on(member.label()));
        }
        if failed > 0 {
            let says = "{failed} of its own requests to other servers failed in the last 10 s";
            tally.hit(Hit::new(Severity::Warning, says).with("failed", failed).on(member.label()));
        }
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};

    #[test]
    fn refused_and_failed_requests() {
        row(&CHECK, &servers(3), &[]);
        for name in ["rpc.rate_limit.exceeded", "client.rpc.exceeded", "client.rpc.failed"] {
            let mut sample = servers(3);
            sample.interval_mut("n2").counters.insert(name.into(), 3.0);
            row(&CHECK, &sample, &[Severity::Warning]);
        }
    }
}
