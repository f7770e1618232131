//! ZooKeeper's files as real servers write them: what is read of them is what the servers and their own tools say, damage
//! is found with its place, and what a start on them does is told before.

use crate::cluster::{Cluster, Home, Ran};
use serde_json::Value;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use zookeeper_client::{Acls, Client, CreateMode, CreateOptions};

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
    // One that is about to start takes the question and never answers it.
    stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    let mut text = String::new();
    let _ = stream.write_all(word.as_bytes()).and_then(|()| stream.read_to_string(&mut text));
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

    let report = judged(&cluster.home, &data).exits(0).json();
    let open = findings(&report, "open-acls");
    assert!(
        open.iter().any(|(severity, says)| severity == "warning" && says.contains("/app 81")),
        "{open:?}"
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

/// Starts a server of these jars alone on a directory: how many nodes it serves, or `None` when it ends.
fn starts(cluster: &Cluster, data: &Path) -> Option<u64> {
    let port = crate::cluster::free_address().port();
    let words = cluster.lab["members"][0]["spec"]["arguments"].as_array().expect("arguments");
    let mut words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    words.truncate(words.iter().position(|word| *word == "-cp").expect("a class path") + 2);
    words.retain(|word| !word.contains("digest.enabled"));
    let settings = format!(
        "dataDir={}\nclientPort={port}\nadmin.enableServer=false\n4lw.commands.whitelist=*\npreAllocSize=1024\n",
        data.display()
    );
    let file = cluster.home.file(&format!("{port}.cfg"), &settings);
    let mut child = Command::new("java")
        .args(words)
        .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
        .arg(file)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("java runs");
    let mut served = None;
    let address = format!("127.0.0.1:{port}");
    crate::cluster::wait("a server starts or ends", || {
        let ended = child.try_wait().expect("it can be asked").is_some();
        if !ended
            && std::net::TcpStream::connect(&address).is_ok()
            && word(&address, "mntr").contains("zk_znode_count")
        {
            served = Some(counted(&address, "zk_znode_count") - 1);
        }
        ended || served.is_some()
    });
    let _ = child.kill();
    let _ = child.wait();
    served
}

/// Copies a data directory.
fn copy(from: &Path, to: &Path) -> PathBuf {
    std::fs::create_dir_all(to.join("version-2")).expect("a directory");
    let files = |dir: &Path| std::fs::read_dir(dir).expect("readable").flatten().map(|entry| entry.path());
    for file in files(&from.join("version-2")).chain(files(from)).filter(|path| path.is_file()) {
        let into = to.join(file.strip_prefix(from).expect("below it"));
        std::fs::copy(&file, into).expect("copied");
    }
    to.to_owned()
}

fn names(files: &Value, of: &str) -> Vec<String> {
    let all = files[of].as_array().expect("a list");
    all.iter().map(|one| one["file"].as_str().expect("a name").to_owned()).collect()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("readable");
    bytes[at] ^= 0x40;
    std::fs::write(path, bytes).expect("written");
}

#[test]
fn an_ensemble_s_directories_and_what_is_missing_in_them() {
    let cluster = Cluster::zookeeper("3.9.5", 3, &[WORDS, EXTENDED, "--server-arg=snapCount=90"]);
    let (home, data) = (&cluster.home, directory(&cluster, 0));
    let session = Session::open(cluster.endpoints()[0]);
    let filled = std::thread::scope(|scope| {
        let filling = scope.spawn(|| session.fill(500));
        // A server that writes meanwhile is no damage.
        let mut looks = 0;
        while !filling.is_finished() {
            let live = inspect(home, &data).exits(0).json();
            assert_eq!(live["start"]["missing"], serde_json::json!([]), "{live:#}");
            looks += 1;
        }
        filling.join().expect("filled");
        looks
    });
    assert!(filled > 1, "{filled} looks");
    deep(&cluster, &data);
    let nodes = counted(cluster.endpoints()[0], "zk_znode_count") - 1;
    let served = word(cluster.endpoints()[0], "srvr");
    let last = served.lines().find_map(|line| line.strip_prefix("Zxid: ")).expect("a zxid").to_owned();
    cluster.lab("kill", &["n1", "n2", "n3"]);
    for at in 0..3 {
        let files = inspect(home, &directory(&cluster, at)).exits(0).json();
        assert_eq!((&files["kind"], &files["verdict"]), (&"data-directory".into(), &"sound".into()));
        assert_eq!(files["myid"].as_str(), Some(format!("{}", at + 1).as_str()));
        let epochs = (&files["epochs"]["accepted"], &files["epochs"]["current"]);
        assert_eq!(epochs, (&1.into(), &1.into()), "{files:#}");
        assert_eq!(files["start"]["last_zxid"], last.as_str(), "{files:#}");
        let config = files["tree"]["config"].as_array().expect("lines");
        assert_eq!(
            config.iter().filter(|line| line.as_str().is_some_and(|l| l.starts_with("server."))).count(),
            3
        );
        let report = judged(home, &directory(&cluster, at)).exits(0).json();
        assert_eq!(findings(&report, "server-snapshots"), [], "{report:#}");
    }
    played(home, &data, &last);
    gaps(&cluster, &data, &last, nodes);
    damages(&cluster, &data);
}

/// Servers of this machine are looked at the same way while they run, where that is asked for.
fn deep(cluster: &Cluster, data: &Path) {
    let options = ["--deep", "--timeout", "20s", "--only", "server-snapshots,large-nodes"];
    let report = cluster.check(&options).exits(0).json();
    assert_eq!(findings(&report, "server-snapshots"), [], "{report:#}");
    assert!(report.to_string().contains("\"nearest\":\"/"), "the tree was read: {report:#}");
    let epoch = data.join("version-2/acceptedEpoch");
    std::fs::write(&epoch, "0").expect("written");
    let found = findings(&cluster.check(&options).exits(2).json(), "server-snapshots");
    assert!(found.len() == 1 && found[0].1.contains("does not start"), "{found:?}");
    std::fs::write(&epoch, "1").expect("written");
}

/// The log transaction by transaction, and the whole on a narrow terminal.
fn played(home: &Home, data: &Path, last: &str) {
    let path = data.to_str().expect("a path");
    let lines = |more: &[&str]| -> Vec<Value> {
        let ran = home.run(&[&["inspect", path, "--log", "-o", "json"], more].concat()).exits(0);
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    };
    let all = lines(&[]);
    assert_eq!(all.last().map(|line| &line["zxid"]), Some(&last.into()));
    assert_eq!(all.len() as u64, u64::from_str_radix(&last[2..], 16).expect("a zxid") & 0xffff_ffff);
    let multis = lines(&["--type", "multi", "--key", "/m"]);
    let says: Vec<&str> = multis.iter().filter_map(|line| line["says"].as_str()).collect();
    assert!(says.len() == 1 && says[0].contains("set-data /app (7 B)"), "{says:?}");
    assert!(lines(&["--type", "multi"])[1]["says"].as_str().is_some_and(|says| says.contains("failed")));
    assert_eq!(lines(&["--from", last]).len(), 1);
    home.run(&["inspect", path, "--log", "--values"]).exits(64).says(&["--values"]);
    let table = home.run(&["inspect", path, "--log", "--key", "/closed/"]).exits(0).stdout;
    assert!(table.contains("create /closed/inner (1 B)") && table.lines().count() == 2, "{table}");
}

/// A log is gone in the middle: a server starts on it as if nothing were missing, and both are told.
fn gaps(cluster: &Cluster, data: &Path, last: &str, nodes: u64) {
    let home = &cluster.home;
    let whole = inspect(home, data).exits(0).json();
    let old = copy(data, &home.path("old"));
    let snapshots = names(&whole, "snapshots");
    snapshots[..snapshots.len() - 1]
        .iter()
        .for_each(|name| std::fs::remove_file(old.join("version-2").join(name)).expect("removed"));
    let from_oldest = inspect(home, &old).exits(0).json();
    assert_eq!(from_oldest["start"]["last_zxid"], last, "{from_oldest:#}");
    let logs = names(&from_oldest, "logs");
    assert!(logs.len() > 3, "{logs:?}");
    assert_eq!(starts(cluster, &copy(&old, &home.path("replayed"))), Some(nodes));

    let middle = logs.len() / 2;
    std::fs::remove_file(old.join("version-2").join(&logs[middle])).expect("removed");
    let broken = inspect(home, &old).exits(2).json();
    let edge = |at: usize, of: &str| from_oldest["logs"][at][of].clone();
    let expected = serde_json::json!([{
        "after": edge(middle - 1, "last_zxid"), "next": edge(middle + 1, "first_zxid"), "file": logs[middle + 1], "within_log": true,
    }]);
    assert_eq!(broken["start"]["missing"], expected, "{broken:#}");
    let report = judged(home, &old).exits(2).json();
    let found = findings(&report, "server-snapshots");
    assert!(found.len() == 1 && found[0].0 == "critical" && found[0].1.contains("before 3.9.4"), "{found:?}");
    assert_eq!(starts(cluster, &copy(&old, &home.path("gap"))), None, "a server of 3.9.4 and later sees it");
    let shown = home.run(&["inspect", old.to_str().expect("a path")]).exits(2);
    assert!(shown.stdout.contains("a server before 3.9.4 starts without them"), "{}", shown.stdout);

    // Right behind the snapshot no server sees it.
    logs[..middle]
        .iter()
        .for_each(|log| std::fs::remove_file(old.join("version-2").join(log)).expect("removed"));
    let broken = inspect(home, &old).exits(2).json();
    assert_eq!(broken["start"]["missing"][0]["within_log"], false, "{broken:#}");
    let served = starts(cluster, &copy(&old, &home.path("late"))).expect("it starts all the same");
    assert!(served < nodes, "{served} of {nodes}");
}

/// Snapshots, logs and epochs that are damaged: what a server makes of each.
fn damages(cluster: &Cluster, data: &Path) {
    let home = &cluster.home;
    let whole = inspect(home, data).exits(0).json();
    let (snapshots, logs) = (names(&whole, "snapshots"), names(&whole, "logs"));
    let bad = copy(data, &home.path("bad"));
    flip(&bad.join("version-2").join(&snapshots[0]), 200);
    let files = inspect(home, &bad).exits(2).json();
    assert_eq!(files["start"]["passed_over"], serde_json::json!([snapshots[0]]), "{files:#}");
    assert_eq!(files["start"]["snapshot"], snapshots[1].as_str());
    assert_eq!(files["start"]["last_zxid"], whole["start"]["last_zxid"]);
    assert!(files["damages"][0]["at"].as_str().is_some_and(|at| at.starts_with(&snapshots[0])), "{files:#}");
    let report = judged(home, &bad).exits(0).json();
    assert_eq!(findings(&report, "server-snapshots")[0].0, "warning", "{report:#}");
    judged(home, &bad.join("version-2").join(&snapshots[0])).exits(2);

    let torn = copy(data, &home.path("torn"));
    let log = torn.join("version-2").join(logs.last().expect("a log"));
    let used = whole["logs"][logs.len() - 1]["used_bytes"].as_u64().expect("bytes");
    std::fs::OpenOptions::new().write(true).open(&log).and_then(|file| file.set_len(used - 3)).expect("cut");
    let files = inspect(home, &torn).exits(0).json();
    let last = &files["logs"][logs.len() - 1];
    assert!(last["torn_at"].as_u64().is_some_and(|at| at < used - 3), "a torn end is none: {files:#}");
    flip(&log, 80);
    let files = inspect(home, &torn).exits(2).json();
    assert!(files["start"]["refusals"][0].as_str().is_some_and(|why| why.contains("damaged")), "{files:#}");
    assert_eq!(findings(&judged(home, &torn).exits(2).json(), "server-snapshots")[0].0, "critical");
    assert_eq!(starts(cluster, &torn), None, "a checksum that is wrong stops a server");

    // One that is cut is no snapshot to a server: without a log it starts as if there had never been anything.
    let bare = home.path("bare");
    std::fs::create_dir_all(bare.join("version-2")).expect("a directory");
    let newest = std::fs::read(data.join("version-2").join(&snapshots[0])).expect("readable");
    std::fs::write(bare.join("version-2").join(&snapshots[0]), &newest[..newest.len() / 2]).expect("written");
    assert_eq!(inspect(home, &bare).exits(2).json()["start"]["starts_empty"], true);
    let report = judged(home, &bare).exits(2).json();
    assert!(findings(&report, "server-snapshots")[0].1.contains("empty tree"), "{report:#}");
    assert!(starts(cluster, &bare).is_some_and(|nodes| nodes < 6), "it serves an empty tree");

    let promised = copy(data, &home.path("promised"));
    std::fs::write(promised.join("version-2/acceptedEpoch"), "0").expect("written");
    let files = inspect(home, &promised).exits(2).json();
    assert!(
        files["start"]["refusals"][0].as_str().is_some_and(|why| why.contains("acceptedEpoch")),
        "{files:#}"
    );
}

/// A snapshot that was written without the digest is refused by a server that expects one: which it is, is written nowhere.
#[test]
fn a_snapshot_without_digest_is_for_servers_without_digest() {
    let options =
        [WORDS, EXTENDED, "--server-arg=-Dzookeeper.digest.enabled=false", "--server-arg=snapCount=50"];
    let cluster = Cluster::zookeeper("3.9.5", 1, &options);
    let session = Session::open(cluster.endpoints()[0]);
    session.fill(120);
    cluster.lab("kill", &["n1"]);
    drop(session);
    let data = directory(&cluster, 0);
    let files = inspect(&cluster.home, &data).exits(0).json();
    let newest = &files["snapshots"][0];
    assert_eq!((&newest["has_digest"], &newest["has_last_zxid"]), (&false.into(), &true.into()), "{files:#}");
    let report = judged(&cluster.home, &data).exits(0).json();
    let found = findings(&report, "server-snapshots");
    assert!(found.iter().any(|(_, says)| says.contains("default digest.enabled=true")), "{found:?}");
    assert_eq!(starts(&cluster, &copy(&data, &cluster.home.path("refused"))), None);
}
