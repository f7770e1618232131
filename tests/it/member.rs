//! `quorate member` on real clusters: what is allowed works to its end, what is refused changes nothing.

use crate::cluster::{Cluster, PATIENCE, Ran, VERSIONS, url};
use quorate::transport::Deadline;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server started as `quorate member add` said; killed when dropped.
struct Joiner {
    process: Child,
}

impl Joiner {
    fn start(cluster: &Cluster, data: PathBuf, report: &Value) -> Joiner {
        let arguments = report["start"]["arguments"].as_array().expect("arguments");
        let arguments: Vec<&str> = arguments.iter().map(|a| a.as_str().expect("text")).collect();
        let peer = arguments.iter().find_map(|a| a.strip_prefix("--initial-advertise-peer-urls="));
        let client = url();
        let process = Command::new(cluster.program())
            .args(&arguments)
            .args(["--listen-peer-urls", peer.expect("a peer URL")])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .arg("--data-dir")
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("etcd starts");
        Joiner { process }
    }
}

impl Drop for Joiner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn member(cluster: &Cluster, args: &[&str]) -> Ran {
    cluster.run(&[&["member"], args, &["-o", "json"]].concat())
}

fn members(cluster: &Cluster) -> Vec<Value> {
    let list = member(cluster, &["list"]).exits(0).json();
    assert_eq!(list["schema"], "quorate.member-list/v1");
    list["members"].as_array().expect("members").clone()
}

/// Who is a member with a vote, and who without.
fn ids(cluster: &Cluster) -> Vec<(String, bool)> {
    let of = |m: &Value| (m["id"].as_str().expect("an id").to_owned(), m["voter"].as_bool().expect("a vote"));
    members(cluster).iter().map(of).collect()
}

fn named(cluster: &Cluster, name: &str) -> Option<Value> {
    members(cluster).into_iter().find(|m| m["name"] == name)
}

/// Waits until a member that was started is in.
fn answers(cluster: &Cluster, name: &str) {
    let deadline = Deadline::after(PATIENCE);
    while !named(cluster, name).is_some_and(|m| m["reachable"] == true) {
        assert!(!deadline.left().is_zero(), "{name} does not come up");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn outcomes(report: &Value) -> Vec<(&str, &str)> {
    assert_eq!(report["schema"], "quorate.member-change/v1");
    let steps = report["steps"].as_array().expect("steps");
    steps
        .iter()
        .map(|s| (s["change"]["kind"].as_str().expect("a kind"), s["outcome"].as_str().expect("an outcome")))
        .collect()
}

/// From three to four and back, then a dead one replaced: the whole life of a cluster's membership.
fn a_cluster_lives(version: &str) {
    let cluster = Cluster::etcd(version, 3);
    cluster.settles("healthy");
    let before = ids(&cluster);
    let peer = url();

    let planned = member(&cluster, &["add", "n4", "--peer-urls", &peer, "--dry-run"]).exits(0).json();
    assert_eq!(outcomes(&planned), [("add", "not-tried")]);
    member(&cluster, &["add", "n4", "--peer-urls", &peer]).exits(4).says(&["nobody is at the terminal"]);
    assert_eq!(ids(&cluster), before, "{version}: nothing was changed");

    // The lab has just started: the server wants its members connected for five seconds, and is waited for.
    let added = member(&cluster, &["add", "n4", "--peer-urls", &peer, "--yes"]).exits(0);
    let waited = added.json()["steps"][0]["took_ms"].as_f64() > Some(1000.0);
    assert!(!waited || added.stderr.contains("waiting: etcdserver: unhealthy cluster"), "{}", added.stderr);
    let added = added.json();
    assert_eq!(outcomes(&added), [("add", "done")]);
    assert_eq!(added["steps"][0]["forecast"]["after"]["learners"], 1);
    let id = added["steps"][0]["id"].as_str().expect("an id").to_owned();

    let again = ["add", "n5", "--peer-urls", "http://127.0.0.1:1", "--yes"];
    member(&cluster, &again).exits(4).says(&["never started", "One at a time"]);
    member(&cluster, &["promote", &id, "--yes"]).exits(4).says(&["never started"]);

    let n4 = Joiner::start(&cluster, cluster.home.path("n4"), &added);
    let promoted = member(&cluster, &["promote", "n4", "--yes", "--wait"]).exits(0).json();
    assert_eq!(outcomes(&promoted), [("promote", "done")]);
    assert_eq!(promoted["steps"][0]["id"], id.as_str());
    assert_eq!(named(&cluster, "n4").expect("n4")["voter"], true, "{version}");
    let again = member(&cluster, &["promote", "n4", "--yes"]).exits(0).json();
    assert_eq!(outcomes(&again), [("promote", "nothing")]);

    member(&cluster, &["lead", "n4", "--yes"]).exits(0);
    assert_eq!(cluster.with_role("leader"), ["n4"], "{version}");
    let removed = member(&cluster, &["remove", "n4", "--yes"]).exits(0).json();
    assert_eq!(outcomes(&removed), [("move-leader", "done"), ("remove", "done")], "{version}");
    assert_eq!(ids(&cluster), before, "{version}");
    drop(n4);
    a_dead_one_is_replaced(version, &cluster);
}

fn a_dead_one_is_replaced(version: &str, cluster: &Cluster) {
    let before = ids(cluster);
    cluster.lab("kill", &["n3"]);
    cluster.settles("at-risk");
    let peer = url();
    for vote in [&["--voter"][..], &[]] {
        let add = [&["add", "n4", "--peer-urls", &peer, "--yes"], vote].concat();
        member(cluster, &add).exits(4).says(&["n3 does not serve", "3 of 4", "member remove n3"]);
    }
    member(cluster, &["remove", "n1", "--yes"]).exits(4).says(&["Remove n3 first"]);
    member(cluster, &["lead", "n3", "--yes"]).exits(4).says(&["does not serve"]);
    member(cluster, &["replace", "n1", "--yes"]).exits(4).says(&["n1 still answers"]);
    assert_eq!(ids(cluster), before, "{version}: nothing was changed");

    let planned = member(cluster, &["replace", "n3", "--dry-run"]).exits(0).json();
    assert_eq!(outcomes(&planned), [("remove", "not-tried"), ("add", "not-tried")]);
    assert_eq!(ids(cluster), before, "{version}: nothing was changed");
    let replaced = member(cluster, &["replace", "n3", "--yes"]).exits(0).json();
    assert_eq!(outcomes(&replaced), [("remove", "done"), ("add", "done")], "{version}");
    let _n3 = Joiner::start(cluster, cluster.home.path("n3-again"), &replaced);
    answers(cluster, "n3");
    member(cluster, &["promote", "n3", "--yes"]).exits(0);
    let whole = cluster.settles("healthy").json();
    assert_eq!(whole["clusters"][0]["quorum"]["voters"], 3, "{version}");
    assert_ne!(ids(cluster), before, "{version}: another member took its place");
}

#[test]
fn a_cluster_lives_3_4() {
    a_cluster_lives(VERSIONS[0]);
}

#[test]
fn a_cluster_lives_3_5() {
    a_cluster_lives(VERSIONS[1]);
}

#[test]
fn a_cluster_lives_3_6() {
    a_cluster_lives(VERSIONS[2]);
}

#[test]
fn a_cluster_lives_3_7() {
    a_cluster_lives(VERSIONS[3]);
}

/// What a member of a stuck cluster shows of having been asked to change who is in it.
#[derive(Debug, PartialEq)]
struct Survivor {
    /// Last entry of its log, and how far it has applied.
    ends: Value,
    /// The changes of members in its log.
    changes: String,
    /// How often each request that changes members, or moves the lead, has arrived.
    asked: Vec<String>,
}

impl Survivor {
    fn of(cluster: &Cluster, at: usize) -> Survivor {
        let dir = cluster.lab["members"][at]["data_dir"].as_str().expect("a data directory");
        let copy = cluster.home.run(&["inspect", dir, "-o", "json"]).json();
        let log = &copy["log"];
        assert!(log["last"]["index"].is_u64(), "{copy}");
        let changes =
            cluster.home.run(&["inspect", dir, "--log", "--type", "conf-change", "-o", "json"]).exits(0);
        let page = page(&format!("{}/metrics", cluster.endpoints()[at]));
        let counts = |line: &&str| {
            line.starts_with("grpc_server_started_total{")
                && ["MemberAdd", "MemberRemove", "MemberPromote", "MemberUpdate", "MoveLeader"]
                    .iter()
                    .any(|method| line.contains(&format!("grpc_method=\"{method}\"")))
        };
        Survivor {
            // Not the term: before 3.5 a member without a leader stands for election again and again, and raises it.
            ends: serde_json::json!([log["last"], copy["database"]["consistent_index"]]),
            changes: changes.stdout,
            asked: page.lines().filter(counts).map(str::to_owned).collect(),
        }
    }
}

/// A page of a plain HTTP server.
fn page(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("a URL");
    let mut stream = TcpStream::connect(host).expect("connects");
    let ask = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).expect("asked");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answers");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_stuck_cluster_is_left_alone() {
    for version in VERSIONS {
        let cluster = Cluster::etcd(version, 3);
        cluster.settles("healthy");
        let before = ids(&cluster);
        cluster.lab("kill", &["n1", "n2"]);
        cluster.settles("lost");
        let survivor = Survivor::of(&cluster, 2);
        let peer = url();
        let attempts: [&[&str]; 6] = [
            &["add", "n4", "--peer-urls", &peer],
            &["add", "n4", "--peer-urls", &peer, "--voter"],
            &["remove", "n1"],
            &["promote", "n3"],
            &["replace", "n1"],
            &["lead", "n3"],
        ];
        for attempt in attempts {
            for how in ["--yes", "--dry-run"] {
                let ran = member(&cluster, &[attempt, &[how]].concat()).exits(4).says(&["quorum is lost"]);
                assert_eq!(ran.json()["steps"][0]["outcome"], "refused", "{version}");
            }
        }
        assert_eq!(Survivor::of(&cluster, 2), survivor, "{version}: nothing was proposed");
        assert!(survivor.asked.len() >= 5, "{version}: the server counts: {:?}", survivor.asked);
        assert!(survivor.asked.iter().all(|line| line.ends_with(" 0")), "{version}: {:?}", survivor.asked);
        // It is seen when a member of a stuck cluster is asked.
        let program = std::path::Path::new(cluster.program()).with_file_name("etcdctl");
        let mut etcdctl = Command::new(program);
        etcdctl.args(["--command-timeout=1s", "--endpoints", cluster.endpoints()[2]]).env("ETCDCTL_API", "3");
        let asked = etcdctl.args(["member", "add", "n4", &format!("--peer-urls={peer}")]).output();
        assert!(!asked.expect("etcdctl runs").status.success());
        assert_ne!(Survivor::of(&cluster, 2).asked, survivor.asked, "{version}");
        cluster.lab("start", &["n1", "n2"]);
        cluster.settles("healthy");
        assert_eq!(ids(&cluster), before, "{version}: nothing was left behind to be committed later");
    }
}

#[test]
fn down_to_one_and_no_further() {
    let cluster = Cluster::etcd(VERSIONS[2], 2);
    cluster.settles("healthy");
    let leader = cluster.with_role("leader").remove(0);
    let planned = member(&cluster, &["remove", &leader, "--dry-run"]).exits(0);
    assert!(planned.stdout.contains("A single voter is no cluster"), "{}", planned.stdout);
    let removed = member(&cluster, &["remove", &leader, "--yes"]).exits(0).json();
    assert_eq!(outcomes(&removed), [("move-leader", "done"), ("remove", "done")]);
    let rest = members(&cluster);
    assert_eq!(rest.len(), 1);
    let last = rest[0]["name"].as_str().expect("a name");
    member(&cluster, &["remove", last, "--yes"]).exits(4).says(&["last voter"]);
    let add = ["add", "n9", "--peer-urls", "http://127.0.0.1:1", "--voter", "--yes"];
    member(&cluster, &add).exits(4).says(&["every write would stop", "learner"]);
    assert_eq!(members(&cluster).len(), 1);
}

#[test]
fn words_that_mean_nobody() {
    let cluster = Cluster::etcd(VERSIONS[2], 1);
    member(&cluster, &["remove", "n7", "--yes"]).exits(64).says(&["no member `n7`"]);
    member(&cluster, &["add", "n2", "--peer-urls", "10.0.0.1:2380"]).exits(64).says(&["http://HOST:PORT"]);
    member(&cluster, &["add", "n2"]).exits(64);
    member(&cluster, &["remove"]).exits(64);
    member(&cluster, &["remove", "etcd://127.0.0.1:1"]).exits(64).says(&["member is missing"]);
    let (home, endpoint) = (&cluster.home, cluster.endpoints()[0]);
    let by_endpoint = ["member", "remove", "n1", "--endpoints", endpoint];
    home.run(&by_endpoint).exits(4).says(&["last voter"]);
    home.run(&[&by_endpoint[..2], &["prod"], &by_endpoint[2..]].concat())
        .exits(64)
        .says(&["give one of them"]);
    let peer = members(&cluster)[0]["peer_urls"][0].as_str().expect("a URL").to_owned();
    member(&cluster, &["add", "n2", "--peer-urls", &peer, "--yes"]).exits(4).says(&["belongs to n1"]);
    member(&cluster, &["add", "n1", "--peer-urls", &url(), "--yes"]).exits(4).says(&["called n1 already"]);
    cluster.lab("kill", &["n1"]);
    member(&cluster, &["add", "n2", "--peer-urls", &url(), "--yes"]).exits(4);
    member(&cluster, &["list"]).exits(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_root_changes_who_is_in() {
    for version in VERSIONS {
        let server = tokio::task::spawn_blocking(move || Cluster::etcd(version, 1)).await.expect("starts");
        let mut client = server.client().await;
        client.user_add("root", "secret", None).await.expect("a user");
        client.user_grant_role("root", "root").await.expect("a role");
        client.auth_enable().await.expect("auth is on");
        let home = crate::cluster::Home::new();
        let password = home.file("password", "secret\n");
        let (target, peer) = (server.target(), url());
        let add = ["member", "add", &target, "n2", "--peer-urls", &peer, "--yes", "-o", "json"];
        let refused = home.run(&add);
        assert!([2, 4].contains(&refused.code), "{version}: {}", refused.stderr);
        let login = ["--user", "root", "--password-file", password.to_str().expect("a path")];
        let added = home.run(&[&add[..], &login].concat()).exits(0).json();
        let id = added["steps"][0]["id"].as_str().expect("an id").to_owned();
        let remove = ["member", "remove", &target, &id, "--yes"];
        home.run(&[&remove[..], &login].concat()).exits(0);
    }
}
