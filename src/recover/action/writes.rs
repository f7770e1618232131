//! Whether clients have written to the new cluster: its first member is asked, and where it does not answer, its log is.
//! What no log holds was never acknowledged.

use super::{LOOK, POLL, RealHands, said};
use crate::files::FileSource;
use crate::format::bbolt::Database;
use crate::format::etcd::survey;
use crate::format::etcd::wal::{ConfChangeKind, Ending, Operation, Replay, Segment, scan, segment_name};
use crate::host::HostError;
use crate::recover::executor::Truth;
use crate::recover::plan::OnlyOurWrites;
use crate::transport::Deadline;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// How long a server that runs may take until it answers.
const SPEAKS: Duration = Duration::from_secs(15);

/// Bytes of a log that are looked at: all that a recovery itself makes a server write is a small part of it.
const HEAD: usize = 512 << 10;

/// A record of this run is smaller, in bytes.
const RECORD: u64 = 64 << 10;

impl RealHands {
    pub(super) async fn only_our_writes(&self, ask: &OnlyOurWrites) -> Result<Truth, String> {
        let patience = Deadline::after(SPEAKS);
        loop {
            let trouble = match self.etcd.status_of(&ask.endpoint, Deadline::after(LOOK)).await {
                Ok(status) if status.cluster_id != ask.cluster_id => {
                    return Ok(Truth::No(format!("{} is of cluster {}", ask.endpoint, status.cluster_id)));
                }
                Ok(status) => return self.counted(ask, status.revision).await,
                Err(trouble) => trouble,
            };
            let Some(at) = &ask.at else { return Err(said(trouble)) };
            let host = self.host(&at.host)?;
            let database = at.dir.join("member/snap/db");
            // Who holds it may acknowledge a write at any moment: nothing that is read then counts.
            let runs = match host.locked(&database, Deadline::after(LOOK)).await {
                Ok(runs) => runs,
                Err(HostError::NotFound(_)) => false,
                Err(error) => return Err(said(error)),
            };
            if !runs {
                return self.in_log(ask).await;
            }
            if patience.left().is_zero() {
                return Ok(Truth::Unknown(format!(
                    "a server runs on {} and does not answer ({trouble}), so it may be writing for clients: stop it, and \
                     its log decides",
                    at.dir.display()
                )));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// By revisions: each write raises it by one.
    async fn counted(&self, ask: &OnlyOurWrites, revision: u64) -> Result<Truth, String> {
        let ours = match self.etcd.version_of(&ask.endpoint, &ask.key, Deadline::after(LOOK)).await {
            // It was deleted at the end, which is a write too.
            Ok(0) => self.scratch_writes(ask).await.map_or(0, |writes| writes + 1),
            Ok(writes) => writes,
            Err(trouble) => return Err(said(trouble)),
        };
        let began = self.began(ask).await?;
        Ok(no_writes(revision as i64 - began - ours))
    }

    /// The revision with which the new cluster began. A restore that raises it counts from the last row, which is below the
    /// store's revision where that row was compacted away, or where there never was one.
    async fn began(&self, ask: &OnlyOurWrites) -> Result<i64, String> {
        if ask.bump == 0 {
            return Ok(self.whole(&ask.snapshot).await?.revision);
        }
        let snapshot = ask.snapshot.clone();
        let read = tokio::task::spawn_blocking(move || {
            let source = FileSource::open(&snapshot).map_err(said)?;
            let database = Database::open(&source).map_err(said)?;
            Ok::<_, String>(survey(&database, &mut |_| {}).keys.last.map_or(0, |last| last.main))
        });
        Ok(read.await.map_err(said)?? + i64::try_from(ask.bump).unwrap_or(0))
    }

    /// How often this run wrote its key, as it noted when it was done with it.
    async fn scratch_writes(&self, ask: &OnlyOurWrites) -> Option<i64> {
        let record = ask.record.as_ref()?;
        let text = self.here().ok()?.read(record, RECORD, Deadline::after(LOOK)).await.ok()?;
        serde_json::from_slice::<serde_json::Value>(&text).ok()?["scratch_writes"].as_i64()
    }

    /// By the entries of a server's log that does not run.
    async fn in_log(&self, ask: &OnlyOurWrites) -> Result<Truth, String> {
        let Some(at) = &ask.at else { return Ok(Truth::Unknown("it does not answer".into())) };
        let host = self.host(&at.host)?;
        let wal = at.wal_dir.clone().unwrap_or_else(|| at.dir.join("member/wal"));
        let deadline = Deadline::after(LOOK);
        let names = host.list(&wal, deadline).await.map_err(said)?;
        let mut files = names.iter().filter_map(|name| Some((name, segment_name(name.to_str()?)?)));
        let (first, (sequence, first_index)) =
            files.next().ok_or_else(|| format!("there is no log in {}", wal.display()))?;
        if sequence != 0 || files.next().is_some() {
            return Ok(Truth::No(format!(
                "the log in {} fills more than one file: clients have written, and going back would lose it",
                wal.display()
            )));
        }
        let argv: Vec<OsString> =
            vec!["head".into(), "-c".into(), HEAD.to_string().into(), wal.join(first).into_os_string()];
        let head = host.ask(&argv, deadline).await.and_then(|output| output.success(host, &argv));
        let bytes = head.map_err(said)?.stdout;
        Ok(judge(&[Segment { sequence, first_index, source: &bytes }], bytes.len(), ask, &wal))
    }
}

/// What a log of one file says; `length` bytes of it are there.
fn judge(segments: &[Segment<'_>], length: usize, ask: &OnlyOurWrites, wal: &Path) -> Truth {
    let seen = scan(segments);
    let whose = seen.identity.map(|own| format!("{:x}", own.cluster));
    if whose.as_deref() != Some(ask.cluster_id.as_str()) {
        let whose = whose.unwrap_or_else(|| "no".into());
        return Truth::Unknown(format!("the log in {} is of cluster {whose}", wal.display()));
    }
    if length >= HEAD && !matches!(seen.ending, Ending::Clean { .. }) {
        return Truth::No(format!(
            "the log in {} is longer than all that this run wrote: clients have written, and going back would lose it",
            wal.display()
        ));
    }
    if let Some(damage) = seen.damages.first.first() {
        return Truth::Unknown(format!("{} is damaged: {}: {}", wal.display(), damage.at, damage.what));
    }
    let own = seen.identity.map(|own| own.member);
    let (mut written, mut shared) = (0, false);
    for entry in Replay::new(segments, &seen, None, 0) {
        written += i64::from(is_of_client(&entry.operation, ask.key.as_bytes()));
        shared |= has_voter_beside(&entry.operation, own);
    }
    if written == 0 && shared {
        return Truth::Unknown(format!(
            "another member has a vote too, and may have acknowledged what the log in {} does not hold: start the server, \
             and its revision decides",
            wal.display()
        ));
    }
    no_writes(written)
}

fn no_writes(written: i64) -> Truth {
    match written {
        0 => Truth::Yes,
        // Its revision is below that of the restore: this is not what was restored.
        less if less < 0 => Truth::Unknown(format!("its revision is {} below that of the restore", -less)),
        more => Truth::No(format!(
            "the new cluster acknowledged {more} writes of clients: going back would lose them"
        )),
    }
}

/// Whether somebody else asked for it: not this run with its key, and not the server on its own account, which revokes
/// leases that have run out, compacts, and writes its versions and names.
fn is_of_client(operation: &Operation, own: &[u8]) -> bool {
    match operation {
        Operation::Put { key, .. } => key != own,
        Operation::Delete { key, range_end } => key != own || !range_end.is_empty(),
        Operation::Txn { .. } => !operation.written_keys().is_empty(),
        Operation::LeaseGrant { .. } | Operation::Unknown { .. } => true,
        Operation::Auth { action, .. } => *action != "authenticate",
        Operation::V2 { path, .. } => !path.starts_with("/0/"),
        Operation::Empty
        | Operation::Range { .. }
        | Operation::Compaction { .. }
        | Operation::LeaseRevoke { .. }
        | Operation::LeaseCheckpoint { .. }
        | Operation::Alarm { .. }
        | Operation::ClusterVersion { .. }
        | Operation::MemberAttributes { .. }
        | Operation::Downgrade { .. }
        | Operation::ConfChange { .. } => false,
    }
}

fn has_voter_beside(operation: &Operation, own: Option<u64>) -> bool {
    let Operation::ConfChange { changes } = operation else { return false };
    changes.iter().any(|change| {
        let votes = matches!(change.change, ConfChangeKind::Add | ConfChangeKind::Promote);
        votes && Some(change.member) != own
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_and_this_run_write_is_of_no_client() {
        let put = |key: &str| Operation::Put {
            key: key.into(),
            value: Vec::new(),
            lease: 0,
            keeps_value: false,
            keeps_lease: false,
        };
        let delete = |key: &str, end: &str| Operation::Delete { key: key.into(), range_end: end.into() };
        let txn = |success| Operation::Txn { compares: Vec::new(), success, failure: Vec::new() };
        let own = b"quorate/recover/r1";
        let ours = [
            put("quorate/recover/r1"),
            delete("quorate/recover/r1", ""),
            Operation::Empty,
            txn(vec![]),
            Operation::LeaseRevoke { id: 1 },
            Operation::V2 { method: "PUT".into(), path: "/0/version".into(), value_bytes: 1 },
        ];
        let theirs = [
            put("quorate/recover/r10"),
            delete("quorate/recover/r1", "quorate/recover/r2"),
            txn(vec![put("a")]),
            Operation::LeaseGrant { id: 1, ttl: 1 },
            Operation::Unknown { why: String::new() },
            Operation::V2 { method: "PUT".into(), path: "/1/x".into(), value_bytes: 1 },
        ];
        assert!(ours.iter().all(|operation| !is_of_client(operation, own)), "{ours:?}");
        assert!(theirs.iter().all(|operation| is_of_client(operation, own)), "{theirs:?}");
    }

    #[test]
    fn a_revision_below_the_restore_proves_nothing() {
        assert_eq!(no_writes(0), Truth::Yes);
        assert!(matches!(no_writes(2), Truth::No(_)));
        assert!(matches!(no_writes(-1), Truth::Unknown(_)));
    }
}
