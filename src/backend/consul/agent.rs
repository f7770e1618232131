//! `/v1/agent/self`: who a server is, how it was started, and raft's own numbers.

use super::wire::duration_ms;
use crate::facts::{ConsulSettings, Observed, RaftServer, RaftStats};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `/v1/agent/self`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Agent {
    pub(super) config: AgentConfig,
    #[serde(default)]
    debug_config: DebugConfig,
    #[serde(default)]
    stats: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AgentConfig {
    datacenter: String,
    pub(super) node_name: String,
    #[serde(rename = "NodeID")]
    pub(super) node_id: String,
    pub(super) version: String,
    pub(super) server: bool,
}

/// What of the sanitised settings is looked at. Each may be absent: they differ from version to version.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct DebugConfig {
    #[serde(rename = "ACLsEnabled")]
    acls_enabled: Option<bool>,
    #[serde(rename = "ACLResolverSettings")]
    acl_resolver: Option<AclResolver>,
    #[serde(rename = "ACLDefaultPolicy")]
    acl_default_policy: Option<String>,
    #[serde(rename = "ACLDownPolicy")]
    acl_down_policy: Option<String>,
    #[serde(rename = "AllowWriteHTTPFrom")]
    allow_write_http_from: Option<Vec<String>>,
    bootstrap: bool,
    bootstrap_expect: u64,
    consul_raft_heartbeat_timeout: Option<String>,
    consul_raft_leader_lease_timeout: Option<String>,
    data_dir: String,
    dev_mode: bool,
    disable_remote_exec: bool,
    enable_debug: bool,
    enable_local_script_checks: bool,
    enable_remote_script_checks: bool,
    encrypt_verify_incoming: Option<bool>,
    encrypt_verify_outgoing: Option<bool>,
    #[serde(rename = "GRPCAddrs")]
    grpc_addrs: Option<Vec<String>>,
    #[serde(rename = "GRPCTLSAddrs")]
    grpc_tls_addrs: Option<Vec<String>>,
    #[serde(rename = "HTTPAddrs")]
    http_addrs: Option<Vec<String>>,
    #[serde(rename = "HTTPSAddrs")]
    https_addrs: Option<Vec<String>>,
    leave_on_term: bool,
    raft_log_store_config: Option<LogStore>,
    raft_snapshot_threshold: Option<u64>,
    read_replica: bool,
    #[serde(rename = "RPCBindAddr")]
    rpc_bind_addr: Option<String>,
    #[serde(rename = "RPCRateLimit")]
    rpc_rate_limit: Option<f64>,
    static_runtime_config: Option<StaticRuntime>,
    #[serde(rename = "TLS")]
    tls: Option<Tls>,
    #[serde(rename = "UIConfig")]
    ui_config: Option<Ui>,
    verify_incoming: Option<bool>,
    #[serde(rename = "VerifyIncomingRPC")]
    verify_incoming_rpc: Option<bool>,
    verify_outgoing: Option<bool>,
    verify_server_hostname: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct AclResolver {
    #[serde(rename = "ACLDefaultPolicy")]
    default: Option<String>,
    #[serde(rename = "ACLDownPolicy")]
    down: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LogStore {
    backend: Option<String>,
    verification: Option<Verification>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Verification {
    enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StaticRuntime {
    encrypt_verify_incoming: Option<bool>,
    encrypt_verify_outgoing: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tls {
    domain: Option<String>,
    #[serde(rename = "InternalRPC")]
    internal_rpc: Option<TlsPart>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TlsPart {
    verify_incoming: Option<bool>,
    verify_outgoing: Option<bool>,
    verify_server_hostname: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Ui {
    enabled: bool,
}

impl Agent {
    fn stat(&self, group: &str, name: &str) -> Option<&str> {
        self.stats.get(group)?.get(name).map(String::as_str)
    }

    /// Raft's numbers; a client has none.
    pub(super) fn raft(&self) -> Observed<RaftStats> {
        if !self.config.server {
            return Observed::unknown("a client agent answers there, not a server");
        }
        let Some(state) = self.stat("raft", "state") else {
            return Observed::unknown("its answer has no Stats.raft");
        };
        let number = |name| self.stat("raft", name).and_then(|text| text.parse().ok()).unwrap_or_default();
        Observed::Known(RaftStats {
            state: state.to_owned(),
            term: number("term"),
            last_log_index: number("last_log_index"),
            commit_index: number("commit_index"),
            applied_index: number("applied_index"),
            last_snapshot_index: number("last_snapshot_index"),
            fsm_pending: number("fsm_pending"),
            last_contact_ms: self.stat("raft", "last_contact").and_then(duration_ms),
            protocol: number("protocol_version"),
            leader_address: self.stat("consul", "leader_addr").unwrap_or_default().to_owned(),
        })
    }

    /// Whether it has a leader, or had one since its start: before, it serves no stale reads either, but waits for a leader
    /// (Consul agent/consul/rpc.go `canServeReadRequest`).
    pub(super) fn serves_stale_reads(&self) -> bool {
        self.raft()
            .known()
            .is_none_or(|raft| raft.state == RaftStats::LEADER || raft.last_contact_ms.is_some())
    }

    /// Raft's configuration as it stands in `Stats.raft`, without names.
    pub(super) fn configuration(&self) -> Option<Vec<RaftServer>> {
        configuration_in_stats(self.stat("raft", "latest_configuration")?)
    }

    pub(super) fn settings(&self) -> ConsulSettings {
        let debug = &self.debug_config;
        let rpc = debug.tls.as_ref().and_then(|tls| tls.internal_rpc).unwrap_or_default();
        let runtime = debug.static_runtime_config.as_ref();
        let resolver = debug.acl_resolver.as_ref();
        let incoming = match (debug.verify_incoming, debug.verify_incoming_rpc) {
            (None, None) => None,
            (all, rpc) => Some(all == Some(true) || rpc == Some(true)),
        };
        ConsulSettings {
            datacenter: self.config.datacenter.clone(),
            enterprise: self.stat("build", "version_metadata").is_some_and(|text| text.contains("ent")),
            bootstrap: debug.bootstrap,
            bootstrap_expect: debug.bootstrap_expect,
            dev_mode: debug.dev_mode,
            data_dir: debug.data_dir.clone(),
            read_replica: debug.read_replica,
            heartbeat_ms: debug.consul_raft_heartbeat_timeout.as_deref().and_then(duration_ms),
            lease_ms: debug.consul_raft_leader_lease_timeout.as_deref().and_then(duration_ms),
            log_store: debug.raft_log_store_config.as_ref().and_then(|store| store.backend.clone()),
            snapshot_threshold: debug.raft_snapshot_threshold.filter(|entries| *entries > 0),
            log_verification: debug
                .raft_log_store_config
                .as_ref()
                .and_then(|store| store.verification.as_ref()?.enabled),
            gossip_encrypted: self.stat("serf_lan", "encrypted").and_then(|text| text.parse().ok()),
            encrypt_verify_incoming: runtime
                .and_then(|r| r.encrypt_verify_incoming)
                .or(debug.encrypt_verify_incoming),
            encrypt_verify_outgoing: runtime
                .and_then(|r| r.encrypt_verify_outgoing)
                .or(debug.encrypt_verify_outgoing),
            verify_incoming: rpc.verify_incoming.or(incoming),
            verify_outgoing: rpc.verify_outgoing.or(debug.verify_outgoing),
            server_name: format!(
                "server.{}.{}",
                self.config.datacenter,
                debug
                    .tls
                    .as_ref()
                    .and_then(|tls| tls.domain.as_deref())
                    .unwrap_or("consul")
                    .trim_end_matches('.'),
            ),
            verify_server_hostname: rpc.verify_server_hostname.or(debug.verify_server_hostname),
            acls_enabled: debug.acls_enabled,
            acl_default_policy: resolver
                .and_then(|r| r.default.clone())
                .or_else(|| debug.acl_default_policy.clone()),
            acl_down_policy: resolver.and_then(|r| r.down.clone()).or_else(|| debug.acl_down_policy.clone()),
            remote_script_checks: debug.enable_remote_script_checks,
            local_script_checks: debug.enable_local_script_checks,
            remote_exec_disabled: debug.disable_remote_exec,
            allow_write_http_from: debug.allow_write_http_from.clone().unwrap_or_default(),
            enable_debug: debug.enable_debug,
            ui: debug.ui_config.as_ref().is_some_and(|ui| ui.enabled),
            leave_on_terminate: debug.leave_on_term,
            http: sockets(debug.http_addrs.as_deref()),
            https: sockets(debug.https_addrs.as_deref()),
            grpc: sockets(debug.grpc_addrs.as_deref()),
            grpc_tls: sockets(debug.grpc_tls_addrs.as_deref()),
            rpc: debug.rpc_bind_addr.as_deref().map(bare),
            // What Go prints for "no limit" is the largest number there is.
            rpc_rate_limit: debug.rpc_rate_limit.filter(|limit| *limit < 1e300),
        }
    }
}

/// Reads Go's `[{Suffrage:Voter ID:… Address:…} {…}]`; `None` for anything else.
fn configuration_in_stats(text: &str) -> Option<Vec<RaftServer>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let servers = inner.split_terminator('}').map(|server| {
        let fields = server.trim().strip_prefix("{Suffrage:")?;
        let (suffrage, rest) = fields.split_once(" ID:")?;
        let (id, address) = rest.split_once(" Address:")?;
        Some(RaftServer {
            id: id.to_owned(),
            name: String::new(),
            address: address.to_owned(),
            voter: suffrage == "Voter",
        })
    });
    servers.collect::<Option<Vec<_>>>().filter(|servers| !servers.is_empty())
}

fn sockets(addresses: Option<&[String]>) -> Vec<String> {
    addresses.unwrap_or_default().iter().map(|text| bare(text)).collect()
}

/// `tcp://127.0.0.1:8500` → `127.0.0.1:8500`.
fn bare(text: &str) -> String {
    text.strip_prefix("tcp://").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_in_stats() {
        let text = "[{Suffrage:Voter ID:70417d17 Address:127.0.0.1:20121} {Suffrage:Nonvoter ID:a937 Address:[::1]:1}]";
        let servers = configuration_in_stats(text).expect("a configuration");
        let read: Vec<_> = servers.iter().map(|s| (s.id.as_str(), s.address.as_str(), s.voter)).collect();
        assert_eq!(read, [("70417d17", "127.0.0.1:20121", true), ("a937", "[::1]:1", false)]);
        for other in ["", "[]", "[{ID:1}]", "{}", "[{Suffrage:Voter ID:1}]"] {
            assert_eq!(configuration_in_stats(other), None, "{other}");
        }
    }
}
