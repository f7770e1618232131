//! What only Consul has, in its own words: each server's view of itself, of raft and of gossip, autopilot, access controls.
//!
//! Nothing here is a secret: of the gossip keys only their number and who has them is kept.

mod here;

pub use here::*;

use super::{CommonFacts, Member, Observed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything Consul's servers told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ConsulFacts {
    /// One for each address that was asked, in the order of `CommonFacts::endpoints`.
    pub members: Vec<ConsulMember>,
    /// `/v1/operator/autopilot/configuration`.
    pub autopilot: Observed<AutopilotConfig>,
    /// `/v1/operator/autopilot/health`: the leader's view; needs one.
    pub health: Observed<AutopilotHealth>,
    /// `/v1/operator/keyring`: who of its own datacenter has which gossip keys.
    pub keyring: Observed<Vec<GossipKeys>>,
    /// `/v1/connect/ca/roots`.
    pub roots: Observed<Vec<MeshRoot>>,
    /// `/v1/operator/autopilot/state`, of which Enterprise makes redundancy zones: asked of that only.
    pub zones: Observed<RedundancyZones>,
    /// Whether a token was given.
    pub token: bool,
}

/// What one server told of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ConsulMember {
    /// Its node id, as in the common facts; empty when it did not tell.
    pub id: String,
    /// Its node name; empty when it did not tell.
    pub name: String,
    /// The address that was asked.
    pub endpoint: String,
    /// Index of the last log entry it has applied.
    pub applied_index: Observed<u64>,
    /// Raft's own numbers, of `/v1/agent/self`.
    pub raft: Observed<RaftStats>,
    /// How it was started, of `/v1/agent/self`.
    pub settings: Observed<ConsulSettings>,
    /// `/v1/operator/raft/configuration?stale`, from its own copy of the log.
    pub configuration: Observed<Vec<RaftServer>>,
    /// Servers of its datacenter in `/v1/agent/members`: what gossip knows.
    pub gossip: Observed<Vec<GossipServer>>,
    /// `/v1/agent/metrics`: the last complete interval of 10 s.
    pub metrics: Observed<ConsulMetrics>,
    /// `/v1/status/leader`: an opinion, which may outlive the leader.
    pub leader_address: Observed<Option<String>>,
    /// `/v1/catalog/nodes?stale`.
    pub catalog: Observed<CatalogView>,
    /// Whether `raft/peers.json` lies in its data directory; read only where the config file says that it is on this
    /// machine.
    pub peers_json: Observed<bool>,
    /// What its machine shows; read only where the config file says that it is this one.
    pub here: Observed<ConsulHere>,
    /// What it lets be read without a token.
    pub anonymous: Observed<AnonymousAccess>,
    /// Requests that the token given may not make, with the permission that they need.
    pub denied: BTreeMap<String, String>,
}

/// `Stats.raft` of `/v1/agent/self`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct RaftStats {
    /// `Leader`, `Follower`, `Candidate`, `Shutdown`.
    pub state: String,
    /// Term.
    pub term: u64,
    /// Last entry in its log.
    pub last_log_index: u64,
    /// Last entry that it knows to be committed.
    pub commit_index: u64,
    /// Last entry that it has handed to the state machine.
    pub applied_index: u64,
    /// Last entry covered by its newest snapshot.
    pub last_snapshot_index: u64,
    /// Entries that wait for the state machine.
    pub fsm_pending: u64,
    /// Milliseconds since it heard of the leader; 0 on the leader, `None` when it never did.
    pub last_contact_ms: Option<f64>,
    /// Raft protocol that it speaks.
    pub protocol: u64,
    /// Address of the leader it knows; empty for none.
    pub leader_address: String,
}

/// How a server was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ConsulSettings {
    /// Datacenter.
    pub datacenter: String,
    /// Consul Enterprise.
    pub enterprise: bool,
    /// `bootstrap`: elects itself without asking anybody.
    pub bootstrap: bool,
    /// `bootstrap_expect`; 0 when not set.
    pub bootstrap_expect: u64,
    /// Development mode: nothing is written to a disk.
    pub dev_mode: bool,
    /// Where its data are.
    pub data_dir: String,
    /// Read replica: never votes (Enterprise).
    pub read_replica: bool,
    /// Raft's timing in milliseconds, multiplied already.
    pub heartbeat_ms: Option<f64>,
    /// The same: how long a leader may go on without hearing from a majority.
    pub lease_ms: Option<f64>,
    /// Which store holds the log: `boltdb`, `wal`; unknown before 1.15, where there is only the first.
    pub log_store: Option<String>,
    /// Log entries after which it takes a snapshot.
    pub snapshot_threshold: Option<u64>,
    /// Whether the log's checksums are verified (1.15+).
    pub log_verification: Option<bool>,
    /// Gossip is encrypted, by the server's own word.
    pub gossip_encrypted: Option<bool>,
    /// Unencrypted gossip is refused.
    pub encrypt_verify_incoming: Option<bool>,
    /// Gossip is sent encrypted.
    pub encrypt_verify_outgoing: Option<bool>,
    /// Clients of the RPC port must present a certificate.
    pub verify_incoming: Option<bool>,
    /// Others are dialled in TLS.
    pub verify_outgoing: Option<bool>,
    /// The name that a server's certificate must have then, such as `server.dc1.consul`.
    pub server_name: String,
    /// Whoever poses as a server must have a server's certificate.
    pub verify_server_hostname: Option<bool>,
    /// Access controls are on.
    pub acls_enabled: Option<bool>,
    /// `allow` or `deny`.
    pub acl_default_policy: Option<String>,
    /// `allow`, `deny`, `extend-cache`, `async-cache`.
    pub acl_down_policy: Option<String>,
    /// Scripts as checks registered over the network.
    pub remote_script_checks: bool,
    /// Scripts as checks from the server's own files.
    pub local_script_checks: bool,
    /// `consul exec` is refused.
    pub remote_exec_disabled: bool,
    /// Networks from which the API may be written; empty for all.
    pub allow_write_http_from: Vec<String>,
    /// Profiling without a token's permission.
    pub enable_debug: bool,
    /// The web UI is served.
    pub ui: bool,
    /// A stop by SIGTERM removes it from the membership.
    pub leave_on_terminate: bool,
    /// Where HTTP is served in plaintext, such as `127.0.0.1:8500`, and likewise the others.
    pub http: Vec<String>,
    /// HTTPS.
    pub https: Vec<String>,
    /// gRPC in plaintext.
    pub grpc: Vec<String>,
    /// gRPC in TLS.
    pub grpc_tls: Vec<String>,
    /// RPC, which is the peers' port.
    pub rpc: Option<String>,
    /// RPC requests a second that clients may make; `None` for no limit.
    pub rpc_rate_limit: Option<f64>,
}

/// One server in raft's configuration, as one server has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct RaftServer {
    /// Node id.
    pub id: String,
    /// Node name; empty when gossip does not know it.
    pub name: String,
    /// `host:port` of its RPC port.
    pub address: String,
    /// Whether it votes.
    pub voter: bool,
}

/// One server as gossip knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct GossipServer {
    /// Node id.
    pub id: String,
    /// Node name.
    pub name: String,
    /// `alive`, `leaving`, `left`, `failed`.
    pub status: String,
    /// `host:port` of its RPC port.
    pub address: String,
    /// Version, such as `1.14.11`.
    pub version: String,
    /// Its `bootstrap_expect`; `None` when it has none.
    pub expect: Option<u64>,
    /// It was started with `bootstrap`.
    pub bootstrap: bool,
    /// Raft protocol.
    pub raft_protocol: Option<u64>,
    /// It never votes (Enterprise).
    pub read_replica: bool,
}

/// The last complete interval of a server's metrics. Names without the prefix and the host's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ConsulMetrics {
    /// Start of the interval.
    pub interval: String,
    /// Gauges; NaN is left out: only a leader has some of them.
    pub gauges: BTreeMap<String, f64>,
    /// Sums of counters.
    pub counters: BTreeMap<String, f64>,
    /// Samples: mostly durations in milliseconds.
    pub samples: BTreeMap<String, Sampled>,
    /// How long a leader's heartbeats took there and back, by the peer's node id.
    pub heartbeats: BTreeMap<String, Sampled>,
}

/// A sample over one interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Sampled {
    /// How many.
    pub count: u64,
    /// Smallest.
    pub min: f64,
    /// Mean.
    pub mean: f64,
    /// Greatest.
    pub max: f64,
}

/// What a stale read of the server's own entry in the catalog tells, and its headers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct CatalogView {
    /// Whether the server knows a leader.
    pub known_leader: Option<bool>,
    /// Milliseconds since it heard of the leader, by its own word.
    pub last_contact_ms: Option<f64>,
    /// Nodes that the token may see.
    pub nodes: u64,
    /// The node id under which the catalog has the server's name; `None` when it has no such name, or may not be seen.
    pub node_id: Option<String>,
}

/// What could be read without a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct AnonymousAccess {
    /// Keys: the request was not refused, or names of keys were listed.
    pub keys: bool,
    /// Nodes of the catalog.
    pub nodes: bool,
}

/// `/v1/operator/autopilot/configuration`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct AutopilotConfig {
    /// Failed servers are removed when a new one joins, and while enough are left.
    pub cleanup_dead_servers: bool,
    /// Never below so many voters.
    pub min_quorum: u64,
    /// Entries behind the leader from which on a server is unhealthy.
    pub max_trailing_logs: u64,
    /// Milliseconds without contact from which on a server is unhealthy.
    pub last_contact_ms: Option<f64>,
    /// Milliseconds for which a new server must be healthy before it votes.
    pub stabilization_ms: Option<f64>,
    /// Node meta key that names a server's zone (Enterprise).
    pub redundancy_zone_tag: String,
}

/// `/v1/operator/autopilot/health`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct AutopilotHealth {
    /// Every server is healthy.
    pub healthy: bool,
    /// Failures that it can stand, as it counts.
    pub failure_tolerance: u64,
    /// By node id.
    pub servers: BTreeMap<String, ServerHealth>,
}

/// One server, as autopilot on the leader sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ServerHealth {
    /// Healthy by autopilot's rules.
    pub healthy: bool,
    /// Whether it votes.
    pub voter: bool,
    /// Milliseconds since its last contact with the leader; `None` for never.
    pub last_contact_ms: Option<f64>,
    /// Term of its last log entry.
    pub last_term: u64,
    /// Its last log entry.
    pub last_index: u64,
    /// For how many seconds its health has not changed.
    pub stable_seconds: Option<f64>,
}

/// Redundancy zones (Enterprise): of each, one server votes and the others stand by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct RedundancyZones {
    /// Failures that voters and those who stand by can stand together, one after the other, as autopilot counts.
    pub optimistic_failure_tolerance: Option<u64>,
    /// By name.
    pub zones: BTreeMap<String, RedundancyZone>,
}

/// One redundancy zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct RedundancyZone {
    /// Node ids of its servers.
    pub servers: Vec<String>,
    /// Node ids of those that vote.
    pub voters: Vec<String>,
    /// How many of its servers may fail, as autopilot counts.
    pub failure_tolerance: u64,
}

/// Gossip keys of one pool, without the keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct GossipKeys {
    /// `lan` or `wan`.
    pub pool: String,
    /// Members of the pool.
    pub nodes: u64,
    /// For each key, how many have it.
    pub held_by: Vec<u64>,
    /// For each key that some use to encrypt, how many do; empty when not told (before 1.10).
    pub primary_of: Vec<u64>,
}

/// A root certificate of the service mesh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct MeshRoot {
    /// Its name.
    pub name: String,
    /// Whether new certificates are signed under it.
    pub active: bool,
    /// End of validity.
    pub not_after: Option<Timestamp>,
    /// Days of validity that were left.
    pub days_left: Option<f64>,
}

impl ConsulFacts {
    /// What each server of the cluster that answered says itself, each once, in the order of the members.
    pub fn answered<'a>(
        &'a self,
        common: &'a CommonFacts,
    ) -> impl Iterator<Item = (&'a Member, &'a ConsulMember)> {
        common.reachable().filter_map(move |member| Some((member, self.member(&member.id)?)))
    }

    /// The server with this node id.
    pub fn member(&self, id: &str) -> Option<&ConsulMember> {
        self.members.iter().find(|member| !id.is_empty() && member.id == id)
    }

    /// The server that leads, by its own raft; of two the one of the later term.
    pub fn leader<'a>(&'a self, common: &'a CommonFacts) -> Option<(&'a Member, &'a ConsulMember)> {
        let leads = |(_, native): &(_, &ConsulMember)| {
            native.raft.known().is_some_and(|raft| raft.state == RaftStats::LEADER)
        };
        self.answered(common)
            .filter(leads)
            .max_by_key(|(_, native)| native.raft.known().map(|raft| raft.term))
    }
}

impl RaftStats {
    /// `state` of a leader.
    pub const LEADER: &'static str = "Leader";
}

impl ConsulMetrics {
    /// The sample that tells how long appended entries take to the disk: the leader's, else the follower's, else the
    /// store's own, which only BoltDB has.
    pub fn log_sync(&self) -> Option<(&'static str, Sampled)> {
        ["raft.leader.dispatchLog", "raft.rpc.appendEntries.storeLogs", "raft.boltdb.storeLogs"]
            .into_iter()
            .find_map(|name| self.samples.get(name).filter(|s| s.count > 0).map(|s| (name, *s)))
    }
}
