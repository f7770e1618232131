//! Consul's answers to facts: the only place that knows their spelling. Derives for foreign formats live here.

use crate::facts::*;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Reads a page of JSON; `path` is for the sentence.
pub(super) fn page<'a, T: Deserialize<'a>>(body: &'a [u8], path: &str) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|error| {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let html = start.trim_start().starts_with('<');
        let kind = if html { TroubleKind::WrongService } else { TroubleKind::Garbage };
        let what = if html {
            "a web page, not JSON: a proxy stands in between".to_owned()
        } else {
            format!("{error}")
        };
        Trouble::new(kind, format!("{path} is not Consul's answer: {what}"))
    })
}

/// `/v1/catalog/node/NAME`: the node id of that entry; `None` when there is none, or it may not be seen (`null`).
pub(super) fn registered(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Entry {
        node: Node,
    }
    #[derive(Deserialize)]
    struct Node {
        #[serde(rename = "ID")]
        id: String,
    }
    serde_json::from_slice::<Entry>(body).ok().map(|entry| entry.node.id).filter(|id| !id.is_empty())
}

/// A duration as Go prints it, such as `1m0.5s`, `17.081265ms`, `0s`, `0`; `None` for `never`.
pub(super) fn duration_ms(text: &str) -> Option<f64> {
    if text == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3_600_000.0,
                "m" => 60_000.0,
                "s" => 1000.0,
                "ms" => 1.0,
                "µs" | "us" => 0.001,
                "ns" => 0.000_001,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty()).then_some(total)
}

/// `/v1/operator/raft/configuration`.
#[derive(Debug, Deserialize)]
struct Configuration {
    #[serde(rename = "Servers")]
    servers: Vec<ConfiguredServer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConfiguredServer {
    #[serde(rename = "ID")]
    id: String,
    #[serde(default)]
    node: String,
    address: String,
    voter: bool,
}

pub(super) fn configuration(body: &[u8]) -> Result<Vec<RaftServer>, Trouble> {
    let configuration: Configuration = page(body, "the raft configuration")?;
    let servers = configuration.servers.into_iter().map(|server| RaftServer {
        // What raft counts and gossip does not know.
        name: if server.node == "(unknown)" { String::new() } else { server.node },
        id: server.id,
        address: server.address,
        voter: server.voter,
    });
    Ok(servers.collect())
}

/// One of `/v1/agent/members`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SerfMember {
    name: String,
    addr: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    status: u8,
}

/// The servers of `datacenter`; clients and other datacenters are left out.
pub(super) fn gossip(body: &[u8], datacenter: &str) -> Result<Vec<GossipServer>, Trouble> {
    let members: Vec<SerfMember> = page(body, "the list of members")?;
    let tag = |member: &SerfMember, name: &str| member.tags.get(name).cloned().unwrap_or_default();
    let servers = members.iter().filter(|m| tag(m, "role") == "consul" && tag(m, "dc") == datacenter);
    let read = servers.map(|member| GossipServer {
        id: tag(member, "id"),
        name: member.name.clone(),
        status: match member.status {
            1 => "alive",
            2 => "leaving",
            3 => "left",
            4 => "failed",
            _ => "unknown",
        }
        .to_owned(),
        address: match member.addr.contains(':') {
            true => format!("[{}]:{}", member.addr, tag(member, "port")),
            false => format!("{}:{}", member.addr, tag(member, "port")),
        },
        version: tag(member, "build").split(':').next().unwrap_or_default().to_owned(),
        expect: tag(member, "expect").parse().ok(),
        bootstrap: tag(member, "bootstrap") == "1",
        raft_protocol: tag(member, "raft_vsn").parse().ok(),
        read_replica: ["read_replica", "nonvoter"].iter().any(|name| tag(member, name) == "1"),
    });
    Ok(read.collect())
}

/// `/v1/operator/autopilot/configuration`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Autopilot {
    cleanup_dead_servers: bool,
    #[serde(default)]
    last_contact_threshold: String,
    #[serde(default)]
    max_trailing_logs: u64,
    #[serde(default)]
    min_quorum: u64,
    #[serde(default)]
    server_stabilization_time: String,
    #[serde(default)]
    redundancy_zone_tag: String,
}

pub(super) fn autopilot(body: &[u8]) -> Result<AutopilotConfig, Trouble> {
    let read: Autopilot = page(body, "autopilot's configuration")?;
    Ok(AutopilotConfig {
        cleanup_dead_servers: read.cleanup_dead_servers,
        min_quorum: read.min_quorum,
        max_trailing_logs: read.max_trailing_logs,
        last_contact_ms: duration_ms(&read.last_contact_threshold),
        stabilization_ms: duration_ms(&read.server_stabilization_time),
        redundancy_zone_tag: read.redundancy_zone_tag,
    })
}

/// `/v1/operator/autopilot/health`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    healthy: bool,
    failure_tolerance: u64,
    /// `null` on a leader that has not looked yet.
    servers: Option<Vec<HealthServer>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HealthServer {
    #[serde(rename = "ID")]
    id: String,
    healthy: bool,
    voter: bool,
    #[serde(default)]
    last_contact: String,
    #[serde(default)]
    last_term: u64,
    #[serde(default)]
    last_index: u64,
    stable_since: Option<Timestamp>,
}

pub(super) fn health(body: &[u8], now: Timestamp) -> Result<AutopilotHealth, Trouble> {
    let read: Health = page(body, "autopilot's health")?;
    let servers = read.servers.unwrap_or_default().into_iter().map(|server| {
        let health = ServerHealth {
            healthy: server.healthy,
            voter: server.voter,
            last_contact_ms: duration_ms(&server.last_contact),
            last_term: server.last_term,
            last_index: server.last_index,
            stable_seconds: server.stable_since.map(|since| now.duration_since(since).as_secs_f64()),
        };
        (server.id, health)
    });
    Ok(AutopilotHealth {
        healthy: read.healthy,
        failure_tolerance: read.failure_tolerance,
        servers: servers.collect(),
    })
}

/// `/v1/connect/ca/roots`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Roots {
    /// The cluster's own name: `UUID.consul`, made once with its first certificate authority.
    #[serde(default)]
    trust_domain: String,
    roots: Option<Vec<Root>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Root {
    #[serde(default)]
    name: String,
    #[serde(default)]
    active: bool,
    not_after: Option<Timestamp>,
}

impl Roots {
    pub(super) fn cluster_id(&self) -> Option<String> {
        let id = self.trust_domain.split('.').next().unwrap_or_default();
        (!id.is_empty()).then(|| id.to_owned())
    }

    pub(super) fn certificates(&self, now: Timestamp) -> Vec<MeshRoot> {
        let days = |end: Timestamp| end.duration_since(now).as_secs_f64() / 86_400.0;
        let roots = self.roots.iter().flatten().map(|root| MeshRoot {
            name: root.name.clone(),
            active: root.active,
            not_after: root.not_after,
            days_left: root.not_after.map(days),
        });
        roots.collect()
    }
}

/// One of `/v1/operator/keyring`. The keys themselves are never kept.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keyring {
    #[serde(rename = "WAN", default)]
    wan: bool,
    keys: Option<BTreeMap<String, u64>>,
    primary_keys: Option<BTreeMap<String, u64>>,
    num_nodes: u64,
}

pub(super) fn keyring(body: &[u8]) -> Result<Vec<GossipKeys>, Trouble> {
    let pools: Vec<Keyring> = page(body, "the keyring")?;
    let counts = |keys: Option<BTreeMap<String, u64>>| keys.unwrap_or_default().into_values().collect();
    let read = pools.into_iter().map(|pool| GossipKeys {
        pool: if pool.wan { "wan" } else { "lan" }.to_owned(),
        nodes: pool.num_nodes,
        held_by: counts(pool.keys),
        primary_of: counts(pool.primary_keys),
    });
    Ok(read.collect())
}

/// A number that may be `null` or text: what is not a number is not one.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Number(f64),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Number(number) => Some(number).filter(|n| n.is_finite()),
        Loose::Other(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_prints_them() {
        for (text, ms) in [
            ("0", Some(0.0)),
            ("0s", Some(0.0)),
            ("1m0.5s", Some(60_500.0)),
            ("200ms", Some(200.0)),
            ("1.5µs", Some(0.0015)),
            ("87600h0m0s", Some(87_600.0 * 3_600_000.0)),
            ("never", None),
            ("", None),
            ("5", None),
        ] {
            assert_eq!(duration_ms(text), ms, "{text}");
        }
    }
}
