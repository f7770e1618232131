//! What `check` says of real etcd clusters of every supported version, healthy and broken.

use crate::cluster::{Cluster, Home};
use crate::readers::server::Server;
use serde_json::Value;
use std::process::{Command, Stdio};

fn quorum(report: &Value) -> &Value {
    &report["clusters"][0]["quorum"]
}

fn failing(report: &Value, severity: &str) -> Vec<String> {
    let findings = report["clusters"][0]["findings"].as_array().expect("findings");
    let failing = findings.iter().filter(|f| f["status"] == "fail" && f["severity"] == severity);
    failing.map(|f| f["check"].as_str().expect("a check").to_owned()).collect()
}

/// Healthy, then worse and worse.
fn decline(version: &str) {
    let cluster = Cluster::etcd(version, 3);
    let leader = cluster.with_role("leader");
    let followers = cluster.with_role("follower");
    let [one, two] = [followers[0].as_str(), followers[1].as_str()];

    let healthy = cluster.check(&[]).exits(0).json();
    assert_eq!(quorum(&healthy)["state"], "healthy");
    assert_eq!(quorum(&healthy)["failures_until_stuck"], 1);
    assert_eq!(healthy["clusters"][0]["members"][0]["version"], version);
    assert_eq!(failing(&healthy, "critical"), [""; 0]);

    cluster.check(&["--before-restart", one]).exits(0);
    let led = cluster.check(&["--before-restart", &leader[0]]).exits(0).json();
    assert_eq!(failing(&led, "warning"), ["before-restart"], "the leader goes last");
    cluster.check(&["--before-restart", &leader[0], "--fail-on", "warning"]).exits(1);
    cluster.check(&["--before-restart", "n9"]).exits(64).says(&["n9", "did you mean `n1`?"]);

    cluster.lab("pause", &[one, two]);
    let lost = cluster.check(&[]).exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost", "two paused: {lost:#}");
    cluster.lab("resume", &[one, two]);
    cluster.settles("healthy");

    cluster.lab("kill", &[one]);
    let at_risk = cluster.settles("at-risk").exits(0).json();
    assert_eq!(quorum(&at_risk)["failures_until_stuck"], 0);
    assert!(failing(&at_risk, "warning").contains(&"quorum-margin".to_owned()));
    cluster.check(&["--fail-on", "warning"]).exits(1);
    cluster.check(&["--fail-on", "never"]).exits(0);
    cluster.check(&["--before-restart", two]).exits(4);
    cluster.check(&["--before-restart", one]).exits(0);

    cluster.lab("kill", &[two]);
    let lost = cluster.check(&[]).exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost", "two killed: {lost:#}");
    assert_eq!(quorum(&lost)["serving"], 1);
    cluster.check(&["--before-restart", &leader[0]]).exits(4);
    assert!(failing(&lost, "critical").contains(&"quorum-lost".to_owned()));

    cluster.lab("kill", &[leader[0].as_str()]);
    let lost = cluster.check(&[]).exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost", "all killed: {lost:#}");
    // Nobody knows who else there may be.
    let target = format!("etcd://{}", cluster.endpoints()[0].trim_start_matches("http://"));
    let unknown = Home::new().run(&["check", &target, "-o", "json"]).exits(3).json();
    assert_eq!(quorum(&unknown)["state"], "unknown");
}

#[test]
fn etcd_3_4_declines() {
    decline("3.4.23");
}

#[test]
fn etcd_3_5_declines() {
    decline("3.5.35");
}

#[test]
fn etcd_3_6_declines() {
    decline("3.6.16");
}

#[test]
fn etcd_3_7_declines() {
    decline("3.7.3");
}

/// An election answers reads that are under way with `leader changed`: no reason to call the quorum lost. The deadline
/// leaves room for an election, so that a leader is found whatever its timeout was drawn to be.
#[test]
fn a_killed_leader_is_not_a_lost_quorum() {
    for version in ["3.4.23", "3.6.16"] {
        let cluster = Cluster::etcd(version, 3);
        let leader = cluster.with_role("leader");
        cluster.lab("kill", &[leader[0].as_str()]);
        let report = cluster.check(&["--timeout", "10s"]).exits(0).json();
        assert_eq!(quorum(&report)["state"], "at-risk", "{report:#}");
        assert_ne!(quorum(&report)["leader"], leader[0].as_str());
        assert_eq!(failing(&report, "critical"), [""; 0]);
    }
}

/// A deadline too short for any answer to a read proves nothing.
#[test]
fn a_deadline_too_short_for_a_read_is_no_lost_quorum() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.check(&[]).exits(0);
    for timeout in ["10ms", "20ms", "30ms"] {
        let report = cluster.check(&["--timeout", timeout]).json();
        assert_ne!(quorum(&report)["state"], "lost", "--timeout {timeout}: {report:#}");
        assert_eq!(failing(&report, "critical"), [""; 0]);
    }
}

#[test]
fn what_was_seen_can_be_judged_again() {
    let cluster = Cluster::etcd("3.6.16", 1);
    let facts = cluster.home.path("facts.json");
    let facts = facts.to_str().expect("a path");
    let seen = cluster.check(&["--save-facts", facts]).exits(0).json();
    cluster.lab("kill", &["n1"]);
    let again = cluster.home.run(&["check", "--facts", facts, "-o", "json"]).exits(0).json();
    for key in ["quorum", "members", "findings", "verdict"] {
        assert_eq!(seen["clusters"][0][key], again["clusters"][0][key], "{key}");
    }
    assert_eq!(seen["taken_at"], again["taken_at"]);
    cluster.home.file("broken.json", "{}");
    cluster.home.run(&["check", "--facts", "broken.json"]).exits(64).says(&["broken.json", "--save-facts"]);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let cluster = Cluster::etcd("3.6.16", 1);
    for format in ["table", "json"] {
        let mut check = cluster.home.quorate();
        check.args(["check", "-o", format, "--config", cluster.config()]);
        let mut check = check.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("quorate starts");
        let head = Command::new("head").arg("-1").stdin(check.stdout.take().expect("a pipe")).output();
        assert!(!head.expect("head runs").stdout.is_empty());
        let output = check.wait_with_output().expect("quorate ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{told}");

        // Gone before anything is written.
        let mut check = cluster.home.quorate();
        check.args(["check", "-o", format, "--config", cluster.config()]);
        let mut check = check.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("quorate starts");
        drop(check.stdout.take());
        let output = check.wait_with_output().expect("quorate ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && told.is_empty(), "{told}");
    }
}

/// A member whose pages are not at its client port is seen whole once the config file says where they are.
#[test]
fn pages_on_another_socket_are_found() {
    for flag in ["--listen-client-http-urls", "--listen-metrics-urls"] {
        let pages = crate::cluster::url();
        let server = Server::start("3.6.16", &[&format!("{flag}={pages}")]);
        let home = Home::new();
        let file = home.path("q.toml");
        // A slow disk leaves it undecided on which side of a limit a percentile is: not the question here.
        let policy = ["fsync_p99", "backend_commit_p99"]
            .map(|key| format!("{key}_warn = \"60s\"\n{key}_critical = \"61s\"\n"))
            .concat();
        let cluster = format!(
            "[policy]\n{policy}[clusters.one]\nbackend = \"etcd\"\nendpoints = [\"{0}\"]\n",
            server.endpoint()
        );
        let member = format!(
            "[clusters.one.members.n1]\nendpoint = \"{}\"\nmetrics = \"{pages}\"\n",
            server.endpoint()
        );
        std::fs::write(&file, cluster.clone() + &member).expect("written");
        let check = |file: &std::path::Path| {
            home.run(&["check", "--config", file.to_str().expect("text"), "-o", "json"]).json()
        };
        // A server that has synced nothing yet has no latency to tell.
        server.put_all(&[("a".to_owned(), "1".to_owned())]);
        server.ctl(&["put", "b", "2"]);
        let report = check(&file);
        assert_eq!(unknown(&report), Vec::<String>::new(), "{flag}");
        if flag == "--listen-client-http-urls" {
            std::fs::write(&file, cluster).expect("written");
            assert!(unknown(&check(&file)).contains(&"wal-fsync".to_owned()), "not told, it is not known");
        }
    }
}

/// Checks that could not tell.
fn unknown(report: &Value) -> Vec<String> {
    let findings = report["clusters"][0]["findings"].as_array().expect("findings");
    let unknown = findings.iter().filter(|f| f["status"] == "unknown");
    unknown.map(|f| f["check"].as_str().expect("a slug").to_owned()).collect()
}

#[test]
fn bad_configuration_names_file_key_and_cure() {
    let home = Home::new();
    let cluster = |more: &str| {
        format!("[clusters.c]\nbackend = \"etcd\"\nendpoints = [\"http://127.0.0.1:1\"]\n{more}")
    };
    let table: &[(&str, String, &[&str])] = &[
        ("unknown key", cluster("endpoint = \"x\""), &["bad.toml:4", "`endpoint`", "`endpoints`"]),
        ("unknown threshold", cluster("[policy]\nno_such = 1"), &["bad.toml:5", "policy.no_such", "explain --list"]),
        (
            "duplicate endpoint",
            "[clusters.c]\nbackend = \"etcd\"\nendpoints = [\"http://127.0.0.1:1\",\n \"http://127.0.0.1:1\"]".into(),
            &["bad.toml:4", "clusters.c.endpoints", "twice"],
        ),
        ("missing CA", cluster("tls = { ca = \"no-ca.pem\" }"), &["no-ca.pem", "hint: check the path"]),
        ("half a pair", cluster("tls = { cert = \"c.pem\" }"), &["go together", "tls.key"]),
        (
            "expired waiver",
            cluster("[[waivers]]\ncheck = \"quorum-margin\"\nuntil = 2020-01-31\nreason = \"x\""),
            &["bad.toml:4", "waivers.until", "expired on 2020-01-31", "later date"],
        ),
        (
            "waiver of nothing",
            cluster("[[waivers]]\ncheck = \"quorum-margn\"\nuntil = 2999-01-31\nreason = \"x\""),
            &["bad.toml:4", "quorum-margn", "write `quorum-margin` instead"],
        ),
        ("not TOML", "clusters".into(), &["bad.toml:1"]),
        ("no backend", cluster("").replace("\"etcd\"", "\"raft\""), &["bad.toml:2", "backend", "\"consul\""]),
    ];
    for (what, text, words) in table {
        home.file("bad.toml", text);
        let ran = home.run(&["check", "--config", "bad.toml"]);
        assert_eq!(ran.code, 64, "{what}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{what}");
        ran.says(words);
    }
}

#[test]
fn bad_arguments_name_the_cure() {
    let home = Home::new();
    let target = "etcd://127.0.0.1:1";
    let table: &[(&[&str], &[&str])] = &[
        (&["check", target, "--only", "quorum-lots"], &["--only", "quorum-lots", "quorum-lost"]),
        (&["check", target, "--skip", "zzz"], &["--skip", "explain --list"]),
        (&["check", target, "--timeout", "2"], &["--timeout", "500ms"]),
        (&["check", target, "-o", "yml"], &["yml", "json"]),
        (&["check", "etcd://127.0.0.1:1,127.0.0.1:1"], &["127.0.0.1:1", "twice"]),
        (&["check", "nothing"], &["nothing"]),
        (&["check", "--config", "no-file.toml"], &["no-file.toml", "--config"]),
        (&["check", target, "--cacert", "no-ca.pem"], &["no-ca.pem", "check the path"]),
        (&["check", target, "--facts", "f.json"], &["--facts"]),
        (&["check"], &["hint"]),
    ];
    for (args, words) in table {
        let ran = home.run(args);
        assert_eq!(ran.code, 64, "{args:?}: {}", ran.stderr);
        ran.says(words);
    }
}
