//! The AdminServer (3.5 and later, plain HTTP, to whoever asks) and the Prometheus provider. An answer's status says
//! nothing: what is wrong stands in its `error`.

use super::wire;
use crate::backend::Ask;
use crate::backend::clock;
use crate::facts::{
    ClockOffset, Observed, ZookeeperAdmin, ZookeeperClient, ZookeeperConfig, ZookeeperSnapshot,
};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use std::collections::BTreeMap;
use std::time::Duration;

type Json = serde_json::Map<String, serde_json::Value>;

/// Where a server's pages may be.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// The AdminServer, `http://HOST:PORT`.
    pub(super) url: String,
    /// Whether the config file says so: else it may be another server's.
    pub(super) declared: bool,
    /// The Prometheus provider, where the config file says.
    pub(super) metrics: Option<String>,
}

impl Page {
    /// Why nothing is known from it, and how it would be: in words that are the same for every server alike.
    fn unseen(&self, why: &str) -> String {
        if self.declared {
            return format!("no AdminServer at {}: {why}", self.url);
        }
        let why = why.split(": ").next().unwrap_or(why);
        format!(
            "no AdminServer answers on port {USUAL_PORT} ({why}); it is seen with admin.enableServer=true, and where it \
             listens elsewhere with admin = \"http://HOST:PORT\" of the member in the config file"
        )
    }
}

/// The usual port of the AdminServer.
pub(super) const USUAL_PORT: u16 = 8080;

/// What the pages told.
#[derive(Debug, Default)]
pub(super) struct AdminLook {
    pub(super) admin: Observed<ZookeeperAdmin>,
    /// `configuration`, by the names of `zoo.cfg`.
    pub(super) running: Observed<BTreeMap<String, String>>,
    /// `system_properties`, without the prefix `zookeeper.`.
    pub(super) properties: Observed<BTreeMap<String, String>>,
    /// `initial_configuration`: the `zoo.cfg` that it was started with.
    pub(super) initial: Observed<BTreeMap<String, String>>,
    /// Whether the config file names the page, or something of ours answered there: then silence is a fault.
    pub(super) expected: bool,
    /// `voting_view`.
    pub(super) config: Observed<ZookeeperConfig>,
    /// `last_snapshot`.
    pub(super) snapshot: Observed<ZookeeperSnapshot>,
    /// `monitor`, or the Prometheus page.
    pub(super) numbers: Observed<BTreeMap<String, f64>>,
    /// Which of both.
    pub(super) numbers_from: &'static str,
    /// What only the Prometheus page tells, of the JVM.
    pub(super) heap: BTreeMap<String, f64>,
    pub(super) clock: Observed<ClockOffset>,
}

/// The usual port of the Prometheus provider.
const METRICS_PORT: u16 = 7000;

/// Longest wait for the first page: where a firewall drops us, nobody should wait a whole deadline at every check.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) async fn look(
    http: Option<&Http>,
    page: &Page,
    server: &Address,
    ask: &Ask,
    deadline: Deadline,
) -> AdminLook {
    let Some(http) = http else { return AdminLook::default() };
    let (mut look, provider) = futures_util::future::join(
        pages(http, page, server, ask, deadline),
        provider(http, page, server, deadline),
    )
    .await;
    let Some(numbers) = provider else { return look };
    let heap = numbers.iter().filter(|(name, _)| name.starts_with("jvm_memory"));
    look.heap = heap.map(|(name, bytes)| (name.clone(), *bytes)).collect();
    if look.numbers.known().is_none() {
        (look.numbers, look.numbers_from) = (Observed::Known(numbers), "Prometheus");
    }
    look
}

async fn pages(http: &Http, page: &Page, server: &Address, ask: &Ask, deadline: Deadline) -> AdminLook {
    let (mut look, running) = match identified(http, page, server, ask, deadline).await {
        Ok(known) => known,
        Err(why) => {
            let unseen = || page.unseen(&why);
            return AdminLook {
                admin: Observed::unknown(unseen()),
                running: Observed::unknown(unseen()),
                properties: Observed::unknown(unseen()),
                initial: Observed::unknown(unseen()),
                expected: page.declared,
                config: Observed::unknown(unseen()),
                snapshot: Observed::unknown(unseen()),
                numbers: Observed::unknown(unseen()),
                numbers_from: "",
                heap: BTreeMap::new(),
                clock: Observed::unknown(unseen()),
            };
        }
    };
    let now = ask.now;
    let ask = |name: &'static str| command(http, &page.url, name, deadline);
    let ((properties, leader, view), (monitor, initial, connections, snapshot)) = futures_util::future::join(
        futures_util::future::join3(ask("system_properties"), ask("leader"), ask("voting_view")),
        futures_util::future::join4(
            ask("monitor"),
            ask("initial_configuration"),
            ask("connections"),
            ask("last_snapshot"),
        ),
    )
    .await;
    look.snapshot = observed(snapshot.and_then(|map| last_snapshot(&map, now)));
    let leaks = properties.as_ref().map(leaks).unwrap_or_default();
    let properties = properties.map(|map| self::properties(&map));
    let listens = properties.as_ref().ok().map(listens_loopback);
    look.admin = Observed::Known(ZookeeperAdmin {
        url: page.url.clone(),
        loopback: Address::parse(&page.url, false, 8080).is_ok_and(|address| address.loopback()),
        listens_loopback: listens,
        leaks,
        leader: leader.ok().and_then(|map| Some(map.get("leader_id")?.as_u64()?.to_string())),
        busiest: observed(connections.map(|map| busiest(&map))),
    });
    look.expected = true;
    let written =
        initial.as_ref().ok().and_then(|map| wire::config(map.get("initial_configuration")?.as_str()?));
    look.config = match view {
        Ok(map) => Observed::or_unknown(
            wire::voting_view(&map).map(|view| ZookeeperConfig {
                // The view has no groups; where they stand in a file of their own, this does not tell them either.
                groups: written.as_ref().map(|list| list.groups.clone()).unwrap_or_default(),
                weights: written.map(|list| list.weights).unwrap_or_default(),
                ..view
            }),
            "the AdminServer's voting_view names no server",
        ),
        Err(why) => Observed::unknown(why),
    };
    look.initial = observed(initial.and_then(|map| {
        let text = map.get("initial_configuration").and_then(|text| text.as_str());
        text.map(wire::settings).ok_or_else(|| "the AdminServer does not tell the zoo.cfg".to_owned())
    }));
    look.running = observed(running);
    look.properties = observed(properties);
    look.numbers = observed(monitor.map(|map| numbers(&map)));
    look.numbers_from = "AdminServer";
    look
}

/// The first page: it tells whose AdminServer this is, and a clock.
async fn identified(
    http: &Http,
    page: &Page,
    server: &Address,
    ask: &Ask,
    deadline: Deadline,
) -> Result<(AdminLook, Result<BTreeMap<String, String>, String>), String> {
    let sent = deadline.elapsed_ms();
    let url = format!("{}/commands/configuration", page.url);
    // Who declares a page wants it; the pages that follow take what is left.
    let patience = if page.declared { deadline.left().mul_f64(0.8) } else { PATIENCE };
    let answer = http.get(&url, deadline.within(patience)).await.map_err(|trouble| trouble.to_string())?;
    let clock = clock::of_answer(&answer, ask.now, sent, deadline.elapsed_ms());
    let running = match wire::admin(&answer.body) {
        Ok(map) => Ok(wire::running(&map)),
        Err(why) if why.contains("not currently serving") => Err(why),
        Err(why) => return Err(why),
    };
    let port = server.port.to_string();
    let ports = |running: &BTreeMap<String, String>| {
        ["clientPort", "secureClientPort"].iter().any(|key| running.get(*key) == Some(&port))
    };
    if !page.declared && !running.as_ref().is_ok_and(ports) {
        return Err("what answers there does not say that it is this server's".into());
    }
    Ok((AdminLook { clock, ..AdminLook::default() }, running))
}

async fn command(http: &Http, url: &str, name: &str, deadline: Deadline) -> Result<Json, String> {
    let answer = http.get(&format!("{url}/commands/{name}"), deadline).await;
    answer.map_err(|trouble| trouble.to_string()).and_then(|answer| wire::admin(&answer.body))
}

fn observed<T>(outcome: Result<T, String>) -> Observed<T> {
    match outcome {
        Ok(value) => Observed::Known(value),
        Err(why) => Observed::unknown(why),
    }
}

/// Properties that are not ZooKeeper's and yet say how it runs.
pub(super) const FOREIGN: [&str; 4] =
    ["jute.maxbuffer", "readonlymode.enabled", "sun.java.command", "java.version"];

fn properties(map: &Json) -> BTreeMap<String, String> {
    let ours = map.iter().filter_map(|(key, value)| match key.strip_prefix("zookeeper.") {
        Some(name) => Some(wire::misplaced(name, value.as_str()?)),
        None => FOREIGN.contains(&key.as_str()).then_some(wire::kept(key, value.as_str()?)),
    });
    ours.collect()
}

/// Keys whose secret is told in the clear.
fn leaks(map: &Json) -> Vec<String> {
    let told = |value: &serde_json::Value| value.as_str().is_some_and(|v| !v.is_empty());
    map.iter().filter(|(key, value)| wire::secret(key) && told(value)).map(|(key, _)| key.clone()).collect()
}

/// The address that most connections come from: the limit of a server is for each address.
fn busiest(map: &Json) -> Option<ZookeeperClient> {
    let lists = ["connections", "secure_connections"].into_iter().filter_map(|key| map.get(key)?.as_array());
    let remote = |one: &serde_json::Value| {
        let place = one.get("remote_socket_address")?.as_str()?;
        Some(place.rsplit_once(':')?.0.trim_start_matches('/').to_owned())
    };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for address in lists.flatten().filter_map(remote) {
        *counts.entry(address).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, connections)| *connections);
    most.map(|(address, connections)| ZookeeperClient { address, connections })
}

/// The timestamp is in seconds, and 0 where the server took the time of a file that was not yet there.
fn last_snapshot(map: &Json, now: jiff::Timestamp) -> Result<ZookeeperSnapshot, String> {
    let zxid = map.get("zxid").and_then(|zxid| zxid.as_str());
    let zxid = zxid.and_then(|zxid| u64::from_str_radix(zxid.trim_start_matches("0x"), 16).ok());
    let written = map.get("timestamp").and_then(serde_json::Value::as_i64).filter(|seconds| *seconds > 0);
    let age = written.map(|seconds| (now.as_second() - seconds).max(0) as f64);
    let told = zxid.map(|zxid| ZookeeperSnapshot { zxid, age_seconds: age });
    told.ok_or_else(|| "the AdminServer knows of no snapshot".to_owned())
}

fn listens_loopback(properties: &BTreeMap<String, String>) -> bool {
    let address = properties.get("admin.serverAddress").map_or("0.0.0.0", String::as_str);
    Address::parse(address, false, 1).is_ok_and(|address| address.loopback())
}

fn numbers(map: &Json) -> BTreeMap<String, f64> {
    wire::numbers(map.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_f64()?))))
}

/// The Prometheus provider's page: where the config file says, else at its usual port. `None` unless it is ZooKeeper's.
async fn provider(
    http: &Http,
    page: &Page,
    server: &Address,
    deadline: Deadline,
) -> Option<BTreeMap<String, f64>> {
    let usual = Address { tls: false, host: server.host.clone(), port: METRICS_PORT };
    let (page, patience) = match &page.metrics {
        Some(url) => (Address::parse(url, false, METRICS_PORT).ok()?, deadline.left().mul_f64(0.8)),
        // On this machine the port is as likely that of another server, and the page does not tell whose it is.
        None if server.loopback() => return None,
        None => (usual, PATIENCE),
    };
    let answer = http.page(&format!("{}/metrics", page.url()), deadline.within(patience)).await.ok()?;
    let numbers = wire::metrics_page(&String::from_utf8_lossy(&answer.body));
    (numbers.contains_key("fsynctime_cnt") || numbers.contains_key("znode_count")).then_some(numbers)
}
