//! ZooKeeper's files as real servers write them: what is read of them is what the servers and their own tools say, damage
//! is found with its place, and what a start on them does is told before.

use crate::cluster::{Cluster, Home, Ran};
use quorate::format::source::Source;
use quorate::format::zookeeper::{LogReader, Packing, Survey, Zxid, survey};
use serde_json::Value;
use std::cell::Cell;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use zookeeper_client::{Acls, Client, CreateMode, CreateOptions};

const SNAPSHOT: &[u8] = include_bytes!("../data/zookeeper/snapshot.8e");
const LOG: &[u8] = include_bytes!("../data/zookeeper/log.1");
const PAGE: usize = 4096;
const ROUNDS: u64 = 1000;
const KINDS: [&str; 5] = ["truncate", "flip", "splice", "extend", "zero"];

/// Notes the largest piece that is asked for, and how much in all.
struct Watched {
    bytes: Vec<u8>,
    largest: Cell<usize>,
    all: Cell<usize>,
}

impl Watched {
    fn new(bytes: Vec<u8>) -> Watched {
        Watched { bytes, largest: Cell::new(0), all: Cell::new(0) }
    }
}

impl Source for Watched {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        self.largest.set(self.largest.get().max(into.len()));
        let read = self.bytes.as_slice().read_at(offset, into)?;
        self.all.set(self.all.get() + read);
        Ok(read)
    }
}

/// Small, fast and the same everywhere (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

fn mutate(original: &[u8], kind: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    match kind {
        "truncate" => bytes.truncate(random.below(original.len())),
        "flip" => bytes[random.below(original.len())] ^= 1 << random.below(8),
        "splice" => {
            let length = 1 + random.below(600);
            let (from, to) = (random.below(original.len() - length), random.below(original.len() - length));
            bytes.copy_within(from..from + length, to);
        }
        "extend" => bytes.extend((0..=random.below(2 * PAGE)).map(|_| random.below(256) as u8)),
        _ => {
            let page = random.below(original.len() / PAGE);
            bytes[page * PAGE..(page + 1) * PAGE].fill(0);
        }
    }
    bytes
}

fn each_mutation(original: &[u8], mut check: impl FnMut(&str, u64, &Watched)) {
    for (seed, kind) in KINDS.into_iter().enumerate() {
        for round in 0..ROUNDS {
            let source = Watched::new(mutate(original, kind, &mut Random(round * 31 + seed as u64)));
            if source.bytes == original {
                continue;
            }
            check(kind, round, &source);
            let (largest, all) = (source.largest.get(), source.all.get());
            assert!(largest <= 5 << 20, "{kind} {round}: {largest} bytes at once");
            assert!(all <= 200 * source.bytes.len() + (1 << 20), "{kind} {round}: {all} bytes were read");
        }
    }
}

/// Whether what is read of a changed snapshot is all that is in the original but blocks behind the tree.
fn same_tree(found: &Survey, original: &Survey) -> bool {
    Survey { end: original.end, ..found.clone() } == *original
}

#[test]
fn every_mutation_of_a_snapshot_is_seen() {
    let original = survey(&SNAPSHOT.to_vec(), Packing::Plain);
    assert!(original.damage.is_none() && original.nodes == 145, "{original:?}");
    assert_eq!(original.digest_matches(Zxid(0x8e)), Some(true));
    each_mutation(SNAPSHOT, |kind, round, source| {
        let found = survey(source, Packing::Plain);
        match &found.damage {
            Some(damage) => assert!(
                damage.to_string().contains("offset") || source.bytes.is_empty(),
                "{kind} {round}: {damage}"
            ),
            // Cut right behind a seal: a whole snapshot of a server that writes less behind the tree.
            None => assert!(kind == "truncate" && same_tree(&found, &original), "{kind} {round}: {found:?}"),
        }
    });
}

#[test]
fn every_mutation_of_a_packed_snapshot_is_seen() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(SNAPSHOT).expect("packed");
    let packed = packer.finish().expect("packed");
    let original = survey(&packed, Packing::Gzip);
    assert!(original.damage.is_none(), "{original:?}");
    for round in 0..ROUNDS {
        let kind = KINDS[round as usize % 4];
        let source = Watched::new(mutate(&packed, kind, &mut Random(round)));
        let found = survey(&source, Packing::Gzip);
        // The header of a gzip file has a time, a name and flags that nobody proves.
        let same = found == original || kind == "truncate" && same_tree(&found, &original);
        assert!(found.damage.is_some() || same, "{kind} {round}: {found:?}");
    }
}

/// What is said of a log: every record, and why it is not whole.
fn told(source: &dyn Source) -> (Vec<String>, Option<String>) {
    let (mut records, mut wrong) = (Vec::new(), None);
    match LogReader::open(source) {
        Ok((mut reader, _)) => {
            while let Some(next) = reader.next_record() {
                match next {
                    Ok(record) => records.push(format!("{record:?}")),
                    Err(damage) => wrong = wrong.or(Some(damage.to_string())),
                }
            }
            let torn = reader.ending().torn.map(|at| format!("torn at offset {at}"));
            (records, wrong.or(torn))
        }
        Err(damage) => (records, Some(damage.to_string())),
    }
}

#[test]
fn every_mutation_of_a_log_is_seen() {
    let (original, wrong) = told(&LOG.to_vec());
    assert_eq!((original.len(), wrong), (143, None));
    let written = LOG.len() - LOG.iter().rev().take_while(|byte| **byte == 0).count();
    each_mutation(LOG, |kind, round, source| {
        let (records, wrong) = told(source);
        for record in &records {
            let known = original.contains(record) || kind == "splice";
            assert!(known, "{kind} {round}: {record} was never written");
        }
        match wrong {
            Some(wrong) => assert!(wrong.contains("offset"), "{kind} {round}: {wrong}"),
            // Zeros, or nothing, from the end of a record on: what the log was some records ago.
            None => {
                let bytes = &source.bytes;
                let end = bytes.len() - bytes.iter().rev().take_while(|byte| **byte == 0).count();
                let earlier = bytes[..end] == LOG[..end] && end <= written;
                let unproven = kind == "flip" && records == original;
                assert!(earlier && original.starts_with(&records) || unproven, "{kind} {round}");
            }
        }
    });
}

const WORDS: &str = "--server-arg=4lw.commands.whitelist=srvr,mntr";
const EXTENDED: &str = "--server-arg=-Dzookeeper.extendedTypesEnabled=true";

/// A client that stays while servers are killed, and what it works with.
struct Session {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

fn open(mode: CreateMode) -> CreateOptions<'static> {
    mode.with_acls(Acls::anyone_all())
}

impl Session {
    fn open(endpoint: &str) -> Session {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let authority = endpoint.rsplit('/').next().expect("an authority");
        let connector = Client::connector()
            .with_session_timeout(Duration::from_secs(40))
            .with_auth("digest", b"bob:secret");
        let client = runtime.block_on(connector.connect(authority)).expect("connects");
        Session { runtime, client }
    }

    fn create(&self, path: &str, value: &[u8], options: &CreateOptions<'_>) {
        self.runtime.block_on(self.client.create(path, value, options)).expect(path);
    }

    /// Nodes of every kind, with every kind of transaction; `many` plain ones among them.
    fn fill(&self, many: usize) {
        let persistent = open(CreateMode::Persistent);
        self.create("/app", b"root", &persistent);
        for _ in 0..many {
            self.create("/app/q-", &[b'v'; 60], &open(CreateMode::PersistentSequential));
        }
        self.create("/live", b"", &persistent);
        for _ in 0..12 {
            self.create("/live/e-", b"here", &open(CreateMode::EphemeralSequential));
        }
        self.create("/big", &[7; 300_000], &persistent);
        let closed = CreateMode::Persistent.with_acls(Acls::creator_all());
        self.create("/closed", b"", &closed);
        self.create("/closed/inner", b"x", &closed);
        self.create("/reads", b"", &CreateMode::Persistent.with_acls(Acls::anyone_read()));
        self.create("/box", b"", &open(CreateMode::Container));
        self.create("/box/child", b"", &persistent);
        self.create("/brief", b"", &persistent.clone().with_ttl(Duration::from_secs(3600)));
        self.runtime.block_on(async {
            let mut multi = self.client.new_multi_writer();
            multi.add_create("/m", b"1", &persistent).expect("a part");
            multi.add_set_data("/app", b"changed", None).expect("a part");
            multi.add_create("/m/x", b"", &persistent).expect("a part");
            multi.add_delete("/m/x", None).expect("a part");
            multi.commit().await.expect("all of it");
            let mut failing = self.client.new_multi_writer();
            failing.add_create("/none", b"", &persistent).expect("a part");
            failing.add_delete("/nowhere", None).expect("a part");
            failing.commit().await.expect_err("none of it");
            self.client.delete("/nowhere", None).await.expect_err("not there");
            self.client.set_data("/m", b"two", None).await.expect("written");
            let acl = [zookeeper_client::Acl::new(
                zookeeper_client::Permission::READ,
                zookeeper_client::AuthId::anyone(),
            )];
            self.client.set_acl("/m", &acl, None).await.expect("changed");
        });
    }
}

/// What a server says to a word.
fn word(endpoint: &str, word: &str) -> String {
    let authority = endpoint.rsplit('/').next().expect("an authority");
    let mut stream = std::net::TcpStream::connect(authority).expect("connects");
    stream.write_all(word.as_bytes()).expect("asks");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answers");
    text
}

fn counted(endpoint: &str, name: &str) -> u64 {
    let text = word(endpoint, "mntr");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
    line.expect(name).trim().parse().expect("a number")
}

fn directory(cluster: &Cluster, at: usize) -> PathBuf {
    PathBuf::from(cluster.lab["members"][at]["data_dir"].as_str().expect("a directory"))
}

fn inspect(home: &Home, path: &Path) -> Ran {
    home.run(&["inspect", "-o", "json", path.to_str().expect("a path")])
}

fn judged(home: &Home, path: &Path) -> Ran {
    home.run(&["check", "-o", "json", "--snapshot", path.to_str().expect("a path")])
}

fn findings(report: &Value, check: &str) -> Vec<(String, String)> {
    let findings = report["clusters"][0]["findings"].as_array().expect("findings");
    let of_it = findings.iter().filter(|f| f["check"] == check && f["status"] == "fail");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    of_it.map(|f| (text(&f["severity"]), text(&f["summary"]))).collect()
}

/// Runs a class of the server's own jars, and gives the lines that it prints.
fn java(cluster: &Cluster, class: &str, arguments: &[&str]) -> Vec<String> {
    let words = cluster.lab["members"][0]["spec"]["arguments"].as_array().expect("arguments");
    let mut words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    words.truncate(words.iter().position(|word| *word == "-cp").expect("a class path") + 2);
    let output = Command::new("java").args(words).arg(class).args(arguments).output().expect("java runs");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// A server that stands alone, filled, killed and started again: then it writes a snapshot of all that it has.
fn agrees(version: &str, options: &[&str], suffix: &str) {
    let cluster = Cluster::zookeeper(version, 1, &[&[WORDS, EXTENDED], options].concat());
    let endpoint = cluster.endpoints()[0].to_owned();
    let session = Session::open(&endpoint);
    session.fill(80);
    let names = ["zk_znode_count", "zk_approximate_data_size", "zk_ephemerals_count"];
    let [nodes, bytes, ephemerals] = names.map(|name| counted(&endpoint, name));
    // Servers keep the root under two names, "" and "/", and count both.
    let served = [nodes - 1, bytes - 1, ephemerals];
    cluster.lab("kill", &["n1"]);
    cluster.lab("start", &["n1"]);

    let data = directory(&cluster, 0);
    let mut files = Value::Null;
    crate::cluster::wait("a snapshot at the start", || {
        // Also while it is written, nothing is called damaged.
        files = inspect(&cluster.home, &data).exits(0).json();
        files["snapshots"].as_array().is_some_and(|all| all.len() > 1 && all[0]["state"] == "whole")
    });
    let tree = &files["tree"];
    let read = ["nodes", "bytes", "ephemerals"].map(|name| tree[name].as_u64().expect("a number"));
    assert_eq!(read, served, "{version}: {files:#}");
    assert_eq!((&files["verdict"], &files["start"]["missing"]), (&"sound".into(), &serde_json::json!([])));
    let newest = &files["snapshots"][0];
    let name = newest["file"].as_str().expect("a name");
    assert!(name.ends_with(suffix), "{name}");
    assert_eq!(newest["digest_matches"].as_bool(), newest["has_digest"].as_bool().filter(|has| *has));
    assert_eq!(
        (&tree["containers"], &tree["ttl_nodes"], &tree["sessions"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(tree["biggest_values"][0], serde_json::json!({"name": "/big", "bytes": 300_000, "count": 1}));
    assert_eq!(tree["longest_lists"][0]["count"], 80, "{tree:#}");
    assert_eq!((&tree["biggest_sessions"][0]["count"], &tree["acls"]), (&12.into(), &3.into()), "{tree:#}");
    let open_to_all = |name: &str| {
        (tree["prefixes"][name]["readable"].as_u64(), tree["prefixes"][name]["writable"].as_u64())
    };
    assert_eq!(
        [open_to_all("/closed"), open_to_all("/reads"), open_to_all("/m")],
        [(Some(0), Some(0)), (Some(1), Some(0)), (Some(1), Some(0))]
    );

    // The server's own tools count the same.
    let path = data.join("version-2").join(name);
    let formatted =
        java(&cluster, "org.apache.zookeeper.server.SnapshotFormatter", &[path.to_str().expect("a path")]);
    let nodes = formatted.iter().filter(|line| line.starts_with('/')).count() as u64;
    assert_eq!(nodes, served[0], "{version}: {formatted:#?}");
    let log = &files["logs"][0];
    let path = data.join("version-2").join(log["file"].as_str().expect("a name"));
    let toolkit = "org.apache.zookeeper.server.persistence.TxnLogToolkit";
    let dumped = java(&cluster, toolkit, &[path.to_str().expect("a path")]);
    let transactions = dumped.iter().filter(|line| line.contains(" zxid 0x")).count() as u64;
    assert_eq!(log["transactions"].as_u64(), Some(transactions), "{version}: {dumped:#?}");
    for kind in [
        "create-session",
        "create",
        "create-ephemeral",
        "create-container",
        "create-ttl",
        "multi",
        "error",
        "set-data",
        "set-acl",
    ] {
        assert!(log["types"][kind].as_u64() >= Some(1), "{version}: no {kind} in {log:#}");
    }
    drop(session);
}

#[test]
fn what_3_9_5_writes() {
    agrees("3.9.5", &[], "");
    agrees("3.9.5", &["--server-arg=-Dzookeeper.snapshot.compression.method=snappy"], ".snappy");
}

#[test]
fn what_3_9_3_and_3_8_write() {
    agrees("3.9.3", &["--server-arg=-Dzookeeper.snapshot.compression.method=gz"], ".gz");
    agrees("3.8.3", &[], "");
    agrees("3.8.0", &["--server-arg=-Dzookeeper.digest.enabled=false"], "");
}
