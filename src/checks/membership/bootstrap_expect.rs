use crate::checks::agents::nobody;
use crate::facts::{CommonFacts, ConsulFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "bootstrap-expect",
    family: Family::Membership,
    question: "Do all servers agree on how a new cluster is founded?",
    why: "Servers that lost their data found a cluster when as many as they expect have met: \
          different numbers keep them from it, or make two.",
    remedy: "Write the same bootstrap_expect into the configuration of every server.",
    runbook: None,
    thresholds: &[],
    sources: &["Consul agent/consul/server_serf.go maybeBootstrap"],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut expected: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut tally = Tally::new();
    let mut asked = 0_usize;
    for (member, native) in consul.answered(facts) {
        match &native.settings {
            Observed::Known(settings) => {
                asked += 1;
                if settings.bootstrap_expect > 0 {
                    expected.entry(settings.bootstrap_expect).or_default().push(member.label());
                }
                // With bootstrap_expect = 1 a lone server says so too.
                if settings.bootstrap && facts.voters().count() > 1 {
                    let says =
                        "it was started with bootstrap: without its data it founds a cluster of its own";
                    let remedy =
                        "Take bootstrap out of its configuration; bootstrap_expect founds a cluster safely.";
                    tally.hit(Hit::new(Severity::Warning, says).remedy(remedy).on(member.label()));
                }
            }
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("what it expects: {why}"), Severity::Critical)
            }
        }
    }
    // Servers that do not answer us may be known by gossip.
    for server in consul.members.iter().filter_map(|m| m.gossip.known()).flatten() {
        let known = expected.values().flatten().any(|name| *name == server.name);
        if let (Some(expect), false) = (server.expect, known) {
            expected.entry(expect).or_default().push(server.name.clone());
        }
    }
    if asked == 0 && expected.is_empty() {
        return nobody(Severity::Critical);
    }
    if expected.len() > 1 {
        let said: Vec<String> =
            expected.iter().map(|(expect, who)| format!("{expect} on {}", who.join(", "))).collect();
        let says = "the servers expect different numbers of founders: {said}. No new cluster can be founded so, and one of \
                    them alone may found its own after its data are lost";
        tally.hit(Hit::new(Severity::Critical, says).with("said", said));
    } else if let Some((expect, _)) = expected.first_key_value() {
        let voters = facts.voters().count() as u64;
        if facts.membership_unseen().is_none() && voters > 0 && *expect != voters {
            let says = "the servers expect {expect} founders, and {voters} vote";
            let hit = Hit::new(Severity::Info, says).with("expect", *expect).with("voters", voters);
            tally.hit(hit.remedy(
                "Write the number of servers there are, for the day on which they are founded anew.",
            ));
        }
        tally.evidence("bootstrap_expect", *expect);
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers, undecided};

    #[test]
    fn servers_that_expect_different_numbers() {
        row(&CHECK, &servers(3), &[]);
        let mut differ = servers(3);
        differ.settings_mut("n3").bootstrap_expect = 5;
        row(&CHECK, &differ, &[Severity::Critical]);
        let mut more = servers(3);
        for name in ["n1", "n2", "n3"] {
            more.settings_mut(name).bootstrap_expect = 1;
        }
        row(&CHECK, &more, &[Severity::Info]);
        let mut alone = servers(3);
        alone.settings_mut("n1").bootstrap = true;
        row(&CHECK, &alone, &[Severity::Warning]);
        undecided(&CHECK, &servers(1).down("n1"), Severity::Critical);
    }
}
