use crate::checks::agents::nobody;
use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "token-rights",
    family: Family::Access,
    question: "May quorate ask everything that its checks need?",
    why: "What the token may not ask is not seen, and what is not seen is not judged.",
    remedy: "Give the token operator = \"read\", keyring = \"read\", agent_prefix \"\" and node_prefix \"\" \
          { policy = \"read\" }.",
    runbook: None,
    thresholds: &[],
    sources: &["Consul API reference: the permission that each endpoint needs"],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut denied: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for (path, why) in consul.members.iter().flat_map(|m| &m.denied) {
        denied.entry(path).or_insert((why, 0)).1 += 1;
    }
    if denied.is_empty() && facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (path, (why, servers)) in denied {
        let says = if consul.token {
            "the token may not ask {path} of {servers} servers: {why}"
        } else {
            "without a token {path} cannot be asked of {servers} servers: {why}"
        };
        tally.hit(
            Hit::new(Severity::Warning, says).with("path", path).with("why", why).with("servers", servers),
        );
    }
    tally.evidence("token", if consul.token { "given" } else { "none" });
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};

    #[test]
    fn a_token_that_may_not_ask_is_told_once_for_each_question() {
        row(&CHECK, &servers(3), &[]);
        let mut denied = servers(3);
        for name in ["n1", "n2"] {
            denied.consul_mut(name).denied.insert("/v1/agent/metrics".into(), "lacks 'agent:read'".into());
        }
        row(&CHECK, &denied, &[Severity::Warning]);
    }
}
