//! What can be looked at: the generic part, and what only one system has.

use super::ServiceSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Something that is so or not, and can be looked at without changing it. `host` names one of the plan's hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// Something is at the path.
    PathExists {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path there.
        path: PathBuf,
    },
    /// Certainly nothing is at the path.
    PathAbsent {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path there.
        path: PathBuf,
    },
    /// The file has this SHA-256, as 64 lower-case hex digits.
    Hash {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path there.
        path: PathBuf,
        /// 64 lower-case hex digits.
        sha256: String,
    },
    /// So many bytes can be written to the file system of an existing path.
    FreeSpace {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path there.
        path: PathBuf,
        /// How many.
        bytes: u64,
    },
    /// What is beside one can be renamed to beside the other.
    SameFileSystem {
        /// One of the plan's hosts.
        host: String,
        /// An existing path.
        a: PathBuf,
        /// Another.
        b: PathBuf,
    },
    /// No process holds a lock on the file, or there is no such file.
    Unlocked {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path there.
        path: PathBuf,
    },
    /// The service does not run.
    ServiceStopped {
        /// One of the plan's hosts.
        host: String,
        /// Which.
        service: ServiceSpec,
    },
    /// The service runs.
    ServiceRunning {
        /// One of the plan's hosts.
        host: String,
        /// Which.
        service: ServiceSpec,
    },
    /// The service is enabled, or its manifest in place, as it was when the plan was made.
    ServiceReleased {
        /// One of the plan's hosts.
        host: String,
        /// Which.
        service: ServiceSpec,
    },
    /// The process that had this pid and began at this tick of the host's clock is gone.
    ProcessGone {
        /// One of the plan's hosts.
        host: String,
        /// Process id.
        pid: u32,
        /// Field 22 of `/proc/PID/stat`: clock ticks after boot.
        started_ticks: u64,
    },
    /// Nothing accepts connections at `host:port`, as seen from this machine.
    PortSilent {
        /// `host:port`.
        address: String,
    },
    /// What only etcd has.
    Etcd(EtcdCondition),
}

/// What can be seen of an etcd cluster. URLs are those of members; ids are hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EtcdCondition {
    /// Fewer than `needed` of these client URLs answer as members of the cluster, and none of them sees a leader.
    Stuck {
        /// Client URLs.
        endpoints: Vec<String>,
        /// Hex id.
        cluster_id: String,
        /// How many make a quorum.
        needed: usize,
    },
    /// No server answers as a member of the cluster at any of these client or peer URLs.
    Silent {
        /// Client and peer URLs.
        urls: Vec<String>,
        /// Hex id.
        cluster_id: String,
        /// Whether their hosts showed them stopped: then what accepts a connection there and is no etcd is a proxy.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        held: bool,
    },
    /// The file of this machine is a whole snapshot (digest, every page, every record) at or above the revision.
    Snapshot {
        /// Absolute path there.
        path: PathBuf,
        /// Lowest revision that will do.
        min_revision: u64,
    },
    /// The member still is at the revision of the snapshot: nothing was applied since.
    StillAt {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
        /// The snapshot, on this machine.
        snapshot: PathBuf,
    },
    /// One of these directories is a data directory whose log says: this cluster, this member. `wal_at` are the
    /// directories of the log, in the same order, where it is not inside.
    DirectoryOf {
        /// One of the plan's hosts.
        host: String,
        /// Where it may be: it is renamed in the course of the plan.
        at: Vec<PathBuf>,
        /// Directories of the log, in the same order, where it is not inside.
        wal_at: Vec<PathBuf>,
        /// Hex id.
        cluster_id: String,
        /// Hex id; `None` for any.
        member_id: Option<String>,
    },
    /// The member answers, belongs to the cluster, and sees a leader.
    Serves {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
    },
    /// A member with this peer URL is in the list of the cluster; a voter, when `voter`.
    Listed {
        /// Client URL of the member that is asked.
        through: String,
        /// Hex id.
        cluster_id: String,
        /// Peer URL of the member.
        peer_url: String,
        /// Whether it must have a vote.
        voter: bool,
    },
    /// Every write since the restore was made by this run, to its own key.
    OnlyOurWrites(OnlyOurWrites),
    /// So many voters, all of them answering with one leader.
    Whole {
        /// Client URLs.
        endpoints: Vec<String>,
        /// Hex id.
        cluster_id: String,
        /// How many.
        voters: usize,
    },
    /// No alarm stands against a member that does not exist any more.
    NoLeftoverAlarm {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
    },
    /// The key does not exist.
    KeyAbsent {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
        /// The key.
        key: String,
    },
}

/// How it is told that no client has written since a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnlyOurWrites {
    /// Client URL.
    pub endpoint: String,
    /// Hex id.
    pub cluster_id: String,
    /// The snapshot that was restored.
    pub snapshot: PathBuf,
    /// By how much the restore raised the revision.
    pub bump: u64,
    /// The key.
    pub key: String,
    /// Where the server's log says it, when the server does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Directory>,
    /// File in which this run notes how often it wrote the key, on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<PathBuf>,
}

/// A data directory on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// One of the plan's hosts.
    pub host: String,
    /// Absolute path there.
    pub dir: PathBuf,
    /// The directory of the log, where it is not inside.
    pub wal_dir: Option<PathBuf>,
}
