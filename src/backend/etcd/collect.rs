//! One look at a whole cluster: all addresses at once, those found in the member list joining as they are found.
//! The slowest address bounds the time; none delays another.

use super::listeners::{self, Claimed, Found};
use super::look::{self, Core, Rest};
use super::{Etcd, auth, merge};
use crate::backend::Ask;
use crate::facts::{Facts, ListedMember, Observed, Origin};
use crate::quorum;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use crate::transport::tls::Capture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// Everything the looks brought home, before it is merged into facts.
#[derive(Default)]
pub(super) struct Harvest {
    pub(super) cores: Vec<Arc<Core>>,
    pub(super) rests: Vec<Rest>,
    pub(super) found: Vec<Found>,
    pub(super) auth: Vec<Observed<bool>>,
}

pub(super) async fn collect(etcd: &Etcd, ask: &Ask) -> Facts {
    let deadline = Deadline::after(ask.timeout);
    let http = Http::new(&etcd.material, &Capture::default()).ok();
    let (hopeless, watching) = watch::channel(false);
    let mut harvest = Harvest::default();
    let mut tried: BTreeSet<Address> = etcd.addresses.iter().cloned().collect();
    let mut claimed = Claimed::default();
    let mut cores = FuturesUnordered::new();
    let mut rests = FuturesUnordered::new();
    let mut sockets = FuturesUnordered::new();
    for address in &tried {
        cores.push(look::core(etcd, address.clone(), Origin::Given, deadline));
    }
    loop {
        tokio::select! {
            Some(core) = cores.next(), if !cores.is_empty() => {
                let core = Arc::new(core);
                for address in discovered(&core) {
                    if tried.insert(address.clone()) {
                        cores.push(look::core(etcd, address, Origin::Discovered, deadline));
                    }
                }
                harvest.cores.push(core.clone());
                // Its list may tell the sockets of one that came before: a learner serves no list itself.
                for of in &harvest.cores {
                    let spots = listeners::advertised(of, &harvest.cores, &mut claimed);
                    sockets.extend(listeners::look(of, spots, ask.deep, deadline));
                }
                let (http, watching) = (http.as_ref(), watching.clone());
                rests.push(async move {
                    let rest = look::rest(&core, http, ask, deadline, watching);
                    let auth = auth::enabled(etcd, &core, http, deadline);
                    let (rest, auth) = futures_util::future::join(rest, auth).await;
                    (core, rest, auth)
                });
                if cores.is_empty() && too_few(&harvest.cores) {
                    let _ = hopeless.send(true);
                }
            }
            Some((core, rest, auth)) = rests.next(), if !rests.is_empty() => {
                let spots = listeners::revealed(&core, &rest.vars, &mut claimed);
                sockets.extend(listeners::look(&core, spots, ask.deep, deadline));
                harvest.rests.push(rest);
                harvest.auth.push(auth);
            }
            Some(found) = sockets.next(), if !sockets.is_empty() => harvest.found.push(found),
            else => break,
        }
    }
    merge::merge(etcd, ask, harvest, deadline.elapsed_ms())
}

/// Client addresses in the list that this member gave.
fn discovered(core: &Core) -> Vec<Address> {
    let Ok(members) = &core.members else { return Vec::new() };
    let urls = members.values().flat_map(|m: &ListedMember| &m.client_urls);
    urls.filter_map(|url| Address::parse(url, core.address.tls, 2379).ok()).collect()
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
