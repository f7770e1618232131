//! A healthy ZooKeeper ensemble for table tests, and words to break it.

use super::{Sample, certificate, latency, listener};
use crate::facts::*;
use std::collections::BTreeMap;

/// Files of a server whose snapshot is damaged: with what was seen of its tree, and with nothing.
pub(crate) fn behind_damage() -> [ZookeeperFiles; 2] {
    let snapshot = ZookeeperSnapshotFile {
        file: "snapshot.8e".into(),
        state: ZookeeperFileState::Damaged,
        ..ZookeeperSnapshotFile::default()
    };
    let tree = ZookeeperTree { file: snapshot.file.clone(), ..ZookeeperTree::default() };
    let files =
        |tree| ZookeeperFiles { snapshots: vec![snapshot.clone()], tree, ..ZookeeperFiles::default() };
    [files(Some(tree)), files(None)]
}

/// A healthy ZooKeeper 3.9.5 ensemble of `n` servers `n1`…, ids `1`…; `n1` leads. TLS everywhere, AdminServers for
/// their own machine only.
pub(crate) fn ensemble(n: usize) -> Sample {
    let ids: Vec<String> = (1..=n).map(|i| i.to_string()).collect();
    let members: Vec<Member> = ids.iter().map(|id| member(id)).collect();
    let config = config(&ids);
    let listed: BTreeMap<String, ListedMember> = members
        .iter()
        .map(|m| {
            let listed = ListedMember {
                name: m.name.clone(),
                voter: true,
                peer_urls: m.peer_urls.clone(),
                client_urls: m.client_urls.clone(),
            };
            (m.id.clone(), listed)
        })
        .collect();
    let endpoint = |m: &Member| Endpoint {
        url: m.endpoint.clone().unwrap_or_default(),
        origin: Origin::Given,
        reach: Reach::Answered { ms: 1.0 },
        member_id: Some(m.id.clone()),
        cluster_id: None,
    };
    let view = |id: &String| MembershipView {
        source: id.clone(),
        interface: "client".into(),
        members: listed.clone(),
    };
    Sample(Facts {
        format: FACTS_FORMAT,
        quorate: "test".into(),
        cluster: "sample".into(),
        taken_at: "2026-11-24T12:00:00Z".parse().expect("a valid time"),
        duration_ms: 1.0,
        common: CommonFacts {
            backend: BackendKind::Zookeeper,
            endpoints: members.iter().map(endpoint).collect(),
            cluster_ids: vec![],
            membership: Observed::Known(MembershipSource::Cluster),
            views: ids.iter().map(view).collect(),
            own_certificate: None,
            zones_declared: false,
            backups: None,
            data_dirs: Default::default(),
            votes: VoteRule::Majority,
            drills: None,
            members,
        },
        native: NativeFacts::Zookeeper(ZookeeperFacts {
            members: ids.iter().map(|id| server(id, &config)).collect(),
            addresses_given: n,
            root_open: Observed::Known(false),
            root_digest: Observed::Known(false),
            quorum_port: Observed::Known(ZookeeperQuorumPort {
                address: "10.0.0.1:2888".into(),
                open: true,
                tls: true,
                own_machine: false,
            }),
        }),
    })
}

fn member(id: &str) -> Member {
    let listeners = [(ListenerKind::Client, 2281), (ListenerKind::Peer, 3888)];
    let served = |kind, port| Listener {
        chain: Observed::Known(vec![certificate(&format!("10.0.0.{id}"))]),
        ..listener(id, kind, port)
    };
    Member {
        id: id.into(),
        name: format!("n{id}"),
        voter: true,
        started: true,
        role: if id == "1" { Role::Leader } else { Role::Follower },
        client_urls: vec![format!("10.0.0.{id}:2281")],
        peer_urls: vec![format!("10.0.0.{id}:2888"), format!("10.0.0.{id}:3888")],
        endpoint: Some(format!("10.0.0.{id}:2281")),
        reachable: true,
        version: Observed::Known("3.9.5".into()),
        leader: Observed::Known(Some("1".into())),
        term: Observed::Known(1),
        quorum_read: Observed::Known(QuorumRead::Served { ms: 1.0 }),
        log_sync: Observed::Known(latency()),
        store_commit: Observed::unknown("ZooKeeper keeps its znodes in memory"),
        clock: Observed::Known(ClockOffset { offset_ms: 0.2, uncertainty_ms: 500.0 }),
        listeners: listeners.iter().map(|(kind, port)| served(*kind, *port)).collect(),
        ..Member::default()
    }
}

fn config(ids: &[String]) -> ZookeeperConfig {
    let server = |id: &String| ZookeeperServer {
        quorum: format!("10.0.0.{id}:2888"),
        election: format!("10.0.0.{id}:3888"),
        client: None,
        observer: false,
    };
    ZookeeperConfig {
        version: Some(0),
        servers: ids.iter().map(|id| (id.clone(), server(id))).collect(),
        ..ZookeeperConfig::default()
    }
}

fn map(pairs: &[(&str, &str)]) -> Observed<BTreeMap<String, String>> {
    Observed::Known(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

fn server(id: &str, config: &ZookeeperConfig) -> ZookeeperMember {
    let leads = id == "1";
    let zxid = (1 << 32) | 1000;
    let numbers = [
        ("uptime", 3_600_000.0),
        ("looking_count", 1.0),
        ("election_time_cnt", 1.0),
        ("election_time_sum", 250.0),
        ("election_time_max", 250.0),
        ("stale_sessions_expired", 3.0),
        ("connection_drop_count", 40.0),
        ("open_file_descriptor_count", 100.0),
        ("max_file_descriptor_count", 1000.0),
        ("digest_mismatches_count", 0.0),
        ("synced_followers", 2.0),
        ("quorum_size", 3.0),
        ("pending_syncs", 0.0),
        ("throttled_ops", 0.0),
        ("unrecoverable_error_count", 0.0),
        ("approximate_data_size", 1000.0),
        ("watch_count", 0.0),
        ("fsynctime_max", 5.0),
        ("jvm_memory_bytes_used_heap", 4e8),
        ("jvm_memory_bytes_max_heap", 1e9),
        ("jvm_pause_time_ms_cnt", 7200.0),
        ("jvm_pause_time_ms_max", 20.0),
        ("jvm_pause_time_ms_p99", 2.0),
    ];
    ZookeeperMember {
        id: id.into(),
        name: format!("n{id}"),
        endpoint: format!("10.0.0.{id}:2281"),
        not_serving: false,
        srvr: Observed::Known(ZookeeperSrvr {
            version: "3.9.5".into(),
            mode: if leads { "leader" } else { "follower" }.into(),
            read_only: false,
            zxid,
            nodes: Some(10),
            connections: Some(3),
            received: Some(10_000),
            outstanding: Some(0),
            latency_avg_ms: Some(0.3),
            latency_max_ms: Some(9.0),
        }),
        zxid: Observed::Known(zxid),
        zxid_before: Observed::Known(zxid),
        config: Observed::Known(config.clone()),
        metrics: Observed::Known(ZookeeperMetrics {
            source: "mntr".into(),
            read_at: "2026-11-24T12:00:00Z".parse().expect("a valid time"),
            numbers: numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        }),
        window: Observed::unknown("there is no earlier look to compare with"),
        settings: ZookeeperSettings {
            properties: map(&[
                ("admin.serverAddress", "127.0.0.1"),
                ("client.certReload", "true"),
                ("db.autocreate", "false"),
                ("fips-mode", "false"),
            ]),
            running: map(&[
                ("dataDir", "/var/lib/zk"),
                ("dataLogDir", "/txn/zk"),
                ("tickTime", "2000"),
                ("maxClientCnxns", "60"),
            ]),
            file: map(&[
                ("autopurge.purgeInterval", "24"),
                ("initLimit", "10"),
                ("sslQuorumReloadCertFiles", "true"),
                ("syncLimit", "5"),
            ]),
            expected: true,
        },
        admin: Observed::Known(ZookeeperAdmin {
            url: "http://127.0.0.1:8080".into(),
            loopback: true,
            listens_loopback: Some(true),
            leaks: vec![],
            leader: Some("1".into()),
            busiest: Observed::Known(Some(ZookeeperClient { address: "10.0.1.1".into(), connections: 3 })),
        }),
        answers_any_word: Observed::Known(false),
        snapshot: Observed::Known(ZookeeperSnapshot { zxid: 1 << 32, age_seconds: Some(3600.0) }),
        here: Observed::Known(ZookeeperHere {
            directories: [("dataDir", "/var/lib/zk", 1), ("dataLogDir", "/txn/zk", 2)]
                .map(|(key, path, device)| ZookeeperDirectory {
                    key: key.into(),
                    device,
                    room: DataDir {
                        path: path.into(),
                        free_bytes: 80 << 30,
                        total_bytes: 100 << 30,
                        used_bytes: 1 << 30,
                        ..DataDir::default()
                    },
                })
                .into(),
            exposed: vec![],
            swapped_bytes: Some(0),
            snapshot: None,
            start: start(id, config),
            stores: BTreeMap::new(),
            files: None,
        }),
    }
}

/// Files from which it starts again.
fn start(id: &str, config: &ZookeeperConfig) -> ZookeeperStart {
    let line = |(id, server): (&String, &ZookeeperServer)| {
        let election = server.election.rsplit_once(':').map_or("", |(_, port)| port);
        (format!("server.{id}"), format!("{}:{election}:participant;2181", server.quorum))
    };
    let timing = [("dataDir", "/var/lib/zk"), ("initLimit", "10"), ("syncLimit", "5")];
    let timing = timing.map(|(key, value)| (key.to_owned(), value.to_owned()));
    ZookeeperStart {
        file: config.servers.iter().map(line).chain(timing).collect(),
        dynamic: None,
        myid: Some(id.to_owned()),
        left_over: None,
    }
}

/// A known value, to change.
fn known<T>(observed: &mut Observed<T>) -> &mut T {
    match observed {
        Observed::Known(value) => value,
        Observed::Unknown(why) => unreachable!("the sample has none: {why}"),
    }
}

fn set(observed: &mut Observed<BTreeMap<String, String>>, key: &str, value: Option<&str>) {
    match value {
        Some(value) => known(observed).insert(key.into(), value.into()),
        None => known(observed).remove(key),
    };
}

impl Sample {
    /// All ZooKeeper facts.
    pub(crate) fn ensemble_mut(&mut self) -> &mut ZookeeperFacts {
        match &mut self.0.native {
            NativeFacts::Zookeeper(zookeeper) => zookeeper,
            other => unreachable!("no ensemble: {other:?}"),
        }
    }

    /// The named server's facts.
    pub(crate) fn zookeeper_mut(&mut self, name: &str) -> &mut ZookeeperMember {
        let mut members = self.ensemble_mut().members.iter_mut();
        members.find(|m| m.name == name).expect("a server of that name")
    }

    /// The named server's `srvr`.
    pub(crate) fn srvr_mut(&mut self, name: &str) -> &mut ZookeeperSrvr {
        known(&mut self.zookeeper_mut(name).srvr)
    }

    /// The named server's numbers.
    pub(crate) fn numbers_mut(&mut self, name: &str) -> &mut BTreeMap<String, f64> {
        &mut known(&mut self.zookeeper_mut(name).metrics).numbers
    }

    /// What the named server's machine shows.
    pub(crate) fn here_mut(&mut self, name: &str) -> &mut ZookeeperHere {
        known(&mut self.zookeeper_mut(name).here)
    }

    /// Sets or removes a property of the named server.
    pub(crate) fn set_property(&mut self, name: &str, key: &str, value: Option<&str>) {
        set(&mut self.zookeeper_mut(name).settings.properties, key, value);
    }

    /// Sets or removes a line of the named server's file.
    pub(crate) fn set_in_file(&mut self, name: &str, key: &str, value: Option<&str>) {
        set(&mut self.zookeeper_mut(name).settings.file, key, value);
    }
}
