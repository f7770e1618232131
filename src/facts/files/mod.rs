//! What lies on a disk, server or no server: what `inspect` shows and `check --snapshot` judges. etcd's are in
//! `snapshot.rs`.

mod consul;
mod zookeeper;

pub use consul::*;
pub use zookeeper::*;

use super::{
    BackendKind, CommonFacts, ConsulFacts, EtcdFacts, FACTS_FORMAT, Facts, NativeFacts, Observed,
    SnapshotFacts, Soundness, ZookeeperFacts,
};
use jiff::Timestamp;

/// Files of one system.
#[derive(Debug, Clone, PartialEq)]
pub enum FileFacts {
    /// A snapshot or a database of etcd.
    Etcd(Box<SnapshotFacts>),
    /// A data directory or a snapshot of ZooKeeper.
    Zookeeper(Box<ZookeeperFiles>),
    /// A snapshot of Consul, or the newest in a data directory.
    Consul(Box<ConsulFiles>),
}

impl FileFacts {
    /// Whose they are.
    pub fn backend(&self) -> BackendKind {
        match self {
            FileFacts::Etcd(_) => BackendKind::Etcd,
            FileFacts::Zookeeper(_) => BackendKind::Zookeeper,
            FileFacts::Consul(_) => BackendKind::Consul,
        }
    }

    /// The path as it was given.
    pub fn path(&self) -> &str {
        match self {
            FileFacts::Etcd(file) => &file.file,
            FileFacts::Zookeeper(files) => &files.path,
            FileFacts::Consul(files) => &files.path,
        }
    }

    /// Whether anything is wrong with them.
    pub fn verdict(&self) -> Soundness {
        match self {
            FileFacts::Etcd(file) => file.verdict,
            FileFacts::Zookeeper(files) => files.verdict,
            FileFacts::Consul(files) => files.verdict,
        }
    }

    /// The cluster's id, where a manifest tells it.
    fn cluster_id(&self) -> Option<String> {
        match self {
            FileFacts::Etcd(file) => file.manifest.as_ref().map(|manifest| manifest.cluster_id.clone()),
            FileFacts::Zookeeper(_) | FileFacts::Consul(_) => None,
        }
    }
}

/// Why nothing is known of members when a file is judged.
const NO_CLUSTER: &str = "a file was judged; no member was asked";

impl Facts {
    /// Of files instead of a cluster: nothing is known but what to call them.
    pub fn of_file(files: &FileFacts, now: Timestamp) -> Facts {
        let native = match files.backend() {
            BackendKind::Etcd => NativeFacts::Etcd(EtcdFacts {
                members: Vec::new(),
                kubernetes: Observed::unknown(NO_CLUSTER),
                auth_enabled: Observed::unknown(NO_CLUSTER),
                hashes: Observed::unknown(NO_CLUSTER),
                login_refused: None,
                remembered: None,
            }),
            BackendKind::Zookeeper => NativeFacts::Zookeeper(ZookeeperFacts::default()),
            BackendKind::Consul => NativeFacts::Consul(ConsulFacts::default()),
        };
        Facts {
            format: FACTS_FORMAT,
            quorate: env!("CARGO_PKG_VERSION").into(),
            cluster: files.path().to_owned(),
            taken_at: now,
            duration_ms: 0.0,
            common: CommonFacts {
                backend: files.backend(),
                endpoints: Vec::new(),
                cluster_ids: files.cluster_id().into_iter().collect(),
                members: Vec::new(),
                membership: Observed::unknown(NO_CLUSTER),
                views: Vec::new(),
                own_certificate: None,
                zones_declared: false,
                backups: None,
                data_dirs: Default::default(),
                votes: super::VoteRule::Majority,
                drills: None,
            },
            native,
        }
    }
}
