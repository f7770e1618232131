//! A data directory made from a snapshot by etcd's own tool, and verified before it gets its name.

use super::files::{new_part, run};
use super::joiner::settle;
use super::{LOOK, RealHands, WORK, said};
use crate::consent::Consent;
use crate::files::FileSource;
use crate::format::bbolt::Database;
use crate::format::etcd::wal::{Identity, Segment, scan, segment_name};
use crate::format::etcd::{Digest, Survey, read_digest, survey};
use crate::host::{Content, Host};
use crate::offline;
use crate::recover::commands;
use crate::recover::executor::Truth;
use crate::recover::plan::Restore;
use crate::transport::Deadline;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Bytes at the beginning of a log that certainly hold whose it is.
const HEAD: u64 = 4096;

impl RealHands {
    pub(super) async fn restore(&self, restore: &Restore, consent: &Consent) -> Result<(), String> {
        let host = self.host(&restore.host)?;
        let part = new_part(&restore.dir)?;
        let wal_part = restore.wal_dir.as_deref().map(new_part).transpose()?;
        let mut argv = commands::restore_argv(restore, &part, wal_part.as_deref());
        let work = Deadline::after(WORK);
        if self.is_local(&restore.host) {
            // The tool would read the whole file once more for its digest, and checks nothing else. Here that is done at
            // the same time; and every row of what it makes is compared afterwards, which the tool never does.
            argv.push("--skip-hash-check".into());
            let (ran, proven) = tokio::join!(run(host, consent, &argv, work), digest(&restore.snapshot));
            proven.and(ran)?;
        } else {
            run(host, consent, &argv, work).await?;
        }
        let wal = wal_part.clone().unwrap_or_else(|| part.join("member/wal"));
        let whose = identity(host, &wal).await?;
        let is = |id: u64, wanted: &str| format!("{id:x}") == wanted;
        match whose {
            Some(own) if is(own.cluster, &restore.cluster_id) && is(own.member, &restore.member_id) => {}
            Some(own) => {
                return Err(format!("the tool made member {:x} of cluster {:x}", own.member, own.cluster));
            }
            None => return Err("the tool made no log".into()),
        }
        if let (Some(part), Some(wal)) = (&wal_part, &restore.wal_dir) {
            reclaim(host, consent, wal, &restore.cluster_id).await?;
            settle(host, consent, part, wal, restore.owner).await?;
        }
        settle(host, consent, &part, &restore.dir, restore.owner).await
    }

    /// Compares a restored directory with its snapshot. On another host only whose log it is can be read.
    pub(super) async fn verify_directory(
        &self,
        host: &str,
        dir: &Path,
        wal_dir: Option<&Path>,
        snapshot: &Path,
        record: &Path,
        consent: &Consent,
    ) -> Result<(), String> {
        let found = if self.is_local(host) {
            let was = self.whole(snapshot).await?;
            let wal = wal_dir.map_or_else(|| dir.join("member/wal"), Path::to_path_buf);
            let db = dir.join("member/snap/db");
            let read = tokio::task::spawn_blocking(move || read_restored(&db, &wal));
            let (is, own) = read.await.map_err(said)??;
            if was.keys != is.keys.live
                || was.leases != is.records.leases.len() as u64
                || is.revision() < was.revision
            {
                return Err(format!(
                    "it holds {} keys at revision {}, the snapshot {} at {}",
                    is.keys.live,
                    is.revision(),
                    was.keys,
                    was.revision
                ));
            }
            if was.rows_hash != format!("{:08x}", is.keys.hash) && !is_compacting(snapshot).await? {
                return Err("its rows are not those of the snapshot: keys, values or history differ".into());
            }
            serde_json::json!({ "keys": is.keys.live, "revision": is.revision(),
                "status_hash": format!("{:x}", is.status_hash), "snapshot_revision": was.revision,
                "snapshot_sha256": was.sha256, "auth": is.records.auth.enabled,
                "alarms": is.records.alarms.len(), "identity": own })
        } else {
            let wal = wal_dir.map_or_else(|| dir.join("member/wal"), Path::to_path_buf);
            let own = identity(self.host(host)?, &wal).await?.ok_or("there is no log in it")?;
            serde_json::json!({ "identity": { "member": format!("{:x}", own.member),
                "cluster": format!("{:x}", own.cluster) } })
        };
        self.write_record(record, &found, consent).await
    }

    pub(super) async fn write_record(
        &self,
        record: &Path,
        found: &serde_json::Value,
        consent: &Consent,
    ) -> Result<(), String> {
        let text = found.to_string();
        let content = Content::Bytes(text.as_bytes());
        self.here()?.write_new(consent, record, content, 0o600, Deadline::after(LOOK)).await.map_err(said)
    }

    pub(super) async fn is_directory_of(
        &self,
        host: &str,
        at: &[PathBuf],
        wal_at: &[PathBuf],
        cluster_id: &str,
        member_id: Option<&str>,
    ) -> Result<Truth, String> {
        let host = self.host(host)?;
        let mut found = String::from("nothing is there");
        for dir in at {
            if host.stat(dir, Deadline::after(LOOK)).await.map_err(said)?.is_none() {
                continue;
            }
            let logs = if wal_at.is_empty() { vec![dir.join("member/wal")] } else { wal_at.to_vec() };
            for log in logs {
                match identity(host, &log).await? {
                    Some(own)
                        if format!("{:x}", own.cluster) == cluster_id
                            && member_id.is_none_or(|id| format!("{:x}", own.member) == id) =>
                    {
                        return Ok(Truth::Yes);
                    }
                    Some(own) => {
                        found = format!(
                            "{} is member {:x} of cluster {:x}",
                            dir.display(),
                            own.member,
                            own.cluster
                        );
                    }
                    None => found = format!("{} has no log", dir.display()),
                }
            }
        }
        Ok(Truth::No(found))
    }
}

/// Whether the digest behind a snapshot is that of its content.
async fn digest(snapshot: &Path) -> Result<(), String> {
    let path = snapshot.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let source = FileSource::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        match read_digest(&source) {
            Ok((Digest::Matches { .. }, _)) => Ok(()),
            Ok((Digest::Differs { .. }, _)) => Err(format!(
                "{}: its content is not what its digest says: it changed after it was saved",
                path.display()
            )),
            Ok((Digest::Absent, _)) => Err(format!("{} has no digest", path.display())),
            Err(damage) => Err(format!("{}: {damage}", path.display())),
        }
    });
    read.await.map_err(said)?
}

/// Whether a compaction was asked for and not finished: then the tool that restores may have finished it.
async fn is_compacting(snapshot: &Path) -> Result<bool, String> {
    let path = snapshot.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let source = FileSource::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let database = Database::open(&source).map_err(said)?;
        let meta = survey(&database, &mut |_| {}).records.meta;
        Ok(meta.scheduled_compaction > meta.finished_compaction)
    });
    read.await.map_err(said)?
}

/// Every page and record of the database, and the log. The database has no digest behind it that could be compared, so
/// none is computed: it costs as much as all the rest.
fn read_restored(db: &Path, wal: &Path) -> Result<(Survey, Option<offline::Identity>), String> {
    let source = FileSource::open(db).map_err(|error| format!("{}: {error}", db.display()))?;
    let database = Database::open(&source).map_err(said)?;
    let survey = survey(&database, &mut |_| {});
    let damages = [&survey.structure.damages, &survey.damages];
    if let Some(damage) = damages.iter().find_map(|damages| damages.first.first()) {
        return Err(format!("it is damaged: {} {}: {}", db.display(), damage.at, damage.what));
    }
    let log = offline::open(wal, None).map_err(said)?;
    match log.damage.first() {
        Some(damage) => Err(format!("it is damaged: {} {}: {}", damage.file, damage.place, damage.what)),
        None => Ok((survey, log.identity)),
    }
}

/// A log that got its name before its data directory did, in an attempt that was killed between the two, gives the name
/// back. A log of any other cluster keeps it.
pub(super) async fn reclaim(
    host: &dyn Host,
    consent: &Consent,
    wal: &Path,
    cluster_id: &str,
) -> Result<(), String> {
    match identity(host, wal).await? {
        Some(own) if format!("{:x}", own.cluster) == cluster_id => {
            host.rename(consent, wal, &new_part(wal)?, Deadline::after(LOOK)).await.map_err(said)
        }
        _ => Ok(()),
    }
}

/// Whose log a directory holds, from its oldest file.
async fn identity(host: &dyn Host, wal: &Path) -> Result<Option<Identity>, String> {
    let deadline = Deadline::after(LOOK);
    if host.stat(wal, deadline).await.map_err(said)?.is_none() {
        return Ok(None);
    }
    let names = host.list(wal, deadline).await.map_err(said)?;
    let first = names
        .iter()
        .filter_map(|name| name.to_str())
        .find_map(|name| segment_name(name).map(|(sequence, first_index)| (name, sequence, first_index)));
    let Some((name, sequence, first_index)) = first else { return Ok(None) };
    let argv: Vec<OsString> =
        vec!["head".into(), "-c".into(), HEAD.to_string().into(), wal.join(name).into_os_string()];
    let head = host.ask(&argv, deadline).await.and_then(|output| output.success(host, &argv));
    let bytes = head.map_err(said)?.stdout;
    // The rest of the file is not there: what is read of it is only whose log it is.
    Ok(scan(&[Segment { sequence, first_index, source: &bytes }]).identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::etcd::wal::{FIRST_SEGMENT, first_segment};
    use crate::host::local::LocalHost;
    use crate::recover::testing::consent;

    #[tokio::test]
    async fn a_snapshot_that_changed_is_not_restored() {
        use sha2::Digest as _;
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("before.db");
        let mut bytes = vec![7; 1024];
        bytes.extend(sha2::Sha256::digest(&bytes));
        std::fs::write(&path, &bytes).expect("written");
        digest(&path).await.expect("it is what was saved");
        bytes[100] ^= 1;
        std::fs::write(&path, &bytes).expect("written");
        assert!(digest(&path).await.expect_err("it changed").contains("changed after it was saved"));
        std::fs::write(&path, &bytes[..1000]).expect("written");
        assert!(digest(&path).await.expect_err("it was cut").contains("has no digest"));
    }

    #[tokio::test]
    async fn only_a_log_of_the_new_cluster_gives_its_name_back() {
        let dir = tempfile::tempdir().expect("a directory");
        let wal = dir.path().join("wal");
        let there = |cluster: u64| {
            std::fs::create_dir(&wal).expect("made");
            let log = first_segment(Identity { member: 1, cluster });
            std::fs::write(wal.join(FIRST_SEGMENT), log).expect("written");
        };
        there(0xabc);
        reclaim(&LocalHost, &consent(), &wal, "abd").await.expect("looked at");
        assert!(wal.exists(), "another's log keeps its name");
        reclaim(&LocalHost, &consent(), &wal, "abc").await.expect("renamed");
        assert!(!wal.exists());
        there(0xabc);
        reclaim(&LocalHost, &consent(), &wal, "abc").await.expect("renamed again");
        assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 2, "nothing is deleted");
        reclaim(&LocalHost, &consent(), &wal, "abc").await.expect("there is none");
    }
}
