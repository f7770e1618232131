//! How servers were told to find each other, and who may change who counts.

use super::nobody;
use crate::checks::membership::split_brain;
use crate::facts::{CommonFacts, ConsulFacts, Observed};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};

/// `bootstrap-expect`: the servers agree on how many found a cluster.
pub(in crate::checks) fn expectations(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
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

/// `autopilot`: dead servers are removed, and never too many.
pub(in crate::checks) fn autopilot(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let config = match &consul.autopilot {
        Observed::Known(config) => config,
        Observed::Unknown(why) => {
            return Outcome::undecided(format!("autopilot's configuration: {why}"), Severity::Warning);
        }
    };
    let voters = facts.voters().count() as u64;
    let mut tally = Tally::new();
    if !config.cleanup_dead_servers {
        let says =
            "dead servers are not removed: each goes on counting for the majority until somebody removes it";
        let remedy = "Set it with `consul operator autopilot set-config -cleanup-dead-servers=true`, and -min-quorum with it.";
        tally.hit(Hit::new(Severity::Info, says).remedy(remedy));
    } else if config.min_quorum == 0 && voters >= 3 {
        let says = "autopilot may remove dead servers until {fewest} of {voters} voters are left: min_quorum is not set";
        let hit = Hit::new(Severity::Info, says).with("fewest", 2_u64).with("voters", voters);
        tally.hit(hit.remedy(
            "Set `consul operator autopilot set-config -min-quorum=N` to the number of servers that must stay.",
        ));
    } else if facts.membership_unseen().is_none() && config.min_quorum > voters && voters > 0 {
        let says = "min_quorum is {min_quorum}, and only {voters} vote: autopilot removes nobody";
        let hit = Hit::new(Severity::Info, says).with("min_quorum", config.min_quorum).with("voters", voters);
        tally.hit(hit.remedy("Add the servers that are missing, or lower -min-quorum."));
    }
    tally.evidence("min_quorum", config.min_quorum);
    tally.outcome()
}

/// `recovery-file`: no `peers.json` lies ready to force a membership.
pub(in crate::checks) fn recovery_file(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut looked = 0_usize;
    for (member, native) in consul.answered(facts) {
        match native.peers_json.known() {
            Some(true) => {
                let says = "raft/peers.json lies in its data directory: at its next start it forces that membership, whoever \
                            has joined since";
                tally.hit(Hit::new(Severity::Critical, says).on(member.label()));
            }
            Some(false) => looked += 1,
            None => {}
        }
    }
    match tally.outcome() {
        Outcome::Clear(_) if looked == 0 => Outcome::NotApplicable(
            "no server's disk can be seen from here (members.NAME.host = { local = true })".into(),
        ),
        Outcome::Clear(_) => Outcome::Clear(vec![("directories", looked.into())]),
        outcome => outcome,
    }
}

/// `split-brain`: one trust domain for all. Where there is no service mesh there is none: then servers of one cluster count
/// some of the same servers.
pub(in crate::checks) fn one_cluster(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if !facts.cluster_ids.is_empty() {
        return split_brain::by_ids(facts);
    }
    let told: Vec<(&str, BTreeSet<&str>)> = consul
        .members
        .iter()
        .filter_map(|native| {
            let servers = native.configuration.known()?;
            Some((native.endpoint.as_str(), servers.iter().map(|server| server.id.as_str()).collect()))
        })
        .collect();
    let Some((first, counted)) = told.first() else {
        return Outcome::undecided("no address told which cluster it belongs to", Severity::Critical);
    };
    let apart: Vec<String> = told
        .iter()
        .filter(|(_, others)| others.is_disjoint(counted))
        .map(|(endpoint, _)| (*endpoint).to_owned())
        .collect();
    if apart.is_empty() {
        return Outcome::Clear(vec![("servers_counted", counted.len().into())]);
    }
    let says = "the servers at {apart} count none of those that the server at {first} counts: they are another cluster";
    Outcome::found(Hit::new(Severity::Critical, says).with("apart", apart).with("first", *first))
}

#[cfg(test)]
mod tests {
    use super::super::testing::servers;
    use crate::checks::find;
    use crate::checks::testing::{row, undecided};
    use crate::facts::{AutopilotConfig, Observed};
    use crate::finding::{Outcome, Severity};

    #[test]
    fn servers_that_expect_different_numbers() {
        let check = find("bootstrap-expect").expect("is there");
        row(check, &servers(3), &[]);
        let mut differ = servers(3);
        differ.settings_mut("n3").bootstrap_expect = 5;
        row(check, &differ, &[Severity::Critical]);
        let mut more = servers(3);
        for name in ["n1", "n2", "n3"] {
            more.settings_mut(name).bootstrap_expect = 1;
        }
        row(check, &more, &[Severity::Info]);
        let mut alone = servers(3);
        alone.settings_mut("n1").bootstrap = true;
        row(check, &alone, &[Severity::Warning]);
        undecided(check, &servers(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn who_is_removed_when_dead() {
        let check = find("autopilot").expect("is there");
        row(check, &servers(3), &[]);
        let with = |cleanup_dead_servers, min_quorum| {
            let mut sample = servers(3);
            sample.consul_facts_mut().autopilot = Observed::Known(AutopilotConfig {
                cleanup_dead_servers,
                min_quorum,
                ..AutopilotConfig::default()
            });
            sample
        };
        row(check, &with(true, 0), &[Severity::Info]);
        row(check, &with(false, 0), &[Severity::Info]);
        row(check, &with(true, 5), &[Severity::Info]);
    }

    #[test]
    fn a_file_that_forces_a_membership() {
        let check = find("recovery-file").expect("is there");
        assert!(matches!(servers(3).run(check), Outcome::NotApplicable(_)));
        let mut sample = servers(3);
        sample.consul_mut("n1").peers_json = Observed::Known(false);
        row(check, &sample, &[]);
        sample.consul_mut("n2").peers_json = Observed::Known(true);
        row(check, &sample, &[Severity::Critical]);
    }

    #[test]
    fn clusters_without_a_mesh_are_told_apart_by_whom_they_count() {
        let check = find("split-brain").expect("is there");
        row(check, &servers(3), &[]);
        let mut nameless = servers(3);
        nameless.0.common.cluster_ids.clear();
        nameless.0.common.endpoints.iter_mut().for_each(|endpoint| endpoint.cluster_id = None);
        row(check, &nameless, &[]);
        if let Observed::Known(servers) = &mut nameless.consul_mut("n3").configuration {
            servers.iter_mut().for_each(|server| server.id.push('x'));
        }
        row(check, &nameless, &[Severity::Critical]);
    }
}
