//! What Consul's files hold, as plain data. Secrets are counted; none is kept.

use crate::facts::{Soundness, StoredDamage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Files of one server, read completely once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulFiles {
    /// Path as it was given.
    pub path: String,
    /// What lies there.
    pub kind: ConsulFilesKind,
    /// `sound` or `damaged`.
    pub verdict: Soundness,
    /// Everything that is wrong, each with its place; the first ones.
    pub damages: Vec<StoredDamage>,
    /// How many more there are.
    pub more_damages: u64,
    /// What could not be read, and why.
    pub unread: Vec<String>,
    /// What is worth knowing beside, in sentences.
    pub notes: Vec<String>,
    /// The snapshot; of a data directory the newest that is whole. `null` when there is none.
    pub snapshot: Option<ConsulSnapshot>,
    /// What else a data directory holds.
    pub data_dir: Option<ConsulDataDir>,
}

/// What lies at a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConsulFilesKind {
    /// An archive as `consul snapshot save` makes it.
    #[default]
    Archive,
    /// A directory with a snapshot's files.
    SnapshotDirectory,
    /// A `state.bin` alone.
    State,
    /// A server's data directory, or the directory `raft` in it.
    DataDirectory,
    /// A `raft.db` alone.
    LogStore,
}

impl ConsulFilesKind {
    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            ConsulFilesKind::Archive => "Consul snapshot",
            ConsulFilesKind::SnapshotDirectory => "unpacked Consul snapshot",
            ConsulFilesKind::State => "state of a Consul snapshot, alone",
            ConsulFilesKind::DataDirectory => "Consul data directory",
            ConsulFilesKind::LogStore => "log store of a Consul server",
        }
    }
}

/// A snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulSnapshot {
    /// The file, or the directory with its files.
    pub file: String,
    /// `TERM-INDEX-MILLISECONDS`; `null` without a `meta.json`.
    pub id: Option<String>,
    /// Version of the format.
    pub version: Option<u64>,
    /// Raft index up to which everything is in it.
    pub index: Option<u64>,
    /// Term of that index.
    pub term: Option<u64>,
    /// When it was taken, RFC 3339 UTC; from its id.
    pub taken_at: Option<String>,
    /// How long ago that is.
    pub age_seconds: Option<f64>,
    /// Who was in the cluster.
    pub servers: Vec<ConsulStoredServer>,
    /// Index of the entry that made it so; 1 after a recovery with peers.json too.
    pub configuration_index: Option<u64>,
    /// Bytes of the state.
    pub state_bytes: u64,
    /// SHA-256 of the state, hex.
    pub sha256: String,
    /// What proves that the state is what was saved.
    pub proof: ConsulProof,
    /// The last raft index that changed the state.
    pub last_index: Option<u64>,
    /// Records by kind, as `consul snapshot inspect` names and counts them.
    pub records: BTreeMap<String, ConsulRecords>,
    /// The key-value store.
    pub keys: ConsulKeys,
    /// The catalog.
    pub catalog: ConsulCatalog,
    /// The mesh's CA.
    pub mesh_ca: ConsulMeshCa,
    /// What is secret in it, counted.
    pub secrets: ConsulSecrets,
    /// Where Vault keeps its data.
    pub vaults: Vec<ConsulVault>,
    /// Records that only Consul Enterprise writes and reads, by the number of their kind.
    pub enterprise: BTreeMap<u8, u64>,
    /// Records of kinds that are not known here, by number: of a newer Consul.
    pub unknown: BTreeMap<u8, u64>,
    /// Who can read the file; `null` when that could not be seen.
    pub readers: Option<FileReaders>,
}

/// A server in raft's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulStoredServer {
    /// Node id.
    pub id: String,
    /// Name of the node with that id, when the catalog has it.
    pub name: Option<String>,
    /// `HOST:PORT` of its RPC.
    pub address: String,
    /// Whether it votes.
    pub voter: bool,
}

/// What proves that a state is what was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConsulProof {
    /// The SHA-256 in `SHA256SUMS`.
    Sha256,
    /// The CRC-64 in `meta.json`.
    Crc64,
    /// Nothing: a changed byte inside a value cannot be seen.
    #[default]
    None,
}

/// Records of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulRecords {
    /// Number of the kind.
    pub kind: u8,
    /// How many.
    pub count: u64,
    /// Their bytes. Those of the header are counted with the first record, as Consul does.
    pub bytes: u64,
}

/// The key-value store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulKeys {
    /// Keys.
    pub count: u64,
    /// Bytes of their records.
    pub bytes: u64,
    /// By what stands before the second `/`, as `consul snapshot inspect -kvdetails` counts them.
    pub prefixes: BTreeMap<String, ConsulPrefix>,
    /// Values that hold a private key in PEM.
    pub private_keys: u64,
    /// Names of some of those keys.
    pub private_key_names: Vec<String>,
}

/// Keys under a prefix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulPrefix {
    /// Keys.
    pub count: u64,
    /// Bytes of their records.
    pub bytes: u64,
}

/// The catalog.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulCatalog {
    /// Nodes.
    pub nodes: u64,
    /// Instances of services.
    pub services: u64,
    /// Checks.
    pub checks: u64,
}

/// The mesh's CA.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulMeshCa {
    /// `consul`, `vault`, …; `null` when it is not configured.
    pub provider: Option<String>,
    /// Root certificates.
    pub roots: u64,
}

/// Secrets, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulSecrets {
    /// Private keys of the mesh's CA.
    pub ca_private_keys: u64,
    /// Credentials for an outside CA.
    pub ca_credentials: u64,
    /// ACL tokens, without the anonymous one.
    pub acl_tokens: u64,
    /// Those of them with the policy global-management.
    pub management_tokens: u64,
    /// Ways to log in with a credential in their configuration.
    pub auth_methods: u64,
    /// Secrets between peered clusters.
    pub peering_secrets: u64,
}

/// Where Vault keeps its data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulVault {
    /// The prefix.
    pub prefix: String,
    /// Keys below it.
    pub keys: u64,
    /// Keys without which it cannot be unsealed and that are not there.
    pub missing: Vec<String>,
}

/// Who can read a file: its mode and those of all directories above let him through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileReaders {
    /// Its mode, octal.
    pub mode: String,
    /// Its group.
    pub group: bool,
    /// Every user of the machine.
    pub others: bool,
}

/// What a data directory holds beside the newest snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulDataDir {
    /// The server's node id.
    pub node_id: Option<String>,
    /// The process that has its log open.
    pub holder: Option<String>,
    /// Raft's snapshots, the newest first.
    pub snapshots: Vec<ConsulRaftSnapshot>,
    /// The log; `null` when it is not in `raft.db`, or cannot be read.
    pub log: Option<ConsulLog>,
    /// Whether a `peers.json` waits to be read at the next start.
    pub peers_json: bool,
}

/// One of raft's snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulRaftSnapshot {
    /// Name of its directory.
    pub name: String,
    /// Bytes of its state.
    pub bytes: u64,
    /// What is wrong with it; `null` when nothing is.
    pub damage: Option<String>,
}

/// A log store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConsulLog {
    /// Term that the server is in.
    pub current_term: Option<u64>,
    /// Term in which it voted last.
    pub vote_term: Option<u64>,
    /// For whom.
    pub vote: Option<String>,
    /// Entries.
    pub entries: u64,
    /// Index of the first.
    pub first: Option<u64>,
    /// Index of the last.
    pub last: Option<u64>,
    /// Term of the last.
    pub last_term: Option<u64>,
    /// Indexes that are missing between the first and the last, from and to.
    pub holes: Vec<(u64, u64)>,
    /// Entries behind the newest snapshot that is whole: what is in the log only. Which of the last ones were committed one
    /// copy cannot tell.
    pub behind_snapshot: u64,
    /// Those by what they do: kinds of records, and raft's own such as `noop`.
    pub behind_by_kind: BTreeMap<String, u64>,
    /// Changes of keys among them, without values; the first ones.
    pub behind_changes: Vec<String>,
    /// How many more there are.
    pub more_behind_changes: u64,
    /// Bytes of the file.
    pub bytes: u64,
}
