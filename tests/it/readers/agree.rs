//! What the readers say equals what the servers and their own tools say, for every version.

use super::server::Server;
use quorate::files::FileSource;
use quorate::format::bbolt::Database;
use quorate::format::etcd::{
    Digest, Discrepancy, Survey, compare, hash_kv, read_digest, read_snap, survey, wal,
};
use std::path::{Path, PathBuf};

/// Puts, overwrites, deletions, recreated keys, leases, a compaction at a deletion, users and roles. Returns the
/// revision of the compaction.
fn load(server: &Server) -> i64 {
    let kinds = ["pods", "secrets", "configmaps"];
    let batch = |round: usize, count: usize| -> Vec<(String, String)> {
        let key = |n: usize| format!("/registry/{}/ns{}/{}", kinds[n % 3], n % 5, (n * 7 + round) % 90);
        let pairs = (0..count).map(|n| (key(n), format!("{round}-{n}-{}", "v".repeat((n * 37) % 400))));
        let unique: std::collections::BTreeMap<String, String> = pairs.collect();
        unique.into_iter().collect()
    };
    for round in 0..6 {
        server.put_all(&batch(round, 60));
    }
    add_learners(server);
    server.ctl(&["put", "gone", "1"]);
    server.ctl(&["del", "/registry/secrets/ns1/", "--prefix"]);
    server.ctl(&["put", "plain-key", "x"]);
    server.ctl(&["del", "gone"]);
    let compaction = server.revision();
    server.ctl(&["compaction", "--physical", &compaction.to_string()]);
    for round in 6..9 {
        server.put_all(&batch(round, 40));
    }
    let lease = server.ctl_json(&["lease", "grant", "3600"])["ID"].as_i64().expect("a lease");
    server.ctl(&["put", "--lease", &format!("{lease:x}"), "leased", "y"]);
    server.ctl(&["put", "gone", "again"]);
    server.ctl(&["del", "plain-key"]);
    server.ctl(&["user", "add", "root:secret"]);
    server.ctl(&["role", "add", "root"]);
    server.ctl(&["user", "grant-role", "root", "root"]);
    compaction
}

/// One learner that is removed again, and one that stays and never starts.
fn add_learners(server: &Server) {
    let add = |name: &str, port: u16| {
        let url = format!("--peer-urls=http://127.0.0.1:{port}");
        server.ctl_json(&["member", "add", name, "--learner", &url])["member"]["ID"].as_u64().expect("an id")
    };
    let removed = add("l1", 1);
    server.ctl(&["member", "remove", &format!("{removed:x}")]);
    add("l2", 2);
}

fn survey_of(path: &Path) -> (Survey, FileSource) {
    let source = FileSource::open(path).expect("a file");
    let survey = survey(&Database::open(&source).expect("a database"), &mut |_| {});
    (survey, source)
}

/// The log files of a data directory, in order.
pub(super) fn log_files(directory: &Path) -> Vec<(u64, u64, FileSource)> {
    let mut files: Vec<(u64, u64, PathBuf)> = std::fs::read_dir(directory)
        .expect("a folder")
        .flatten()
        .filter_map(|entry| {
            let (sequence, first) = wal::segment_name(entry.file_name().to_str()?)?;
            Some((sequence, first, entry.path()))
        })
        .collect();
    files.sort();
    files.into_iter().map(|(s, f, path)| (s, f, FileSource::open(&path).expect("a file"))).collect()
}

/// They as segments.
pub(super) fn segments(files: &[(u64, u64, FileSource)]) -> Vec<wal::Segment<'_>> {
    files
        .iter()
        .map(|(sequence, first_index, source)| wal::Segment {
            sequence: *sequence,
            first_index: *first_index,
            source,
        })
        .collect()
}

fn agrees(version: &str) {
    let mut server = Server::start(version, &["--snapshot-count=20"]);
    let compaction = load(&server);
    let current = server.revision();
    let file = server.path("saved.db");
    server.ctl(&["snapshot", "save", file.to_str().expect("a path")]);

    let (survey, source) = survey_of(&file);
    assert!(survey.is_sound(), "{version}: {:?} {:?}", survey.structure.damages, survey.damages);
    assert!(matches!(read_digest(&source).expect("readable").0, Digest::Matches { .. }));
    compare_status(version, &server, &file, &survey, &source);
    compare_hashes(&server, &source, &survey, [compaction, current]);
    compare_records(version, &server, &survey, compaction);

    let index = raft_index(&server);
    server.kill();
    compare_directory(version, &server, index);
}

/// `snapshot status`: hash, revision, size, and keys as the version counts them.
fn compare_status(version: &str, server: &Server, file: &Path, survey: &Survey, source: &FileSource) {
    let status = server.status_of(file);
    let number = |name: &str| status[name].as_u64().expect("a number");
    assert_eq!(u64::from(survey.status_hash), number("hash"), "{version}");
    assert_eq!(survey.keys.last.map(|last| last.main as u64), Some(number("revision")), "{version}");
    let database = Database::open(source).expect("a database");
    assert_eq!(database.used_bytes(), number("totalSize"), "{version}");
    let counted = if version.starts_with("3.4") || version.starts_with("3.5") {
        survey.structure.records
    } else {
        survey.keys.live
    };
    assert_eq!(counted, number("totalKey"), "{version}: live {} {:?}", survey.keys.live, survey.structure);
}

/// HashKV behind the compaction, between, and now.
fn compare_hashes(server: &Server, source: &FileSource, survey: &Survey, [compaction, current]: [i64; 2]) {
    let database = Database::open(source).expect("a database");
    for revision in [compaction + 1, compaction + 2, (compaction + current) / 2, current - 1, current, 0] {
        let asked = server.ctl_json(&["endpoint", "hashkv", "--rev", &revision.to_string()]);
        let served = &asked[0]["HashKV"];
        let ours = hash_kv(&database, revision, survey.compacted()).expect("sound");
        assert_eq!(Some(ours.compacted), served["compact_revision"].as_i64(), "at {revision}");
        assert_eq!(Some(u64::from(ours.hash)), served["hash"].as_u64(), "at {revision}");
    }
}

fn compare_records(version: &str, server: &Server, survey: &Survey, compaction: i64) {
    let records = &survey.records;
    assert_eq!(records.meta.finished_compaction, Some(compaction), "{version}");
    let voters: Vec<&str> =
        records.members.values().filter(|m| !m.is_learner).map(|m| m.name.as_str()).collect();
    assert_eq!((voters, records.members.len(), records.removed.len()), (vec!["n1"], 2, 1), "{version}");
    let membership = records.meta.conf_state.as_ref().map(|conf| (conf.voters.len(), conf.learners.len()));
    assert!(membership.is_none_or(|membership| membership == (1, 1)), "{version}: {membership:?}");
    assert_eq!(records.auth.users["root"].roles, ["root"], "{version}");
    assert_eq!((records.leases.len(), survey.keys.without_lease), (1, 0), "{version}");
    assert_eq!(records.meta.conf_state.is_some(), !version.starts_with("3.4"), "{version}");
    assert_eq!(records.meta.storage_version.is_some(), version >= "3.6", "{version}");
    let served = server.ctl_json(&["get", "", "--prefix", "--limit=1"])["count"].as_u64();
    assert_eq!(Some(survey.keys.live), served, "{version}");
    let pods = server.ctl_json(&["get", "/registry/pods/", "--prefix", "--limit=1"])["count"].as_u64();
    assert_eq!(Some(survey.keys.prefixes["/registry/pods/"].live), pods, "{version}");
}

fn raft_index(server: &Server) -> u64 {
    let status = server.ctl_json(&["endpoint", "status"]);
    status[0]["Status"]["raftIndex"].as_u64().expect("an index")
}

/// The data directory of the killed server: log, `.snap` and database fit together.
fn compare_directory(version: &str, server: &Server, index: u64) {
    let files = log_files(&server.path("data/member/wal"));
    let segments = segments(&files);
    let scan = wal::scan(&segments);
    assert!(scan.is_sound(), "{version}: {:?}", scan.damages);
    assert!(scan.last.is_some_and(|last| last.index >= index), "{version}: {:?} {index}", scan.last);

    let (survey, _) = survey_of(&server.path("data/member/snap/db"));
    assert!(survey.is_sound(), "{version}: {:?} {:?}", survey.structure.damages, survey.damages);
    let applied = survey.records.meta.consistent_index;
    let replayed: Vec<wal::Replayed> = wal::Replay::new(&segments, &scan, applied, 0).collect();
    let unknown: Vec<_> = replayed.iter().filter(|entry| entry.operation.name() == "unknown").collect();
    assert!(unknown.is_empty(), "{version}: {unknown:?}");
    for name in ["put", "txn", "delete", "compaction", "lease-grant", "auth", "conf-change"] {
        assert!(replayed.iter().any(|entry| entry.operation.name() == name), "{version}: no {name}");
    }

    let newest = std::fs::read_dir(server.path("data/member/snap"))
        .expect("a folder")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "snap"))
        .max_by_key(std::fs::DirEntry::file_name)
        .expect("a .snap file");
    let snap = read_snap(&FileSource::open(&newest.path()).expect("a file")).expect("sound");
    assert_eq!(snap.members.len(), 1 + snap.conf_state.learners.len(), "{version}: {snap:?}");
    assert_eq!(snap.conf_state.voters.len(), 1, "{version}");
    let found = compare(Some(&survey.records), Some(&scan), Some(&snap));
    let harmless = |d: &quorate::format::etcd::Discrepancy| {
        use quorate::format::etcd::Discrepancy as D;
        matches!(d, D::CommitLags { .. } | D::CommittedNotApplied { .. } | D::Uncertain { .. } | D::TornEnd)
    };
    assert!(found.iter().all(harmless), "{version}: {found:?}");
}

#[test]
fn etcd_3_4_agrees() {
    agrees("3.4.23");
}

#[test]
fn etcd_3_5_agrees() {
    agrees("3.5.35");
}

#[test]
fn etcd_3_6_agrees() {
    agrees("3.6.16");
}

#[test]
fn etcd_3_7_agrees() {
    agrees("3.7.3");
}

/// Before the first compaction servers say -1.
#[test]
fn a_store_that_was_never_compacted_agrees() {
    let server = Server::start("3.6.16", &[]);
    for round in 0..5 {
        server.put_all(&[("a".to_owned(), round.to_string()), (format!("b{round}"), "x".to_owned())]);
    }
    server.ctl(&["del", "b3"]);
    let (current, file) = (server.revision(), server.path("saved.db"));
    server.ctl(&["snapshot", "save", file.to_str().expect("a path")]);
    let (survey, source) = survey_of(&file);
    assert_eq!((survey.compacted(), survey.revision()), (-1, current));
    compare_hashes(&server, &source, &survey, [1, current]);
}

/// A restored database with its revision raised and its old revisions marked compacted: what a server says of it once it
/// runs is what was computed from the file.
#[test]
fn a_restored_database_with_a_raised_revision_agrees() {
    for version in ["3.5.35", "3.6.16"] {
        let server = Server::start(version, &[]);
        load(&server);
        let file = server.path("saved.db");
        server.ctl(&["snapshot", "save", file.to_str().expect("a path")]);
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let (file, into) = (file.to_str().expect("a path"), data.to_str().expect("a path"));
        let raise = ["--bump-revision", "100000", "--mark-compacted"];
        server.tool("etcdutl", &[&["snapshot", "restore", file, "--data-dir", into][..], &raise].concat());
        let (survey, source) = survey_of(&data.join("member/snap/db"));
        assert!(survey.is_sound(), "{version}: {:?} {:?}", survey.structure.damages, survey.damages);
        assert_eq!(survey.keys.bumps, 1, "{version}");
        let found = compare(Some(&survey.records), None, None);
        assert_eq!(found, [Discrepancy::FreshlyRestored], "{version}");
        let compacted = survey.records.meta.scheduled_compaction.expect("marked compacted");
        assert_eq!(compacted, survey.revision(), "{version}");
        let ours = hash_kv(&Database::open(&source).expect("a database"), 0, compacted).expect("sound");

        let restarted = Server::start_in(version, folder, &["--force-new-cluster"]);
        let served = &restarted.ctl_json(&["endpoint", "hashkv"])[0]["HashKV"];
        assert_eq!(served["compact_revision"].as_i64(), Some(compacted), "{version}");
        assert_eq!(u64::from(ours.hash), served["hash"].as_u64().expect("a hash"), "{version}");
    }
}
