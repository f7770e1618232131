use crate::facts::{CommonFacts, ConsulFacts, ConsulMember, Member, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "gossip-membership",
    family: Family::Membership,
    question: "Do consensus, gossip and the catalog know the same servers?",
    why: "A voter that gossip does not know counts for the majority and cannot be reached; a server \
          that raft does not count has no copy of the data.",
    remedy: "Remove a voter that is gone: `consul operator raft remove-peer -id=ID`, while a quorum \
          serves.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "Consul agent/consul/operator_raft_endpoint.go: a peer that serf does not know is \"(unknown)\"",
        "hashicorp/consul issues 2782 and 3151",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("who is a member now: {why}"), Severity::Critical);
    }
    let mut tally = Tally::new();
    let mut unknown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut outside: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut moved: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut asked = 0_usize;
    for (member, native) in consul.answered(facts) {
        let pool = match &native.gossip {
            Observed::Known(pool) => pool,
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("whom its gossip knows: {why}"), Severity::Critical);
                continue;
            }
        };
        // What a token may not see is left out of the list: it would seem to be empty.
        if !pool.iter().any(|server| server.id == member.id) {
            tally.gap(
                member.label(),
                "whom its gossip knows: the token may not see nodes",
                Severity::Critical,
            );
            continue;
        }
        asked += 1;
        if let Some(other) = registered_as_another(native) {
            let says = "its name is registered in the catalog under another node id ({other}): its own registration and its \
                        checks are refused";
            tally.hit(
                Hit::new(Severity::Warning, says).with("other", other).remedy(RESERVED).on(member.label()),
            );
        }
        for voter in facts.voters().filter(|voter| !pool.iter().any(|server| server.id == voter.id)) {
            unknown.entry(named(voter)).or_default().push(member.label());
        }
        let alive = pool.iter().filter(|server| server.status == "alive");
        for server in alive {
            match facts.member(&server.id) {
                None => outside.entry(server.name.clone()).or_default().push(member.label()),
                Some(listed) if !listed.peer_urls.contains(&server.address) => {
                    let raft = listed.peer_urls.join(", ");
                    moved.insert(server.name.clone(), (raft, server.address.clone()));
                }
                Some(_) => {}
            }
        }
    }
    if asked == 0 {
        tally.gap(None, "no server told whom its gossip knows", Severity::Critical);
    }
    for (voter, by) in unknown {
        let says = "raft counts the voter {voter}, which gossip does not know on {by}: it cannot be reached by its name, \
                    and counts for the majority";
        tally.hit(Hit::new(Severity::Critical, says).with("voter", voter).with("by", by));
    }
    for (server, by) in outside {
        let says = "gossip knows the server {server} as alive, and raft does not count it (seen by {by})";
        let hit = Hit::new(Severity::Warning, says).with("server", server).with("by", by);
        tally.hit(hit.remedy(
            "A server that has just joined is added by the leader within seconds; else look at its log.",
        ));
    }
    for (server, (raft, gossip)) in moved {
        let says = "raft has {server} at {raft}, gossip at {gossip}: its address has changed";
        let hit = Hit::new(Severity::Warning, says).with("server", server).with("raft", raft);
        tally.hit(hit.with("gossip", gossip));
    }
    tally.evidence("servers_asked", asked);
    tally.outcome()
}

const RESERVED: &str = "It came back with a new node id under its old name: take the old entry out while a quorum serves, by a \
                        PUT of {\"Node\":\"NAME\"} to /v1/catalog/deregister; it registers itself within a minute.";

/// The node id that the catalog has for the server's name, where it is another server's.
fn registered_as_another(native: &ConsulMember) -> Option<&str> {
    let told = native.catalog.known()?.node_id.as_deref()?;
    (!told.is_empty() && told != native.id).then_some(told)
}

fn named(voter: &Member) -> String {
    match voter.peer_urls.first() {
        Some(address) => format!("{} ({address})", voter.label()),
        None => voter.label(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers, undecided};
    use crate::facts::CatalogView;

    #[test]
    fn raft_and_gossip_must_know_the_same() {
        row(&CHECK, &servers(3), &[]);
        let mut ghost = servers(3).gossiping(|pool| pool.retain(|server| server.name != "n3"));
        ghost = ghost.down("n3");
        row(&CHECK, &ghost, &[Severity::Critical]);
        let newcomer = servers(3).gossiping(|pool| {
            let mut server = pool[0].clone();
            (server.id, server.name) = ("9".into(), "n9".into());
            pool.push(server);
        });
        row(&CHECK, &newcomer, &[Severity::Warning]);
        row(
            &CHECK,
            &servers(3).gossiping(|pool| pool[2].address = "10.9.9.9:8300".into()),
            &[Severity::Warning],
        );
        undecided(&CHECK, &servers(3).gossiping(Vec::clear), Severity::Critical);
        let mut reserved = servers(3);
        reserved.consul_mut("n3").catalog =
            Observed::Known(CatalogView { node_id: Some("9".into()), ..CatalogView::default() });
        row(&CHECK, &reserved, &[Severity::Warning]);
    }
}
