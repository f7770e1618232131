//! A member's data directory as the machine on which it is shows it.

use serde::{Deserialize, Serialize};

/// One data directory. Looked at only where the config file says that the member's host is this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct DataDir {
    /// Where it is.
    pub path: String,
    /// Bytes that the file system has left for a user without privileges.
    pub free_bytes: u64,
    /// Its size in bytes.
    pub total_bytes: u64,
    /// Bytes that the files in it take.
    pub used_bytes: u64,
    /// Files in it that other users of the machine can read: their own mode and that of every directory above allow it. Relative
    /// to `path`, the largest first.
    pub readable_by_others: Vec<String>,
    /// Directories in it in which other users could replace files, as above.
    pub writable_by_others: Vec<String>,
    /// Why not all of it was seen; `None` when it was.
    pub not_all_seen: Option<String>,
}
