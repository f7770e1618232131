//! Who is in the cluster: from the database, else from the log, else from the newest `.snap` file.

use super::facts::{CopyFacts, EntryMark, Identity, MemberFacts, RaftMembers};
use crate::format::etcd::wal::Scan;
use crate::format::etcd::{ConfState, Member, Records, Snap};
use std::collections::BTreeMap;

/// Fills in identity, name and membership. The history is there already.
pub(super) fn fill(
    records: Option<&Records>,
    scan: Option<&Scan>,
    snap: Option<&Snap>,
    facts: &mut CopyFacts,
) {
    let hex = |id: &u64| format!("{id:x}");
    facts.identity = scan
        .and_then(|scan| scan.identity)
        .map(|identity| Identity { member: hex(&identity.member), cluster: hex(&identity.cluster) });
    if let Some(records) = records {
        facts.membership.members = records.members.values().map(member).collect();
        facts.membership.removed = records.removed.iter().map(hex).collect();
        facts.membership.raft = records.meta.conf_state.as_ref().map(raft);
    } else if let Some(members) = replayed(facts) {
        facts.membership.members = members;
    } else if let Some(snap) = snap {
        facts.membership.members = snap.members.values().map(member).collect();
        facts.membership.removed = snap.removed.iter().map(hex).collect();
        facts.membership.raft = Some(raft(&snap.conf_state));
    } else {
        let mark = scan.and_then(Scan::snapshot).and_then(|mark| mark.conf_state.as_ref());
        facts.membership.raft = mark.map(raft);
    }
    let own = facts.identity.as_ref().map(|identity| &identity.member);
    let member = facts.membership.members.iter().find(|member| Some(&member.id) == own);
    facts.name = member.map(|member| member.name.clone()).filter(|name| !name.is_empty());
}

fn member(member: &Member) -> MemberFacts {
    MemberFacts {
        id: format!("{:x}", member.id),
        name: member.name.clone(),
        voter: !member.is_learner,
        peer_urls: member.peer_urls.clone(),
        client_urls: member.client_urls.clone(),
    }
}

fn raft(conf: &ConfState) -> RaftMembers {
    let hex = |ids: &[u64]| ids.iter().map(|id| format!("{id:x}")).collect();
    RaftMembers { voters: hex(&conf.voters), learners: hex(&conf.learners) }
}

/// The membership that the changes of a log make, when it goes back to the first entry.
fn replayed(facts: &CopyFacts) -> Option<Vec<MemberFacts>> {
    let whole =
        facts.log.as_ref().is_some_and(|log| log.first == Some(1)) && facts.membership.history_more == 0;
    if !whole {
        return None;
    }
    let mut members: BTreeMap<&str, MemberFacts> = BTreeMap::new();
    let sure = |mark| matches!(mark, EntryMark::Applied | EntryMark::Committed);
    for change in facts.membership.history.iter().filter(|change| sure(change.mark)) {
        let there = members.entry(&change.member).or_default();
        there.id.clone_from(&change.member);
        match change.change.as_str() {
            "remove" => {
                members.remove(change.member.as_str());
                continue;
            }
            "add" | "promote" => there.voter = true,
            "add-learner" => there.voter = false,
            _ => {}
        }
        if !change.peer_urls.is_empty() {
            there.peer_urls.clone_from(&change.peer_urls);
        }
        if let Some(name) = &change.name {
            there.name.clone_from(name);
        }
    }
    Some(members.into_values().collect())
}
