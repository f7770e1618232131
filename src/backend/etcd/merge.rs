//! From what every address told to facts of one cluster. Disagreement is kept, not resolved: views stand side by side.

use super::collect::Harvest;
use super::look::{Core, Rest};
use super::peer::Peers;
use super::{Etcd, auth, listeners, window};
use crate::backend::Ask;
use crate::backend::state::{self, LastRun};
use crate::facts::*;
use crate::listener::certificate;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn merge(
    etcd: &Etcd,
    ask: &Ask,
    mut harvest: Harvest,
    last: Option<LastRun>,
    duration_ms: f64,
) -> Facts {
    order_as_given(etcd, &mut harvest.cores);
    let rests: BTreeMap<String, Rest> =
        harvest.rests.into_iter().map(|rest| (rest.url.clone(), rest)).collect();
    let cluster_ids = cluster_ids(&harvest.cores);
    let main = cluster_ids.first().cloned();
    let (list, membership) = membership(etcd, &harvest.cores, main.as_deref(), last.as_ref());
    let peers = Peers::new(harvest.peers);
    let remembered = last.as_ref().and_then(|last| remembered(last, main.as_deref()));
    let mut etcd_members: Vec<EtcdMember> = harvest
        .cores
        .iter()
        .map(|core| {
            native(core, rests.get(&core.address.url()), &list, main.as_deref(), &peers, last.as_ref())
        })
        .collect();
    let mut found = listeners::by_member(harvest.found, &etcd_members);
    let mut common = CommonFacts {
        backend: BackendKind::Etcd,
        endpoints: harvest.cores.iter().map(|core| endpoint(core)).collect(),
        members: list
            .iter()
            .map(|(id, listed)| member(etcd, id, listed, &harvest.cores, &rests, &peers, last.as_ref()))
            .collect(),
        membership,
        views: views(&harvest.cores, &etcd_members).into_iter().chain(peers.views(&list)).collect(),
        own_certificate: own_certificate(etcd),
        zones_declared: etcd.target.members.values().any(|m| m.zone.is_some()),
        backups: None,
        data_dirs: BTreeMap::new(),
        votes: VoteRule::Majority,
        drills: None,
        cluster_ids,
    };
    // By name, as people list them: ids are hashes, and their order changes from cluster to cluster.
    common.members.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    peers.tell_the_living(&mut common);
    if let (Some(dir), true) = (&ask.state_dir, main.is_some()) {
        // A window is all that is lost when this cannot be written.
        let _ = state::save(
            dir,
            &state_key(etcd),
            &remember(ask, &list, &etcd_members, main.unwrap_or_default(), last),
        );
    }
    for member in &mut common.members {
        if let Some(found) = found.get_mut(&member.id) {
            member.listeners = std::mem::take(&mut found.listeners);
        }
    }
    for native in &mut etcd_members {
        let serves = found.get(&native.id).and_then(|f| f.serves_clients.clone());
        native.peer = listeners::with_serves_clients(std::mem::take(&mut native.peer), serves);
    }
    let native = EtcdFacts {
        auth_enabled: auth::merge(&harvest.auth, &harvest.cores),
        login_refused: harvest.cores.iter().find_map(|core| Some(core.login_refused.as_ref()?.to_string())),
        kubernetes: harvest.kubernetes,
        hashes: harvest.hashes.unwrap_or_else(|| Observed::unknown(ASKED_ONLY_BY_DEEP)),
        remembered,
        members: etcd_members,
    };
    Facts {
        format: FACTS_FORMAT,
        quorate: env!("CARGO_PKG_VERSION").into(),
        cluster: etcd.target.name.clone(),
        taken_at: ask.now,
        duration_ms,
        common,
        native: NativeFacts::Etcd(native),
    }
}

/// Under which name a target's last run is kept.
fn state_key(etcd: &Etcd) -> String {
    format!("etcd-{}", etcd.target.name)
}

/// What the previous run at this target left.
pub(super) fn last_run(etcd: &Etcd, ask: &Ask) -> Option<LastRun> {
    state::load(ask.state_dir.as_deref()?, &state_key(etcd))
}

fn order_as_given(etcd: &Etcd, cores: &mut [Arc<Core>]) {
    let position =
        |core: &Arc<Core>| etcd.addresses.iter().position(|a| *a == core.address).unwrap_or(usize::MAX);
    cores.sort_by_key(|core| (position(core), core.address.clone()));
}

/// Cluster ids that answered; the one with most members first.
pub(super) fn cluster_ids(cores: &[Arc<Core>]) -> Vec<String> {
    let mut seen: Vec<(String, usize)> = Vec::new();
    for status in cores.iter().filter_map(|core| core.status.as_ref().ok()) {
        match seen.iter_mut().find(|(id, _)| *id == status.cluster_id) {
            Some((_, count)) => *count += 1,
            None => seen.push((status.cluster_id.clone(), 1)),
        }
    }
    seen.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    seen.into_iter().map(|(id, _)| id).collect()
}

type Listed = BTreeMap<String, ListedMember>;

/// The list that most members of the main cluster give; else what was declared or remembered.
fn membership(
    etcd: &Etcd,
    cores: &[Arc<Core>],
    main: Option<&str>,
    last: Option<&LastRun>,
) -> (Listed, Observed<MembershipSource>) {
    let of_main = |core: &&Arc<Core>| core.status.as_ref().is_ok_and(|s| Some(s.cluster_id.as_str()) == main);
    let lists: Vec<&Listed> =
        cores.iter().filter(of_main).filter_map(|core| core.members.as_ref().ok()).collect();
    let most_common = lists.iter().max_by_key(|list| lists.iter().filter(|other| other == list).count());
    if let Some(list) = most_common {
        return ((*list).clone(), Observed::Known(MembershipSource::Cluster));
    }
    if main.is_none() {
        if let Some(last) = last.filter(|l| !l.members.is_empty()) {
            let seen_at = last.taken_at.unwrap_or_default();
            return (last.members.clone(), Observed::Known(MembershipSource::Remembered { seen_at }));
        }
        let declared = declared(etcd);
        if !declared.is_empty() {
            return (declared, Observed::Known(MembershipSource::Declared));
        }
    }
    let why = match cores.iter().filter(of_main).find_map(|core| core.members.as_ref().err()) {
        Some(trouble) => format!("the member list could not be read: {trouble}"),
        None => "no endpoint answered".to_owned(),
    };
    (Listed::new(), Observed::unknown(why))
}

fn declared(etcd: &Etcd) -> Listed {
    let with_endpoint = etcd.target.members.iter().filter_map(|(name, m)| Some((name, m.endpoint.clone()?)));
    with_endpoint
        .map(|(name, endpoint)| {
            let listed = ListedMember {
                name: name.clone(),
                voter: true,
                peer_urls: vec![],
                client_urls: vec![endpoint],
            };
            (format!("declared:{name}"), listed)
        })
        .collect()
}

fn endpoint(core: &Core) -> Endpoint {
    let status = core.status.as_ref().ok();
    Endpoint {
        url: core.address.url(),
        origin: core.origin,
        reach: match &core.status {
            Ok(_) => Reach::Answered { ms: core.ms },
            Err(trouble) => Reach::Failed(trouble.clone()),
        },
        member_id: status.map(|s| s.member_id.clone()),
        cluster_id: status.map(|s| s.cluster_id.clone()),
    }
}

fn member(
    etcd: &Etcd,
    id: &str,
    listed: &ListedMember,
    cores: &[Arc<Core>],
    rests: &BTreeMap<String, Rest>,
    peers: &Peers,
    last: Option<&LastRun>,
) -> Member {
    // Ids are made from URLs and the cluster's token: after a recovery another cluster may have the very same ones.
    let main = cluster_ids(cores).into_iter().next();
    let is_it = |s: &EtcdStatus| s.member_id == id && Some(&s.cluster_id) == main.as_ref();
    let answered = cores.iter().find(|core| core.status.as_ref().is_ok_and(is_it));
    let tried = cores.iter().find(|core| listed.client_urls.iter().any(|url| same_place(url, core)));
    let core = answered.or(tried);
    let status = answered.and_then(|core| core.status.as_ref().ok());
    let rest = answered.and_then(|core| rests.get(&core.address.url()));
    // An election may have ended between the two looks: what the member says last is what holds.
    let latest = rest.and_then(|r| r.status_again.known()).or(status);
    let latency = |pick: window::Pick| {
        rest.map_or_else(Observed::default, |r| {
            r.metrics.and_then(|now| window::latency(now, earlier(r, id, last).as_ref(), pick))
        })
    };
    let unknown = || Observed::unknown("the member did not answer");
    Member {
        id: if id.starts_with("declared:") { String::new() } else { id.to_owned() },
        name: listed.name.clone(),
        voter: listed.voter,
        // A member publishes its client URLs when it first joins; its name may come from the bootstrap of others.
        started: answered.is_some() || !listed.client_urls.is_empty(),
        role: role(id, listed, latest),
        client_urls: listed.client_urls.clone(),
        peer_urls: listed.peer_urls.clone(),
        endpoint: core.map(|core| core.address.url()).or_else(|| listed.client_urls.first().cloned()),
        trouble: match (answered, tried) {
            (Some(_), _) => None,
            (None, Some(core)) => core
                .status
                .as_ref()
                .err()
                .cloned()
                .or_else(|| Some(Trouble::new(TroubleKind::WrongService, another(core, main.as_ref())))),
            (None, None) => Some(Trouble::new(TroubleKind::NoAddress, "it advertises no client URL to try")),
        },
        reachable: answered.is_some(),
        zone: etcd.target.members.get(&listed.name).and_then(|m| m.zone.clone()),
        version: status.map_or_else(unknown, |s| Observed::Known(s.version.clone())),
        leader: latest.map_or_else(
            || Observed::unknown("the member did not answer"),
            |s| Observed::Known(s.leader.clone()),
        ),
        term: latest
            .map_or_else(|| Observed::unknown("the member did not answer"), |s| Observed::Known(s.raft_term)),
        quorum_read: rest.map(|r| r.read.clone()).unwrap_or_default(),
        log_sync: latency(|m| m.wal_fsync.as_ref()),
        store_commit: latency(|m| m.backend_commit.as_ref()),
        clock: peers.clock_of(listed).or_else(|| rest.map(|r| r.clock.clone())).unwrap_or_default(),
        listeners: Vec::new(),
    }
}

/// Who answers where a member should.
fn another(core: &Core, main: Option<&String>) -> &'static str {
    match &core.status {
        Ok(status) if Some(&status.cluster_id) != main => {
            "a member of another cluster answers on its client URL"
        }
        _ => "another member answers on its client URL",
    }
}

/// The look at the same process to compare with: the first of this run's two, else the previous run's.
fn earlier<'a>(rest: &'a Rest, id: &str, last: Option<&'a LastRun>) -> Option<window::Earlier<'a>> {
    let now = rest.metrics.known()?;
    window::Earlier::of(now, rest.earlier.as_ref(), last.and_then(|l| l.etcd_metrics.get(id)))
}

fn same_place(url: &str, core: &Core) -> bool {
    crate::transport::address::Address::parse(url, core.address.tls, 2379).is_ok_and(|a| a == core.address)
}

fn role(id: &str, listed: &ListedMember, status: Option<&EtcdStatus>) -> Role {
    match status {
        _ if !listed.voter => Role::Learner,
        None => Role::Unknown,
        Some(status) => match status.leader.as_deref() {
            Some(leader) if leader == id => Role::Leader,
            Some(_) => Role::Follower,
            None => Role::Leaderless,
        },
    }
}

fn native(
    core: &Core,
    rest: Option<&Rest>,
    list: &Listed,
    main: Option<&str>,
    peers: &Peers,
    last: Option<&LastRun>,
) -> EtcdMember {
    let id = core.status.as_ref().map_or_else(|_| String::new(), |s| s.member_id.clone());
    let why = core.status.as_ref().err().map(|t| t.to_string());
    let listed = listed_at(core, list, main);
    let metrics = rest.map(|r| r.metrics.clone()).unwrap_or_default();
    EtcdMember {
        name: listed.map(|m| m.name.clone()).unwrap_or_default(),
        endpoint: core.address.url(),
        status: match (&core.status, why) {
            (Ok(status), _) => Observed::Known(status.clone()),
            (Err(_), why) => Observed::unknown(why.unwrap_or_default()),
        },
        status_again: rest.map(|r| r.status_again.clone()).unwrap_or_default(),
        http_version: rest.map(|r| r.versions.clone()).unwrap_or_default(),
        window: metrics.map(|now| window::grown(now, rest.and_then(|r| earlier(r, &id, last)).as_ref())),
        metrics,
        vars: rest.map(|r| r.vars.clone()).unwrap_or_default(),
        peer: match listed {
            Some(listed) => peers.view_of(listed),
            None => Observed::unknown("no member of the cluster is known at this address"),
        },
        id,
    }
}

/// The member that answers at this address, or else is listed there.
fn listed_at<'a>(core: &Core, list: &'a Listed, main: Option<&str>) -> Option<&'a ListedMember> {
    match &core.status {
        Ok(status) => list.get(&status.member_id).filter(|_| Some(status.cluster_id.as_str()) == main),
        Err(_) => list.values().find(|m| m.client_urls.iter().any(|url| same_place(url, core))),
    }
}

/// What an earlier run saw of the very same cluster.
fn remembered(last: &LastRun, cluster_id: Option<&str>) -> Option<RememberedRevision> {
    let seen_at = last.taken_at.filter(|_| Some(last.cluster_id.as_str()) == cluster_id)?;
    (last.highest_revision > 0).then_some(RememberedRevision {
        revision: last.highest_revision,
        raft_index: last.raft_index,
        seen_at,
    })
}

fn views(cores: &[Arc<Core>], natives: &[EtcdMember]) -> Vec<MembershipView> {
    let client = cores.iter().filter_map(|core| {
        let (Ok(status), Ok(members)) = (&core.status, &core.members) else { return None };
        Some(MembershipView {
            source: status.member_id.clone(),
            interface: "client".into(),
            members: members.clone(),
        })
    });
    let raft = natives.iter().filter_map(|native| {
        let progress = &native.vars.known()?.progress;
        let members = progress.keys().map(|id| (id.clone(), ListedMember::default())).collect::<Listed>();
        (!members.is_empty()).then(|| MembershipView {
            source: native.id.clone(),
            interface: "raft".into(),
            members,
        })
    });
    client.chain(raft).collect()
}

/// The client certificate we present. One that cannot be read would not have been loaded.
fn own_certificate(etcd: &Etcd) -> Option<OwnCertificate> {
    let certificate = certificate::read(etcd.material.own_leaf()?).ok()?;
    let path = etcd.material.cert_path.as_ref()?.display().to_string();
    Some(OwnCertificate { path, certificate })
}

fn remember(
    ask: &Ask,
    list: &Listed,
    natives: &[EtcdMember],
    cluster_id: String,
    last: Option<LastRun>,
) -> LastRun {
    let same = last.filter(|l| l.cluster_id == cluster_id);
    let mut metrics = same.as_ref().map(|l| l.etcd_metrics.clone()).unwrap_or_default();
    metrics.extend(natives.iter().filter_map(|n| Some((n.id.clone(), n.metrics.known()?.clone()))));
    let ours = natives.iter().filter_map(|n| n.status.known()).filter(|s| s.cluster_id == cluster_id);
    // Only a leader has all that is committed and nothing else; another member may be late, or differ.
    let leader = ours.filter(|s| s.leader.as_ref() == Some(&s.member_id)).max_by_key(|s| s.raft_term);
    let before = same.as_ref().map_or((0, 0), |l| (l.highest_revision, l.raft_index));
    let (highest_revision, raft_index) = match leader {
        // After a restore the log begins anew, and so does what the revision must not fall below.
        Some(s) if s.raft_index < before.1 => (s.revision, s.raft_index),
        Some(s) => (s.revision.max(before.0), s.raft_index),
        None => before,
    };
    LastRun {
        votes: VoteRule::Majority,
        taken_at: Some(ask.now),
        members: list.clone(),
        etcd_metrics: metrics,
        zookeeper_metrics: BTreeMap::new(),
        highest_revision,
        raft_index,
        cluster_id,
    }
}
