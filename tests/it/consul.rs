//! What quorate says of real Consul servers, healthy and broken.

use crate::cluster::{Cluster, Home, PATIENCE, Ran, free_address};
use quorate::target::TlsFiles;
use quorate::transport::Deadline;
use quorate::transport::http::{Answer, Http};
use quorate::transport::tls::TlsMaterial;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const NEWEST: &str = "1.14.11";

pub(crate) fn consul(version: &str, nodes: usize, options: &[&str]) -> Cluster {
    Cluster::of("consul", version, nodes, options)
}

pub(crate) fn quorum(report: &Value) -> &Value {
    &report["clusters"][0]["quorum"]
}

pub(crate) fn findings<'a>(report: &'a Value, status: &'a str) -> impl Iterator<Item = &'a Value> + 'a {
    let all = report["clusters"][0]["findings"].as_array().expect("findings");
    all.iter().filter(move |f| f["status"] == status)
}

/// Severities of what a check found, in order.
#[track_caller]
pub(crate) fn found(report: &Value, check: &str) -> Vec<String> {
    let of = findings(report, "fail").filter(|f| f["check"] == check);
    of.map(|f| f["severity"].as_str().expect("a severity").to_owned()).collect()
}

/// What a slow machine may be found to have.
pub(crate) const SLOW: [&str; 8] = [
    "wal-fsync",
    "commit-latency",
    "linearizable-read",
    "raft-lag",
    "raft-saturation",
    "leader-churn",
    "heartbeats",
    "peer-network",
];

/// Checks that found something worse than information, whatever the machine's speed.
fn loud(report: &Value) -> Vec<&str> {
    let mut loud: Vec<&str> = findings(report, "fail")
        .filter(|f| f["severity"] != "info")
        .map(|f| f["check"].as_str().expect("a check"))
        .filter(|check| !SLOW.contains(check))
        .collect();
    loud.dedup();
    loud
}

pub(crate) fn member<'a>(report: &'a Value, name: &str) -> &'a Value {
    let members = report["clusters"][0]["members"].as_array().expect("members");
    members.iter().find(|m| m["name"] == name).expect("a member of that name")
}

/// Checks until nothing is unknown: a server's first interval of metrics takes ten seconds.
#[track_caller]
pub(crate) fn all_told(cluster: &Cluster) -> Value {
    let deadline = Deadline::after(PATIENCE);
    loop {
        let ran = cluster.check(&[]);
        let report = ran.json();
        if findings(&report, "unknown").next().is_none() {
            return ran.exits(0).json();
        }
        assert!(!deadline.left().is_zero(), "something stays unknown: {report:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// What a plain cluster on loopback has wrong, and nothing else.
const PLAIN: [&str; 8] = [
    "version-unsupported",
    "version-known-bug",
    "client-tls",
    "client-cert-auth",
    "peer-tls",
    "auth",
    "gossip-encryption",
    "learner-stuck",
];

/// Healthy, then worse and worse; leaderless servers still tell whom they know.
fn decline(version: &str) {
    let cluster = consul(version, 3, &[]);
    let healthy = all_told(&cluster);
    assert_eq!(quorum(&healthy)["state"], "healthy");
    assert_eq!(quorum(&healthy)["failures_until_stuck"], 1);
    assert_eq!(member(&healthy, "n1")["version"], version);
    // The service mesh, whose trust domain is a cluster's own name, is on by default since 1.14.
    assert_eq!(healthy["clusters"][0]["cluster_id"].is_string(), version == NEWEST);
    let loud = loud(&healthy);
    assert!(loud.iter().all(|check| PLAIN.contains(check)), "beyond the truth: {loud:?}");
    for check in ["client-tls", "peer-tls", "auth", "gossip-encryption"] {
        assert!(loud.contains(&check), "{check} is missing: {loud:?}");
    }
    let leader = cluster.with_role("leader")[0].clone();
    let followers = cluster.with_role("follower");
    let [one, two] = [followers[0].as_str(), followers[1].as_str()];

    cluster.check(&["--before-restart", one]).exits(0);
    let led = cluster.check(&["--before-restart", &leader]).exits(0).json();
    assert_eq!(found(&led, "before-restart"), ["warning"], "the leader goes last");
    cluster.check(&["--before-restart", "n9"]).exits(64).says(&["n9", "did you mean `n1`?"]);

    cluster.lab("kill", &[one]);
    let at_risk = cluster.settles("at-risk").exits(0).json();
    assert_eq!(found(&at_risk, "quorum-margin"), ["warning"]);
    cluster.check(&["--before-restart", two]).exits(4);
    cluster.check(&["--before-restart", one]).exits(0);
    // The two that are left agree on everything but what the lost one would say.
    assert_eq!(found(&at_risk, "membership-drift"), [""; 0]);

    cluster.lab("kill", &[leader.as_str()]);
    let lost = cluster.check(&[]).exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost", "two killed: {lost:#}");
    let left = member(&lost, two);
    assert_eq!((left["version"].as_str(), left["voter"].as_bool()), (Some(version), Some(true)));
    assert_eq!(left["role"], "leaderless", "its leader's port refuses connections: {left:#}");
    assert_eq!(lost["clusters"][0]["members"].as_array().map(Vec::len), Some(3), "the configuration is told");

    cluster.home.run(&["lab", "start", "--wait", one, leader.as_str()]).exits(0);
    cluster.settles("healthy");
    // The leader and a follower hang: the first look says so, though the third still names its leader.
    let leader = cluster.with_role("leader")[0].clone();
    let hung = cluster.with_role("follower")[0].clone();
    cluster.lab("pause", &[&hung, leader.as_str()]);
    let lost = cluster.check(&[]).exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost", "two paused: {lost:#}");
    assert_eq!(member(&lost, &hung)["trouble"], "no-answer");
    cluster.lab("resume", &[&hung, leader.as_str()]);
    cluster.settles("healthy");

    cluster.lab("kill", &["n1", "n2", "n3"]);
    // Who was a member is remembered.
    let gone = cluster.check(&[]).exits(2).json();
    assert_eq!((quorum(&gone)["state"].as_str(), quorum(&gone)["voters"].as_u64()), (Some("lost"), Some(3)));
}

#[test]
fn consul_1_14_declines() {
    decline("1.14.11");
}

#[test]
fn consul_1_13_declines() {
    decline("1.13.9");
}

/// `/v1/status/leader` goes on naming a leader that is gone, for as long as an election takes to begin. With Consul's own
/// default timing (raft_multiplier 5) that is five seconds and more.
#[test]
fn a_leader_that_is_named_is_no_quorum() {
    let cluster = consul(NEWEST, 3, &["--server-arg=-hcl=performance { raft_multiplier = 5 }"]);
    let leader = cluster.with_role("leader")[0].clone();
    let followers = cluster.with_role("follower");
    cluster.lab("kill", &[leader.as_str(), followers[0].as_str()]);
    let position: usize = followers[1][1..].parse().expect("n1, n2, n3");
    let named = get(&format!("{}/v1/status/leader", cluster.endpoints()[position - 1]));
    let lost = cluster.check(&[]).exits(2).json();
    assert!(String::from_utf8_lossy(&named.body).contains(':'), "the peers' probe is not wrong: {named:?}");
    assert_eq!(quorum(&lost)["state"], "lost", "{lost:#}");
    assert_eq!(quorum(&lost)["leader"], Value::Null);
}

fn get(url: &str) -> Answer {
    let http = Http::new(&TlsMaterial::load(&TlsFiles::default()).expect("no files")).expect("a client");
    run(http.get(url, Deadline::after(PATIENCE))).expect("an answer")
}

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

/// Sizes that tolerate no more than one fewer would.
#[test]
fn even_numbers_of_servers() {
    for (nodes, severity) in [(2, "critical"), (4, "warning"), (6, "warning")] {
        let cluster = consul(NEWEST, nodes, &[]);
        let report = cluster.check(&["--fail-on", "never"]).exits(0).json();
        assert_eq!(quorum(&report)["voters"], nodes, "{report:#}");
        assert_eq!(found(&report, "even-voters"), [severity]);
    }
}

/// A cluster with TLS, tokens and a gossip key, and the API of its first server.
struct Secured {
    cluster: Cluster,
    http: Http,
    token: String,
}

impl Secured {
    fn new(nodes: usize, options: &[&str]) -> Secured {
        let options: Vec<&str> = ["--tls"].iter().chain(options).copied().collect();
        let cluster = consul(NEWEST, nodes, &options);
        let file = |key: &str| PathBuf::from(cluster.lab["tls"][key].as_str().expect("a path"));
        let files = TlsFiles {
            ca: Some(file("ca")),
            cert: Some(file("cert")),
            key: Some(file("key")),
            ..TlsFiles::default()
        };
        let http = Http::new(&TlsMaterial::load(&files).expect("the lab's files")).expect("a client");
        let token = std::fs::read_to_string(token_file(&cluster)).expect("a token");
        Secured { cluster, http, token }
    }

    fn put(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/v1/{path}", self.cluster.endpoints()[0]);
        let header = Some(("X-Consul-Token", self.token.as_str()));
        let body = body.to_string();
        let answer = run(self.http.put(&url, body.as_bytes(), header, Deadline::after(PATIENCE)));
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    /// `check` with the lab's config, in which the token's file is another one, or none.
    fn check_as(&self, token: Option<&Path>) -> Ran {
        let config = std::fs::read_to_string(self.cluster.config()).expect("a config");
        let auth = token.map_or_else(String::new, |file| {
            format!("auth = {{ token_file = {:?} }}", file.display().to_string())
        });
        let lines = config.lines().map(|line| if line.starts_with("auth = ") { auth.as_str() } else { line });
        let config = self.cluster.home.file("other.toml", &lines.collect::<Vec<_>>().join("\n"));
        self.cluster.home.run(&["check", "-o", "json", "--config", &config.display().to_string()])
    }
}

fn token_file(cluster: &Cluster) -> PathBuf {
    PathBuf::from(cluster.lab["token_file"].as_str().expect("a token file"))
}

#[test]
fn with_tls_tokens_and_a_gossip_key() {
    let secured = Secured::new(3, &[]);
    let cluster = &secured.cluster;
    let mode = std::fs::metadata(token_file(cluster)).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!cluster.lab.to_string().contains(&secured.token), "`lab up -o json` tells the token");

    let healthy = all_told(cluster);
    assert_eq!(quorum(&healthy)["state"], "healthy");
    assert_eq!(loud(&healthy), ["version-unsupported", "version-known-bug"], "{healthy:#}");
    let passed: Vec<&str> = findings(&healthy, "pass").filter_map(|f| f["check"].as_str()).collect();
    for check in
        ["auth", "open-acls", "gossip-encryption", "peer-verification", "peer-cert-auth", "client-cert-auth"]
    {
        assert!(passed.contains(&check), "{check} did not pass: {passed:?}");
    }

    // What must never be told, in no format and no file.
    let config = std::fs::read_to_string(cluster.home.path("state/quorate/labs/consul/n1/consul.json"));
    let config: Value = serde_json::from_str(&config.expect("the server's settings")).expect("JSON");
    let key = config["encrypt"].as_str().expect("a gossip key");
    let facts = cluster.home.path("facts.json").display().to_string();
    for format in ["json", "table", "junit", "sarif", "github", "markdown", "prometheus", "nagios"] {
        let ran = cluster.run(&["check", "-v", "-o", format, "--save-facts", &facts]);
        let all = [ran.stdout, ran.stderr, std::fs::read_to_string(&facts).expect("saved")].concat();
        assert!(!all.contains(&secured.token) && !all.contains(key), "{format} tells a secret");
    }
    let status = cluster.run(&["status", "-o", "json"]).exits(0).json();
    assert_eq!(status["clusters"][0]["members"].as_array().map(Vec::len), Some(3));

    tokens(&secured);
    writes(&secured);
    let address = cluster.endpoints()[0].trim_start_matches("https://").to_owned();
    let probed = cluster.home.run(&["probe", "tls", &address, "-o", "json"]).exits(0).json();
    assert_eq!(probed["client_certificate"], "required");
}

/// No token, a wrong one, one that others can read, and what a stranger reads.
fn tokens(secured: &Secured) {
    let home = &secured.cluster.home;
    let none = secured.check_as(None).exits(3).json();
    assert_eq!(quorum(&none)["state"], "unknown", "{none:#}");
    assert!(found(&none, "token-rights").contains(&"warning".to_owned()), "{none:#}");

    let wrong = home.file("wrong-token", "deadbeef-dead-beef-dead-beefdeadbeef");
    let ran = secured.check_as(Some(&wrong)).exits(3).says(&["wrong-token can be read by others"]);
    assert!(findings(&ran.json(), "unknown").any(|f| f["check"] == "quorum-lost"));
    secured.check_as(Some(&home.path("absent"))).exits(64).says(&["other.toml", "auth.token_file", "absent"]);
    let two = home.file("two-tokens", "one two");
    secured.check_as(Some(&two)).exits(64).says(&["does not hold one token"]);

    // Reads everything that quorate wants, and nothing else.
    let rules = r#"operator = "read" keyring = "read" agent_prefix "" { policy = "read" } node_prefix "" { policy = "read" }"#;
    secured.put("acl/policy", &json!({ "Name": "quorate", "Rules": rules }));
    let made = secured.put("acl/token", &json!({ "Policies": [{ "Name": "quorate" }] }));
    let least = home.file("least", made["SecretID"].as_str().expect("a token"));
    // Followers learn of a new token a moment later.
    let deadline = Deadline::after(PATIENCE);
    while quorum(&secured.check_as(Some(&least)).json())["state"] != "healthy" {
        assert!(!deadline.left().is_zero(), "the new token is not taken");
    }
    let report = secured.check_as(Some(&least)).exits(0).json();
    assert_eq!(found(&report, "token-rights"), [""; 0], "{report:#}");

    // Agents only: who is a member is read from what each server says of itself, and gossip stays unseen.
    secured
        .put("acl/policy", &json!({ "Name": "agents", "Rules": "agent_prefix \"\" { policy = \"read\" }" }));
    let made = secured.put("acl/token", &json!({ "Policies": [{ "Name": "agents" }] }));
    let agents = home.file("agents", made["SecretID"].as_str().expect("a token"));
    let deadline = Deadline::after(PATIENCE);
    while quorum(&secured.check_as(Some(&agents)).json())["state"] != "healthy" {
        assert!(!deadline.left().is_zero(), "the new token is not taken");
    }
    let partial = secured.check_as(Some(&agents)).exits(3).json();
    assert_eq!(found(&partial, "membership-drift"), [""; 0], "{partial:#}");
    assert!(found(&partial, "token-rights").contains(&"warning".to_owned()), "{partial:#}");
    assert!(findings(&partial, "unknown").any(|f| f["check"] == "gossip-membership"));

    let open = json!({ "Name": "open", "Rules": "key_prefix \"\" { policy = \"read\" }" });
    secured.put("acl/policy", &open);
    let anonymous = "acl/token/00000000-0000-0000-0000-000000000002";
    secured.put(anonymous, &json!({ "Policies": [{ "Name": "open" }] }));
    let deadline = Deadline::after(PATIENCE);
    while found(&secured.check_as(Some(&least)).json(), "open-acls") != ["warning"] {
        assert!(!deadline.left().is_zero(), "reading without a token is not found");
    }
}

/// Timed writes leave nothing behind.
fn writes(secured: &Secured) {
    let cluster = &secured.cluster;
    let report = cluster.run(&["probe", "commit", "-n", "20", "--yes", "-o", "json"]).exits(0).json();
    assert_eq!(
        (report["committed"].as_u64(), report["removed"].as_bool()),
        (Some(20), Some(true)),
        "{report:#}"
    );
    let key = report["key"].as_str().expect("a key");
    let url = format!("{}/v1/kv/{key}", cluster.endpoints()[0]);
    let header = Some(("X-Consul-Token", secured.token.as_str()));
    let answer = run(secured.http.get_with(&url, header, Deadline::after(PATIENCE))).expect("an answer");
    assert_eq!(answer.status, 404);
}

/// What a server says of its own settings, and its certificate: one server each is enough.
#[test]
fn dangerous_settings() {
    let plain = consul(
        NEWEST,
        1,
        &[
            "--server-arg=-enable-script-checks",
            "--server-arg=-hcl=leave_on_terminate = true",
            "--server-arg=-hcl=acl { enabled = true default_policy = \"allow\" }",
            "--server-arg=-hcl=performance { raft_multiplier = 5 }",
            &format!("--server-arg=-grpc-port={}", free_address().port()),
        ],
    );
    let report = plain.check(&["--fail-on", "never"]).exits(0).json();
    assert_eq!(found(&report, "unsafe-flags"), ["warning", "warning"], "{report:#}");
    assert_eq!(found(&report, "auth"), ["warning"]);
    let auth = findings(&report, "fail").find(|f| f["check"] == "auth").expect("is there");
    assert_eq!(auth["evidence"]["read_without_a_token"], "yes, proven");
    assert_eq!(found(&report, "single-voter"), ["warning"]);
    // On loopback that is how proxies are meant to be served.
    assert_eq!(found(&report, "grpc-tls"), ["info"], "{report:#}");

    let lax = Secured::new(
        1,
        &[
            "--tls-days",
            "5",
            "--no-client-cert-auth",
            "--server-arg=-hcl=tls { internal_rpc { verify_server_hostname = false verify_incoming = false } }",
            "--server-arg=-hcl=encrypt_verify_incoming = false",
            &format!("--server-arg=-hcl=ports {{ grpc_tls = {} }}", free_address().port()),
        ],
    );
    let report = lax.cluster.check(&["--fail-on", "never"]).exits(0).json();
    assert_eq!(found(&report, "peer-verification"), ["critical"], "{report:#}");
    assert_eq!(found(&report, "gossip-encryption"), ["warning"]);
    assert!(found(&report, "certificate-expiry").contains(&"critical".to_owned()));
    let grpc = findings(&report, "pass").find(|f| f["check"] == "grpc-tls").expect("passes");
    assert_eq!(grpc["evidence"]["listeners"], 1, "{grpc:#}");
    // The port takes plaintext beside TLS.
    assert_eq!(found(&report, "peer-tls"), ["warning"]);
}

/// Checks until something is so.
#[track_caller]
pub(crate) fn until(cluster: &Cluster, so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Deadline::after(PATIENCE);
    loop {
        let report = cluster.check(&["--fail-on", "never"]).exits(0).json();
        if so(&report) {
            return report;
        }
        assert!(!deadline.left().is_zero(), "it does not come about: {report:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// As Consul's own client is told.
#[test]
fn the_environment_names_the_cluster() {
    let cluster = consul(NEWEST, 1, &[]);
    let address = cluster.endpoints()[0].trim_start_matches("http://").to_owned();
    let home = Home::new();
    let check = |variables: &[(&str, &str)]| {
        let mut command = home.quorate();
        command.args(["check", "-o", "json"]).envs(variables.iter().copied());
        Ran::new("check".into(), &command.output().expect("quorate starts"))
    };
    let report = check(&[("CONSUL_HTTP_ADDR", &address)]).exits(0).json();
    assert_eq!(
        (report["clusters"][0]["backend"].as_str(), quorum(&report)["voters"].as_u64()),
        (Some("consul"), Some(1))
    );
    let tls = check(&[("CONSUL_HTTP_ADDR", &address), ("CONSUL_HTTP_SSL", "true")]).exits(3).json();
    assert_eq!(tls["clusters"][0]["unreachable"][0]["diagnosis"], "tls-on-plaintext", "{tls:#}");
    check(&[("CONSUL_HTTP_ADDR", "unix:///run/consul.sock")]).exits(64).says(&["consul://HOST:8500"]);
    check(&[("CONSUL_HTTP_ADDR", &address), ("CONSUL_HTTP_TOKEN_FILE", "/nowhere")])
        .exits(64)
        .says(&["/nowhere"]);
}

/// Recorded on real servers of 1.14.11: three healthy ones, and one that was left of three.
#[test]
fn recordings_are_judged_as_the_servers_were() {
    let home = Home::new();
    let judged = |name: &str, code| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts").join(name);
        home.run(&["check", "--facts", &file.display().to_string(), "-o", "json"]).exits(code).json()
    };
    let healthy = judged("consul-healthy.json", 0);
    assert_eq!(
        (quorum(&healthy)["state"].as_str(), loud(&healthy)),
        (Some("healthy"), vec!["version-unsupported", "version-known-bug"])
    );
    let lost = judged("consul-lost.json", 2);
    assert_eq!(found(&lost, "quorum-lost"), ["critical"]);
    assert_eq!(quorum(&lost)["voters"], 3);
}
