//! One look at a whole ensemble: all addresses at once, those found in the member list joining as they are found. The
//! slowest address bounds the time; none delays another.

use super::admin::{self, Page};
use super::doors::Doors;
use super::look::{self, Look};
use super::roll::{self, Names, Roll};
use super::{Zookeeper, listeners, merge};
use crate::backend::Ask;
use crate::backend::state::{self, LastRun};
use crate::facts::{Facts, Listener, Observed, Origin, Trouble, ZookeeperMetrics, ZookeeperQuorumPort};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use crate::transport::words;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// Everything the looks brought home, before it is merged into facts.
pub(super) struct Harvest {
    pub(super) looks: Vec<Look>,
    /// Who is a member.
    pub(super) roll: Roll,
    /// What there is to say of members whose address for clients nobody knows, by key.
    pub(super) unseen: BTreeMap<String, Trouble>,
    /// Ports of the quorum, by the address of the server that they belong to.
    pub(super) peers: BTreeMap<String, Listener>,
    pub(super) quorum_port: Observed<ZookeeperQuorumPort>,
    /// The first of this run's two looks at the numbers, by address.
    pub(super) earlier: BTreeMap<String, ZookeeperMetrics>,
    pub(super) last: Option<LastRun>,
}

pub(super) async fn collect(zookeeper: &Zookeeper, ask: &Ask) -> Facts {
    let deadline = Deadline::after(ask.timeout);
    let http = Http::new(&zookeeper.material).ok();
    let last = ask.state_dir.as_deref().and_then(|dir| state::load(dir, &merge::state_key(zookeeper)));
    let (mut looks, doors) = everywhere(zookeeper, http.as_ref(), ask, last.as_ref(), deadline).await;
    let names = names(&looks, deadline).await;
    let roll = roll::roll(zookeeper, &looks, &names, last.as_ref());
    let (peers, quorum_port) = peers(&looks, &names, deadline).await;
    let unseen = doors.end(&roll, &mut looks, deadline).await;
    let mut earlier = BTreeMap::new();
    if let Some(apart) = ask.window {
        tokio::time::sleep(apart).await;
        let deadline = deadline.later(apart);
        let again = looks.iter_mut().map(|look| {
            let page = page(zookeeper, &look.address);
            look::numbers_again(zookeeper, look, page, http.as_ref(), ask, deadline)
        });
        earlier = join_all(again).await.into_iter().flatten().collect();
    }
    merge::facts(
        zookeeper,
        ask,
        deadline.elapsed_ms(),
        Harvest { looks, roll, unseen, peers, quorum_port, earlier, last },
    )
}

/// Looks at every address that was given or is found on the way. Those that were given come first, in their order.
async fn everywhere(
    zookeeper: &Zookeeper,
    http: Option<&Http>,
    ask: &Ask,
    last: Option<&LastRun>,
    deadline: Deadline,
) -> (Vec<Look>, Doors) {
    let mut untried: Vec<(Address, Origin)> =
        zookeeper.addresses.iter().map(|address| (address.clone(), Origin::Given)).collect();
    let mut tried: BTreeSet<String> = BTreeSet::new();
    let (mut firsts, mut seconds) = (FuturesUnordered::new(), FuturesUnordered::new());
    let mut looks: Vec<Look> = Vec::new();
    let mut remembered = last;
    let mut doors = Doors::default();
    let mut half_time = std::pin::pin!(tokio::time::sleep(ask.timeout / 2));
    while !(untried.is_empty() && firsts.is_empty() && seconds.is_empty()) {
        for (address, origin) in untried.drain(..) {
            if tried.insert(address.authority()) {
                doors.looked_at(&address);
                let page = page(zookeeper, &address);
                firsts.push(look::first(zookeeper, address, origin, page, http, ask, deadline));
            }
        }
        tokio::select! {
            Some(look) = firsts.next(), if !firsts.is_empty() => {
                doors.seen(&look);
                untried.extend(discovered(&look).into_iter().map(|address| (address, Origin::Discovered)));
                seconds.push(look::second(zookeeper, look, deadline));
            }
            Some(look) = seconds.next(), if !seconds.is_empty() => looks.push(look),
            // Whoever is silent now may stay so until there is no time left for anything else.
            () = &mut half_time, if !doors.tried => {
                doors.try_silent(&roll::roll(zookeeper, &looks, &Names::default(), last), deadline);
            }
            Some(()) = doors.next() => {}
            else => {}
        }
        let nobody = firsts.is_empty() && seconds.is_empty() && looks.iter().all(|look| look.core.is_err());
        if nobody && let Some(last) = remembered.take() {
            untried.extend(known_before(zookeeper, last));
        }
    }
    looks.sort_by_key(|look| {
        let given = zookeeper.addresses.iter().position(|a| *a == look.address).unwrap_or(usize::MAX);
        (given, look.address.clone())
    });
    (looks, doors)
}

/// Where a server's AdminServer and its numbers may be.
fn page(zookeeper: &Zookeeper, address: &Address) -> Page {
    let member = roll::declared(zookeeper, &address.authority()).map(|(_, member)| member);
    let url = |text: &String| {
        Address::parse(text, false, admin::USUAL_PORT).map_or_else(|_| text.clone(), |page| page.url())
    };
    let declared = member.and_then(|member| member.admin.as_ref()).map(url);
    let usual = || Address { tls: false, host: address.host.clone(), port: admin::USUAL_PORT }.url();
    Page {
        declared: declared.is_some(),
        url: declared.unwrap_or_else(usual),
        metrics: member.and_then(|member| member.metrics.clone()),
    }
}

/// Client addresses in a server's member list. With TLS the list does not have them.
fn discovered(look: &Look) -> Vec<Address> {
    let lists = [&look.session.config, &look.admin.config];
    let list = lists.into_iter().find_map(|list| list.known());
    let servers = list.into_iter().flat_map(|list| list.servers.values());
    let clients = servers.filter_map(|server| server.client.as_ref());
    clients
        .filter_map(|client| words::address(client, false).ok())
        .filter(|address| !look.address.tls && !address.unspecified())
        .collect()
}

/// When nobody answers, those who answered an earlier run may have moved on without the addresses that were given.
fn known_before(zookeeper: &Zookeeper, last: &LastRun) -> Vec<(Address, Origin)> {
    let urls = last.members.values().flat_map(|m| &m.client_urls);
    urls.filter_map(|url| Some((zookeeper.address_of(url).ok()?, Origin::Discovered))).collect()
}

/// Longest wait for names that only tell which server is which.
const NAMES_PATIENCE: Duration = Duration::from_millis(300);

/// Looks names up, where one list may call a server otherwise than another.
async fn names(looks: &[Look], deadline: Deadline) -> Names {
    let Some(list) = roll::told_list(looks) else { return Names::default() };
    let of_list = list.servers.values().flat_map(|server| [Some(&server.quorum), server.client.as_ref()]);
    let of_list = of_list.flatten().filter_map(|place| Some(place.rsplit_once(':')?.0.to_owned()));
    let hosts: BTreeSet<String> = of_list.chain(looks.iter().map(|look| look.address.host.clone())).collect();
    if hosts.iter().all(|host| host.parse::<IpAddr>().is_ok()) {
        return Names::default();
    }
    let found = hosts.into_iter().map(|host| async move {
        let patience = deadline.within(NAMES_PATIENCE);
        let addresses = patience.run(tokio::net::lookup_host((host.as_str(), 0))).await;
        let ips = addresses.and_then(Result::ok).map(|found| found.map(|address| address.ip()).collect());
        (host, ips.unwrap_or_default())
    });
    Names(join_all(found).await.into_iter().collect())
}

/// What the ports of the quorum speak, by the address of each server that takes votes; and the port that tells it for
/// all, which is the leader's.
async fn peers(
    looks: &[Look],
    names: &Names,
    deadline: Deadline,
) -> (BTreeMap<String, Listener>, Observed<ZookeeperQuorumPort>) {
    let Some(list) = roll::told_list(looks) else {
        return (BTreeMap::new(), Observed::unknown("no server told its ports"));
    };
    let matched = roll::matched(looks, &list, names);
    let place = |text: &str| Address::parse(text, false, 2888).ok();
    let leader = matched.iter().find(|(_, at)| looks[**at].latest().is_some_and(|s| s.mode == "leader"));
    let quorum_port = leader.and_then(|(id, _)| place(&list.servers.get(id)?.quorum));
    let no_leader = "no leader is known, whose quorum port would tell";
    let (speech, port) = match quorum_port {
        Some(address) => listeners::quorum_port(&address, deadline).await,
        None => (listeners::Speech::Unknown(no_leader.into()), Observed::unknown(no_leader)),
    };
    let ports = matched.iter().filter_map(|(id, at)| {
        let election = place(&list.servers.get(id)?.election)?;
        let (speech, authority) = (&speech, looks[*at].address.authority());
        Some(async move { (authority, listeners::peer(&election, speech, deadline).await) })
    });
    (join_all(ports).await.into_iter().collect(), port)
}
