//! Snapshots that are kept for a cluster, as the directory shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A directory of snapshots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Backups {
    /// Where they are.
    pub dir: String,
    /// How many files in it are snapshots of this system by their content.
    pub snapshots: u64,
    /// The newest of them.
    pub newest: Option<Backup>,
    /// Files that are called snapshots and are none: empty, cut off or of another format; the first few.
    pub broken: Vec<String>,
}

/// One snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backup {
    /// Its name in the directory.
    pub file: String,
    /// When it was taken: by its manifest, else when the file was last written.
    pub taken_at: Timestamp,
    /// Length in bytes.
    pub bytes: u64,
    /// Length of the one before it; `None` where it is the only one.
    pub bytes_before: Option<u64>,
}
