//! Who is in the cluster when no member can be asked: what the disks say. A server that has no quorum when it starts
//! answers no client, so after a crash of all that is left nobody answers, however whole the disks are.

use super::{Site, Situation};
use crate::facts::{CommonFacts, Member, MembershipSource, Observed, Trouble, TroubleKind};
use crate::offline::{CopyFacts, MemberFacts};
use std::cmp::Reverse;

/// The cluster as its members tell it; where none answers, as the copy that goes furthest tells it.
pub(super) fn membership(situation: &Situation) -> CommonFacts {
    let mut common = situation.facts.common.clone();
    if common.members.iter().all(|member| !member.reachable)
        && let Some((cluster, copy)) = furthest(situation)
    {
        common.members = copy.membership.members.iter().map(|known| member(known, situation)).collect();
        common.members.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        common.cluster_ids = vec![cluster];
        common.membership = Observed::Known(MembershipSource::Declared);
    } else if let (Some(backup), false) = (&situation.backup, common.members.iter().any(has_id)) {
        common.members = backup.members().iter().map(|known| member(known, situation)).collect();
        common.members.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        common.membership = Observed::Known(MembershipSource::Declared);
    }
    let vouched = |member: &Member| {
        situation.assumed_dead.iter().any(|name| *name == member.name || *name == member.id)
    };
    for member in &mut common.members {
        let stopped = situation.sites.get(&member.name).is_some_and(Site::is_stopped);
        if !member.reachable && (stopped || vouched(member)) {
            member.trouble = Some(Trouble::new(TroubleKind::ConnectionRefused, "its server does not run"));
        }
        // It runs, its files were read, and it says nothing: without a quorum it cannot.
        if !member.reachable && situation.sites.get(&member.name).is_some_and(Site::runs_and_was_read) {
            member.trouble = Some(Trouble::new(TroubleKind::NoAnswer, "it serves nobody without a quorum"));
        }
    }
    common
}

/// Whether a cluster told it once: what is only declared has none.
fn has_id(member: &Member) -> bool {
    u64::from_str_radix(&member.id, 16).is_ok()
}

fn furthest(situation: &Situation) -> Option<(String, &CopyFacts)> {
    let copies = situation.sites.values().filter_map(|site| site.disk.known()?.as_ref()?.copy.known());
    let mut copies: Vec<&CopyFacts> =
        copies.map(AsRef::as_ref).filter(|copy| copy.identity.is_some() && copy.database.is_some()).collect();
    copies.sort_by_key(|copy| Reverse((copy.damage.is_empty(), copy.last())));
    let best = *copies.first()?;
    Some((best.identity.as_ref()?.cluster.clone(), best))
}

fn member(known: &MemberFacts, situation: &Situation) -> Member {
    let declared = situation.facts.common.members.iter().find(|member| member.name == known.name);
    Member {
        id: known.id.clone(),
        name: known.name.clone(),
        voter: known.voter,
        started: !known.client_urls.is_empty(),
        client_urls: known.client_urls.clone(),
        peer_urls: known.peer_urls.clone(),
        endpoint: declared.and_then(|member| member.endpoint.clone()),
        trouble: declared.and_then(|member| member.trouble.clone()),
        ..Member::default()
    }
}

impl Site {
    /// Whether its host said that its server does not run.
    pub(super) fn is_stopped(&self) -> bool {
        self.running.known() == Some(&false)
    }

    fn runs_and_was_read(&self) -> bool {
        let read = |site: &Site| Some(site.disk.known()?.as_ref()?.copy.known().is_some());
        self.running.known() == Some(&true) && read(self) == Some(true)
    }

    /// Whether there is something in its directory that could not be read from here.
    pub(super) fn is_unread(&self) -> bool {
        let disk = self.disk.known().and_then(Option::as_ref);
        disk.is_some_and(|disk| disk.db_bytes > 0 && disk.copy.known().is_none())
            && self.spec != crate::recover::plan::HostSpec::Local
    }
}
