use crate::facts::{CommonFacts, Drift, Endpoint, ListedMember, MembershipView, SnapshotFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const CHECK: Check = Check {
    slug: "membership-drift",
    family: Family::Membership,
    question: "Do all members tell the same membership, and does consensus count the same members?",
    why: "Who counts in the quorum must be the same everywhere. A voter that consensus counts but the list does not \
          name (a ghost) raises the number that must agree, and nobody can remove it by its name.",
    remedy: "Ask again in a minute: a change may be under way. If it stays, do not add or remove members; see the \
             runbook.",
    runbook: Some("membership-drift"),
    thresholds: &[],
    sources: &[
        "ZooKeeper /zookeeper/config and the server lines of zoo.cfg",
        "Consul /v1/operator/raft/configuration?stale of every server, side by side",
        "etcd-io/etcd#20967 (zombie members in 3.6), #19557 and #20793 (learners promoted only in one store)",
        "etcd /debug/vars: raft.status.progress",
    ],
    rules: &[Rule::Common(judge), Rule::EtcdFile(judge_file)],
};

type Listed = BTreeMap<String, ListedMember>;

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    let views: Vec<&MembershipView> =
        facts.views.iter().filter(|view| of_this_cluster(facts, view)).collect();
    let lists: Vec<&MembershipView> = views.iter().copied().filter(|v| v.interface != "raft").collect();
    if lists.is_empty() {
        return Outcome::undecided("no member told its list of members", Severity::Critical);
    }
    let mut tally = Tally::new();
    for view in views.iter().filter(|view| view.interface == "raft") {
        if let Some(hit) = ghosts(facts, view, &lists) {
            tally.hit(hit);
        }
    }
    for view in &lists {
        if let Some(difference) = difference(&view.members, &facts.members_as_listed()) {
            let says = "its {interface} port tells another membership than most members do: {difference}";
            let hit = Hit::new(Severity::Warning, says)
                .with("interface", view.interface.as_str())
                .with("difference", difference);
            tally.hit(hit.on(label(facts, &view.source)));
        }
    }
    for stranger in facts.endpoints.iter().filter(|endpoint| of_nobody(facts, endpoint)) {
        let says = "a server that nobody counts answers at {url}: it was removed, or has never joined";
        tally.hit(Hit::new(Severity::Warning, says).with("url", stranger.url.as_str()).remedy(STRANGER));
    }
    tally.evidence("lists_compared", views.len());
    tally.outcome()
}

const STRANGER: &str = "If it was removed, stop it and take its address out of clients' lists; if it is meant to be a member, \
                        look in its log why it does not join.";

/// Whether a server that calls itself of this cluster, or tells no cluster, answers there and is no member.
fn of_nobody(facts: &CommonFacts, endpoint: &Endpoint) -> bool {
    let elsewhere =
        endpoint.cluster_id.is_some() && endpoint.cluster_id.as_ref() != facts.cluster_ids.first();
    endpoint.reach.answered()
        && !elsewhere
        && endpoint.member_id.as_ref().is_some_and(|id| facts.member(id).is_none())
}

/// Raft's membership and the listed one, as a member stored them.
fn judge_file(file: &SnapshotFacts, _: &Policy) -> Outcome {
    if file.conf_state.is_none() {
        return Outcome::NotApplicable("before 3.5 a database does not hold whom raft counts".into());
    }
    let mut tally = Tally::new();
    for drift in &file.membership {
        let (severity, says) = match drift.kind {
            Drift::Ghosts => {
                (Severity::Critical, "raft counts members that the list does not name: {members}")
            }
            Drift::Zombies => (
                Severity::Critical,
                "the list names members that raft does not count, and etcd 3.6 would count again: {members}",
            ),
            Drift::VotersCalledLearners => {
                (Severity::Warning, "voters of raft are listed as learners: {members}")
            }
            Drift::LearnersCalledVoters => {
                (Severity::Warning, "learners of raft are listed as voters: {members}")
            }
            Drift::PresentAndRemoved => {
                (Severity::Warning, "members are listed and removed at once: {members}")
            }
            // the first start writes the new membership
            Drift::FreshlyRestored => continue,
        };
        let members: Vec<String> = drift.members.iter().map(|id| file.label(id)).collect();
        tally.hit(Hit::new(severity, says).with("members", members));
    }
    tally.evidence("members", file.members.len());
    tally.outcome()
}

/// Views of another cluster are split-brain's business.
fn of_this_cluster(facts: &CommonFacts, view: &MembershipView) -> bool {
    let elsewhere = |id: &String| facts.cluster_ids.first().is_some_and(|main| main != id);
    let source = facts.endpoints.iter().find(|e| e.member_id.as_ref() == Some(&view.source));
    facts.member(&view.source).is_some() && !source.and_then(|e| e.cluster_id.as_ref()).is_some_and(elsewhere)
}

/// Compares what raft counts on one member with the lists that the same member tells. Those were read a little before
/// and a little after: while a change is being applied one of them agrees.
fn ghosts(facts: &CommonFacts, raft: &MembershipView, lists: &[&MembershipView]) -> Option<Hit> {
    let counted: BTreeSet<&String> = raft.members.keys().collect();
    let mut own = lists.iter().filter(|view| view.source == raft.source).peekable();
    own.peek()?;
    if own.clone().any(|view| view.members.keys().collect::<BTreeSet<_>>() == counted) {
        return None;
    }
    let listed: BTreeSet<&String> = own.flat_map(|view| view.members.keys()).collect();
    let names = |ids: Vec<&&String>| ids.into_iter().map(|id| label(facts, id)).collect::<Vec<_>>();
    let ghosts = names(counted.difference(&listed).collect());
    let uncounted = names(listed.difference(&counted).collect());
    let says = match (ghosts.is_empty(), uncounted.is_empty()) {
        (false, true) => "raft counts members that the list does not name: {ghosts}",
        (true, _) => "the list names members that raft does not count: {uncounted}",
        (false, false) => {
            "raft counts {ghosts}, which the list does not name, and not {uncounted}, which it does"
        }
    };
    let hit = Hit::new(Severity::Critical, says).with("ghosts", ghosts).with("uncounted", uncounted);
    Some(hit.on(label(facts, &raft.source)))
}

/// How `told` differs from `most`, as a sentence fragment; `None` when it does not. What a source leaves empty, it
/// does not tell.
fn difference(told: &Listed, most: &Listed) -> Option<String> {
    let only = |a: &Listed, b: &Listed| -> Vec<String> {
        a.iter().filter(|(id, _)| !b.contains_key(*id)).map(|(id, m)| name(id, m)).collect()
    };
    let (more, less) = (only(told, most), only(most, told));
    let mut parts = Vec::new();
    if !more.is_empty() {
        parts.push(format!("also {}", more.join(", ")));
    }
    if !less.is_empty() {
        parts.push(format!("not {}", less.join(", ")));
    }
    for (id, here) in told {
        if let Some(what) = most.get(id).and_then(|there| attribute(here, there)) {
            parts.push(format!("{} {what}", name(id, here)));
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn attribute(here: &ListedMember, there: &ListedMember) -> Option<String> {
    let differ = |a: &[String], b: &[String]| {
        let sorted = |urls: &[String]| urls.iter().cloned().collect::<BTreeSet<_>>();
        !a.is_empty() && !b.is_empty() && sorted(a) != sorted(b)
    };
    if here.voter != there.voter {
        Some(format!("as a {}", if here.voter { "voter" } else { "learner" }))
    } else if here.name != there.name {
        Some(format!("by the name {:?}", here.name))
    } else if differ(&here.peer_urls, &there.peer_urls) {
        Some(format!("with peer URLs {}", here.peer_urls.join(", ")))
    } else if differ(&here.client_urls, &there.client_urls) {
        Some(format!("with client URLs {}", here.client_urls.join(", ")))
    } else {
        None
    }
}

fn name(id: &str, member: &ListedMember) -> String {
    if member.name.is_empty() { id.to_owned() } else { format!("{} ({id})", member.name) }
}

fn label(facts: &CommonFacts, id: &str) -> String {
    facts.member(id).map_or_else(|| id.to_owned(), crate::facts::Member::label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn raft(ids: &[&str]) -> Sample {
        let mut facts = cluster(3);
        let members = ids.iter().map(|id| ((*id).to_owned(), ListedMember::default())).collect();
        let view = MembershipView { source: "1".into(), interface: "raft".into(), members };
        facts.0.common.views.push(view);
        facts
    }

    #[test]
    fn raft_must_count_whom_the_list_names() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &raft(&["1", "2", "3"]), &[]);
        row(&CHECK, &raft(&["1", "2", "3", "f00d"]), &[Severity::Critical]);
        row(&CHECK, &raft(&["1", "2"]), &[Severity::Critical]);
    }

    #[test]
    fn a_change_under_way_is_no_ghost() {
        let mut facts = raft(&["1", "2", "3", "4"]);
        let mut later = facts.0.common.views[0].clone();
        later.interface = "peer".into();
        later.members.insert("4".into(), ListedMember { voter: true, ..ListedMember::default() });
        facts.0.common.views.push(later);
        row(&CHECK, &facts, &[Severity::Warning]);
    }

    #[test]
    fn lists_that_differ() {
        let changed = |change: fn(&mut ListedMember)| {
            let mut facts = cluster(3);
            change(facts.0.common.views[1].members.get_mut("3").expect("n3 is listed"));
            facts
        };
        row(&CHECK, &changed(|m| m.voter = false), &[Severity::Warning]);
        row(&CHECK, &changed(|m| m.name = String::new()), &[Severity::Warning]);
        row(&CHECK, &changed(|m| m.peer_urls = vec!["https://10.9.9.9:2380".into()]), &[Severity::Warning]);
        row(&CHECK, &changed(|m| m.client_urls = vec![]), &[]);
        let mut shorter = cluster(3);
        shorter.0.common.views[1].members.remove("3");
        row(&CHECK, &shorter, &[Severity::Warning]);
    }

    #[test]
    fn a_server_that_is_no_member() {
        let mut removed = cluster(3);
        let mut endpoint = removed.0.common.endpoints[2].clone();
        (endpoint.url, endpoint.member_id) = ("https://10.0.0.9:2379".into(), Some("9".into()));
        removed.0.common.endpoints.push(endpoint);
        row(&CHECK, &removed, &[Severity::Warning]);
        removed.0.common.endpoints[3].cluster_id = None;
        row(&CHECK, &removed, &[Severity::Warning]);
        // Of another cluster: split-brain's.
        removed.0.common.endpoints[3].cluster_id = Some("c2".into());
        row(&CHECK, &removed, &[]);
    }

    #[test]
    fn another_clusters_list_is_not_compared() {
        let mut facts = cluster(3);
        let members = BTreeMap::from([("9".into(), ListedMember::default())]);
        facts.0.common.views.push(MembershipView { source: "9".into(), interface: "client".into(), members });
        row(&CHECK, &facts, &[]);
        facts.0.common.views.clear();
        undecided(&CHECK, &facts, Severity::Critical);
    }
}
