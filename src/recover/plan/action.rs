//! What can be done: the generic part, and what only one system has.

use super::ServiceSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Something that changes a host or a cluster. `host` names one of the plan's hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Makes a directory.
    MakeDir {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path there.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// Renames, and never replaces.
    Rename {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path.
        from: PathBuf,
        /// Absolute path that must be free.
        to: PathBuf,
    },
    /// Copies a directory with all that belongs to it; to a name beside first, then renamed.
    CopyTree {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path.
        from: PathBuf,
        /// Absolute path that must be free.
        to: PathBuf,
    },
    /// Copies all files below a directory of a host to this machine, hashed on both sides; to a name beside first, then
    /// renamed.
    FetchTree {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path there.
        from: PathBuf,
        /// Absolute path on this machine that must be free.
        to: PathBuf,
    },
    /// Writes a new file.
    WriteFile {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path there.
        path: PathBuf,
        /// Its content.
        text: String,
        /// Permission bits.
        mode: u32,
    },
    /// Copies a file of this machine to a host.
    SendFile {
        /// One of the plan's hosts.
        host: String,
        /// Absolute path.
        from: PathBuf,
        /// Absolute path that must be free.
        to: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// Runs a command.
    Run {
        /// One of the plan's hosts.
        host: String,
        /// Program and arguments; no shell.
        argv: Vec<String>,
        /// Seconds it may take.
        timeout_s: u32,
    },
    /// Stops a service and keeps it from coming back by itself.
    StopService {
        /// One of the plan's hosts.
        host: String,
        /// Which.
        service: ServiceSpec,
        /// File for how well it is held, on this machine; written once it is stopped.
        record: Option<PathBuf>,
    },
    /// Starts a service.
    StartService {
        /// One of the plan's hosts.
        host: String,
        /// Which.
        service: ServiceSpec,
    },
    /// Lets a service start again as it could when the plan was made, and does not start it: a static pod whose manifest
    /// is back is started by the kubelet.
    ReleaseService {
        /// One of the plan's hosts.
        host: String,
        /// Which.
        service: ServiceSpec,
    },
    /// What only etcd has.
    Etcd(EtcdAction),
}

/// What can be done to an etcd cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EtcdAction {
    /// Streams a snapshot of one member to a file of this machine and verifies it.
    SaveSnapshot {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
        /// Absolute path that must be free.
        to: PathBuf,
        /// Lowest revision that will do.
        min_revision: u64,
    },
    /// Writes a log again with every entry in it decided, for a cluster of its own.
    DecideLog(Box<DecideLog>),
    /// Starts a server alone on a copy until it has applied its whole log, and stops it again.
    Replay(Box<Replay>),
    /// Makes a snapshot of the database of a stopped server: the same bytes with their digest behind them.
    SealDatabase {
        /// On which host.
        host: String,
        /// The database.
        from: PathBuf,
        /// Absolute path on this machine that must be free.
        to: PathBuf,
        /// Lowest revision that will do.
        min_revision: u64,
    },
    /// Makes a new data directory from a snapshot, verified before it gets its name.
    Restore(Box<Restore>),
    /// Reads the restored directory again and writes what it found to `record` on this machine.
    VerifyDirectory {
        /// One of the plan's hosts.
        host: String,
        /// The directory.
        dir: PathBuf,
        /// The directory of its log, where it is not inside.
        wal_dir: Option<PathBuf>,
        /// The snapshot that was restored.
        snapshot: PathBuf,
        /// File for what was found, on this machine.
        record: PathBuf,
    },
    /// Writes to the key until a write is acknowledged, and writes what it found to `record` on this machine.
    VerifyWrites {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
        /// The key.
        key: String,
        /// File for what was found, on this machine.
        record: PathBuf,
    },
    /// Drops old revisions, defragments the database, and writes what that gave to `record` on this machine.
    MakeRoom {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
        /// File for what was found, on this machine.
        record: PathBuf,
    },
    /// Disarms alarms of members that do not exist any more.
    DisarmLeftovers {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
    },
    /// Adds a member without a vote.
    AddLearner {
        /// Client URL of the member that is asked.
        through: String,
        /// Hex id.
        cluster_id: String,
        /// Name of the member.
        name: String,
        /// Peer URL of the member.
        peer_url: String,
    },
    /// Makes the data directory with which a member that was added joins however its server is started.
    SeedJoiner(Box<Joiner>),
    /// Gives the learner a vote as soon as the server finds it ready.
    Promote {
        /// Client URL of the member that is asked.
        through: String,
        /// Hex id.
        cluster_id: String,
        /// Peer URL of the member.
        peer_url: String,
    },
    /// Compares the data of all members and writes what it found to `record` on this machine.
    VerifyWhole {
        /// Client URLs.
        endpoints: Vec<String>,
        /// Hex id.
        cluster_id: String,
        /// File for what was found, on this machine.
        record: PathBuf,
    },
    /// Removes the key that this run wrote.
    DeleteKey {
        /// Client URL.
        endpoint: String,
        /// Hex id.
        cluster_id: String,
        /// The key.
        key: String,
    },
}

/// How a log is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideLog {
    /// On which host.
    pub host: String,
    /// The directory of the stopped server's log; it is only read.
    pub from: PathBuf,
    /// The directory to be made; until it is whole it is called `….part`.
    pub to: PathBuf,
    /// Whose log it is: hex id of the cluster.
    pub cluster_id: String,
    /// Hex id of the member.
    pub member_id: String,
    /// Hex id of the cluster that it is written for.
    pub alone_id: String,
    /// Term of its last entry. With another last entry than planned nothing is done.
    pub last_term: u64,
    /// Index of its last entry.
    pub last_index: u64,
}

/// How a copy is replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// On which host.
    pub host: String,
    /// The server's program.
    pub program: PathBuf,
    /// Name of the member.
    pub name: String,
    /// The copy of its data directory.
    pub dir: PathBuf,
    /// The decided log.
    pub wal_dir: PathBuf,
    /// Index up to which it has to apply.
    pub last_index: u64,
    /// File for what was found, on this machine.
    pub record: PathBuf,
}

/// How a data directory is made from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// On which host.
    pub host: String,
    /// `etcdutl`, or `etcdctl` for 3.4.
    pub tool: PathBuf,
    /// The snapshot there.
    pub snapshot: PathBuf,
    /// Name of the one member.
    pub name: String,
    /// Its peer URL.
    pub peer_url: String,
    /// What makes the new cluster's id another one.
    pub token: String,
    /// The directory to be made; until it is verified it is called `….part`.
    pub dir: PathBuf,
    /// The directory of its log, where it is not inside.
    pub wal_dir: Option<PathBuf>,
    /// By how much the revision is raised, with everything below marked compacted; 0 where the tool cannot.
    pub bump: u64,
    /// Whom it belongs to.
    pub owner: Option<Ownership>,
    /// The id it must get.
    pub cluster_id: String,
    /// The id its member must get.
    pub member_id: String,
}

/// The data directory of a member that joins: a log that holds only who it is and of which cluster. It is what etcd's
/// own first start writes before anything else; with it the server ignores `--initial-cluster*`, so neither its unit nor
/// its manifest has to be changed, and it can never found a cluster of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Joiner {
    /// On which host.
    pub host: String,
    /// Client URL of the member that is asked for the id.
    pub through: String,
    /// The cluster it joins.
    pub cluster_id: String,
    /// Its name.
    pub name: String,
    /// Its peer URL.
    pub peer_url: String,
    /// Every member at that time, as `--initial-cluster` would have it: for who starts the server by hand.
    pub initial_cluster: String,
    /// Its data directory, which must be free; until it is whole it is called `….part`.
    pub dir: PathBuf,
    /// The directory of its log, where it is not inside.
    pub wal_dir: Option<PathBuf>,
    /// Whom it belongs to.
    pub owner: Option<Ownership>,
}

/// Whom files belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ownership {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Permission bits of the directory.
    pub mode: u32,
}
