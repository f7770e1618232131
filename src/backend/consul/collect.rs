//! One look at a whole cluster: all addresses at once. The slowest address bounds the time; none delays another.
//!
//! Consul's servers do not tell where they serve HTTP. The others of a server that answered are looked for where the config
//! file says, and else on the port that was given, at the host of their RPC address.

use super::here::{self, Here};
use super::listeners::{self, Sockets};
use super::look::{self, Core, Rest, Shared};
use super::rpc::{self, Found};
use super::{Consul, merge, parse};
use crate::backend::Ask;
use crate::facts::{Facts, Observed, Origin, RaftServer};
use crate::quorum;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use tokio::sync::watch;

/// Everything the looks brought home, before it is merged into facts.
#[derive(Default)]
pub(super) struct Harvest {
    pub(super) cores: Vec<Rc<Core>>,
    /// By URL of the address.
    pub(super) rests: BTreeMap<String, Rest>,
    /// What was found on RPC ports, by address as raft has it.
    pub(super) rpc: BTreeMap<String, Found>,
    /// Client sockets, by URL of the address that answered.
    pub(super) sockets: BTreeMap<String, Sockets>,
    /// What this machine shows of servers on it, by URL of the address.
    pub(super) here: BTreeMap<String, Here>,
}

pub(super) async fn collect(consul: &Consul, ask: &Ask) -> Facts {
    let deadline = Deadline::after(ask.timeout);
    let last = merge::last_run(consul, ask);
    let mut harvest = Harvest::default();
    let Ok(http) = Http::new(&consul.material) else {
        return merge::merge(consul, ask, harvest, last, deadline.elapsed_ms());
    };
    let shared = Shared::default();
    let (hopeless, hope) = watch::channel(false);
    let mut untried: Vec<(Address, Origin)> =
        consul.addresses.iter().map(|address| (address.clone(), Origin::Given)).collect();
    let mut tried: BTreeSet<Address> = BTreeSet::new();
    let mut rpc_tried: BTreeSet<String> = BTreeSet::new();
    let (mut cores, mut rests) = (FuturesUnordered::new(), FuturesUnordered::new());
    let (mut ports, mut sockets) = (FuturesUnordered::new(), FuturesUnordered::new());
    let http = &http;
    let shared = &shared;
    loop {
        for (address, origin) in untried.drain(..) {
            if tried.insert(address.clone()) {
                cores.push(look::core(consul, http, address, origin, ask, deadline));
            }
        }
        if cores.is_empty() && rests.is_empty() && ports.is_empty() && sockets.is_empty() {
            break;
        }
        tokio::select! {
            Some(core) = cores.next(), if !cores.is_empty() => {
                let core = Rc::new(core);
                harvest.cores.push(core.clone());
                if core.consul {
                    untried.extend(others(consul, &core).into_iter().map(|address| (address, Origin::Discovered)));
                    for address in rpc_addresses(&core) {
                        if rpc_tried.insert(address.authority()) {
                            ports.push(rpc::look(address, deadline));
                        }
                    }
                    let (asked, hope) = (core.clone(), hope.clone());
                    rests.push(async move {
                        let rest = look::rest(consul, http, &asked, shared, ask, deadline, hope).await;
                        (asked.address.url(), rest)
                    });
                    sockets.push(async move {
                        (core.address.url(), listeners::look(&core, ask.deep, deadline).await)
                    });
                }
                if cores.is_empty() && harvest.cores.iter().all(|core| !core.consul) {
                    untried.extend(merge::known_before(consul, last.as_ref()).map(|a| (a, Origin::Discovered)));
                }
                let all_told = cores.is_empty() && untried.iter().all(|(address, _)| tried.contains(address));
                if all_told && too_few(&harvest.cores) {
                    // Nobody may be listening any more.
                    let _ = hopeless.send(true);
                }
            }
            Some((url, rest)) = rests.next(), if !rests.is_empty() => {
                harvest.rests.insert(url, rest);
            }
            Some(found) = ports.next(), if !ports.is_empty() => {
                harvest.rpc.insert(found.address.clone(), found);
            }
            Some((url, found)) = sockets.next(), if !sockets.is_empty() => {
                harvest.sockets.insert(url, found);
            }
        }
    }
    drop((cores, rests, ports, sockets));
    harvest.here = here::look(consul, &harvest.cores, ask, deadline).await;
    merge::merge(consul, ask, harvest, last, deadline.elapsed_ms())
}

/// Where the servers that this one knows may serve HTTP, where nobody said.
fn others(consul: &Consul, core: &Core) -> Vec<Address> {
    let declared: Vec<Address> = declared(consul).collect();
    if !declared.is_empty() {
        return declared;
    }
    let servers = core.configuration.iter().flatten();
    let hosts = servers.filter_map(|server| Address::parse(&server.address, core.address.tls, 8300).ok());
    // A server on loopback shares its host with this one, and cannot have the same port.
    hosts
        .filter(|address| !address.loopback() && address.host != core.address.host)
        .map(|address| Address { port: core.address.port, ..address })
        .collect()
}

/// What the config file declares of the members.
pub(super) fn declared(consul: &Consul) -> impl Iterator<Item = Address> {
    consul.target.members.values().filter_map(|m| parse(m.endpoint.as_deref()?).ok())
}

fn rpc_addresses(core: &Core) -> Vec<Address> {
    let servers = core.configuration.iter().flatten();
    servers.filter_map(|server| Address::parse(&server.address, false, 8300).ok()).collect()
}

/// Whether too few of the voters answered for any quorum, by the configuration that most of those who answered have.
fn too_few(cores: &[Rc<Core>]) -> bool {
    let Some(configuration) = most_told(cores) else { return false };
    let voters: Vec<&RaftServer> = configuration.iter().filter(|server| server.voter).collect();
    let unknown = cores.iter().any(|core| core.consul && core.id().is_none());
    let answering =
        voters.iter().filter(|voter| cores.iter().any(|core| core.id() == Some(voter.id.as_str()))).count();
    // Voters whose HTTP address nobody knows may well serve.
    let asked_all = answering + cores.iter().filter(|core| !core.consul).count() >= voters.len();
    !unknown && asked_all && answering < quorum::needed(voters.len())
}

/// The configuration that most servers have.
pub(super) fn most_told(cores: &[Rc<Core>]) -> Option<&Vec<RaftServer>> {
    let told = || cores.iter().filter_map(|core| core.configuration.as_ref().ok());
    told().max_by_key(|configuration| told().filter(|other| same(other, configuration)).count())
}

/// Whether two configurations count the same servers, in whatever order.
pub(super) fn same(one: &[RaftServer], other: &[RaftServer]) -> bool {
    let counted = |servers: &[RaftServer]| -> BTreeSet<(String, String, bool)> {
        servers.iter().map(|s| (s.id.clone(), s.address.clone(), s.voter)).collect()
    };
    counted(one) == counted(other)
}

/// A value that one of several servers told, or why none did.
pub(super) fn first_known<T: Clone>(told: impl Iterator<Item = Observed<T>>) -> Observed<T> {
    let mut why = Observed::unknown("no server answered");
    let mut any = false;
    for one in told {
        match one {
            Observed::Known(_) => return one,
            Observed::Unknown(_) if !any => {
                any = true;
                why = one;
            }
            Observed::Unknown(_) => {}
        }
    }
    why
}
