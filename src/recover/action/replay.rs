//! A copy of a member, decided and replayed: everything that it holds gets applied, by its own server, on its own.

use super::files::new_part;
use super::joiner::settle;
use super::{LOOK, POLL, RealHands, WORK, said};
use crate::consent::Consent;
use crate::format::etcd::wal::{Segment, decided, scan, segment_name};
use crate::host::{Content, Host, HostError, Output, Process, Signal};
use crate::offline;
use crate::recover::commands;
use crate::recover::plan::{DecideLog, Replay};
use crate::target::TlsFiles;
use crate::transport::Deadline;
use crate::transport::http::Http;
use crate::transport::tls::TlsMaterial;
use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// Largest file of a log that is read: etcd cuts at 64 MB, and no request is larger than a few more.
const SEGMENT_LIMIT: u64 = 256 << 20;

/// How long it is waited for that a database notes what was applied.
const NOTED: Duration = Duration::from_secs(5);

/// What a server tells of the entries it has applied.
const APPLIED: &str = "etcd_server_proposals_applied_total";

/// Runs the command in a directory, and ends it when whoever started this is gone: a server that nobody watches must
/// not stay. The watcher holds none of the output open.
const GUARDED: &str = r#"cd "$1" || exit 1; shift
parent=$PPID; "$@" & child=$!
{ while kill -0 "$parent" && kill -0 "$child"; do sleep 1; done; kill -KILL "$child"; } >/dev/null 2>&1 &
watcher=$!; wait "$child"; code=$?; kill "$watcher" 2>/dev/null; exit "$code""#;

impl RealHands {
    /// Writes the log of a stopped server again. It is only read.
    pub(super) async fn decide(&self, decide: &DecideLog, consent: &Consent) -> Result<(), String> {
        let host = self.host(&decide.host)?;
        let work = Deadline::after(WORK);
        let mut files = Vec::new();
        for name in host.list(&decide.from, work).await.map_err(said)? {
            let Some((sequence, first_index)) = name.to_str().and_then(segment_name) else { continue };
            let bytes = host.read(&decide.from.join(&name), SEGMENT_LIMIT, work).await.map_err(said)?;
            files.push((sequence, first_index, bytes));
        }
        files.sort();
        let segments: Vec<Segment<'_>> = files
            .iter()
            .map(|(sequence, first_index, bytes)| Segment {
                sequence: *sequence,
                first_index: *first_index,
                source: bytes,
            })
            .collect();
        let seen = scan(&segments);
        if let Some(damage) = seen.damages.first.first() {
            return Err(format!("{} is damaged: {}: {}", decide.from.display(), damage.at, damage.what));
        }
        let own = seen.identity.map(|own| (format!("{:x}", own.member), format!("{:x}", own.cluster)));
        if own != Some((decide.member_id.clone(), decide.cluster_id.clone())) {
            return Err(format!("{} is not the log of {}", decide.from.display(), decide.member_id));
        }
        let last = seen.last.map(|last| (last.term, last.index));
        if last != Some((decide.last_term, decide.last_index)) {
            return Err(format!(
                "{} ends at {last:?} and not where the plan says: roll back and make a new plan",
                decide.from.display()
            ));
        }
        let alone = u64::from_str_radix(&decide.alone_id, 16).map_err(said)?;
        let written = decided(&segments, &seen, alone).ok_or("there is nothing in the log to decide")?;
        let part = new_part(&decide.to)?;
        host.make_dir(consent, &part, 0o700, Deadline::after(LOOK)).await.map_err(said)?;
        for (name, bytes) in written {
            let content = Content::Bytes(&bytes);
            host.write_new(consent, &part.join(name), content, 0o600, work).await.map_err(said)?;
        }
        settle(host, consent, &part, &decide.to, None).await
    }

    /// Starts the server on the copy, waits until everything is applied and on disk, and ends it. A server that never had
    /// a quorum knows no clean end: it dies of the first signal.
    pub(super) async fn replay(&self, replay: &Replay, consent: &Consent) -> Result<(), String> {
        if !self.is_local(&replay.host) {
            return Err("a copy can only be replayed on this machine".into());
        }
        let host = self.host(&replay.host)?;
        end_all(host, replay, consent).await?;
        let port = free_port().map_err(said)?;
        let mut argv: Vec<OsString> = ["sh", "-c", GUARDED, "sh"].map(OsString::from).to_vec();
        argv.push(replay.dir.clone().into_os_string());
        argv.extend(commands::replay_argv(replay, port).into_iter().map(OsString::from));
        let work = Deadline::after(WORK);
        let server = host.run(consent, &argv, None, work);
        let mut server = std::pin::pin!(server);
        let applied = tokio::select! {
            ended = &mut server => return Err(died(ended)),
            applied = until_applied(port, replay, work) => applied,
        };
        let (stopped, ended) = tokio::join!(end_all(host, replay, consent), server);
        applied?;
        stopped?;
        ended.map_err(said)?;
        self.record_replay(replay, consent).await
    }

    async fn record_replay(&self, replay: &Replay, consent: &Consent) -> Result<(), String> {
        let copy = offline::open(&replay.dir, Some(&replay.wal_dir)).map_err(said)?;
        if let Some(damage) = copy.damage.first() {
            return Err(format!("the copy is damaged: {} {}: {}", damage.file, damage.place, damage.what));
        }
        let database = copy.database.ok_or("there is no database in the copy")?;
        let applied = database.consistent_index;
        let found = serde_json::json!({ "applied": replay.last_index, "consistent_index": applied,
            "revision": database.revision, "keys": database.keys, "status_hash": database.status_hash });
        self.write_record(&replay.record, &found, consent).await
    }
}

/// Ends every server on the copy, of this run or one that was killed: in its own way, and the hard way when it does not.
async fn end_all(host: &dyn Host, replay: &Replay, consent: &Consent) -> Result<(), String> {
    let patience = Deadline::after(LOOK * 6);
    let mut signal = Signal::Term;
    loop {
        let all = host.processes(&[], Deadline::after(LOOK)).await.map_err(said)?;
        let ours: Vec<&Process> = all.iter().filter(|process| is_on(process, replay)).collect();
        if ours.is_empty() {
            return Ok(());
        }
        if patience.left().is_zero() {
            signal = Signal::Kill;
        }
        for process in ours {
            match host.signal(consent, process.id, signal, Deadline::after(LOOK)).await {
                Ok(()) | Err(HostError::NotFound(_)) => {}
                Err(error) => return Err(said(error)),
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Whether it is a server on the copy: not the shell that watches one.
fn is_on(process: &Process, replay: &Replay) -> bool {
    let flag = [b"--data-dir=", replay.dir.as_os_str().as_bytes()].concat();
    let server = process.argv.first().is_some_and(|word| word.as_os_str() == replay.program.as_os_str());
    server && process.argv.iter().any(|word| word.as_bytes() == flag)
}

/// The server says what it has applied. Each of its writes is on disk by then, for it collects none; that a snapshot of
/// the log notes the index in the database too is waited for a moment, because it may have no reason to make one.
async fn until_applied(port: u16, replay: &Replay, deadline: Deadline) -> Result<(), String> {
    let material = TlsMaterial::load(&TlsFiles::default()).map_err(said)?;
    let http = Http::new(&material).map_err(said)?;
    let url = format!("http://127.0.0.1:{port}/metrics");
    let database = replay.dir.join("member/snap/db");
    let mut noted = None;
    while !deadline.left().is_zero() {
        let page = http.get(&url, deadline.within(LOOK)).await;
        let applied = page.ok().and_then(|page| applied(&String::from_utf8_lossy(&page.body)));
        if applied.is_some_and(|applied| applied >= replay.last_index) {
            let patience = noted.get_or_insert_with(|| Deadline::after(NOTED));
            let on_disk = offline::consistent_index(&database).ok().flatten();
            if on_disk.is_some_and(|index| index >= replay.last_index) || patience.left().is_zero() {
                return Ok(());
            }
        }
        tokio::time::sleep(POLL).await;
    }
    Err(format!("the copy has not applied {} in time", replay.last_index))
}

fn applied(page: &str) -> Option<u64> {
    let line = page.lines().find(|line| line.split_whitespace().next() == Some(APPLIED))?;
    // Large numbers are written as 1.234567e+06.
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|value| value as u64)
}

/// Why a server ended by itself.
fn died(ended: Result<Output, HostError>) -> String {
    match ended {
        Err(error) => said(error),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let grave = |line: &&str| ["fatal", "panic", "error"].iter().any(|word| line.contains(word));
            let line = text.lines().rev().find(grave).or_else(|| text.lines().last()).unwrap_or("");
            format!("the server on the copy ended with {}: {}", output.code, line.trim())
        }
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::applied;

    #[test]
    fn what_is_applied_is_read_however_it_is_written() {
        let page = "# HELP etcd_server_proposals_applied_total The total.\netcd_server_proposals_applied_total 1.000052e+06\n";
        assert_eq!(applied(page), Some(1_000_052));
        assert_eq!(applied("etcd_server_proposals_applied_total 37\n"), Some(37));
        assert_eq!(applied("etcd_server_proposals_committed_total 37\n"), None);
    }
}
