//! Facts for table tests: a healthy cluster, and words to break it. Each test breaks one thing and expects exactly
//! that finding.

mod consul;
mod zookeeper;

pub(crate) use consul::{sampled, servers};
pub(crate) use zookeeper::{behind_damage, ensemble};

use crate::facts::*;
use crate::finding::{Check, Outcome, Severity};
use crate::policy::Policy;

/// A healthy etcd 3.6 cluster of `n` members `n1`…, ids `1`…; `n1` leads. TLS everywhere.
pub(crate) fn cluster(n: usize) -> Sample {
    let ids: Vec<String> = (1..=n).map(|i| i.to_string()).collect();
    let members = ids.iter().map(|id| member(id)).collect::<Vec<_>>();
    let view = ids
        .iter()
        .map(|id| {
            let m = member(id);
            let listed = ListedMember {
                name: m.name,
                voter: true,
                peer_urls: m.peer_urls,
                client_urls: m.client_urls,
            };
            (id.clone(), listed)
        })
        .collect::<std::collections::BTreeMap<_, _>>();
    let common = CommonFacts {
        backend: BackendKind::Etcd,
        endpoints: members.iter().map(endpoint).collect(),
        cluster_ids: vec!["c1".into()],
        membership: Observed::Known(MembershipSource::Cluster),
        views: ids
            .iter()
            .map(|id| MembershipView {
                source: id.clone(),
                interface: "client".into(),
                members: view.clone(),
            })
            .collect(),
        own_certificate: None,
        zones_declared: false,
        backups: None,
        data_dirs: Default::default(),
        votes: VoteRule::Majority,
        drills: None,
        members,
    };
    let etcd = EtcdFacts {
        members: ids.iter().map(|id| etcd_member(id, &ids)).collect(),
        kubernetes: Observed::Known(KubernetesStore::default()),
        auth_enabled: Observed::Known(true),
        login_refused: None,
        hashes: Observed::unknown(ASKED_ONLY_BY_DEEP),
        remembered: None,
    };
    Sample(Facts {
        format: FACTS_FORMAT,
        quorate: "test".into(),
        cluster: "sample".into(),
        taken_at: "2026-11-24T12:00:00Z".parse().expect("a valid time"),
        duration_ms: 1.0,
        common,
        native: NativeFacts::Etcd(etcd),
    })
}

fn member(id: &str) -> Member {
    let leads = id == "1";
    Member {
        id: id.into(),
        name: format!("n{id}"),
        voter: true,
        started: true,
        role: if leads { Role::Leader } else { Role::Follower },
        client_urls: vec![format!("https://10.0.0.{id}:2379")],
        peer_urls: vec![format!("https://10.0.0.{id}:2380")],
        endpoint: Some(format!("https://10.0.0.{id}:2379")),
        trouble: None,
        reachable: true,
        zone: None,
        version: Observed::Known("3.6.16".into()),
        leader: Observed::Known(Some("1".into())),
        term: Observed::Known(2),
        quorum_read: Observed::Known(QuorumRead::Served { ms: 1.0 }),
        log_sync: Observed::Known(latency()),
        store_commit: Observed::Known(latency()),
        clock: Observed::Known(ClockOffset { offset_ms: 0.2, uncertainty_ms: 0.5 }),
        listeners: vec![listener(id, ListenerKind::Client, 2379), listener(id, ListenerKind::Peer, 2380)],
    }
}

fn latency() -> SyncLatency {
    SyncLatency {
        p99_low_ms: 1.0,
        p99_high_ms: Some(2.0),
        slowest_only: false,
        samples: 10_000,
        mean_ms: 0.8,
        over_100ms: 0.0,
        window: Window::SinceStart { seconds: Some(3600.0) },
    }
}

/// A listener that asks for a client certificate and serves one good for a year.
pub(crate) fn listener(id: &str, kind: ListenerKind, port: u16) -> Listener {
    Listener {
        kind,
        address: format!("10.0.0.{id}:{port}"),
        loopback: false,
        plaintext: Observed::Known(false),
        anonymous: Observed::Known(false),
        chain: Observed::Known(vec![certificate(&format!("10.0.0.{id}"))]),
        legacy_tls: Observed::unknown("asked only by --deep"),
        name_mismatch: Observed::Known(None),
    }
}

/// A good leaf certificate for `name`, valid for a year around the sample's time.
pub(crate) fn certificate(name: &str) -> Certificate {
    Certificate {
        subject: format!("CN={name}"),
        issuer: "CN=sample CA".into(),
        serial: "01".into(),
        not_before: "2026-05-01T00:00:00Z".parse().expect("a valid time"),
        not_after: "2027-05-01T00:00:00Z".parse().expect("a valid time"),
        names: vec![name.into()],
        key: "ECDSA P-256".into(),
        key_bits: 256,
        signature: "ecdsa-with-SHA256".into(),
        ca: false,
        server_auth: true,
        client_auth: true,
        fingerprint: format!("ab{name}"),
    }
}

fn endpoint(member: &Member) -> Endpoint {
    Endpoint {
        url: member.endpoint.clone().unwrap_or_default(),
        origin: Origin::Given,
        reach: Reach::Answered { ms: 1.0 },
        member_id: Some(member.id.clone()),
        cluster_id: Some("c1".into()),
    }
}

fn etcd_member(id: &str, ids: &[String]) -> EtcdMember {
    let status = EtcdStatus {
        version: "3.6.16".into(),
        cluster_id: "c1".into(),
        member_id: id.into(),
        revision: 1000,
        db_size: 10 << 20,
        db_in_use: 8 << 20,
        leader: Some("1".into()),
        raft_term: 2,
        raft_index: 1100,
        raft_applied: 1100,
        errors: vec![],
        learner: false,
        storage_version: Some("3.6.0".into()),
        quota: Some(2 << 30),
        downgrade_target: None,
    };
    let progress = ids
        .iter()
        .map(|i| (i.clone(), RaftProgress { matched: 1100, next: 1101, state: "StateReplicate".into() }))
        .collect();
    let active_peers = ids.iter().filter(|i| *i != id).map(|i| (i.clone(), 1.0)).collect();
    let vars = EtcdVars {
        cmdline: vec![
            "etcd".into(),
            format!("--name=n{id}"),
            "--auto-compaction-retention=1h".into(),
            "--auth-token=jwt,sign-method=RS256".into(),
        ],
        raft_state: Some(if id == "1" { "StateLeader" } else { "StateFollower" }.into()),
        progress: if id == "1" { progress } else { Default::default() },
        fd_limit: Some(65536),
    };
    EtcdMember {
        id: id.into(),
        name: format!("n{id}"),
        endpoint: format!("https://10.0.0.{id}:2379"),
        status_again: Observed::Known(status.clone()),
        status: Observed::Known(status),
        http_version: Observed::Known(EtcdVersions {
            server: "3.6.16".into(),
            cluster: "3.6.0".into(),
            storage: Some("3.6.0".into()),
        }),
        metrics: Observed::Known(EtcdMetrics { active_peers, ..etcd_metrics() }),
        window: Observed::Known(EtcdWindow {
            window: Window::SinceStart { seconds: Some(3600.0) },
            grown: zero_counters(),
            peer_rtt: Default::default(),
            peer_sent_failures: Default::default(),
        }),
        vars: Observed::Known(vars),
        peer: Observed::Known(EtcdPeerView {
            url: format!("https://10.0.0.{id}:2380"),
            cluster_id: Some("c1".into()),
            serves_clients: Observed::Known(false),
        }),
    }
}

fn etcd_metrics() -> EtcdMetrics {
    EtcdMetrics {
        process_start_seconds: Some(1_795_600_000.0),
        counters: zero_counters(),
        quota: Some((2u64 << 30) as f64),
        fds_used: Some(40.0),
        fds_limit: Some(65536.0),
        proposals_pending: Some(0.0),
        compact_revision: Some(900.0),
        current_revision: Some(1000.0),
        compacted_at_seconds: Some(1_795_608_000.0),
        keys: Some(100.0),
        ..EtcdMetrics::default()
    }
}

fn zero_counters() -> EtcdCounters {
    let zero = Some(0.0);
    EtcdCounters {
        leader_changes: zero,
        proposals_failed: zero,
        heartbeat_failures: zero,
        slow_reads: zero,
        failed_reads: zero,
        slow_applies: zero,
        peer_sent_failures: zero,
    }
}

/// Facts to break.
#[derive(Clone)]
pub(crate) struct Sample(pub(crate) Facts);

impl Sample {
    /// The named member has no process: its port refuses.
    pub(crate) fn down(self, name: &str) -> Self {
        self.trouble(name, TroubleKind::ConnectionRefused)
    }

    /// The named member does not answer for this reason. If it led, or no majority is left, the others see no leader.
    pub(crate) fn trouble(mut self, name: &str, kind: TroubleKind) -> Self {
        let gone = Trouble::new(kind, "in a test");
        let member = self.member_mut(name);
        let id = member.id.clone();
        *member = Member {
            id: member.id.clone(),
            name: member.name.clone(),
            voter: member.voter,
            started: true,
            client_urls: member.client_urls.clone(),
            peer_urls: member.peer_urls.clone(),
            endpoint: member.endpoint.clone(),
            trouble: Some(gone.clone()),
            zone: member.zone.clone(),
            ..Member::default()
        };
        match &mut self.0.native {
            NativeFacts::Etcd(_) => {
                let etcd = self.etcd_mut(name);
                let (name, endpoint) = (etcd.name.clone(), etcd.endpoint.clone());
                *etcd = EtcdMember { name, endpoint, ..EtcdMember::default() };
            }
            NativeFacts::Consul(consul) => {
                for server in consul.members.iter_mut().filter(|server| server.id == id) {
                    let endpoint = server.endpoint.clone();
                    *server = ConsulMember { endpoint, ..ConsulMember::default() };
                }
            }
            NativeFacts::Zookeeper(zookeeper) => zookeeper.members.retain(|m| m.name != name),
        }
        let common = &mut self.0.common;
        for endpoint in common.endpoints.iter_mut().filter(|e| e.member_id.as_ref() == Some(&id)) {
            endpoint.reach = Reach::Failed(gone.clone());
            endpoint.member_id = None;
            endpoint.cluster_id = None;
        }
        common.views.retain(|view| view.source != id);
        let voters = common.voters().count();
        let serving = common.voters().filter(|m| m.reachable).count();
        if serving < crate::quorum::needed(voters) || id == "1" { self.leaderless() } else { self }
    }

    /// Nobody who answers sees a leader, and no quorum read succeeds.
    pub(crate) fn leaderless(mut self) -> Self {
        for member in self.0.common.members.iter_mut().filter(|m| m.reachable) {
            member.leader = Observed::Known(None);
            member.role = Role::Leaderless;
            member.quorum_read = Observed::Known(QuorumRead::Failed {
                why: "etcdserver: no leader".into(),
                after_ms: 1.0,
                refused: true,
            });
        }
        self
    }

    /// The named member's common facts.
    pub(crate) fn member_mut(&mut self, name: &str) -> &mut Member {
        self.0.common.members.iter_mut().find(|m| m.name == name).expect("a member of that name")
    }

    /// The named member's etcd facts.
    pub(crate) fn etcd_mut(&mut self, name: &str) -> &mut EtcdMember {
        self.native_mut().members.iter_mut().find(|m| m.name == name).expect("a member of that name")
    }

    /// All etcd facts.
    pub(crate) fn native_mut(&mut self) -> &mut EtcdFacts {
        self.0.native.etcd_mut().expect("facts of etcd")
    }

    /// The named member's Status, to change.
    pub(crate) fn status_mut(&mut self, name: &str) -> &mut EtcdStatus {
        match &mut self.etcd_mut(name).status {
            Observed::Known(status) => status,
            Observed::Unknown(why) => unreachable!("status of a member that is down: {why}"),
        }
    }

    /// The named member's metrics, to change.
    pub(crate) fn metrics_mut(&mut self, name: &str) -> &mut EtcdMetrics {
        match &mut self.etcd_mut(name).metrics {
            Observed::Known(metrics) => metrics,
            Observed::Unknown(why) => unreachable!("metrics of a member that is down: {why}"),
        }
    }

    /// The named member's start arguments, to change.
    pub(crate) fn vars_mut(&mut self, name: &str) -> &mut EtcdVars {
        match &mut self.etcd_mut(name).vars {
            Observed::Known(vars) => vars,
            Observed::Unknown(why) => unreachable!("vars of a member that is down: {why}"),
        }
    }

    /// Runs a check with default thresholds.
    pub(crate) fn run(&self, check: &Check) -> Outcome {
        check.run(&self.0, &Policy::default())
    }
}

/// One row of a table test: the severities of the hits, in order; no gaps allowed; every placeholder filled.
#[track_caller]
pub(crate) fn row(check: &Check, sample: &Sample, expected: &[Severity]) {
    let (hits, gaps) = match sample.run(check) {
        Outcome::Judged { hits, gaps } => (hits, gaps),
        Outcome::Clear(_) | Outcome::NotApplicable(_) => (vec![], vec![]),
    };
    for hit in &hits {
        assert!(!hit.sentence().contains('{'), "unfilled placeholder: {}", hit.sentence());
    }
    assert!(gaps.is_empty(), "{}: unexpected gaps {gaps:?}", check.slug);
    let severities: Vec<Severity> = hits.iter().map(|h| h.severity).collect();
    assert_eq!(severities, expected, "{}: {hits:#?}", check.slug);
}

/// One row that must be undecided: no hits, and a gap of this severity at worst.
#[track_caller]
pub(crate) fn undecided(check: &Check, sample: &Sample, at_worst: Severity) {
    match sample.run(check) {
        Outcome::Judged { hits, gaps } if hits.is_empty() => {
            assert!(gaps.iter().any(|g| g.at_worst == at_worst), "{}: {gaps:#?}", check.slug);
        }
        other => unreachable!("{}: expected undecided, got {other:#?}", check.slug),
    }
}
