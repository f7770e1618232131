use crate::facts::{CommonFacts, ConsulFacts, EtcdFacts, Origin};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::Policy;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const CHECK: Check = Check {
    slug: "split-brain",
    family: Family::Membership,
    question: "Do all addresses belong to one cluster?",
    why: "Two clusters under one list of addresses give every client one of two histories, by chance. It happens after \
          a recovery that left an old member running, or by a wrong address.",
    remedy: "Decide which cluster holds the data that is wanted; stop the members of the other one before anything is \
             written to it, keep their data directories, and correct the addresses.",
    runbook: Some("split-brain"),
    thresholds: &[],
    sources: &[
        "ZooKeeper srvr of every server: two that lead",
        "Consul /v1/connect/ca/roots: TrustDomain; the ids in each raft configuration",
        "etcd-io/etcd: ErrClusterIDMismatch",
        "rancher/rke2#2857, k3s-io/k3s#11992: two clusters after a reset",
    ],
    rules: &[
        Rule::Etcd(judge_etcd),
        Rule::Zookeeper(super::ensembles::judge),
        Rule::Consul(judge_consul),
        Rule::Common(judge),
    ],
};

/// Who is where: cluster id to addresses.
type Places = BTreeMap<String, Vec<String>>;

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    by_ids(facts)
}

/// By the ids that addresses told.
fn by_ids(facts: &CommonFacts) -> Outcome {
    decide(facts, places(facts))
}

/// The peer ports of listed members tell their cluster too: a member may have come back into another one.
fn judge_etcd(etcd: &EtcdFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut places = places(facts);
    for peer in etcd.members.iter().filter_map(|member| member.peer.known()) {
        if let Some(id) = &peer.cluster_id {
            let urls = places.entry(id.clone()).or_default();
            if Some(id) != facts.cluster_ids.first() && !urls.contains(&peer.url) {
                urls.push(peer.url.clone());
            }
        }
    }
    decide(facts, places)
}

fn places(facts: &CommonFacts) -> Places {
    let mut places = Places::new();
    for endpoint in &facts.endpoints {
        if let Some(id) = &endpoint.cluster_id {
            places.entry(id.clone()).or_default().push(endpoint.url.clone());
        }
    }
    places
}

/// All that answered are of one cluster. An address that was given, is no member's, and has somebody behind it who
/// would not tell, may be of another.
fn one_cluster(facts: &CommonFacts, id: String) -> Outcome {
    let of_a_member = |url: &str| facts.members.iter().any(|m| m.endpoint.as_deref() == Some(url));
    let mut tally = Tally::new();
    for endpoint in facts.endpoints.iter().filter(|e| e.origin == Origin::Given && !of_a_member(&e.url)) {
        if let Some(trouble) = endpoint.reach.trouble().filter(|t| !t.kind.proves_down()) {
            let missing = format!("which cluster {} belongs to: {}", endpoint.url, trouble.kind.name());
            tally.gap(None, missing, Severity::Critical);
        }
    }
    tally.evidence("cluster_id", id);
    tally.outcome()
}

fn decide(facts: &CommonFacts, places: Places) -> Outcome {
    match places.len() {
        0 => Outcome::undecided("no address told which cluster it belongs to", Severity::Critical),
        1 => one_cluster(facts, places.into_keys().next().unwrap_or_default()),
        clusters => {
            let main = facts.cluster_ids.first().and_then(|id| places.get(id));
            let names: BTreeMap<&String, String> = facts
                .members
                .iter()
                .filter_map(|m| Some((m.endpoint.as_ref()?, m.label())))
                .filter(|(url, _)| main.is_some_and(|urls| urls.contains(url)))
                .collect();
            let said: Vec<String> = places.iter().map(|(id, urls)| said(id, urls, &names)).collect();
            Outcome::found(
                Hit::new(
                    Severity::Critical,
                    "the addresses belong to {clusters} different clusters: {places}",
                )
                .with("clusters", clusters)
                .with("places", Value::Text(said.join("; ")))
                .with("cluster_ids", places.into_keys().collect::<Vec<_>>()),
            )
        }
    }
}

fn said(id: &str, urls: &[String], names: &BTreeMap<&String, String>) -> String {
    let who = urls.iter().map(|url| match names.get(url) {
        Some(name) => format!("{name} ({url})"),
        None => url.clone(),
    });
    format!("{id} at {}", who.collect::<Vec<_>>().join(", "))
}

/// some of the same servers.
fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if !facts.cluster_ids.is_empty() {
        return by_ids(facts);
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
    use super::*;
    use crate::checks::testing::{cluster, row, servers, undecided};
    use crate::facts::Observed;

    #[test]
    fn one_cluster_id_for_all() {
        row(&CHECK, &cluster(3), &[]);
        let mut two = cluster(3);
        two.0.common.endpoints[2].cluster_id = Some("c2".into());
        two.0.common.cluster_ids.push("c2".into());
        row(&CHECK, &two, &[Severity::Critical]);
    }

    #[test]
    fn a_listed_members_peer_port_in_another_cluster() {
        let mut facts = cluster(3).down("n3");
        row(&CHECK, &facts, &[]);
        let peer = crate::facts::EtcdPeerView {
            url: "https://10.0.0.3:2380".into(),
            cluster_id: Some("c2".into()),
            ..Default::default()
        };
        facts.etcd_mut("n3").peer = Observed::Known(peer);
        row(&CHECK, &facts, &[Severity::Critical]);
    }

    #[test]
    fn nobody_told() {
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn clusters_without_a_mesh_are_told_apart_by_whom_they_count() {
        row(&CHECK, &servers(3), &[]);
        let mut nameless = servers(3);
        nameless.0.common.cluster_ids.clear();
        nameless.0.common.endpoints.iter_mut().for_each(|endpoint| endpoint.cluster_id = None);
        row(&CHECK, &nameless, &[]);
        if let Observed::Known(servers) = &mut nameless.consul_mut("n3").configuration {
            servers.iter_mut().for_each(|server| server.id.push('x'));
        }
        row(&CHECK, &nameless, &[Severity::Critical]);
    }
}
