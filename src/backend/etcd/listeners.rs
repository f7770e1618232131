//! The sockets of a member, as a stranger finds them: those it advertises, the one it answered on, and those that its
//! start arguments reveal. A second `http://` client listener beside a mutual-TLS one is seen only there: etcd ignores
//! the certificate flags for it (embed/etcd.go `configureClientListeners`).

use super::client;
use super::look::{self, Core};
use super::peer::PeerLook;
use crate::facts::{EtcdMember, EtcdPeerView, EtcdVars, Listener, ListenerKind, Observed, TroubleKind};
use crate::listener::stranger::{Spot, in_plaintext, listener};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::tls::TlsMaterial;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was found on one member's sockets.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) member_id: String,
    pub(super) listeners: Vec<Listener>,
    pub(super) serves_clients: Option<Observed<bool>>,
}

/// Sockets already claimed by a look, so that a member reached through two addresses is not probed twice.
#[derive(Debug, Default)]
pub(super) struct Claimed(BTreeSet<(&'static str, String)>);

impl Claimed {
    fn claim(&mut self, spots: Vec<Spot>) -> Vec<Spot> {
        let fresh = |spot: &Spot| self.0.insert((spot.kind.name(), spot.address.authority()));
        spots.into_iter().filter(fresh).collect()
    }
}

/// Sockets known from the member lists of `cores`, and the one that answered. Empty when the member did not answer.
pub(super) fn advertised(core: &Core, cores: &[Arc<Core>], claimed: &mut Claimed) -> Vec<Spot> {
    let Ok(status) = &core.status else { return Vec::new() };
    let mut spots = vec![spot(ListenerKind::Client, core.address.clone())];
    // A learner serves no member list: the others know its sockets.
    let lists = cores.iter().filter_map(|c| c.members.as_ref().ok());
    if let Some(listed) = lists.into_iter().find_map(|list| list.get(&status.member_id)) {
        spots.extend(spots_of(ListenerKind::Client, &listed.client_urls, 2379));
        // A plaintext peer port is asked for its members anyway, and its answer tells all there is: see `peer_port`.
        spots.extend(
            spots_of(ListenerKind::Peer, &listed.peer_urls, 2380).into_iter().filter(|s| s.address.tls),
        );
    }
    claimed.claim(spots)
}

/// The plaintext peer port that `look` asked, for the member among `cores` that listens there.
pub(super) fn peer_port(
    look: &PeerLook,
    cores: &[Arc<Core>],
    claimed: &mut Claimed,
) -> Option<(Arc<Core>, Vec<Spot>)> {
    let address = Address::parse(&look.url, false, 2380).ok().filter(|address| !address.tls)?;
    let listed_there = |id: &str| {
        let lists = cores.iter().filter_map(|core| core.members.as_ref().ok());
        lists.filter_map(|list| list.get(id)).any(|member| member.peer_urls.contains(&look.url))
    };
    let core = cores.iter().find(|core| core.status.as_ref().is_ok_and(|s| listed_there(&s.member_id)))?;
    let spot = Spot { answered: look.answered(), ..spot(ListenerKind::Peer, address) };
    Some((core.clone(), claimed.claim(vec![spot])))
}

fn spots_of(kind: ListenerKind, urls: &[String], port: u16) -> Vec<Spot> {
    let addresses = urls.iter().filter_map(|url| Address::parse(url, false, port).ok());
    addresses.map(|address| spot(kind, address)).collect()
}

fn spot(kind: ListenerKind, address: Address) -> Spot {
    Spot {
        kind,
        unsure: false,
        answered: false,
        loopback: address.loopback(),
        path: match kind {
            ListenerKind::Metrics => "/metrics",
            ListenerKind::Client | ListenerKind::Peer | ListenerKind::Grpc => "/version",
        },
        address,
    }
}

/// Sockets that only the start arguments reveal. A wildcard host is dialled at the host that answered; a loopback
/// address of another machine cannot be.
pub(super) fn revealed(core: &Core, vars: &Observed<EtcdVars>, claimed: &mut Claimed) -> Vec<Spot> {
    vars.known().map_or_else(Vec::new, |vars| claimed.claim(in_arguments(vars, &core.address)))
}

fn in_arguments(vars: &EtcdVars, answered: &Address) -> Vec<Spot> {
    let flags = [
        ("listen-client-urls", ListenerKind::Client),
        ("listen-client-http-urls", ListenerKind::Client),
        ("listen-metrics-urls", ListenerKind::Metrics),
    ];
    let urls = flags
        .iter()
        .flat_map(|(flag, kind)| vars.flag(flag).unwrap_or_default().split(',').map(move |url| (*kind, url)));
    urls.filter_map(|(kind, url)| {
        let listens = Address::parse(url, false, 2379).ok()?;
        let address = if listens.unspecified() {
            Address { host: answered.host.clone(), ..listens }
        } else if listens.loopback() && !answered.loopback() {
            return None;
        } else {
            listens
        };
        Some(Spot { unsure: true, ..spot(kind, address) })
    })
    .collect()
}

/// Looks at sockets of one member; `None` when there are none to look at.
pub(super) fn look(
    core: &Arc<Core>,
    spots: Vec<Spot>,
    deep: bool,
    deadline: Deadline,
) -> Option<impl Future<Output = Found> + use<>> {
    if spots.is_empty() {
        return None;
    }
    let core = core.clone();
    Some(async move {
        let looks = spots.iter().map(|spot| one(&core, spot, deep, deadline));
        let listeners: Vec<Listener> = join_all(looks).await.into_iter().flatten().collect();
        let peer = spots.iter().find(|spot| spot.kind == ListenerKind::Peer);
        let (Ok(status), Some(peer)) = (&core.status, peer) else {
            return Found { member_id: member_id(&core), listeners, serves_clients: None };
        };
        let serves = match listeners.iter().find(|l| l.kind == ListenerKind::Peer) {
            Some(l) => Some(serves_clients(&status.version, peer.address.clone(), l, deadline).await),
            None => None,
        };
        Found { member_id: member_id(&core), listeners, serves_clients: serves }
    })
}

fn member_id(core: &Core) -> String {
    core.status.as_ref().map_or_else(|_| String::new(), |status| status.member_id.clone())
}

async fn one(core: &Core, spot: &Spot, deep: bool, deadline: Deadline) -> Option<Listener> {
    // It just answered us in plaintext, where there are no client certificates: nothing is left to ask.
    if spot.answered || (!core.address.tls && spot.address == core.address) {
        return Some(in_plaintext(spot, true));
    }
    let listener = listener(spot, deep, deadline).await;
    // A socket that nobody was told to dial and that cannot be reached from here is no news.
    (!spot.unsure || listener.plaintext.known().is_some()).then_some(listener)
}

/// Whether the process listens on every interface at this listener's port, whatever address we dialled.
fn on_all_interfaces(vars: &EtcdVars, listener: &Listener) -> bool {
    let flag = match listener.kind {
        ListenerKind::Client => "listen-client-urls",
        ListenerKind::Peer => "listen-peer-urls",
        ListenerKind::Metrics => "listen-metrics-urls",
        ListenerKind::Grpc => return false,
    };
    let urls = vars.flag(flag).unwrap_or_default().split(',');
    let listens = urls.filter_map(|url| Address::parse(url, false, 2379).ok());
    listens.into_iter().any(|a| a.unspecified() && listener.address.ends_with(&format!(":{}", a.port)))
}

/// Whether a stranger gets the gRPC client API on the peer port.
async fn serves_clients(
    version: &str,
    address: Address,
    listener: &Listener,
    deadline: Deadline,
) -> Observed<bool> {
    match &listener.anonymous {
        Observed::Unknown(why) => return Observed::unknown(why),
        Observed::Known(false) => return Observed::Known(false),
        Observed::Known(true) => {}
    }
    // 3.6 stopped serving it there (CHANGELOG-3.6, embed/etcd.go servePeers): one connection a member saved.
    if super::wire::at_least_3_6(version) {
        return Observed::Known(false);
    }
    let address = Address { tls: listener.plaintext.known() == Some(&false), ..address };
    let client = match client::open(&address, &TlsMaterial::stranger(), deadline).await {
        Ok(client) => client,
        Err(trouble) => return Observed::unknown(trouble.to_string()),
    };
    match look::status(&client, deadline).await {
        Ok(_) => Observed::Known(true),
        Err(trouble) => match trouble.kind {
            // A refusal in etcd's own words comes from its client API.
            TroubleKind::Unauthenticated | TroubleKind::PermissionDenied | TroubleKind::ServerError => {
                Observed::Known(true)
            }
            TroubleKind::WrongService | TroubleKind::Garbage => Observed::Known(false),
            _ => Observed::unknown(trouble.to_string()),
        },
    }
}

/// Adds to what the peer port told. A port that serves clients is worth a view of its own when nothing else was read.
pub(super) fn with_serves_clients(
    peer: Observed<EtcdPeerView>,
    serves: Option<Observed<bool>>,
) -> Observed<EtcdPeerView> {
    match (peer, serves) {
        (Observed::Known(peer), Some(serves_clients)) => {
            Observed::Known(EtcdPeerView { serves_clients, ..peer })
        }
        (Observed::Unknown(_), Some(serves_clients @ Observed::Known(true))) => {
            Observed::Known(EtcdPeerView { serves_clients, ..EtcdPeerView::default() })
        }
        (peer, _) => peer,
    }
}

/// Per member: its sockets, and whether its peer port serves clients. A socket dialled at loopback is open to others
/// all the same when the process listens on every interface.
pub(super) fn by_member(found: Vec<Found>, natives: &[EtcdMember]) -> BTreeMap<String, Found> {
    let mut members: BTreeMap<String, Found> = BTreeMap::new();
    for found in found {
        let of_member = members.entry(found.member_id.clone()).or_default();
        of_member.member_id = found.member_id;
        for listener in found.listeners {
            if !of_member.listeners.iter().any(|l| l.kind == listener.kind && l.address == listener.address) {
                of_member.listeners.push(listener);
            }
        }
        of_member.serves_clients = of_member.serves_clients.take().or(found.serves_clients);
    }
    for (id, found) in &mut members {
        if let Some(vars) = natives.iter().find(|n| n.id == *id).and_then(|n| n.vars.known()) {
            for listener in &mut found.listeners {
                listener.loopback &= !on_all_interfaces(vars, listener);
            }
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revealed_at(answered: &str, flags: &[&str]) -> Vec<(ListenerKind, String)> {
        let vars = EtcdVars {
            cmdline: std::iter::once("etcd").chain(flags.iter().copied()).map(str::to_owned).collect(),
            ..EtcdVars::default()
        };
        let answered = Address::parse(answered, false, 2379).expect("an address");
        in_arguments(&vars, &answered).into_iter().map(|s| (s.kind, s.address.authority())).collect()
    }

    #[test]
    fn start_arguments_reveal_sockets() {
        let flags = [
            "--listen-client-urls=https://0.0.0.0:2379,http://127.0.0.1:2381",
            "--listen-metrics-urls",
            "http://10.0.0.1:2382",
        ];
        let far = revealed_at("10.0.0.1", &flags);
        assert_eq!(
            far,
            [
                (ListenerKind::Client, "10.0.0.1:2379".to_owned()),
                (ListenerKind::Metrics, "10.0.0.1:2382".to_owned())
            ]
        );
        let near = revealed_at("127.0.0.1", &flags);
        assert!(near.contains(&(ListenerKind::Client, "127.0.0.1:2381".to_owned())));
    }
}
