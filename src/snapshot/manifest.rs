//! The manifest beside a snapshot: where it came from and what it was when it was saved.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// Of the manifests this version writes and reads.
pub const MANIFEST_SCHEMA: &str = "quorate.snapshot/v1";

/// A manifest larger than this is none.
const LARGEST: u64 = 1 << 20;

/// What was saved. Ids are hex, times RFC 3339 UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// `quorate.snapshot/v1`.
    pub schema: String,
    /// Name of the snapshot's file, without directory.
    pub file: String,
    /// Name of the target.
    pub cluster: String,
    /// Id of the cluster.
    pub cluster_id: String,
    /// Name of the member that was asked.
    pub member: String,
    /// Its id.
    pub member_id: String,
    /// Where it was asked.
    pub endpoint: String,
    /// `follower`, `leader`, `learner`, `leaderless`.
    pub role: String,
    /// Why it and no other.
    pub chosen: String,
    /// Revision of the store in the file.
    pub revision: i64,
    /// Last compaction in the file; `null` for none.
    pub compacted: Option<i64>,
    /// Raft index up to which everything is in the file.
    pub raft_index: Option<u64>,
    /// Raft term of that index; before 3.5 the member's term when it was asked.
    pub raft_term: u64,
    /// Entries that the most advanced member had applied, when they were asked, and that are not in the file.
    pub behind_entries: u64,
    /// What the other members said when they were asked.
    pub others: Vec<OtherMember>,
    /// `healthy`, `degraded`, `at-risk`, `lost`, `unknown` at that moment.
    pub quorum: String,
    /// Version of the member's server.
    pub server_version: String,
    /// Version of the cluster in the file.
    pub cluster_version: Option<String>,
    /// Version of the storage in the file; 3.6 and later.
    pub storage_version: Option<String>,
    /// Minor versions that can restore it.
    pub restorable_by: Vec<String>,
    /// Keys that exist.
    pub keys: u64,
    /// Keys with which Kubernetes values in it are encrypted: a restore needs them.
    pub encryption_keys: Vec<String>,
    /// CRC-32C that `etcdutl snapshot status` prints.
    pub status_hash: u32,
    /// Length of the file.
    pub size_bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Digest, pages and records were verified before the file got its name.
    pub verified: bool,
    /// When the stream began.
    pub taken_at: String,
    /// How long streaming and verifying took.
    pub duration_ms: u64,
    /// Version of quorate.
    pub quorate: String,
}

/// Another member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherMember {
    /// Name.
    pub member: String,
    /// Id.
    pub member_id: String,
    /// What it had applied.
    pub raft_applied: u64,
    /// Its revision.
    pub revision: u64,
}

/// Where the manifest of a snapshot is.
pub fn manifest_path(snapshot: &Path) -> PathBuf {
    let mut name = snapshot.file_name().unwrap_or_default().to_owned();
    name.push(".json");
    snapshot.with_file_name(name)
}

/// Reads the manifest beside a snapshot; `None` when there is none.
///
/// # Errors
/// There is one, but it cannot be read or is no manifest of a snapshot.
pub fn read_manifest(snapshot: &Path) -> io::Result<Option<Manifest>> {
    let path = manifest_path(snapshot);
    let about = match std::fs::symlink_metadata(&path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    if !about.is_file() || about.len() > LARGEST {
        return Err(invalid("not a manifest of a snapshot".into()));
    }
    let bytes = std::fs::read(&path)?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
    if manifest.schema != MANIFEST_SCHEMA {
        return Err(invalid(format!("schema {} instead of {MANIFEST_SCHEMA}", manifest.schema)));
    }
    Ok(Some(manifest))
}

/// A moment as file names carry it.
pub fn stamp(moment: Timestamp) -> String {
    moment.strftime("%Y%m%dT%H%M%SZ").to_string()
}
