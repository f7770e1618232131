//! Facts of healthy Consul servers, to break. What is common is that of the other table tests.

use crate::checks::testing::{Sample, certificate, cluster};
use crate::facts::*;
use std::collections::BTreeMap;

/// A healthy cluster of `n` servers `n1`…, ids `1`…; `n1` leads. TLS, encrypted gossip, access controls that deny.
pub(crate) fn servers(n: usize) -> Sample {
    let mut sample = cluster(n);
    let ids: Vec<String> = (1..=n).map(|i| i.to_string()).collect();
    let gossip: Vec<GossipServer> = ids.iter().map(|id| gossip(id, n)).collect();
    let configuration: Vec<RaftServer> = ids
        .iter()
        .map(|id| RaftServer { id: id.clone(), name: format!("n{id}"), address: rpc(id), voter: true })
        .collect();
    let common = &mut sample.0.common;
    common.backend = BackendKind::Consul;
    for member in &mut common.members {
        member.version = Observed::Known("2.0.3".into());
        member.client_urls.clear();
        member.peer_urls = vec![rpc(&member.id)];
        let mut leaf = certificate(&format!("10.0.0.{}", member.id));
        leaf.names.push("server.dc1.consul".into());
        member.listeners[1].chain = Observed::Known(vec![leaf]);
    }
    for listed in common.views.iter_mut().flat_map(|view| &mut view.members) {
        listed.1.client_urls.clear();
        listed.1.peer_urls = vec![rpc(listed.0)];
    }
    let members = ids
        .iter()
        .map(|id| ConsulMember {
            id: id.clone(),
            name: format!("n{id}"),
            endpoint: format!("https://10.0.0.{id}:8501"),
            applied_index: Observed::Known(1000),
            raft: Observed::Known(raft(id)),
            settings: Observed::Known(settings(n)),
            configuration: Observed::Known(configuration.clone()),
            gossip: Observed::Known(gossip.clone()),
            metrics: Observed::Known(metrics(id)),
            leader_address: Observed::Known(Some(rpc("1"))),
            catalog: Observed::Known(CatalogView::default()),
            anonymous: Observed::Known(AnonymousAccess::default()),
            peers_json: Observed::unknown("its disk cannot be seen from here"),
            here: Observed::unknown("its disk cannot be seen from here"),
            denied: BTreeMap::new(),
        })
        .collect();
    let servers = ids.iter().map(|id| (id.clone(), health())).collect();
    sample.0.native = NativeFacts::Consul(ConsulFacts {
        members,
        autopilot: Observed::Known(AutopilotConfig {
            cleanup_dead_servers: true,
            min_quorum: n as u64,
            max_trailing_logs: 250,
            last_contact_ms: Some(200.0),
            stabilization_ms: Some(10_000.0),
            redundancy_zone_tag: String::new(),
        }),
        health: Observed::Known(AutopilotHealth { healthy: true, failure_tolerance: 1, servers }),
        keyring: Observed::Known(vec![GossipKeys {
            pool: "lan".into(),
            nodes: n as u64,
            held_by: vec![n as u64],
            primary_of: vec![n as u64],
        }]),
        roots: Observed::Known(vec![MeshRoot {
            name: "root".into(),
            active: true,
            not_after: None,
            days_left: Some(3000.0),
        }]),
        zones: Observed::unknown("it was not asked"),
        token: true,
    });
    sample
}

/// A sample of ten with this mean and this maximum.
pub(crate) fn sampled(mean: f64, max: f64) -> Sampled {
    Sampled { count: 10, min: 0.0, mean, max }
}

fn rpc(id: &str) -> String {
    format!("10.0.0.{id}:8300")
}

fn gossip(id: &str, n: usize) -> GossipServer {
    GossipServer {
        id: id.into(),
        name: format!("n{id}"),
        status: "alive".into(),
        address: rpc(id),
        version: "2.0.3".into(),
        expect: Some(n as u64),
        bootstrap: false,
        raft_protocol: Some(3),
        read_replica: false,
    }
}

fn raft(id: &str) -> RaftStats {
    RaftStats {
        state: if id == "1" { "Leader" } else { "Follower" }.into(),
        term: 2,
        last_log_index: 1000,
        commit_index: 1000,
        applied_index: 1000,
        last_snapshot_index: 0,
        fsm_pending: 0,
        last_contact_ms: Some(if id == "1" { 0.0 } else { 20.0 }),
        protocol: 3,
        leader_address: rpc("1"),
    }
}

fn settings(n: usize) -> ConsulSettings {
    ConsulSettings {
        datacenter: "dc1".into(),
        bootstrap_expect: n as u64,
        data_dir: "/var/lib/consul".into(),
        heartbeat_ms: Some(1000.0),
        lease_ms: Some(500.0),
        log_store: Some("wal".into()),
        gossip_encrypted: Some(true),
        encrypt_verify_incoming: Some(true),
        encrypt_verify_outgoing: Some(true),
        verify_incoming: Some(true),
        verify_outgoing: Some(true),
        verify_server_hostname: Some(true),
        server_name: "server.dc1.consul".into(),
        acls_enabled: Some(true),
        acl_default_policy: Some("deny".into()),
        remote_exec_disabled: true,
        ..ConsulSettings::default()
    }
}

fn metrics(id: &str) -> ConsulMetrics {
    let append = if id == "1" { "raft.leader.dispatchLog" } else { "raft.rpc.appendEntries.storeLogs" };
    let mut samples = vec![(append, sampled(1.0, 4.0)), ("raft.commitTime", sampled(3.0, 9.0))];
    if id == "1" {
        samples.push(("raft.leader.lastContact", sampled(30.0, 80.0)));
    }
    ConsulMetrics {
        interval: "2026-11-24 12:00:00 +0000 UTC".into(),
        samples: samples.into_iter().map(|(name, sample)| (name.to_owned(), sample)).collect(),
        ..ConsulMetrics::default()
    }
}

fn health() -> ServerHealth {
    ServerHealth {
        healthy: true,
        voter: true,
        last_contact_ms: Some(20.0),
        last_term: 2,
        last_index: 1000,
        stable_seconds: Some(3600.0),
    }
}

impl Sample {
    /// All of Consul's facts.
    pub(crate) fn consul_facts_mut(&mut self) -> &mut ConsulFacts {
        match &mut self.0.native {
            NativeFacts::Consul(consul) => consul,
            other => unreachable!("facts of another system: {other:?}"),
        }
    }

    /// The named server's own facts.
    pub(crate) fn consul_mut(&mut self, name: &str) -> &mut ConsulMember {
        let mut members = self.consul_facts_mut().members.iter_mut();
        members.find(|m| m.name == name).expect("a server of that name")
    }

    /// What the named server's machine shows, to change: nothing wrong at first.
    pub(crate) fn here_mut_of(&mut self, name: &str) -> &mut ConsulHere {
        let here = &mut self.consul_mut(name).here;
        if here.known().is_none() {
            *here = Observed::Known(ConsulHere {
                snapshots: Observed::Known(SnapshotsDir::default()),
                config: Observed::Known(ConfigFiles::default()),
                memory: Observed::Known(16 << 30),
                ..ConsulHere::default()
            });
        }
        known(here)
    }

    /// The named server's settings, to change.
    pub(crate) fn settings_mut(&mut self, name: &str) -> &mut ConsulSettings {
        known(&mut self.consul_mut(name).settings)
    }

    /// The named server's raft, to change.
    pub(crate) fn raft_mut(&mut self, name: &str) -> &mut RaftStats {
        known(&mut self.consul_mut(name).raft)
    }

    /// What every server's gossip knows, changed.
    pub(crate) fn gossiping(mut self, change: fn(&mut Vec<GossipServer>)) -> Self {
        for member in &mut self.consul_facts_mut().members {
            change(known(&mut member.gossip));
        }
        self
    }

    /// The named server's metrics, to change.
    pub(crate) fn interval_mut(&mut self, name: &str) -> &mut ConsulMetrics {
        known(&mut self.consul_mut(name).metrics)
    }
}

fn known<T>(observed: &mut Observed<T>) -> &mut T {
    match observed {
        Observed::Known(value) => value,
        Observed::Unknown(why) => unreachable!("not told: {why}"),
    }
}
