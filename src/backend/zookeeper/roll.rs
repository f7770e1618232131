//! Who is a member, and which of the addresses is which server: what the servers list, what an earlier run saw, what
//! the config file declares.

use super::Zookeeper;
use super::look::Look;
use crate::backend::state::LastRun;
use crate::facts::*;
use crate::target::DeclaredMember;
use crate::transport::words;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The member that the config file declares at this address.
pub(super) fn declared<'a>(
    zookeeper: &'a Zookeeper,
    authority: &str,
) -> Option<(&'a String, &'a DeclaredMember)> {
    let at = |member: &DeclaredMember| {
        member
            .endpoint
            .as_deref()
            .is_some_and(|e| words::address(e, false).is_ok_and(|a| a.authority() == authority))
    };
    zookeeper.target.members.iter().find(|(_, member)| at(member))
}

/// A server's own member list: the znode, which only a serving one tells; else what its AdminServer says of the voters.
pub(super) fn own_list(look: &Look) -> Observed<&ZookeeperConfig> {
    match (&look.session.config, &look.admin.config) {
        (Observed::Known(list), _) | (Observed::Unknown(_), Observed::Known(list)) => Observed::Known(list),
        (Observed::Unknown(why), _) => Observed::unknown(why),
    }
}

/// Whether it runs alone, in no ensemble.
pub(super) fn standalone(look: &Look) -> bool {
    look.latest().is_some_and(|srvr| srvr.mode == "standalone")
}

/// The list that most servers told.
pub(super) fn told_list(looks: &[Look]) -> Option<ZookeeperConfig> {
    most_common_list(looks, |look| own_list(look).known().copied())
}

/// The list that most have. Versions do not count: they differ while a change is under way.
fn most_common_list(
    looks: &[Look],
    of: impl Fn(&Look) -> Option<&ZookeeperConfig>,
) -> Option<ZookeeperConfig> {
    let lists: Vec<&ZookeeperConfig> = looks.iter().filter(|look| !standalone(look)).filter_map(of).collect();
    let alike = |list: &ZookeeperConfig| lists.iter().filter(|other| other.servers == list.servers).count();
    let most = lists.iter().max_by_key(|list| (alike(list), list.version));
    most.map(|list| (*list).clone())
}

/// Which look is which server of the list, where that is certain: by the id it tells, by its client address, or by
/// a host that no other server shares.
pub(super) fn matched(looks: &[Look], list: &ZookeeperConfig, names: &Names) -> BTreeMap<String, usize> {
    let mut matched = BTreeMap::new();
    for (at, look) in looks.iter().enumerate() {
        if let Some(id) = id_of(look, list, names)
            // Of two addresses of one server the one that answers.
            && matched.get(&id).is_none_or(|other: &usize| looks[*other].core.is_err() && look.core.is_ok())
        {
            matched.insert(id, at);
        }
    }
    matched
}

fn id_of(look: &Look, list: &ZookeeperConfig, names: &Names) -> Option<String> {
    let told = [&look.admin.running, &look.conf];
    let told = told.iter().find_map(|map| map.known()?.get("serverId").cloned());
    if let Some(id) = told.filter(|id| list.servers.contains_key(id)) {
        return Some(id);
    }
    let at = |place: &str| names.same_place(place, &look.address.authority());
    if let Some((id, _)) = list.servers.iter().find(|(_, server)| server.client.as_deref().is_some_and(at)) {
        return Some(id.clone());
    }
    let on_host = |server: &ZookeeperServer| {
        server.quorum.rsplit_once(':').is_some_and(|(host, _)| names.same_host(host, &look.address.host))
    };
    let mut there = list.servers.iter().filter(|(_, server)| on_host(server));
    match (there.next(), there.next()) {
        (Some((id, server)), None) if server.client.is_none() => Some(id.clone()),
        _ => None,
    }
}

/// What host names resolve to: the list may name a server otherwise than the user does.
#[derive(Debug, Default)]
pub(super) struct Names(pub(super) BTreeMap<String, Vec<IpAddr>>);

impl Names {
    fn same_host(&self, a: &str, b: &str) -> bool {
        let bare = |host: &str| host.trim_matches(['[', ']']).to_owned();
        let (a, b) = (bare(a), bare(b));
        let known = |host: &str| self.0.get(host).map_or(&[][..], Vec::as_slice);
        a == b || known(&a).iter().any(|ip| known(&b).contains(ip))
    }

    fn same_place(&self, a: &str, b: &str) -> bool {
        match (a.rsplit_once(':'), b.rsplit_once(':')) {
            (Some((host, port)), Some((other, same))) => port == same && self.same_host(host, other),
            _ => false,
        }
    }
}

/// Who is a member, by key: the decimal id, or an address where the id is not certain.
pub(super) struct Roll {
    pub(super) members: BTreeMap<String, ListedMember>,
    /// Key to look.
    pub(super) looks: BTreeMap<String, usize>,
    /// Id to key, for those whose id is not certain.
    pub(super) renamed: BTreeMap<String, String>,
    pub(super) source: Observed<MembershipSource>,
    pub(super) votes: VoteRule,
}

impl Roll {
    pub(super) fn key(&self, id: &str) -> String {
        self.renamed.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}

pub(super) fn roll(zookeeper: &Zookeeper, looks: &[Look], names: &Names, last: Option<&LastRun>) -> Roll {
    if let Some(list) = told_list(looks) {
        let mut roll = of_list(zookeeper, looks, &list, names);
        // An AdminServer's view has no groups: where nobody serves, those of the same members that were seen last hold.
        let told = looks.iter().any(|look| look.session.config.known().is_some());
        if let Some(last) =
            last.filter(|last| !told && list.groups.is_empty() && last.members.keys().eq(roll.members.keys()))
        {
            roll.votes = last.votes.clone();
        }
        return roll;
    }
    if let Some(at) = looks.iter().position(standalone) {
        return alone(zookeeper, looks, at);
    }
    let remembered = last.filter(|last| !last.members.is_empty());
    if let Some(last) = remembered {
        let at = |member: &ListedMember| {
            looks.iter().position(|look| member.client_urls.contains(&look.address.authority()))
        };
        let found = last.members.iter().filter_map(|(key, member)| Some((key.clone(), at(member)?)));
        let seen_at = last.taken_at.unwrap_or_default();
        return Roll {
            looks: found.collect(),
            members: last.members.clone(),
            renamed: BTreeMap::new(),
            source: Observed::Known(MembershipSource::Remembered { seen_at }),
            votes: last.votes.clone(),
        };
    }
    // The files that servers run by name their groups, which addresses alone do not.
    match most_common_list(looks, |look| look.here.list.as_ref()) {
        Some(list) => Roll {
            source: Observed::Known(MembershipSource::Declared),
            ..of_list(zookeeper, looks, &list, names)
        },
        None => as_declared(zookeeper, looks),
    }
}

fn of_list(zookeeper: &Zookeeper, looks: &[Look], list: &ZookeeperConfig, names: &Names) -> Roll {
    let matched = matched(looks, list, names);
    // A server that answers and is not known which is one of those that nobody else is and whose line tells no client
    // address. Of more addresses than servers some lead to the same one: then nothing is taken for granted.
    let loose = |at: &usize| {
        let look = &looks[*at];
        looks.len() <= list.servers.len()
            && look.core.is_ok()
            && !standalone(look)
            && id_of(look, list, names).is_none()
    };
    let mut loose = (0..looks.len()).filter(loose);
    let mut roll = Roll {
        members: BTreeMap::new(),
        looks: BTreeMap::new(),
        renamed: BTreeMap::new(),
        source: Observed::Known(MembershipSource::Cluster),
        votes: VoteRule::Majority,
    };
    let open =
        |(id, server): &(&String, &ZookeeperServer)| !matched.contains_key(*id) && server.client.is_none();
    let open: Vec<&String> = list.servers.iter().filter(open).map(|(id, _)| id).collect();
    let certain = open.len() == 1;
    for (id, server) in &list.servers {
        let found = matched.get(id).copied().or_else(|| open.contains(&id).then(|| loose.next()).flatten());
        let unsure = !matched.contains_key(id) && !certain;
        let key = match found.filter(|_| unsure) {
            Some(at) => looks[at].address.authority(),
            None => id.clone(),
        };
        if key != *id {
            roll.renamed.insert(id.clone(), key.clone());
        }
        if let Some(at) = found {
            roll.looks.insert(key.clone(), at);
        }
        let listed = listed(zookeeper, id, server, found.map(|at| &looks[at]), key != *id);
        roll.members.insert(key, listed);
    }
    roll.votes = votes(list, &roll);
    roll
}

/// Who decides: a majority, unless the list has groups.
fn votes(list: &ZookeeperConfig, roll: &Roll) -> VoteRule {
    if list.groups.is_empty() {
        return VoteRule::Majority;
    }
    // A server that has no weight of its own counts one; an observer in a group counts nothing.
    let weight = |id: &String| list.weights.get(id).copied().unwrap_or(1);
    let votes = |id: &&String| list.servers.get(*id).is_some_and(|server| !server.observer);
    let group = |ids: &Vec<String>| ids.iter().filter(votes).map(|id| (roll.key(id), weight(id))).collect();
    VoteRule::Groups(list.groups.values().map(group).collect())
}

pub(super) fn listed(
    zookeeper: &Zookeeper,
    id: &str,
    server: &ZookeeperServer,
    look: Option<&Look>,
    unsure: bool,
) -> ListedMember {
    let place = look.map(|look| look.address.authority()).or_else(|| server.client.clone());
    let name = place.as_deref().and_then(|place| declared(zookeeper, place)).map(|(name, _)| name.clone());
    ListedMember {
        name: name.unwrap_or_else(|| {
            if unsure { place.clone().unwrap_or_default() } else { format!("server.{id}") }
        }),
        voter: !server.observer,
        peer_urls: if unsure { Vec::new() } else { vec![server.quorum.clone(), server.election.clone()] },
        client_urls: place.into_iter().collect(),
    }
}

/// A server alone is its own only voter; whatever else was given is none of it.
fn alone(zookeeper: &Zookeeper, looks: &[Look], at: usize) -> Roll {
    let authority = looks[at].address.authority();
    let name = declared(zookeeper, &authority).map_or_else(|| authority.clone(), |(name, _)| name.clone());
    let member = ListedMember { name, voter: true, peer_urls: vec![], client_urls: vec![authority.clone()] };
    Roll {
        members: BTreeMap::from([(authority.clone(), member)]),
        looks: BTreeMap::from([(authority, at)]),
        renamed: BTreeMap::new(),
        source: Observed::Known(MembershipSource::Cluster),
        votes: VoteRule::Majority,
    }
}

/// Fewer addresses than this may well be a part of the ensemble only.
const AN_ENSEMBLE: usize = 3;

/// Nobody tells: then the members are those that the config file declares, or the addresses that were given.
fn as_declared(zookeeper: &Zookeeper, looks: &[Look]) -> Roll {
    let declared: Vec<(String, String)> = zookeeper
        .target
        .members
        .iter()
        .filter_map(|(name, m)| {
            Some((name.clone(), words::address(m.endpoint.as_deref()?, false).ok()?.authority()))
        })
        .collect();
    let given = || zookeeper.addresses.iter().map(|a| (String::new(), a.authority())).collect::<Vec<_>>();
    let members = if declared.is_empty() { given() } else { declared };
    let why = || {
        let said = looks.iter().find_map(|look| own_list(look).why().map(str::to_owned));
        let told = looks.iter().any(|look| look.core.is_ok());
        match said.filter(|_| told) {
            Some(why) => format!("who is a member: {why}. Give the addresses of all members"),
            None => "no endpoint answered".to_owned(),
        }
    };
    if members.len() < AN_ENSEMBLE {
        return Roll {
            members: BTreeMap::new(),
            looks: BTreeMap::new(),
            renamed: BTreeMap::new(),
            source: Observed::unknown(why()),
            votes: VoteRule::Majority,
        };
    }
    let at = |place: &String| looks.iter().position(|look| look.address.authority() == *place);
    Roll {
        looks: members.iter().filter_map(|(_, place)| Some((place.clone(), at(place)?))).collect(),
        members: members
            .into_iter()
            .map(|(name, place)| {
                let name = if name.is_empty() { place.clone() } else { name };
                (
                    place.clone(),
                    ListedMember { name, voter: true, peer_urls: vec![], client_urls: vec![place] },
                )
            })
            .collect(),
        renamed: BTreeMap::new(),
        source: Observed::Known(MembershipSource::Declared),
        votes: VoteRule::Majority,
    }
}
