//! A snapshot streamed to a file of this machine, and what makes it one.

use super::{RealHands, WORK, said};
use crate::offline::{self, CopyFacts, CopyKind};
use crate::recover::executor::Truth;
use crate::transport::Deadline;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// How long a server may send nothing in the middle of a snapshot.
const STALL: Duration = Duration::from_secs(30);

fn stalled(endpoint: &str) -> String {
    format!("{endpoint} sent nothing more for {} s in the middle of the snapshot", STALL.as_secs())
}

impl RealHands {
    /// Under another name until it is verified. An unfinished file of an earlier attempt is this run's own.
    pub(super) async fn save(
        &self,
        endpoint: &str,
        cluster_id: &str,
        to: &Path,
        min_revision: u64,
    ) -> Result<(), String> {
        let deadline = Deadline::after(WORK);
        let status = self.etcd.status_of(endpoint, deadline.within(super::LOOK)).await.map_err(said)?;
        if status.cluster_id != cluster_id {
            return Err(format!("{endpoint} belongs to cluster {}", status.cluster_id));
        }
        let part = to.with_extension("part");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)
            .map_err(|error| format!("{}: {error}", part.display()))?;
        let mut stream = self.etcd.snapshot_of(endpoint, deadline).await.map_err(said)?;
        while let Some(piece) = deadline
            .within(STALL)
            .run(stream.message())
            .await
            .ok_or_else(|| stalled(endpoint))?
            .map_err(said)?
        {
            file.write_all(piece.blob()).map_err(|error| format!("{}: {error}", part.display()))?;
        }
        file.sync_all().map_err(said)?;
        whole(&part, min_revision)?;
        std::fs::rename(&part, to).map_err(said)?;
        let dir = to.parent().unwrap_or(to);
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(said)
    }
}

/// A copy of a database with its digest behind it: what a server would have sent.
pub(super) fn seal(from: &Path, to: &Path, min_revision: u64) -> Result<(), String> {
    let part = to.with_extension("part");
    let told = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| format!("{path}: {error}")
    };
    let mut database = File::open(from).map_err(told(from))?;
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&part);
    let mut file = file.map_err(told(&part))?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        let read = database.read(&mut piece).map_err(told(from))?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        file.write_all(&piece[..read]).map_err(told(&part))?;
    }
    file.write_all(&hash.finalize()).and_then(|()| file.sync_all()).map_err(told(&part))?;
    whole(&part, min_revision)?;
    std::fs::rename(&part, to).map_err(said)?;
    let dir = to.parent().unwrap_or(to);
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(said)
}

/// Whether a file is a whole snapshot at or above a revision.
pub(super) fn is_whole(path: &Path, min_revision: u64) -> Truth {
    if !path.exists() {
        return Truth::No(format!("there is no {}", path.display()));
    }
    match whole(path, min_revision) {
        Ok(_) => Truth::Yes,
        Err(why) => Truth::No(why),
    }
}

/// Reads it down to every record.
pub(super) fn whole(path: &Path, min_revision: u64) -> Result<CopyFacts, String> {
    let facts = offline::open(path, None).map_err(said)?;
    if let Some(damage) = facts.damage.first() {
        return Err(format!("it is damaged: {}: {}", damage.place, damage.what));
    }
    if let Some(gap) = facts.gaps.first() {
        return Err(format!("it could not be read: {}: {}", gap.what, gap.why));
    }
    if facts.kind != CopyKind::Snapshot {
        return Err(format!("it is {}, and no whole snapshot", facts.kind.article()));
    }
    let revision = facts.database.as_ref().map_or(0, |database| database.revision);
    if revision < i64::try_from(min_revision).unwrap_or(i64::MAX) {
        return Err(format!("it is at revision {revision}, before {min_revision}"));
    }
    Ok(facts)
}
