//! One look at a whole cluster: all addresses at once, those found in the member list joining as they are found.
//! The slowest address bounds the time; none delays another.

use super::listeners::{self, Claimed, Found};
use super::look::{self, Core, Line, Prospect, Rest};
use super::peer::{self, PeerLook};
use super::{Etcd, auth, hash, kubernetes, merge, window};
use crate::backend::Ask;
use crate::backend::state::LastRun;
use crate::facts::{Facts, HashComparison, KubernetesStore, ListedMember, Observed, Origin};
use crate::quorum;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Everything the looks brought home, before it is merged into facts.
#[derive(Default)]
pub(super) struct Harvest {
    pub(super) cores: Vec<Arc<Core>>,
    pub(super) rests: Vec<Rest>,
    pub(super) found: Vec<Found>,
    pub(super) auth: Vec<Observed<bool>>,
    pub(super) peers: Vec<PeerLook>,
    /// `None` when it was not asked.
    pub(super) hashes: Option<Observed<HashComparison>>,
    pub(super) kubernetes: Observed<KubernetesStore>,
}

/// How long peer ports may still answer once everything else is in. Where they are firewalled from here, nobody
/// should wait a whole deadline for them at every check.
const PEER_GRACE: Duration = Duration::from_millis(200);

pub(super) async fn collect(etcd: &Etcd, ask: &Ask) -> Facts {
    let deadline = Deadline::after(ask.timeout);
    let http = Http::new(&etcd.material).ok();
    let last = merge::last_run(etcd, ask);
    let mut harvest = Harvest::default();
    let mut prospects: BTreeMap<Address, watch::Sender<Prospect>> = BTreeMap::new();
    let mut untried: Vec<(Address, Origin)> =
        etcd.addresses.iter().map(|address| (address.clone(), Origin::Given)).collect();
    let mut cores = FuturesUnordered::new();
    let mut rests = FuturesUnordered::new();
    let objects = kubernetes::Shared::default();
    let mut object_looks = FuturesUnordered::new();
    let mut peers = FuturesUnordered::new();
    let mut peers_tried: BTreeSet<String> = BTreeSet::new();
    let mut hashes = FuturesUnordered::new();
    let mut claimed = Claimed::default();
    let mut sockets = FuturesUnordered::new();
    let mut auths = FuturesUnordered::new();
    // A member that hangs must not take the time that hashing the others needs.
    let mut hashing = false;
    let mut half_time = Box::pin(tokio::time::sleep(ask.timeout / 2));
    while !(untried.is_empty()
        && cores.is_empty()
        && rests.is_empty()
        && object_looks.is_empty()
        && sockets.is_empty()
        && auths.is_empty()
        && hashes.is_empty())
    {
        for (address, origin) in untried.drain(..) {
            if prospects.contains_key(&address) {
                continue;
            }
            let (sender, prospect) = watch::channel(Prospect::default());
            prospects.insert(address.clone(), sender);
            let line = Arc::new(Line::open(etcd, address, origin, deadline).await);
            let (http, asked) = (http.as_ref(), line.clone());
            cores.push(async move { look::core(etcd, &asked, deadline).await });
            rests.push(async move { look::rest(&line, http, ask, deadline, prospect).await });
        }
        let mut hash_now = false;
        tokio::select! {
            Some(core) = cores.next(), if !cores.is_empty() => {
                let core = Arc::new(core);
                if let Some(prospect) = prospects.get(&core.address) {
                    prospect.send_modify(|p| p.learn(&core));
                }
                untried.extend(discovered(&core).into_iter().map(|address| (address, Origin::Discovered)));
                for url in peer_urls(&core) {
                    if peers_tried.insert(url.clone()) {
                        peers.push(peer::look(url, http.as_ref(), ask.now, deadline));
                    }
                }
                let (looked, objects) = (core.clone(), &objects);
                object_looks.push(async move { kubernetes::look(&looked, objects, ask, deadline).await });
                let (http, asked) = (http.as_ref(), core.clone());
                auths.push(async move { auth::enabled(etcd, &asked, http, deadline).await });
                harvest.cores.push(core);
                // Its list may tell the sockets of one that came before: a learner serves no list itself.
                for of in &harvest.cores {
                    let spots = listeners::advertised(of, &harvest.cores, &mut claimed);
                    sockets.extend(listeners::look(of, spots, ask.deep, deadline));
                }
                if cores.is_empty() && harvest.cores.iter().all(|core| core.status.is_err()) {
                    untried.extend(known_before(etcd, last.as_ref()));
                }
                let all_told = cores.is_empty() && untried.iter().all(|(address, _)| prospects.contains_key(address));
                if all_told && too_few(&harvest.cores) {
                    prospects.values().for_each(|prospect| prospect.send_modify(|p| p.hopeless = true));
                }
                hash_now = all_told;
            }
            Some(rest) = rests.next(), if !rests.is_empty() => {
                if let Some(core) = harvest.cores.iter().find(|core| core.address.url() == rest.url) {
                    let spots = listeners::revealed(core, &rest.vars, &mut claimed);
                    sockets.extend(listeners::look(core, spots, ask.deep, deadline));
                }
                harvest.rests.push(rest);
            }
            Some(found) = sockets.next(), if !sockets.is_empty() => harvest.found.push(found),
            Some(enabled) = auths.next(), if !auths.is_empty() => harvest.auth.push(enabled),
            Some(()) = object_looks.next(), if !object_looks.is_empty() => {}
            Some(look) = peers.next(), if !peers.is_empty() => harvest.peers.push(look),
            Some(hashed) = hashes.next(), if !hashes.is_empty() => harvest.hashes = Some(hashed),
            () = &mut half_time, if ask.deep && !hashing => hash_now = true,
        }
        if ask.deep && hash_now && !hashing {
            hashing = true;
            let cores = harvest.cores.clone();
            hashes.push(async move {
                let main = merge::cluster_ids(&cores).into_iter().next().unwrap_or_default();
                hash::compare(&cores, &main, deadline).await
            });
        }
    }
    drop(object_looks);
    harvest.kubernetes = objects.into_facts();
    let grace = deadline.within(PEER_GRACE);
    while let Some(Some(look)) = grace.run(peers.next()).await {
        harvest.peers.push(look);
    }
    drop(peers);
    let peer_ports = harvest.peers.iter().filter_map(|look| {
        let (core, spots) = listeners::peer_port(look, &harvest.cores, &mut claimed)?;
        listeners::look(&core, spots, ask.deep, deadline)
    });
    let found = join_all(peer_ports.collect::<Vec<_>>()).await;
    harvest.found.extend(found);
    if let (Some(apart), Some(http)) = (ask.window, &http) {
        let deadline = deadline.later(apart);
        window::look_again(&mut harvest.rests, apart, http, ask, deadline).await;
    }
    merge::merge(etcd, ask, harvest, last, deadline.elapsed_ms())
}

/// Where members are when nobody tells: where the config file says, and where an earlier run saw them.
fn known_before(etcd: &Etcd, last: Option<&LastRun>) -> Vec<(Address, Origin)> {
    let declared = etcd.target.members.values().filter_map(|m| m.endpoint.as_deref());
    let remembered = last.iter().flat_map(|l| l.members.values()).flat_map(|m| &m.client_urls);
    declared
        .chain(remembered.map(String::as_str))
        .filter_map(|url| Address::parse(url, false, 2379).ok())
        .map(|address| (address, Origin::Discovered))
        .collect()
}

/// Client addresses in the list that this member gave.
fn discovered(core: &Core) -> Vec<Address> {
    let Ok(members) = &core.members else { return Vec::new() };
    let urls = members.values().flat_map(|m: &ListedMember| &m.client_urls);
    urls.filter_map(|url| Address::parse(url, core.address.tls, 2379).ok()).collect()
}

/// Peer addresses in the list that this member gave.
fn peer_urls(core: &Core) -> impl Iterator<Item = String> {
    let members = core.members.iter().flat_map(|members| members.values());
    members.flat_map(|m: &ListedMember| m.peer_urls.clone())
}

/// Whether fewer voters answered than any list needs.
fn too_few(cores: &[Arc<Core>]) -> bool {
    let answered: BTreeSet<&str> =
        cores.iter().filter_map(|c| c.status.as_ref().ok()).map(|s| s.member_id.as_str()).collect();
    cores.iter().filter_map(|c| c.members.as_ref().ok()).all(|members| {
        let voters = members.iter().filter(|(_, m)| m.voter);
        let (all, here) = voters.fold((0, 0), |(all, here), (id, _)| {
            (all + 1, here + usize::from(answered.contains(id.as_str())))
        });
        here < quorum::needed(all)
    })
}
