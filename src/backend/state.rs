//! What one run leaves for the next: counters and the membership, one small file a cluster under the state directory.
//! Losing it costs only a window; nothing depends on it.

use crate::facts::{EtcdMetrics, ListedMember};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The last look at one cluster.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LastRun {
    /// When.
    pub taken_at: Option<Timestamp>,
    /// Who was a member, by hex id.
    pub members: BTreeMap<String, ListedMember>,
    /// Metrics as they were, by hex id.
    pub etcd_metrics: BTreeMap<String, EtcdMetrics>,
    /// Highest revision seen: it must never be lower later.
    #[serde(default)]
    pub highest_revision: u64,
    /// Raft index that was committed then: a lower one later means that the log began anew.
    #[serde(default)]
    pub raft_index: u64,
    /// Hex id of the cluster.
    #[serde(default)]
    pub cluster_id: String,
}

/// Reads what the previous run left under `key`; `None` when there is nothing usable.
pub fn load(dir: &Path, key: &str) -> Option<LastRun> {
    serde_json::from_slice(&std::fs::read(path(dir, key)).ok()?).ok()
}

/// Replaces it, atomically.
pub fn save(dir: &Path, key: &str, run: &LastRun) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    serde_json::to_writer(&mut file, run).map_err(io::Error::from)?;
    file.persist(path(dir, key)).map_err(|e| e.error)?;
    Ok(())
}

fn path(dir: &Path, key: &str) -> PathBuf {
    let safe: String = key
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' })
        .collect();
    dir.join(format!("last-run-{safe}.json"))
}
