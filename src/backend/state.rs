//! What one run leaves for the next: counters and the membership, one small file a cluster under the state directory.
//! Losing it costs only a window; nothing depends on it.

use crate::facts::{EtcdMetrics, ListedMember, VoteRule, ZookeeperMetrics};
use crate::private;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The last look at one cluster.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LastRun {
    /// When.
    pub taken_at: Option<Timestamp>,
    /// Who was a member, by hex id.
    pub members: BTreeMap<String, ListedMember>,
    /// Which of them decided.
    #[serde(default)]
    pub votes: VoteRule,
    /// Metrics as they were, by hex id.
    pub etcd_metrics: BTreeMap<String, EtcdMetrics>,
    /// The same of ZooKeeper's servers, by decimal id.
    #[serde(default)]
    pub zookeeper_metrics: BTreeMap<String, ZookeeperMetrics>,
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

/// Reads what the previous run left under `key`; `None` when there is nothing usable: a damaged file is as good as none.
pub fn load(dir: &Path, key: &str) -> Option<LastRun> {
    serde_json::from_slice(&std::fs::read(path(dir, key)).ok()?).ok()
}

/// Replaces it, atomically: of two runs at once one wins, and a reader sees either whole.
pub fn save(dir: &Path, key: &str, run: &LastRun) -> io::Result<()> {
    private::make_dir(dir)?;
    let mut file = io::BufWriter::new(tempfile::NamedTempFile::new_in(dir)?);
    file.write_all(&serde_json::to_vec(run).map_err(io::Error::from)?)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(path(dir, key)).map_err(|e| e.error)?;
    Ok(())
}

/// Forgets it: for a cluster that is gone for ever.
pub fn forget(dir: &Path, key: &str) {
    // There may be none; nothing depends on it.
    let _ = std::fs::remove_file(path(dir, key));
}

/// Longest part of a key that is kept legible: file names end at 255 bytes.
const LEGIBLE: usize = 100;

/// One file a key. A key that cannot be a file name as it is gets its hash added, so that two keys never share a file.
fn path(dir: &Path, key: &str) -> PathBuf {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let mut name: String = key.chars().take(LEGIBLE).map(|c| if allowed(c) { c } else { '_' }).collect();
    if name != key {
        name = format!("{name}-{:016x}", fnv1a(key.as_bytes()));
    }
    dir.join(format!("last-run-{name}.json"))
}

/// FNV-1a, 64 bits: the same in every build, unlike the standard library's hasher.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str) -> LastRun {
        LastRun { cluster_id: id.into(), ..LastRun::default() }
    }

    #[test]
    fn what_is_saved_is_loaded_and_what_is_damaged_is_nothing() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let dir = dir.path().join("made/on/demand");
        assert!(load(&dir, "a").is_none());
        save(&dir, "a", &run("c1")).expect("saves");
        save(&dir, "a", &run("c2")).expect("replaces");
        assert_eq!(load(&dir, "a").expect("loads").cluster_id, "c2");
        let left = std::fs::read_dir(&dir).expect("lists").count();
        assert_eq!(left, 1, "no temporary file stays");
        for damage in ["", "{\"members\":", "[]", "\0\0"] {
            std::fs::write(path(&dir, "a"), damage).expect("writes");
            assert!(load(&dir, "a").is_none(), "{damage:?}");
        }
    }

    #[test]
    fn nobody_else_reads_what_is_kept() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a temporary directory");
        let dir = dir.path().join("state/quorate");
        save(&dir, "a", &run("c1")).expect("saves");
        let mode = |path: &Path| std::fs::metadata(path).expect("is there").permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&path(&dir, "a"))), (0o700, 0o600));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error_not_a_crash() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        assert!(save(&file.path().join("below"), "a", &run("c1")).is_err());
    }

    #[test]
    fn different_keys_never_share_a_file() {
        let dir = Path::new("/d");
        assert_eq!(path(dir, "etcd-prod"), Path::new("/d/last-run-etcd-prod.json"));
        assert_ne!(path(dir, "etcd-a:1"), path(dir, "etcd-a_1"));
        let (long, longer) = ("x".repeat(300), "x".repeat(301));
        assert_ne!(path(dir, &long), path(dir, &longer));
        assert!(path(dir, &long).file_name().is_some_and(|n| n.len() < 200));
        assert!(path(dir, "../../etc/x").parent() == Some(dir));
    }

    #[test]
    fn two_writers_at_once_leave_one_whole_file() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::thread::scope(|scope| {
            for id in ["c1", "c2", "c3"] {
                let dir = dir.path();
                scope.spawn(move || {
                    (0..50).try_for_each(|_| save(dir, "a", &run(id))).expect("saves");
                });
            }
        });
        assert!(load(dir.path(), "a").is_some());
    }
}
