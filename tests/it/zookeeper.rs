//! What quorate says of real ZooKeeper ensembles, healthy and broken, and of what is none. Where other tools are known
//! to be wrong, the same server is asked what they ask, and quorate is right.

mod bare;
mod doors;
mod groups;
mod limits;
mod outputs;
mod peers;
mod ports;
mod secured;

use crate::cluster::{Cluster, Home, PATIENCE};
use quorate::transport::Deadline;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

fn quorum(report: &Value) -> &Value {
    &report["clusters"][0]["quorum"]
}

/// Checks with this status and severity.
fn found(report: &Value, status: &str, severity: &str) -> Vec<String> {
    let findings = report["clusters"][0]["findings"].as_array().expect("findings");
    let mut found: Vec<String> = findings
        .iter()
        .filter(|f| f["status"] == status && f["severity"] == severity)
        .map(|f| f["check"].as_str().expect("a check").to_owned())
        .collect();
    found.dedup();
    found
}

fn failing(report: &Value, severity: &str) -> Vec<String> {
    found(report, "fail", severity)
}

/// The summaries of one check, joined.
fn says(report: &Value, check: &str) -> String {
    let findings = report["clusters"][0]["findings"].as_array().expect("findings");
    let of_it = findings.iter().filter(|f| f["check"] == check);
    of_it.map(|f| format!("{}: {}", f["member"], f["summary"])).collect::<Vec<_>>().join("\n")
}

/// What a server says to a word, as any monitor asks it.
fn word(endpoint: &str, word: &str) -> String {
    let authority = endpoint.rsplit('/').next().expect("an authority");
    let mut stream = TcpStream::connect(authority).expect("connects");
    stream.write_all(word.as_bytes()).expect("asks");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answers");
    text
}

/// What is wrong with every plain ensemble of the lab, and true of it, or of the machine that the tests run on.
const PLAIN: [&str; 6] =
    ["client-tls", "client-cert-auth", "peer-tls", "auth", "data-placement", "disk-space"];

/// Warnings beyond those.
fn beyond_plain(report: &Value) -> Vec<String> {
    failing(report, "warning").into_iter().filter(|check| !PLAIN.contains(&check.as_str())).collect()
}

#[test]
fn an_ensemble_declines_and_ruok_does_not_notice() {
    let words = "--server-arg=4lw.commands.whitelist=srvr,ruok,mntr";
    let cluster = Cluster::zookeeper("3.9.5", 3, &[words]);
    let healthy = cluster.settles_calm().exits(0).json();
    assert_eq!(quorum(&healthy)["failures_until_stuck"], 1);
    assert_eq!(healthy["clusters"][0]["members"][0]["version"], "3.9.5");
    assert_eq!((failing(&healthy, "critical"), beyond_plain(&healthy)), (vec![], vec![]), "{healthy:#}");
    assert_eq!(found(&healthy, "unknown", "critical"), [""; 0], "{healthy:#}");

    let leader = cluster.with_role("leader").remove(0);
    let followers = cluster.with_role("follower");
    let [one, two] = [followers[0].as_str(), followers[1].as_str()];
    cluster.check(&["--before-restart", one]).exits(0);
    let led = cluster.check(&["--before-restart", &leader]).exits(0).json();
    assert_eq!(failing(&led, "warning"), ["before-restart"]);
    cluster.check(&["--before-restart", "n9"]).exits(64).says(&["n9", "did you mean `n1`?"]);

    // Nothing but the addresses and `srvr`: the verdict stands, and what is not seen is said.
    let target = cluster.endpoints().join(",");
    let bare = Home::new().run(&["check", &target, "-o", "json", "--timeout", "5s"]).exits(0).json();
    assert_eq!(quorum(&bare)["state"], "healthy");
    assert!(says(&bare, "unsafe-flags").contains("admin.enableServer=true"), "{bare:#}");

    let probed = cluster.run(&["probe", "commit", "--count", "20", "--yes", "-o", "json"]).exits(0).json();
    assert_eq!(probed["schema"], "quorate.probe-commit/v1", "{probed:#}");

    cluster.lab("pause", &[one, two]);
    let lost = cluster.check(&[]).exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost", "two paused: {lost:#}");
    cluster.lab("resume", &[one, two]);
    cluster.settles("healthy");

    cluster.lab("kill", &[one]);
    let at_risk = cluster.settles("at-risk").json();
    assert!(failing(&at_risk, "warning").contains(&"quorum-margin".to_owned()));
    cluster.check(&["--before-restart", two]).exits(4);
    cluster.check(&["--before-restart", one]).exits(0);

    cluster.lab("kill", &[two]);
    let lost = cluster.settles("lost").exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost", "two killed: {lost:#}");
    cluster.check(&["--before-restart", &leader]).exits(4);

    // The survivor gives up its lead; then everything that others ask it looks well, or like several leaders.
    let survivor = cluster.endpoint_of(&leader);
    let deadline = Deadline::after(PATIENCE);
    while !word(&survivor, "srvr").contains("not currently serving") {
        assert!(!deadline.left().is_zero(), "the survivor goes on serving");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(word(&survivor, "ruok").trim(), "imok", "this is what liveness probes trust");
    assert!(!word(&survivor, "mntr").contains("zk_quorum_size"), "the mixin's gauge has vanished");
    let lost = cluster.check(&[]).exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost");
    assert_eq!(
        quorum(&lost)["leader"],
        Value::Null,
        "dabealu's exporter would count a leader here: {lost:#}"
    );
    let members = lost["clusters"][0]["members"].as_array().expect("members");
    assert!(members.iter().all(|m| m["role"] != "leader"), "{lost:#}");
    assert!(members.iter().any(|m| m["role"] == "leaderless" && m["reachable"] == true), "{lost:#}");
    // One address of three that does not serve proves nothing of the others.
    let alone = Home::new().run(&["check", &survivor, "-o", "json"]).exits(3).json();
    assert_eq!(quorum(&alone)["state"], "unknown");

    cluster.lab("start", &[one, two]);
    cluster.settles("healthy");
}

#[test]
fn an_ensemble_with_tls_everywhere() {
    let cluster = Cluster::zookeeper("3.9.5", 3, &["--tls"]);
    let healthy = cluster.settles_calm().json();
    assert_eq!(failing(&healthy, "critical"), [""; 0], "{healthy:#}");
    for check in
        ["client-tls", "client-cert-auth", "peer-tls", "auth", "certificate-expiry", "certificate-names"]
    {
        let of_it = healthy["clusters"][0]["findings"].as_array().expect("findings");
        let of_it: Vec<&Value> = of_it.iter().filter(|f| f["check"] == check).collect();
        assert!(of_it.iter().all(|f| f["status"] == "pass") && !of_it.is_empty(), "{check}: {of_it:#?}");
    }
    let days = &healthy["clusters"][0]["members"][0]["certificate"]["days_left"];
    assert_eq!(days, 364, "{healthy:#}");

    let plain = cluster.endpoints()[0].replace("zk+tls://", "zk://");
    let report = Home::new().run(&["check", &plain, "-o", "json"]).exits(3).json();
    assert_eq!(report["clusters"][0]["unreachable"][0]["diagnosis"], "plaintext-on-tls", "{report:#}");
    let ca = Path::new(cluster.config()).with_file_name("tls").join("ca.pem");
    let stranger = ["check", cluster.endpoints()[0], "--cacert", ca.to_str().expect("a path"), "-o", "json"];
    let report = Home::new().run(&stranger).exits(3).json();
    assert_eq!(report["clusters"][0]["unreachable"][0]["diagnosis"], "client-certificate", "{report:#}");

    let survey =
        cluster.run(&["probe", "tls", cluster.endpoints()[0].trim_start_matches("zk+tls://"), "-o", "json"]);
    assert_eq!(survey.json()["client_certificate"], "required", "{}", survey.stdout);

    // A certificate that was renewed on the disk, and that no server reads before it is restarted.
    let reload = says(&healthy, "hostname-verification");
    assert!(reload.contains("served only after a restart"), "{reload}");
    let tls = Path::new(cluster.config()).with_file_name("tls");
    let text = std::fs::read_to_string(Path::new(cluster.config()).with_file_name("n1").join("zoo.cfg"));
    let text = text.expect("a zoo.cfg");
    let bundle = text.lines().find_map(|line| line.strip_prefix("ssl.keyStore.location=")).expect("a store");
    let other = bundle.replace("n1", "n2");
    assert!(bundle.starts_with(tls.to_str().expect("a path")) && other != bundle, "{bundle}");
    std::fs::copy(&other, bundle).expect("copied");
    let stale = cluster.check(&["--only", "hostname-verification"]).json();
    let stale = says(&stale, "hostname-verification");
    assert!(stale.contains("serves another certificate") && stale.contains("\"n1\""), "{stale}");

    let gone = cluster.with_role("follower").remove(0);
    cluster.lab("kill", &[&gone]);
    cluster.settles("at-risk");
}

/// Members of a lab's `zoo.cfg`, changed; the servers take it up when they are started again.
fn rewrite(cluster: &Cluster, member: &str, change: impl Fn(&str) -> Option<String>) {
    let path = Path::new(cluster.config()).with_file_name(member).join("zoo.cfg");
    let text = std::fs::read_to_string(&path).expect("a zoo.cfg");
    let lines: Vec<String> = text.lines().filter_map(change).collect();
    std::fs::write(&path, lines.join("\n") + "\n").expect("written");
}

#[test]
fn observers_and_lists_that_differ_and_a_server_alone() {
    let cluster = Cluster::zookeeper("3.8.3", 4, &[]);
    let even = cluster.settles_calm().json();
    assert!(failing(&even, "warning").contains(&"even-voters".to_owned()), "{even:#}");
    assert!(says(&even, "version-known-bug").contains("ZOOKEEPER-4785"), "{even:#}");
    let members = ["n1", "n2", "n3", "n4"];
    let restart = |members: &[&str]| {
        cluster.lab("kill", members);
        cluster.lab("start", members);
    };

    for member in members {
        rewrite(&cluster, member, |line| {
            Some(if line.starts_with("server.4=") {
                line.replace(":participant", ":observer")
            } else {
                line.into()
            })
        });
    }
    restart(&members);
    let observed = cluster.settles_calm().json();
    assert_eq!((&quorum(&observed)["voters"], &quorum(&observed)["state"]), (&3.into(), &"healthy".into()));
    let fourth = &observed["clusters"][0]["members"][3];
    assert_eq!((&fourth["role"], &fourth["voter"]), (&"learner".into(), &false.into()), "{observed:#}");
    assert!(!failing(&observed, "warning").contains(&"even-voters".to_owned()));
    cluster.check(&["--before-restart", "n4"]).exits(0);
    cluster.lab("kill", &["n4"]);
    let without = cluster.settles("healthy").json();
    assert!(failing(&without, "warning").contains(&"learner-stuck".to_owned()), "{without:#}");
    cluster.lab("start", &["n4"]);

    // One file names fewer members than the others.
    let follower = cluster.with_role("follower").remove(0);
    rewrite(&cluster, &follower, |line| (!line.starts_with("server.4=")).then(|| line.to_owned()));
    restart(&[&follower]);
    let divergent = cluster.settles("healthy").json();
    let drift = says(&divergent, "membership-drift");
    assert!(drift.contains(&follower) && drift.contains("not "), "{drift}\n{divergent:#}");

    // And now it names none: a server that starts alone, beside the ensemble.
    let port = cluster.endpoint_of(&follower).rsplit(':').next().expect("a port").to_owned();
    rewrite(&cluster, &follower, |line| {
        Some(if line.starts_with("tickTime=") {
            format!("{line}\nclientPort={port}\nclientPortAddress=127.0.0.1")
        } else {
            line.to_owned()
        })
        .filter(|line| !line.starts_with("server."))
    });
    restart(&[&follower]);
    let deadline = Deadline::after(PATIENCE);
    let split = loop {
        let report = cluster.check(&[]).json();
        if failing(&report, "critical").contains(&"standalone-server".to_owned()) {
            break report;
        }
        assert!(!deadline.left().is_zero(), "no server alone: {report:#}");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(failing(&split, "critical").contains(&"split-brain".to_owned()), "{split:#}");
    assert_eq!(quorum(&split)["state"], "at-risk", "{split:#}");
}

#[test]
fn settings_that_endanger_the_data_and_tell_secrets() {
    let arguments = [
        "--server-arg=skipACL=yes",
        "--server-arg=forceSync=no",
        "--server-arg=4lw.commands.whitelist=*",
        "--server-arg=autopurge.purgeInterval=0",
        "--server-arg=jute.maxbuffer=4194304",
        "--server-arg=ssl.keyStore.password=geheim",
    ];
    let cluster = Cluster::zookeeper("3.9.4", 1, &arguments);
    let facts = cluster.home.path("facts.json");
    let saved = facts.to_str().expect("a path");
    cluster.settles_calm();
    let report = cluster.check(&["--save-facts", saved]).exits(2).json();
    assert_eq!(quorum(&report)["state"], "healthy", "one server that was asked for alone: {report:#}");
    let flags = says(&report, "unsafe-flags");
    assert!(flags.contains("skipACL=yes") && flags.contains("forceSync=no"), "{flags}");
    let warnings = failing(&report, "warning");
    for check in [
        "single-voter",
        "autopurge",
        "four-letter-words",
        "settings-without-effect",
        "admin-exposed",
        "data-placement",
    ] {
        assert!(warnings.contains(&check.to_owned()), "{check}: {report:#}");
    }
    assert!(says(&report, "admin-exposed").contains("ssl.keyStore.password"), "{report:#}");
    let text = std::fs::read_to_string(&facts).expect("facts");
    assert!(!text.contains("geheim") && !report.to_string().contains("geheim"), "a password was kept");
    // A log that is never synced has no time to tell.
    assert!(says(&report, "wal-fsync").contains("nothing was written"), "{report:#}");
    cluster.check(&["--before-restart", "n1"]).exits(4);

    // From another machine its AdminServer tells the same, zoo.cfg included.
    let endpoint = cluster.endpoints()[0];
    let far = format!(
        "[clusters.far]\nbackend = \"zookeeper\"\nendpoints = [\"{endpoint}\"]\n\
         [clusters.far.members.n1]\nendpoint = \"{endpoint}\"\nadmin = \"http://127.0.0.1:{}\"\n",
        cluster.lab["members"][0]["ports"]["admin"]
    );
    let path = cluster.home.file("far.toml", &far);
    let args = ["check", "far", "--config", path.to_str().expect("a path"), "-o", "json"];
    let report = cluster.home.run(&args).exits(2).json();
    for check in ["unsafe-flags", "autopurge", "settings-without-effect", "four-letter-words"] {
        let found = failing(&report, "warning").contains(&check.to_owned())
            || failing(&report, "critical").contains(&check.to_owned());
        assert!(found, "{check}: {report:#}");
    }
    assert!(!report.to_string().contains("geheim"), "a password was kept");
}

#[test]
fn a_version_that_loses_data_and_sizes_that_waste_a_server() {
    let provider =
        "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider";
    let arguments = [
        &format!("--server-arg={provider}"),
        "--server-arg=metricsProvider.httpPort=0",
        "--server-arg=4lw.commands.whitelist=srvr,mntr",
    ];
    let two = Cluster::zookeeper("3.9.3", 2, &arguments);
    let mut report = two.settles_calm().exits(2).json();
    // This provider changes the spelling of mntr.
    assert!(word(two.endpoints()[0], "mntr").contains("zk_fsynctime_count"), "the other spelling");
    crate::cluster::wait("syncs of the log are counted", || {
        report = two.check(&[]).json();
        report["clusters"][0]["members"][0]["fsync_p99_ms"]["samples"].as_u64().is_some()
    });
    assert!(failing(&report, "critical").contains(&"even-voters".to_owned()), "{report:#}");
    assert!(says(&report, "version-known-bug").contains("ZOOKEEPER-4925"), "{report:#}");
    two.lab("kill", &["n1"]);
    two.settles("lost").exits(2);
    drop(two);
    let six = Cluster::zookeeper("3.8.0", 6, &[]);
    let report = six.settles_calm().json();
    assert_eq!(quorum(&report)["failures_until_stuck"], 2, "{report:#}");
    assert!(failing(&report, "warning").contains(&"even-voters".to_owned()));
}

/// Answers every connection with the same bytes.
fn fake(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut asked = [0; 4];
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(answer);
        }
    });
    format!("zk://{address}")
}

#[test]
fn what_is_no_zookeeper_is_named() {
    let srvr =
        b"Zookeeper version: 3.9.5-293c895, built on 2026-02-11 20:18 UTC\nLatency min/avg/max: 0/0.0/0\n\
                 Received: 4\nSent: 3\nConnections: 1\nOutstanding: 0\nZxid: 0x100000000\nMode: lea";
    for (answer, diagnosis) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n<html>"[..], "wrong-service"),
        (b"<html><body>proxy</body></html>", "wrong-service"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "wrong-service"),
        (b"-ERR unknown command\r\n", "wrong-service"),
        (b"\x00\xff\x1b[31m", "garbage"),
        (srvr, "garbage"),
        (b"", "empty-reply"),
    ] {
        let report = Home::new().run(&["check", &fake(answer), "-o", "json"]).exits(3).json();
        let unreachable = &report["clusters"][0]["unreachable"][0];
        assert_eq!(
            unreachable["diagnosis"],
            diagnosis,
            "{:?}: {unreachable}",
            String::from_utf8_lossy(answer)
        );
        assert_eq!(quorum(&report)["state"], "unknown", "{report:#}");
    }
    // A server that allows not even srvr is one, and tells nothing.
    let mute = fake(b"srvr is not executed because it is not in the whitelist.\n");
    let report = Home::new().run(&["check", &mute, "-o", "json"]).exits(3).json();
    assert_eq!(report["clusters"][0]["unreachable"], serde_json::json!([]), "{report:#}");
    Home::new().run(&["check", "zk://a:0"]).exits(64).says(&["port"]);
    Home::new().run(&["check", "zk://a/chroot"]).exits(64).says(&["chroot"]);
}

/// Recorded from a 3.9.5 ensemble: whole, and after two of three were killed.
#[test]
fn recordings_are_judged_as_they_were() {
    for (recording, state, code) in [("zookeeper-healthy", "healthy", 0), ("zookeeper-lost", "lost", 2)] {
        let facts = format!("{}/tests/facts/{recording}.json", env!("CARGO_MANIFEST_DIR"));
        let report = Home::new().run(&["check", "--facts", &facts, "-o", "json"]).exits(code).json();
        assert_eq!(quorum(&report)["state"], state, "{report:#}");
        let restart = Home::new().run(&["check", "--facts", &facts, "--before-restart", "n3"]);
        assert_eq!(restart.code == 4, state == "lost", "{}", restart.stdout);
    }
}
