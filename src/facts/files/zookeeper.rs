//! What ZooKeeper's files hold, as plain data. Zxids are hex with `0x` before them, as ZooKeeper prints them: the epoch in
//! the upper 32 bits, the counter in the lower.

use crate::facts::{Soundness, StoredDamage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Files of one server, read completely once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperFiles {
    /// Path as it was given.
    pub path: String,
    /// What it is.
    pub kind: ZookeeperFilesKind,
    /// `sound` or `damaged`.
    pub verdict: Soundness,
    /// Everything that is wrong, each with its place; the first ones.
    pub damages: Vec<StoredDamage>,
    /// How many more there are.
    pub more_damages: u64,
    /// What is worth knowing before they are used.
    pub notes: Vec<String>,
    /// What stands in `myid`; `null` where there is none.
    pub myid: Option<String>,
    /// The files with epochs; `null` where there is none of them, as of a server that stands alone.
    pub epochs: Option<ZookeeperEpochFiles>,
    /// Snapshots, newest first.
    pub snapshots: Vec<ZookeeperSnapshotFile>,
    /// Transaction logs, oldest first.
    pub logs: Vec<ZookeeperLogFile>,
    /// What a server loads and replays when it is started on them; `null` for a single file.
    pub start: Option<ZookeeperReplay>,
    /// The tree of the snapshot that is loaded, or of the one that was given.
    pub tree: Option<ZookeeperTree>,
}

impl ZookeeperFiles {
    /// What of the tree was not seen, for a snapshot is damaged; `None` when it was read whole, or no snapshot is there.
    pub fn unseen_nodes(&self) -> Option<String> {
        let Some(tree) = &self.tree else {
            return (!self.snapshots.is_empty())
                .then(|| "the nodes, for no snapshot can be loaded".to_owned());
        };
        let of = self.snapshots.iter().find(|snapshot| snapshot.file == tree.file)?;
        (of.state != ZookeeperFileState::Whole).then(|| format!("the nodes behind the damage in {}", of.file))
    }
}

/// What a path is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZookeeperFilesKind {
    /// A server's `dataDir`, with its log in it or beside it.
    #[default]
    DataDirectory,
    /// A `dataLogDir` alone.
    LogDirectory,
    /// One snapshot.
    Snapshot,
    /// One transaction log.
    Log,
}

impl ZookeeperFilesKind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            ZookeeperFilesKind::DataDirectory => "ZooKeeper data directory",
            ZookeeperFilesKind::LogDirectory => "ZooKeeper log directory",
            ZookeeperFilesKind::Snapshot => "ZooKeeper snapshot",
            ZookeeperFilesKind::Log => "ZooKeeper transaction log",
        }
    }
}

/// Epochs that a server keeps beside its snapshots; `null` where the file is not there or holds no number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperEpochFiles {
    /// `acceptedEpoch`: the last leader's epoch that it promised to follow.
    pub accepted: Option<u64>,
    /// `currentEpoch`: the last leader's epoch that it followed.
    pub current: Option<u64>,
    /// `currentEpoch.tmp`: what a crash left of a change, and a start takes up.
    pub current_tmp: Option<u64>,
    /// Whether `updatingEpoch` is there, as 3.4 leaves it after a crash.
    pub updating: bool,
}

/// How a snapshot is packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZookeeperPacking {
    /// Not at all.
    #[default]
    Plain,
    /// gzip.
    Gz,
    /// The frames of snappy-java.
    Snappy,
}

/// What became of reading a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZookeeperFileState {
    /// It is whole.
    Whole,
    /// It is not; what is wrong is among the damages.
    Damaged,
    /// It was not read: it is older than what a start could need.
    #[default]
    NotRead,
}

/// A snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperSnapshotFile {
    /// Its name.
    pub file: String,
    /// By its name: the last transaction that was applied when it was begun. `null` when the name tells none.
    pub zxid: Option<String>,
    /// Length in bytes, packed.
    pub size_bytes: u64,
    /// When it was written, RFC 3339 UTC.
    pub written_at: Option<String>,
    /// How it is packed.
    pub packing: ZookeeperPacking,
    /// Whether it can be loaded.
    pub state: ZookeeperFileState,
    /// Nodes in it, as far as it was read.
    pub nodes: u64,
    /// Whether the tree's digest is in it (`zookeeper.digest.enabled`); `null` when it was not read to its end.
    pub has_digest: Option<bool>,
    /// Whether the last zxid is in it (`zookeeper.serializeLastProcessedZxid.enabled`, 3.9).
    pub has_last_zxid: Option<bool>,
    /// The last transaction that was applied when its end was written, where it tells: those between are partly in it, and
    /// the log has to have them.
    pub ended_at: Option<String>,
    /// Whether the digest is that of its nodes; `null` when that cannot be told.
    pub digest_matches: Option<bool>,
}

/// A transaction log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperLogFile {
    /// Its name.
    pub file: String,
    /// Length in bytes; most of it may be room that was taken ahead.
    pub size_bytes: u64,
    /// Bytes up to the end of the last whole record.
    pub used_bytes: u64,
    /// Whether it was read, and is whole.
    pub state: ZookeeperFileState,
    /// Transactions in it.
    pub transactions: u64,
    /// The first; `null` without any.
    pub first_zxid: Option<String>,
    /// The last.
    pub last_zxid: Option<String>,
    /// When the leader took the last, RFC 3339 UTC.
    pub last_time: Option<String>,
    /// Where a record stands that was not written to its end: what a crash leaves. No transaction is lost by it that a
    /// client was told of.
    pub torn_at: Option<u64>,
    /// Transactions by type.
    pub types: BTreeMap<String, u64>,
    /// The longest transaction in bytes: what `jute.maxbuffer` of a server that reads it must allow.
    pub longest_bytes: u64,
}

/// What a server does when it is started on a directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperReplay {
    /// The snapshot that it loads; `null` when there is none that it can load.
    pub snapshot: Option<String>,
    /// Newer ones that it passes over, with no more than a warning in its log.
    pub passed_over: Vec<String>,
    /// The first log that it replays; `null` without one.
    pub first_log: Option<String>,
    /// Transactions that it replays.
    pub transactions: u64,
    /// The last transaction that it has then.
    pub last_zxid: String,
    /// Where transactions are missing that are lost then; the first ones.
    pub missing: Vec<ZookeeperMissing>,
    /// How many more such places there are.
    pub more_missing: u64,
    /// Why it does not start at all; empty when it does.
    pub refusals: Vec<String>,
    /// Whether there are snapshots and it starts with an empty tree all the same: it takes none of them for one, and there
    /// is no log that would make it suspicious.
    pub starts_empty: bool,
    /// Whether a log was there to be looked at: with a `dataLogDir` it is elsewhere.
    pub log_seen: bool,
}

/// Transactions that are not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperMissing {
    /// The last that is there before them.
    pub after: String,
    /// The first behind them; `null` when the log ends before it should.
    pub next: Option<String>,
    /// The file with the first behind them, else the last that there is.
    pub file: String,
    /// Whether transactions are replayed on both sides of them. Servers from 3.9.4 on see that, and do not start ("out of
    /// order"); what is missing right behind the snapshot, or at the end, no server sees.
    pub within_log: bool,
}

/// The tree of one snapshot, as far as that could be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperTree {
    /// The snapshot.
    pub file: String,
    /// Nodes, the root and those below `/zookeeper` included. `zk_znode_count` of a server is one more: it counts the root
    /// under both of its names.
    pub nodes: u64,
    /// Bytes of all paths and values: `zk_approximate_data_size` less the one of `/`.
    pub bytes: u64,
    /// Ephemeral nodes.
    pub ephemerals: u64,
    /// Container nodes.
    pub containers: u64,
    /// Nodes with a time to live.
    pub ttl_nodes: u64,
    /// Open sessions.
    pub sessions: u64,
    /// The shortest of their timeouts in milliseconds.
    pub shortest_timeout_ms: Option<i64>,
    /// The longest of them.
    pub longest_timeout_ms: Option<i64>,
    /// Access control lists that differ, without `world:anyone` with all rights.
    pub acls: u64,
    /// Nodes whose access control list is not in the file: servers before 3.8.5 and 3.9.4 do not load them
    /// (ZOOKEEPER-4846).
    pub nodes_without_acl: u64,
    /// By top-level node; `/` is the root alone.
    pub prefixes: BTreeMap<String, ZookeeperPrefix>,
    /// The biggest values, biggest first.
    pub biggest_values: Vec<ZookeeperBig>,
    /// Nodes with the longest lists of children, by the bytes of a reply.
    pub longest_lists: Vec<ZookeeperBig>,
    /// Sessions with the most ephemeral nodes, by the bytes of the transaction that closes them.
    pub biggest_sessions: Vec<ZookeeperBig>,
    /// The digest of its nodes, version 2, as computed from them; hex.
    pub digest: String,
    /// Lines of `/zookeeper/config`: who was in the ensemble. Empty without a dynamic configuration.
    pub config: Vec<String>,
}

/// A top-level node and all below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperPrefix {
    /// How many nodes.
    pub nodes: u64,
    /// Bytes of paths and values.
    pub bytes: u64,
    /// Of the nodes, ephemeral ones.
    pub ephemerals: u64,
    /// Of them, those that anyone may read.
    pub readable: u64,
    /// Of them, those that anyone may change, delete, create below, or give other ACLs.
    pub writable: u64,
}

/// Something that is big.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperBig {
    /// The node, or the session as hex.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Children, or ephemeral nodes; 1 for a value.
    pub count: u64,
}
