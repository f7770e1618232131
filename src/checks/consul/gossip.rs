//! The gossip pool: who knows the keys, and whom it knows.

use super::{nobody, with_settings};
use crate::facts::{CommonFacts, ConsulFacts, GossipServer, Member, Observed};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};

/// `gossip-encryption`.
pub(in crate::checks) fn encryption(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let (mut plain, mut lenient) = (Vec::new(), Vec::new());
    for (member, settings) in with_settings(consul, facts, Severity::Critical, &mut tally) {
        match settings.gossip_encrypted {
            Some(true) => {
                let off = [settings.encrypt_verify_incoming, settings.encrypt_verify_outgoing]
                    .contains(&Some(false));
                if off {
                    lenient.push(member.label());
                }
            }
            Some(false) => plain.push(member),
            None => tally.gap(member.label(), "whether its gossip is encrypted", Severity::Critical),
        }
    }
    if !plain.is_empty() {
        let loopback = plain.iter().all(|m| local(m));
        let labels: Vec<String> = plain.iter().map(|m| m.label()).collect();
        let severity = if loopback { Severity::Warning } else { Severity::Critical };
        let says = "gossip is not encrypted: whoever reaches the port may join the pool and pose as a server";
        tally.hit(Hit::new(severity, says).on(labels.join(", ")));
    }
    if !lenient.is_empty() {
        let says = "gossip is encrypted, but what is not encrypted is accepted or sent too: a rollout was not finished";
        let hit = Hit::new(Severity::Warning, says);
        tally.hit(
            hit.remedy(
                "Set encrypt_verify_incoming and encrypt_verify_outgoing to true, and restart one at a time.",
            )
            .on(lenient.join(", ")),
        );
    }
    keys(consul, &mut tally);
    tally.evidence("gossip", "encrypted");
    tally.outcome()
}

/// Whether a server's peers are on its own machine.
fn local(member: &Member) -> bool {
    let loopback =
        |url: &String| crate::address::Address::parse(url, false, 8300).is_ok_and(|a| a.loopback());
    !member.peer_urls.is_empty() && member.peer_urls.iter().all(loopback)
}

/// What the keyring tells: who has which key, never the keys.
fn keys(consul: &ConsulFacts, tally: &mut Tally) {
    for pool in consul.keyring.known().into_iter().flatten() {
        let partial = pool.held_by.iter().filter(|held| **held < pool.nodes).count();
        if partial > 0 {
            let says = "{partial} of {keys} gossip keys of the {pool} pool are not on all {nodes} nodes";
            let hit = Hit::new(Severity::Warning, says)
                .with("partial", partial)
                .with("keys", pool.held_by.len())
                .with("pool", pool.pool.as_str())
                .with("nodes", pool.nodes);
            tally.hit(
                hit.remedy("Finish the rotation: `consul keyring -list`, then -install, -use and -remove."),
            );
        }
        if pool.primary_of.len() > 1 {
            let says = "the nodes of the {pool} pool encrypt with {primaries} different keys";
            let hit = Hit::new(Severity::Warning, says)
                .with("pool", pool.pool.as_str())
                .with("primaries", pool.primary_of.len());
            tally.hit(hit.remedy("Finish the rotation: `consul keyring -use=KEY`."));
        } else if pool.held_by.len() > 1 && partial == 0 {
            let says =
                "{keys} gossip keys are in the {pool} pool: remove the old ones when the rotation is done";
            let hit = Hit::new(Severity::Info, says)
                .with("keys", pool.held_by.len())
                .with("pool", pool.pool.as_str());
            tally.hit(hit.remedy("Remove what no node uses: `consul keyring -remove=KEY`."));
        }
    }
}

/// `gossip-membership`: raft and gossip know the same servers.
pub(in crate::checks) fn membership(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
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

fn named(voter: &Member) -> String {
    match voter.peer_urls.first() {
        Some(address) => format!("{} ({address})", voter.label()),
        None => voter.label(),
    }
}

/// `duplicate-identity`: no two servers share an id or a name.
pub(in crate::checks) fn identities(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let pools: Vec<&Vec<GossipServer>> =
        consul.answered(facts).filter_map(|(_, native)| native.gossip.known()).collect();
    if pools.is_empty() {
        return Outcome::undecided("no server told whom its gossip knows", Severity::Critical);
    }
    let mut places: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let live = |server: &&GossipServer| server.status != "left" && !server.id.is_empty();
    for server in pools.into_iter().flatten().filter(live) {
        places.entry(&server.id).or_default().insert(format!("{} at {}", server.name, server.address));
    }
    let mut tally = Tally::new();
    tally.evidence("servers", places.len());
    for (id, servers) in places.into_iter().filter(|(_, servers)| servers.len() > 1) {
        let says = "the node id {id} is used by {servers}: a data directory or an image was copied";
        let hit = Hit::new(Severity::Critical, says)
            .with("id", id)
            .with("servers", servers.into_iter().collect::<Vec<_>>());
        tally.hit(hit.remedy(
            "Stop the copy, move its data directory away, and start it anew: it makes a new node id.",
        ));
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::testing::servers;
    use crate::checks::find;
    use crate::checks::testing::{Sample, row, undecided};
    use crate::facts::{GossipKeys, Observed};
    use crate::finding::Severity;

    #[test]
    fn plain_lenient_and_half_rotated() {
        let check = find("gossip-encryption").expect("is there");
        row(check, &servers(3), &[]);
        let mut plain = servers(3);
        plain.settings_mut("n1").gossip_encrypted = Some(false);
        row(check, &plain, &[Severity::Critical]);
        let mut lenient = servers(3);
        lenient.settings_mut("n1").encrypt_verify_incoming = Some(false);
        row(check, &lenient, &[Severity::Warning]);
        let keys = |held_by: Vec<u64>, primary_of: Vec<u64>| {
            let mut sample = servers(3);
            sample.consul_facts_mut().keyring =
                Observed::Known(vec![GossipKeys { pool: "lan".into(), nodes: 3, held_by, primary_of }]);
            sample
        };
        row(check, &keys(vec![3], vec![3]), &[]);
        row(check, &keys(vec![3, 3], vec![3]), &[Severity::Info]);
        row(check, &keys(vec![3, 2], vec![3]), &[Severity::Warning]);
        row(check, &keys(vec![3, 3], vec![2, 1]), &[Severity::Warning]);
    }

    fn gossip(change: fn(&mut Vec<crate::facts::GossipServer>)) -> Sample {
        let mut sample = servers(3);
        for name in ["n1", "n2", "n3"] {
            if let Observed::Known(pool) = &mut sample.consul_mut(name).gossip {
                change(pool);
            }
        }
        sample
    }

    #[test]
    fn raft_and_gossip_must_know_the_same() {
        let check = find("gossip-membership").expect("is there");
        row(check, &servers(3), &[]);
        let mut ghost = gossip(|pool| pool.retain(|server| server.name != "n3"));
        ghost = ghost.down("n3");
        row(check, &ghost, &[Severity::Critical]);
        let newcomer = gossip(|pool| {
            let mut server = pool[0].clone();
            (server.id, server.name) = ("9".into(), "n9".into());
            pool.push(server);
        });
        row(check, &newcomer, &[Severity::Warning]);
        row(check, &gossip(|pool| pool[2].address = "10.9.9.9:8300".into()), &[Severity::Warning]);
        undecided(check, &gossip(Vec::clear), Severity::Critical);
    }

    #[test]
    fn one_id_at_two_places() {
        let check = find("duplicate-identity").expect("is there");
        row(check, &servers(3), &[]);
        let copied = gossip(|pool| {
            let mut server = pool[0].clone();
            (server.name, server.address) = ("n9".into(), "10.0.0.9:8300".into());
            pool.push(server);
        });
        row(check, &copied, &[Severity::Critical]);
    }
}
