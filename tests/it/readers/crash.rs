//! A server killed under load: what is in the log and not in the database is found.

use super::agree::{log_files, segments};
use super::server::Server;
use quorate::files::FileSource;
use quorate::format::bbolt::Database;
use quorate::format::etcd::wal::{Mark, Operation, Replay, Replayed, scan};
use quorate::format::etcd::{Change, survey};
use std::collections::BTreeSet;

/// Writers until the kill; every acknowledged key must then be in the database or in the log behind it.
fn nothing_acknowledged_is_missed(version: &str) {
    // commits by count, not by time: a kill then hits the moment right behind a commit once in 300 runs
    let mut server = Server::start(version, &["--backend-batch-interval=1m", "--backend-batch-limit=300"]);
    let acknowledged = load_and_kill(&mut server);
    assert!(acknowledged.len() > 100, "{version}: only {}", acknowledged.len());

    let source = FileSource::open(&server.path("data/member/snap/db")).expect("a file");
    let mut in_database = BTreeSet::new();
    let found = survey(&Database::open(&source).expect("a database"), &mut |row| {
        if let Change::Put(kv) = row.change {
            in_database.insert(kv.key.to_vec());
        }
    });
    assert!(found.is_sound(), "{version}: {:?} {:?}", found.structure.damages, found.damages);
    let applied = found.records.meta.consistent_index.expect("an index");

    let files = log_files(&server.path("data/member/wal"));
    let segments = segments(&files);
    let log = scan(&segments);
    assert!(log.is_sound(), "{version}: {:?}", log.damages);
    let behind: Vec<Replayed> = Replay::new(&segments, &log, Some(applied), applied + 1)
        .filter(|e| e.mark != Mark::Overwritten)
        .collect();
    assert!(!behind.is_empty(), "{version}: a kill under load leaves entries that are not in the database");
    let in_log: BTreeSet<Vec<u8>> = behind
        .iter()
        .filter_map(|entry| match &entry.operation {
            Operation::Put { key, .. } => Some(key.clone()),
            _ => None,
        })
        .collect();
    let missed: Vec<_> =
        acknowledged.iter().filter(|key| !in_database.contains(*key) && !in_log.contains(*key)).collect();
    assert!(missed.is_empty(), "{version}: {missed:?}");
    let only_in_log = acknowledged.iter().filter(|key| !in_database.contains(*key)).count();
    assert!(only_in_log > 0, "{version}: some acknowledged writes are in the log only");
}

/// Eight writers; the server is killed in the middle. Returns the keys whose put was acknowledged.
pub(crate) fn load_and_kill(server: &mut Server) -> BTreeSet<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let endpoint = server.endpoint().to_owned();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let endpoint = endpoint.clone();
            runtime.spawn(async move {
                let mut client = etcd_client::Client::connect([endpoint], None).await.expect("connected");
                let mut acknowledged = Vec::new();
                for n in 0..100_000 {
                    let key = format!("/w{writer}/{n}");
                    if client.put(key.clone(), "v", None).await.is_err() {
                        break;
                    }
                    acknowledged.push(key.into_bytes());
                }
                acknowledged
            })
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(1550));
    server.kill();
    runtime.block_on(async {
        let mut all = BTreeSet::new();
        for writer in writers {
            all.extend(writer.await.expect("a writer"));
        }
        all
    })
}

#[test]
fn etcd_3_4_killed_under_load() {
    nothing_acknowledged_is_missed("3.4.23");
}

#[test]
fn etcd_3_5_killed_under_load() {
    nothing_acknowledged_is_missed("3.5.35");
}

#[test]
fn etcd_3_6_killed_under_load() {
    nothing_acknowledged_is_missed("3.6.16");
}

#[test]
fn etcd_3_7_killed_under_load() {
    nothing_acknowledged_is_missed("3.7.3");
}
