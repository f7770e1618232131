//! Everything asked of one server. Each answer stands for itself: one that fails costs only its own fact.

use super::agent::Agent;
use super::api::{self, Api, is_consul};
use super::wire::{self, Roots};
use super::{Consul, metrics, zones};
use crate::backend::{Ask, clock};
use crate::facts::*;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::diagnose::{self, CONSUL};
use crate::transport::http::Http;
use jiff::Timestamp;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;

/// How much longer a quorum read may take once it is clear that too few voters answer.
const HOPELESS_GRACE: Duration = Duration::from_millis(250);

/// How soon a refused quorum read is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// How long a gossip keyring is waited for.
const KEYRING_PATIENCE: Duration = Duration::from_millis(300);

/// A read that took this long may have seen an election: who leads is asked again.
const AN_ELECTION_MAY_HAVE_PASSED_MS: f64 = 100.0;

/// A server that waited this long for a leader in vain has refused for good: `rpc_hold_timeout`, 7 s by default.
const HELD_MS: f64 = 7000.0;

/// The read that only a quorum can answer: of a node that nobody has, so that the answer is small, and open to whoever may
/// ask at all, since what a token may not see is left out of it instead of being refused.
const QUORUM_READ: &str = "catalog/node/quorate-check?consistent";

/// The core answers of one address.
pub(super) struct Core {
    pub(super) address: Address,
    pub(super) origin: Origin,
    pub(super) ms: f64,
    /// `/v1/agent/self`: who it is.
    pub(super) agent: Result<Agent, Trouble>,
    /// Whether Consul answers there, though it may not tell who it is.
    pub(super) consul: bool,
    pub(super) clock: Observed<ClockOffset>,
    pub(super) leader_address: Observed<Option<String>>,
    pub(super) configuration: Result<Vec<RaftServer>, Trouble>,
    pub(super) gossip: Result<Vec<GossipServer>, Trouble>,
    pub(super) roots: Result<Roots, Trouble>,
}

/// What else one address told.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) read: Observed<QuorumRead>,
    /// Who it is, asked again after a read that took long.
    pub(super) agent_again: Option<Agent>,
    pub(super) metrics: Observed<ConsulMetrics>,
    pub(super) catalog: Observed<CatalogView>,
    pub(super) anonymous: Observed<AnonymousAccess>,
    pub(super) autopilot: Observed<AutopilotConfig>,
    /// `None` where another server was asked.
    pub(super) health: Option<Observed<AutopilotHealth>>,
    pub(super) keyring: Option<Observed<Vec<GossipKeys>>>,
    pub(super) zones: Option<Observed<RedundancyZones>>,
    pub(super) denied: BTreeMap<String, String>,
}

/// What servers that are looked at together share.
#[derive(Default)]
pub(super) struct Shared {
    /// Somebody asks already what the leader tells the same to all.
    leader_asked: Cell<bool>,
    /// Somebody asks already what the gossip pool tells.
    pool_asked: Cell<bool>,
}

impl Core {
    /// Its node id, when it told.
    pub(super) fn id(&self) -> Option<&str> {
        self.agent.as_ref().ok().map(|agent| agent.config.node_id.as_str())
    }

    /// Whether its gossip is not encrypted, by its own word: then it has no keyring.
    pub(super) fn gossips_in_plaintext(&self) -> bool {
        self.agent.as_ref().is_ok_and(|agent| agent.settings().gossip_encrypted == Some(false))
    }
}

/// Who is there, and what it knows of the others.
pub(super) async fn core(
    consul: &Consul,
    http: &Http,
    address: Address,
    origin: Origin,
    ask: &Ask,
    deadline: Deadline,
) -> Core {
    let began = Deadline::after(Duration::ZERO);
    let api = Api::new(http, &address, consul.target.auth.as_ref());
    let sent = deadline.elapsed_ms();
    let answer = api.get("agent/self", deadline).await;
    let ms = began.elapsed_ms();
    let answer = match answer {
        Ok(answer) => answer,
        Err(trouble) => {
            let trouble = sharpen(trouble, consul, &address, deadline).await;
            return silent(address, origin, ms, trouble);
        }
    };
    let clock = clock::of_answer(&answer, ask.now, sent, deadline.elapsed_ms());
    let consul_there = is_consul(&answer);
    let agent = api::served(answer).and_then(|answer| wire::page::<Agent>(&answer.body, "/v1/agent/self"));
    let agent = agent.and_then(|agent| match agent.config.server {
        true => Ok(agent),
        false => Err(Trouble::new(
            TroubleKind::WrongService,
            format!("a client agent ({}) answers there: name the servers", agent.config.node_name),
        )),
    });
    let client = agent.as_ref().is_err_and(|trouble| trouble.kind == TroubleKind::WrongService);
    if client || (agent.is_err() && !consul_there) {
        let trouble = agent.err().unwrap_or_else(|| Trouble::new(TroubleKind::Garbage, ""));
        return silent(address, origin, ms, trouble);
    }
    let datacenter = agent.as_ref().map(|agent| agent.settings().datacenter);
    // What a server that never heard of a leader would be waited for in vain must not cost the rest.
    let stale = agent.as_ref().map_or(true, Agent::serves_stale_reads);
    let of_raft = async {
        if !stale {
            return (Err(no_stale_reads()), Err(no_stale_reads()));
        }
        let configuration = api.page("operator/raft/configuration?stale", deadline).await;
        (
            configuration.and_then(|answer| wire::configuration(&answer.body)),
            api.json("connect/ca/roots?stale", deadline).await,
        )
    };
    let of_gossip = async {
        let gossip = match (api.page("agent/members", deadline).await, datacenter) {
            (Ok(answer), Ok(datacenter)) => wire::gossip(&answer.body, &datacenter),
            (Err(trouble), _) => Err(trouble),
            (_, Err(trouble)) => Err(trouble.clone()),
        };
        (gossip, api.json::<String>("status/leader", deadline).await)
    };
    let ((configuration, roots), (gossip, leader)) = futures_util::future::join(of_raft, of_gossip).await;
    let configuration = configuration.or_else(|trouble| {
        let told = agent.as_ref().ok().and_then(Agent::configuration);
        told.map(|servers| named(servers, gossip.as_deref().unwrap_or_default())).ok_or(trouble)
    });
    Core {
        ms,
        agent,
        consul: true,
        clock,
        leader_address: observed(leader.map(|address| (!address.is_empty()).then_some(address))),
        configuration,
        gossip,
        roots,
        address,
        origin,
    }
}

/// What a server says after 7 s of a stale read when it has heard of no leader since its start.
fn no_stale_reads() -> Trouble {
    let detail = "it has heard of no leader since its start: until then it serves no stale reads either";
    Trouble::new(TroubleKind::ServerError, detail)
}

/// Servers with the names that gossip has for them.
fn named(mut servers: Vec<RaftServer>, gossip: &[GossipServer]) -> Vec<RaftServer> {
    for server in &mut servers {
        if let Some(known) = gossip.iter().find(|known| known.id == server.id) {
            server.name.clone_from(&known.name);
        }
    }
    servers
}

fn silent(address: Address, origin: Origin, ms: f64, trouble: Trouble) -> Core {
    Core {
        address,
        origin,
        ms,
        agent: Err(trouble.clone()),
        consul: false,
        clock: Observed::unknown(trouble.to_string()),
        leader_address: Observed::unknown(trouble.to_string()),
        configuration: Err(trouble.clone()),
        gossip: Err(trouble.clone()),
        roots: Err(trouble),
    }
}

/// A client library's "error" is no diagnosis: look at the port itself.
async fn sharpen(trouble: Trouble, consul: &Consul, address: &Address, deadline: Deadline) -> Trouble {
    let vague = matches!(
        trouble.kind,
        TroubleKind::Garbage
            | TroubleKind::ConnectionReset
            | TroubleKind::EmptyReply
            | TroubleKind::TlsOnPlaintext
            | TroubleKind::TlsFailure
    );
    if vague { diagnose::diagnose(address, &consul.material, CONSUL, deadline).await } else { trouble }
}

pub(super) fn observed<T>(result: Result<T, Trouble>) -> Observed<T> {
    result.map_or_else(|trouble| Observed::unknown(trouble.to_string()), Observed::Known)
}

/// What else a server that answered is asked. `hopeless` becomes true when too few voters answer.
pub(super) async fn rest(
    consul: &Consul,
    http: &Http,
    core: &Core,
    shared: &Shared,
    ask: &Ask,
    deadline: Deadline,
    hopeless: watch::Receiver<bool>,
) -> Rest {
    let api = Api::new(http, &core.address, consul.target.auth.as_ref());
    let (local, led, pool) = futures_util::future::join3(
        of_the_server(api, core, deadline),
        of_the_quorum(api, core, shared, deadline, hopeless, ask.now),
        of_the_pool(api, core, shared, deadline),
    )
    .await;
    let denied =
        local.denied.into_iter().chain(led.denied).chain(pool.denied).chain(denied_in(core)).collect();
    Rest {
        read: led.read,
        agent_again: led.agent_again,
        health: led.health,
        zones: led.zones,
        keyring: pool.keyring,
        denied,
        ..local
    }
}

/// What a server answers from what it has.
async fn of_the_server(api: Api<'_>, core: &Core, deadline: Deadline) -> Rest {
    let mut denied = BTreeMap::new();
    let node = core.agent.as_ref().map_or("quorate-check", |agent| agent.config.node_name.as_str());
    let stale = core.agent.as_ref().map_or(true, Agent::serves_stale_reads);
    let page = api.page("agent/metrics", deadline).await;
    note(&mut denied, "agent/metrics", page.as_ref().err());
    let metrics = match page {
        Ok(answer) => observed(metrics::read(&answer.body)),
        // Said until the first interval is complete.
        Err(trouble) if trouble.detail.contains("no data") => Observed::unknown(NO_INTERVAL_YET),
        Err(trouble) if trouble.detail.contains(NAN) => Observed::unknown(NO_NUMBER),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    };
    if !stale {
        let why = || no_stale_reads().to_string();
        return Rest {
            metrics,
            catalog: Observed::unknown(why()),
            autopilot: Observed::unknown(why()),
            anonymous: Observed::unknown(why()),
            denied,
            ..Rest::default()
        };
    }
    let catalog = match api.page(&format!("catalog/node/{}?stale", encoded(node)), deadline).await {
        Ok(answer) => Observed::Known(CatalogView {
            known_leader: answer.header("x-consul-knownleader").and_then(|text| text.parse().ok()),
            last_contact_ms: answer.header("x-consul-lastcontact").and_then(|text| text.parse().ok()),
            nodes: u64::from(answer.body.starts_with(b"{")),
            node_id: wire::registered(&answer.body),
        }),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    };
    let page = api.page("operator/autopilot/configuration?stale", deadline).await;
    note(&mut denied, "operator/autopilot/configuration", page.as_ref().err());
    let autopilot = observed(page.and_then(|answer| wire::autopilot(&answer.body)));
    let anonymous = observed(anonymous(api.anonymous(), node, deadline).await);
    Rest { catalog, metrics, autopilot, anonymous, denied, ..Rest::default() }
}

/// What may be read without a token. A key that nobody has is asked for: it is refused, or it is not found.
async fn anonymous(api: Api<'_>, node: &str, deadline: Deadline) -> Result<AnonymousAccess, Trouble> {
    let key = api.get("kv/quorate-check?stale", deadline).await?;
    let keys = match key.status {
        200 | 404 => true,
        // A policy may allow some prefixes only: what is listed may be read.
        403 => listed(&api.get("kv/?keys&separator=/&stale", deadline).await?.body),
        _ => return api::served(key).map(|_| AnonymousAccess::default()),
    };
    let node = api.get(&format!("catalog/node/{}?stale", encoded(node)), deadline).await?;
    Ok(AnonymousAccess { keys, nodes: node.status == 200 && node.body.starts_with(b"{\"Node\":{") })
}

fn listed(body: &[u8]) -> bool {
    serde_json::from_slice::<Vec<String>>(body).is_ok_and(|keys| !keys.is_empty())
}

/// What every node of the gossip pool is asked for: by one server, which needs no leader for it, and waits for those that are
/// gone. A server whose gossip is not encrypted has no keys, and would take 150 ms to find that nobody has any.
async fn of_the_pool(api: Api<'_>, core: &Core, shared: &Shared, deadline: Deadline) -> Rest {
    let mut rest = Rest::default();
    if core.gossips_in_plaintext() || shared.pool_asked.replace(true) {
        return rest;
    }
    let page = api.page("operator/keyring?local-only=true", deadline.within(KEYRING_PATIENCE)).await;
    note(&mut rest.denied, "operator/keyring", page.as_ref().err());
    rest.keyring = Some(match page {
        Err(trouble) if trouble.detail.contains("Keyring is empty") => Observed::Known(Vec::new()),
        page => observed(page.and_then(|answer| wire::keyring(&answer.body))),
    });
    rest
}

/// The quorum read, and what only a leader answers.
async fn of_the_quorum(
    api: Api<'_>,
    core: &Core,
    shared: &Shared,
    deadline: Deadline,
    hopeless: watch::Receiver<bool>,
    now: Timestamp,
) -> Rest {
    let mut rest = Rest { read: quorum_read(api, deadline, hopeless).await, ..Rest::default() };
    let (served, ms) = match rest.read.known() {
        Some(QuorumRead::Served { ms }) => (true, *ms),
        Some(QuorumRead::Failed { after_ms, .. }) => (false, *after_ms),
        None => (false, 0.0),
    };
    if ms > AN_ELECTION_MAY_HAVE_PASSED_MS && core.agent.is_ok() {
        rest.agent_again = api.json("agent/self", deadline).await.ok();
    }
    if served && !shared.leader_asked.replace(true) {
        let page = api.get("operator/autopilot/health", deadline).await.and_then(|answer| {
            // 429 says "not all healthy", with the whole answer.
            if answer.status == 429 { Ok(answer) } else { api::served(answer) }
        });
        note(&mut rest.denied, "operator/autopilot/health", page.as_ref().err());
        rest.health = Some(observed(page.and_then(|answer| wire::health(&answer.body, now))));
        if core.agent.as_ref().is_ok_and(|agent| agent.settings().enterprise) {
            let page = api.page("operator/autopilot/state", deadline).await;
            rest.zones = Some(observed(page.and_then(|answer| zones::read(&answer.body))));
        }
    }
    rest
}

/// Said of metrics before the first interval of ten seconds is complete.
const NO_INTERVAL_YET: &str = "the server is younger than one interval of its metrics (10 s)";

/// What 1.13 and 1.14 say of a page that Go cannot write as JSON.
const NAN: &str = "unsupported value: NaN";

/// What that means: autopilot's gauges are set to NaN where a server starts or stops leading, and stay in the interval in
/// which that was. The first interval after a start is shown until the second, a whole one, is over.
const NO_NUMBER: &str = "it started, or stopped leading, in the interval that they are of, and Consul answers 500 then (NaN): ask \
                         again in 20 s";

async fn quorum_read(
    api: Api<'_>,
    deadline: Deadline,
    mut hopeless: watch::Receiver<bool>,
) -> Observed<QuorumRead> {
    let began = Deadline::after(Duration::ZERO);
    let give_up = async {
        // Without a leader but with a majority answering, an election is under way: worth the whole deadline.
        if hopeless.wait_for(|hopeless| *hopeless).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(HOPELESS_GRACE).await;
    };
    tokio::select! {
        // Some time is left for asking again who leads: it tells what an election came to.
        read = read_until_served(api, began, deadline.within(deadline.left().mul_f64(0.9))) => read,
        () = give_up => Observed::Known(QuorumRead::Failed {
            why: "no answer while too few voters can be reached".into(),
            after_ms: began.elapsed_ms(),
            refused: false,
        }),
    }
}

/// Reads until a quorum answers. What a server refuses in the middle of an election it may serve a moment later.
async fn read_until_served(api: Api<'_>, began: Deadline, deadline: Deadline) -> Observed<QuorumRead> {
    let mut last_refusal = None;
    loop {
        let attempt = Deadline::after(Duration::ZERO);
        let trouble = match api.page(QUORUM_READ, deadline).await {
            Ok(_) => return Observed::Known(QuorumRead::Served { ms: attempt.elapsed_ms() }),
            Err(trouble) => trouble,
        };
        let failed = |why: String, refused| {
            Observed::Known(QuorumRead::Failed { why, after_ms: began.elapsed_ms(), refused })
        };
        match trouble.kind {
            TroubleKind::ServerError => {
                let held = attempt.elapsed_ms() >= HELD_MS;
                last_refusal = Some(trouble.detail);
                tokio::time::sleep(RETRY_AFTER.min(deadline.left())).await;
                if !held && !deadline.left().is_zero() {
                    continue;
                }
                return failed(last_refusal.unwrap_or_default(), held);
            }
            // Whether a quorum would have answered is not known.
            TroubleKind::PermissionDenied | TroubleKind::Unauthenticated => {
                return Observed::unknown(trouble.to_string());
            }
            _ => return failed(last_refusal.unwrap_or_else(|| trouble.to_string()), false),
        }
    }
}

fn note(denied: &mut BTreeMap<String, String>, what: &str, trouble: Option<&Trouble>) {
    if let Some(trouble) = trouble.filter(|t| refuses_the_token(t)) {
        denied.insert(format!("/v1/{what}"), trouble.detail.clone());
    }
}

fn denied_in(core: &Core) -> BTreeMap<String, String> {
    let mut denied = BTreeMap::new();
    note(&mut denied, "agent/self", core.agent.as_ref().err());
    note(&mut denied, "operator/raft/configuration", core.configuration.as_ref().err());
    note(&mut denied, "agent/members", core.gossip.as_ref().err());
    denied
}

pub(super) fn refuses_the_token(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::PermissionDenied | TroubleKind::Unauthenticated)
}

/// A node's name as part of a path.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
