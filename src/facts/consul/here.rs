//! What the machine of a Consul server shows beside its answers. No secret is kept of what its files hold.

use super::Observed;
use crate::facts::Certificate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A server's data directory, its files of configuration and its machine. Looked at only where the config file says that
/// the member's host is this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ConsulHere {
    /// Bytes of `raft/raft.db`; `None` where there is none.
    pub raft_db: Option<u64>,
    /// Segments in `raft/wal/`; `None` where there is no such directory.
    pub wal: Option<WalDir>,
    /// What lies in `raft/snapshots/`.
    pub snapshots: Observed<SnapshotsDir>,
    /// `serf/local.keyring`; `None` where there is none.
    pub keyring: Option<KeyringFile>,
    /// What it was started with.
    pub config: Observed<ConfigFiles>,
    /// Bytes of memory that the machine has.
    pub memory: Observed<u64>,
}

/// The directory of the log's other store (1.15+).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct WalDir {
    /// Files of the log.
    pub segments: u64,
    /// Those in which something was written.
    pub written: u64,
    /// Bytes that they take; each is allocated ahead.
    pub bytes: u64,
}

/// Raft's own snapshots, of which it keeps two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct SnapshotsDir {
    /// The finished ones, the newest first.
    pub finished: Vec<RaftSnapshot>,
    /// Those that were begun.
    pub begun: Vec<BegunSnapshot>,
}

/// A snapshot as it lies on the disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct RaftSnapshot {
    /// Name of its directory: term, index and time.
    pub name: String,
    /// The last log entry in it.
    pub index: u64,
    /// When it was taken, by its name.
    pub taken: Option<Timestamp>,
    /// Bytes of its `state.bin`.
    pub bytes: u64,
    /// What is wrong with it; `Known(None)` when its checksum is right.
    pub damage: Observed<Option<String>>,
}

/// A snapshot that is being written, or was when the server stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct BegunSnapshot {
    /// Name of its directory, which ends with `.tmp`.
    pub name: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Seconds since it was last written.
    pub idle_seconds: f64,
}

/// The file from which a server takes its gossip keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct KeyringFile {
    /// Days since it was last written.
    pub age_days: f64,
    /// How many keys it holds.
    pub keys: u64,
    /// What the key is in it that the configuration names.
    pub configured: Observed<ConfiguredKey>,
}

/// Where the `encrypt` of a configuration stands in the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfiguredKey {
    /// The configuration names none.
    Unset,
    /// It is the one that encrypts.
    Primary,
    /// It is another one of the ring.
    Secondary,
    /// The ring does not have it.
    Absent,
}

/// A server's files of configuration, and those that they name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ConfigFiles {
    /// Files with secrets that every user of the machine can read: private keys, and settings with keys or tokens.
    pub exposed: Vec<String>,
    /// Certificates with their keys.
    pub pairs: Vec<TlsPair>,
}

/// A certificate and the key that is used with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct TlsPair {
    /// Where it is used, such as `internal_rpc`; `defaults` for all that have none of their own.
    pub of: String,
    /// The certificate's file.
    pub cert_file: String,
    /// The key's file.
    pub key_file: String,
    /// The first certificate of the file.
    pub leaf: Observed<Certificate>,
    /// Why a server could not start with the two; `Known(None)` when it could.
    pub unfit: Observed<Option<String>>,
}
