//! One look at a whole cluster: all addresses at once, those found in the member list joining as they are found.
//! The slowest address bounds the time; none delays another.

use super::listeners::{self, Claimed, Found};
use super::look::{self, Core, Line, Prospect, Rest};
use super::peer::{self, PeerLook};
use super::{Etcd, auth, hash, kubernetes, merge, window};
use crate::backend::Ask;
use crate::backend::state::LastRun;
use crate::facts::{Facts, HashComparison, KubernetesStore, ListedMember, Observed, Origin};
use crate::listener::stranger::Spot;
use crate::quorum;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use futures_util::future::{FutureExt, LocalBoxFuture, join_all};
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
    let objects = kubernetes::Shared::under(etcd.target.kubernetes_prefix.as_deref());
    let mut harvest = {
        let mut gathering = Gathering {
            etcd,
            ask,
            deadline,
            http: http.as_ref(),
            objects: &objects,
            last: last.as_ref(),
            harvest: Harvest::default(),
            untried: etcd.addresses.iter().map(|address| (address.clone(), Origin::Given)).collect(),
            prospects: BTreeMap::new(),
            looks: FuturesUnordered::new(),
            cores_awaited: 0,
            peers: FuturesUnordered::new(),
            peers_tried: BTreeSet::new(),
            claimed: Claimed::default(),
            hashing: false,
        };
        gathering.everything().await;
        gathering.peer_ports().await;
        gathering.harvest
    };
    harvest.kubernetes = objects.into_facts();
    if let (Some(apart), Some(http)) = (ask.window, &http) {
        let deadline = deadline.later(apart);
        window::look_again(&mut harvest.rests, apart, http, ask, deadline).await;
    }
    merge::merge(etcd, ask, harvest, last, deadline.elapsed_ms())
}

/// What one look brought home.
enum Told {
    Core(Arc<Core>),
    Rest(Box<Rest>),
    Socket(Found),
    Auth(Observed<bool>),
    /// Into the shared store.
    Objects,
    Hashes(Observed<HashComparison>),
}

/// A look at the cluster under way. What is told of one address may open further looks.
struct Gathering<'a> {
    etcd: &'a Etcd,
    ask: &'a Ask,
    deadline: Deadline,
    http: Option<&'a Http>,
    objects: &'a kubernetes::Shared,
    last: Option<&'a LastRun>,
    harvest: Harvest,
    untried: Vec<(Address, Origin)>,
    prospects: BTreeMap<Address, watch::Sender<Prospect>>,
    /// Waited for to their end.
    looks: FuturesUnordered<LocalBoxFuture<'a, Told>>,
    /// How many of `looks` are core questions.
    cores_awaited: usize,
    /// Given up when all else is in.
    peers: FuturesUnordered<LocalBoxFuture<'a, PeerLook>>,
    peers_tried: BTreeSet<String>,
    claimed: Claimed,
    hashing: bool,
}

impl<'a> Gathering<'a> {
    /// Until nothing is under way but peer ports.
    async fn everything(&mut self) {
        // A member that hangs must not take the time that hashing the others needs.
        let mut half_time = Box::pin(tokio::time::sleep(self.ask.timeout / 2));
        loop {
            self.dial().await;
            if self.looks.is_empty() {
                return;
            }
            tokio::select! {
                Some(told) = self.looks.next() => self.hear(told),
                Some(look) = self.peers.next() => self.harvest.peers.push(look),
                () = &mut half_time, if self.ask.deep && !self.hashing => self.hash(),
            }
        }
    }

    /// Asks every address that was not asked yet.
    async fn dial(&mut self) {
        for (address, origin) in std::mem::take(&mut self.untried) {
            if self.prospects.contains_key(&address) {
                continue;
            }
            let (sender, prospect) = watch::channel(Prospect::default());
            self.prospects.insert(address.clone(), sender);
            let (etcd, http, ask, deadline) = (self.etcd, self.http, self.ask, self.deadline);
            let line = Arc::new(Line::open(etcd, address, origin, deadline).await);
            let asked = line.clone();
            self.cores_awaited += 1;
            self.looks.push(
                async move { Told::Core(Arc::new(look::core(etcd, &asked, deadline).await)) }.boxed_local(),
            );
            let rest = async move {
                Told::Rest(Box::new(look::rest(etcd, &line, http, ask, deadline, prospect).await))
            };
            self.looks.push(rest.boxed_local());
        }
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Core(core) => self.hear_core(core),
            Told::Rest(rest) => {
                let of = self.harvest.cores.iter().find(|core| core.address.url() == rest.url).cloned();
                if let Some(core) = of {
                    let spots = listeners::revealed(&core, &rest.vars, &mut self.claimed);
                    self.look_at_sockets(&core, spots);
                }
                self.harvest.rests.push(*rest);
            }
            Told::Socket(found) => self.harvest.found.push(found),
            Told::Auth(enabled) => self.harvest.auth.push(enabled),
            Told::Hashes(hashes) => self.harvest.hashes = Some(hashes),
            Told::Objects => {}
        }
    }

    fn hear_core(&mut self, core: Arc<Core>) {
        self.cores_awaited -= 1;
        if let Some(prospect) = self.prospects.get(&core.address) {
            prospect.send_modify(|p| p.learn(&core));
        }
        self.untried.extend(discovered(&core).into_iter().map(|address| (address, Origin::Discovered)));
        let (etcd, http, ask, deadline) = (self.etcd, self.http, self.ask, self.deadline);
        for url in peer_urls(&core) {
            if self.peers_tried.insert(url.clone()) {
                self.peers.push(peer::look(url, http, ask.now, deadline).boxed_local());
            }
        }
        let (looked, objects) = (core.clone(), self.objects);
        let stored = async move {
            kubernetes::look(&looked, objects, ask, deadline).await;
            Told::Objects
        };
        self.looks.push(stored.boxed_local());
        let asked = core.clone();
        let enabled = async move { Told::Auth(auth::enabled(etcd, &asked, http, deadline).await) };
        self.looks.push(enabled.boxed_local());
        self.harvest.cores.push(core);
        // Its list may tell the sockets of one that came before: a learner serves no list itself.
        for of in self.harvest.cores.clone() {
            let spots = listeners::advertised(&of, &self.harvest.cores, &mut self.claimed);
            self.look_at_sockets(&of, spots);
        }
        self.heard_all();
    }

    /// Once every address that is known has told who is there, or has not.
    fn heard_all(&mut self) {
        if self.cores_awaited > 0 {
            return;
        }
        if self.harvest.cores.iter().all(|core| core.status.is_err()) {
            self.untried.extend(known_before(self.etcd, self.last));
        }
        if self.untried.iter().any(|(address, _)| !self.prospects.contains_key(address)) {
            return;
        }
        if too_few(&self.harvest.cores) {
            self.prospects.values().for_each(|prospect| prospect.send_modify(|p| p.hopeless = true));
        }
        if self.ask.deep && !self.hashing {
            self.hash();
        }
    }

    fn look_at_sockets(&mut self, of: &Arc<Core>, spots: Vec<Spot>) {
        let looks = listeners::look(of, spots, self.ask.deep, self.deadline);
        self.looks.extend(looks.into_iter().map(|look| look.map(Told::Socket).boxed_local()));
    }

    fn hash(&mut self) {
        self.hashing = true;
        let (cores, deadline) = (self.harvest.cores.clone(), self.deadline);
        let compared = async move {
            let main = merge::cluster_ids(&cores).into_iter().next().unwrap_or_default();
            Told::Hashes(hash::compare(&cores, &main, deadline).await)
        };
        self.looks.push(compared.boxed_local());
    }

    /// Peer ports that still answer, and what a stranger finds there.
    async fn peer_ports(&mut self) {
        let grace = self.deadline.within(PEER_GRACE);
        while let Some(Some(look)) = grace.run(self.peers.next()).await {
            self.harvest.peers.push(look);
        }
        let looks = self.harvest.peers.iter().filter_map(|look| {
            let (core, spots) = listeners::peer_port(look, &self.harvest.cores, &mut self.claimed)?;
            listeners::look(&core, spots, self.ask.deep, self.deadline)
        });
        let found = join_all(looks.collect::<Vec<_>>()).await;
        self.harvest.found.extend(found);
    }
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
