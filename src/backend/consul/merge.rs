//! From what every address told to facts of one cluster. Disagreement is kept, not resolved: views stand side by side.

use super::agent::Agent;
use super::collect::{self, Harvest, first_known, most_told};
use super::look::{Core, Rest, observed};
use super::{Consul, leader, metrics, parse, rpc};
use crate::backend::Ask;
use crate::backend::state::{self, LastRun};
use crate::facts::*;
use crate::listener::certificate;
use crate::transport::address::Address;
use std::collections::BTreeMap;
use std::rc::Rc;

pub(super) fn merge(
    consul: &Consul,
    ask: &Ask,
    mut harvest: Harvest,
    last: Option<LastRun>,
    duration_ms: f64,
) -> Facts {
    let position = |core: &Rc<Core>| {
        consul.addresses.iter().position(|address| *address == core.address).unwrap_or(usize::MAX)
    };
    harvest.cores.sort_by_key(|core| (position(core), core.address.clone()));
    let cluster_ids = cluster_ids(&harvest.cores);
    let (list, membership) = membership(consul, &harvest, last.as_ref());
    let members: Vec<Member> = {
        let make = Merging { consul, harvest: &harvest, list: &list, main: cluster_ids.first() };
        list.iter().map(|(id, listed)| make.member(id, listed)).collect()
    };
    let mut common = CommonFacts {
        backend: BackendKind::Consul,
        endpoints: harvest.cores.iter().map(|core| endpoint(core)).collect(),
        membership,
        views: views(&harvest.cores, &list),
        own_certificate: own_certificate(consul),
        zones_declared: consul.target.members.values().any(|m| m.zone.is_some()),
        backups: None,
        data_dirs: BTreeMap::new(),
        votes: VoteRule::Majority,
        drills: None,
        members,
        cluster_ids,
    };
    let native = native(consul, ask, &harvest);
    leader::forget_gone(&mut common.members, &native.members);
    common.members.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    if let (Some(dir), false) = (&ask.state_dir, common.membership_unseen().is_some()) {
        // Whom to look for when nobody answers is all that is lost when this cannot be written.
        let _ = state::save(dir, &state_key(consul), &remember(ask, &common));
    }
    Facts {
        format: FACTS_FORMAT,
        quorate: env!("CARGO_PKG_VERSION").into(),
        cluster: consul.target.name.clone(),
        taken_at: ask.now,
        duration_ms,
        native: NativeFacts::Consul(native),
        common,
    }
}

/// Under which name a target's last run is kept.
fn state_key(consul: &Consul) -> String {
    format!("consul-{}", consul.target.name)
}

/// What the previous run at this target left.
pub(super) fn last_run(consul: &Consul, ask: &Ask) -> Option<LastRun> {
    state::load(ask.state_dir.as_deref()?, &state_key(consul))
}

/// Where servers are when nobody answers: where the config file says, and where an earlier run saw them.
pub(super) fn known_before(consul: &Consul, last: Option<&LastRun>) -> impl Iterator<Item = Address> {
    let remembered = last.into_iter().flat_map(|l| l.members.values()).flat_map(|m| &m.client_urls);
    let remembered: Vec<Address> = remembered.filter_map(|url| parse(url).ok()).collect();
    collect::declared(consul).collect::<Vec<_>>().into_iter().chain(remembered)
}

fn remember(ask: &Ask, common: &CommonFacts) -> LastRun {
    let listed = common.members.iter().map(|member| {
        let listed = ListedMember {
            name: member.name.clone(),
            voter: member.voter,
            peer_urls: member.peer_urls.clone(),
            // Not told by the cluster: where it was found.
            client_urls: member.endpoint.iter().cloned().collect(),
        };
        (member.id.clone(), listed)
    });
    LastRun {
        taken_at: Some(ask.now),
        members: listed.collect(),
        cluster_id: common.cluster_ids.first().cloned().unwrap_or_default(),
        ..LastRun::default()
    }
}

/// A cluster's own name is the trust domain of its first certificate authority; where that is off, nobody tells one.
fn cluster_id(core: &Core) -> Option<String> {
    core.roots.as_ref().ok()?.cluster_id()
}

/// Cluster ids that were told; the one of most servers first.
fn cluster_ids(cores: &[Rc<Core>]) -> Vec<String> {
    let mut seen: Vec<(String, usize)> = Vec::new();
    for id in cores.iter().filter_map(|core| cluster_id(core)) {
        match seen.iter_mut().find(|(known, _)| *known == id) {
            Some((_, count)) => *count += 1,
            None => seen.push((id, 1)),
        }
    }
    seen.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    seen.into_iter().map(|(id, _)| id).collect()
}

type Listed = BTreeMap<String, ListedMember>;

/// Raft's configuration as servers have it; else what was declared or remembered.
fn membership(
    consul: &Consul,
    harvest: &Harvest,
    last: Option<&LastRun>,
) -> (Listed, Observed<MembershipSource>) {
    if let Some(configuration) = most_told(&harvest.cores) {
        let mut listed = listed(configuration);
        for (id, member) in listed.iter_mut().filter(|(_, member)| member.name.is_empty()) {
            // Gossip that has forgotten a server tells no name of it.
            member.name =
                last.and_then(|last| last.members.get(id)).map(|m| m.name.clone()).unwrap_or_default();
        }
        return (listed, Observed::Known(MembershipSource::Cluster));
    }
    if harvest.cores.iter().all(|core| !core.consul) {
        if let Some(last) = last.filter(|l| !l.members.is_empty()) {
            let seen_at = last.taken_at.unwrap_or_default();
            return (last.members.clone(), Observed::Known(MembershipSource::Remembered { seen_at }));
        }
        let declared = consul.target.members.iter().filter_map(|(name, m)| {
            let client_urls = vec![m.endpoint.clone()?];
            let listed = ListedMember { name: name.clone(), voter: true, peer_urls: vec![], client_urls };
            Some((format!("{DECLARED}{name}"), listed))
        });
        let declared: Listed = declared.collect();
        if !declared.is_empty() {
            return (declared, Observed::Known(MembershipSource::Declared));
        }
    }
    let why = match harvest.cores.iter().find(|core| core.consul).map(|core| &core.configuration) {
        Some(Err(trouble)) => format!("raft's configuration could not be read: {trouble}"),
        _ => "no endpoint answered".to_owned(),
    };
    (Listed::new(), Observed::unknown(why))
}

/// Before the name of a member of whom only the config file knows.
const DECLARED: &str = "declared:";

fn listed(configuration: &[RaftServer]) -> Listed {
    let listed = configuration.iter().map(|server| {
        let member = ListedMember {
            name: server.name.clone(),
            voter: server.voter,
            peer_urls: vec![server.address.clone()],
            client_urls: Vec::new(),
        };
        (server.id.clone(), member)
    });
    listed.collect()
}

/// What each server counts. What it knows no name of, the others or an earlier run may: that is no difference.
fn views(cores: &[Rc<Core>], list: &Listed) -> Vec<MembershipView> {
    let view = |core: &Rc<Core>| {
        let mut members = listed(core.configuration.as_ref().ok()?);
        for (id, member) in members.iter_mut().filter(|(_, member)| member.name.is_empty()) {
            member.name = list.get(id).map(|known| known.name.clone()).unwrap_or_default();
        }
        Some(MembershipView { source: core.id()?.to_owned(), interface: "client".into(), members })
    };
    cores.iter().filter_map(view).collect()
}

fn endpoint(core: &Core) -> Endpoint {
    Endpoint {
        url: core.address.url(),
        origin: core.origin,
        reach: match &core.agent {
            Ok(_) => Reach::Answered { ms: core.ms },
            Err(trouble) => Reach::Failed(trouble.clone()),
        },
        member_id: core.id().map(str::to_owned),
        cluster_id: cluster_id(core),
    }
}

/// What members are made of.
struct Merging<'a> {
    consul: &'a Consul,
    harvest: &'a Harvest,
    list: &'a Listed,
    main: Option<&'a String>,
}

impl Merging<'_> {
    fn member(&self, id: &str, listed: &ListedMember) -> Member {
        let elsewhere = |core: &Core| cluster_id(core).is_some_and(|of| Some(&of) != self.main);
        let answered =
            self.harvest.cores.iter().find(|core| core.id() == Some(id) && !elsewhere(core)).map(Rc::as_ref);
        let tried = answered.or_else(|| self.tried(listed));
        let rest = answered.and_then(|core| self.harvest.rests.get(&core.address.url()));
        let agent = latest(answered, rest);
        let raft = agent.map(Agent::raft).and_then(|raft| raft.known().cloned());
        let leader = raft.as_ref().map(|raft| self.leader(id, raft));
        let unseen = || Observed::unknown("the server did not answer");
        Member {
            id: if id.starts_with(DECLARED) { String::new() } else { id.to_owned() },
            name: listed.name.clone(),
            voter: listed.voter,
            // Raft's configuration takes in only who has joined.
            started: true,
            role: role(listed, raft.as_ref(), leader.as_ref()),
            client_urls: Vec::new(),
            peer_urls: listed.peer_urls.clone(),
            endpoint: tried.map(|core| core.address.url()).or_else(|| listed.client_urls.first().cloned()),
            trouble: if answered.is_some() { None } else { Some(self.trouble(listed, tried)) },
            reachable: answered.is_some(),
            zone: self.consul.target.members.get(&listed.name).and_then(|m| m.zone.clone()),
            version: agent.map_or_else(unseen, |agent| Observed::Known(agent.config.version.clone())),
            leader: leader.map_or_else(|| Observed::unknown("the server did not answer"), Observed::Known),
            term: raft
                .map_or_else(|| Observed::unknown("the server did not answer"), |r| Observed::Known(r.term)),
            quorum_read: rest.map(|rest| rest.read.clone()).unwrap_or_default(),
            log_sync: rest.map_or_else(Observed::default, |rest| {
                rest.metrics.and_then(|metrics| {
                    let why = "nothing was written to its log in the last interval of 10 s";
                    Observed::or_unknown(metrics::log_sync(metrics), why)
                })
            }),
            store_commit: Observed::unknown("Consul's state is in memory"),
            clock: answered.map(|core| core.clock.clone()).unwrap_or_default(),
            listeners: answered.map(|core| self.listeners(core, listed)).unwrap_or_default(),
        }
    }

    /// The address that was tried for a member that did not answer: declared for it, or at the host of its RPC address
    /// where that host has only one.
    fn tried(&self, listed: &ListedMember) -> Option<&Core> {
        let declared = self.consul.target.members.get(&listed.name).and_then(|m| m.endpoint.as_deref());
        let urls = declared.into_iter().chain(listed.client_urls.iter().map(String::as_str));
        let addresses: Vec<Address> = urls.filter_map(|url| parse(url).ok()).collect();
        let unclaimed = |core: &&Rc<Core>| core.id().is_none();
        let mut cores = self.harvest.cores.iter().filter(unclaimed);
        if !addresses.is_empty() {
            return cores.find(|core| addresses.contains(&core.address)).map(Rc::as_ref);
        }
        let host = |url: &String| Address::parse(url, false, 8300).ok().map(|address| address.host);
        let own = listed.peer_urls.first().and_then(host)?;
        let there = self.list.values().filter(|m| m.peer_urls.first().and_then(host).as_ref() == Some(&own));
        if there.count() > 1 {
            return None;
        }
        cores.find(|core| core.address.host == own).map(Rc::as_ref)
    }

    /// Why a member did not answer. Its RPC port tells whether its process lives, wherever it serves HTTP.
    fn trouble(&self, listed: &ListedMember, tried: Option<&Core>) -> Trouble {
        let rpc = listed.peer_urls.first().and_then(|address| self.harvest.rpc.get(address));
        let own = tried.and_then(|core| core.agent.as_ref().err()).cloned();
        match (rpc, own) {
            (Some(rpc), own) if rpc.unreachable.as_ref().is_some_and(|t| t.kind.proves_down()) => {
                let detail = format!("nothing listens on its RPC port {}", rpc.address);
                own.filter(|t| t.kind.proves_down())
                    .unwrap_or_else(|| Trouble::new(TroubleKind::ConnectionRefused, detail))
            }
            // Where HTTP listens on loopback only, a refused connection proves nothing.
            (Some(rpc), Some(own)) if own.kind.proves_down() && rpc.unreachable.is_none() => Trouble::new(
                TroubleKind::AddressUnknown,
                format!(
                    "nothing serves HTTP there, but its RPC port {} answers: name its HTTP address",
                    rpc.address
                ),
            ),
            (_, Some(own)) => own,
            (Some(rpc), None) if rpc.unreachable.is_none() => Trouble::new(
                TroubleKind::AddressUnknown,
                format!("its HTTP address is not known; its RPC port {} takes connections", rpc.address),
            ),
            _ => Trouble::new(
                TroubleKind::AddressUnknown,
                "its HTTP address is not known: name it as an endpoint",
            ),
        }
    }

    fn leader(&self, id: &str, raft: &RaftStats) -> Option<String> {
        if raft.state == RaftStats::LEADER {
            return Some(id.to_owned());
        }
        let address = Some(&raft.leader_address).filter(|address| !address.is_empty())?;
        let at = |(_, member): &(&String, &ListedMember)| member.peer_urls.contains(address);
        Some(self.list.iter().find(at).map_or_else(|| address.clone(), |(id, _)| id.clone()))
    }

    fn listeners(&self, core: &Core, listed: &ListedMember) -> Vec<Listener> {
        let clients = self.harvest.sockets.get(&core.address.url()).cloned().unwrap_or_default();
        let rpc = listed.peer_urls.iter().filter_map(|address| self.harvest.rpc.get(address));
        let settings = core.agent.as_ref().map(Agent::settings).unwrap_or_default();
        let seen = rpc.map(|found| match found.unreachable {
            None => found.listener.clone(),
            Some(_) => rpc::by_settings(found, &settings),
        });
        clients.into_iter().chain(seen).collect()
    }
}

/// What the server said last of itself: an election may have ended between two answers.
fn latest<'a>(core: Option<&'a Core>, rest: Option<&'a Rest>) -> Option<&'a Agent> {
    rest.and_then(|rest| rest.agent_again.as_ref()).or_else(|| core.and_then(|core| core.agent.as_ref().ok()))
}

fn role(listed: &ListedMember, raft: Option<&RaftStats>, leader: Option<&Option<String>>) -> Role {
    match (raft, leader) {
        _ if !listed.voter => Role::Learner,
        (Some(raft), _) if raft.state == RaftStats::LEADER => Role::Leader,
        (Some(_), Some(Some(_))) => Role::Follower,
        (Some(_), _) => Role::Leaderless,
        (None, _) => Role::Unknown,
    }
}

fn native(consul: &Consul, ask: &Ask, harvest: &Harvest) -> ConsulFacts {
    let rests = || harvest.rests.values();
    ConsulFacts {
        members: harvest.cores.iter().map(|core| native_member(core, harvest)).collect(),
        autopilot: first_known(rests().map(|rest| rest.autopilot.clone())),
        health: first_known(rests().filter_map(|rest| rest.health.clone())),
        keyring: keyring(harvest),
        roots: first_known(harvest.cores.iter().filter(|core| core.consul).map(|core| match &core.roots {
            Ok(roots) => Observed::Known(roots.certificates(ask.now)),
            Err(trouble) => Observed::unknown(trouble.to_string()),
        })),
        zones: first_known(rests().filter_map(|rest| rest.zones.clone())),
        token: consul.target.auth.is_some(),
    }
}

/// The keys of the gossip pool: none where no server encrypts.
fn keyring(harvest: &Harvest) -> Observed<Vec<GossipKeys>> {
    let mut told = harvest.rests.values().filter_map(|rest| rest.keyring.clone()).peekable();
    if told.peek().is_none() && harvest.cores.iter().any(|core| core.gossips_in_plaintext()) {
        return Observed::Known(Vec::new());
    }
    first_known(told)
}

fn native_member(core: &Core, harvest: &Harvest) -> ConsulMember {
    let rest = harvest.rests.get(&core.address.url());
    let here = harvest.here.get(&core.address.url()).cloned().unwrap_or_default();
    let agent = latest(Some(core), rest);
    let why = core.agent.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let unread = || why.clone();
    let raft = agent.map_or_else(|| Observed::unknown(unread()), Agent::raft);
    ConsulMember {
        id: core.id().unwrap_or_default().to_owned(),
        name: agent.map(|agent| agent.config.node_name.clone()).unwrap_or_default(),
        endpoint: core.address.url(),
        applied_index: raft.map(|raft| raft.applied_index),
        settings: agent
            .map_or_else(|| Observed::unknown(unread()), |agent| Observed::Known(agent.settings())),
        raft,
        peers_json: here.peers_json,
        here: here.disk,
        configuration: observed(core.configuration.clone()),
        gossip: observed(core.gossip.clone()),
        leader_address: core.leader_address.clone(),
        metrics: rest.map(|rest| rest.metrics.clone()).unwrap_or_default(),
        catalog: rest.map(|rest| rest.catalog.clone()).unwrap_or_default(),
        anonymous: rest.map(|rest| rest.anonymous.clone()).unwrap_or_default(),
        denied: rest.map(|rest| rest.denied.clone()).unwrap_or_default(),
    }
}

/// The client certificate we present. One that cannot be read would not have been loaded.
fn own_certificate(consul: &Consul) -> Option<OwnCertificate> {
    let certificate = certificate::read(consul.material.own_leaf()?).ok()?;
    let path = consul.material.cert_path.as_ref()?.display().to_string();
    Some(OwnCertificate { path, certificate })
}
