//! Consul servers whose disk was replaced, that were thrown out, and what their disks let others read.

use crate::cluster::{Cluster, PATIENCE};
use crate::consul::{NEWEST, consul, findings, found, member, quorum, run, until};
use quorate::target::TlsFiles;
use quorate::transport::Deadline;
use quorate::transport::http::Http;
use quorate::transport::tls::TlsMaterial;
use std::os::unix::fs::PermissionsExt;

/// A server whose disk was replaced joins anew and does not vote at first; what was changed and left behind meanwhile is seen.
/// After a restart without a leader, gossip knows nobody whom raft counts.
#[test]
fn a_replaced_disk_and_what_was_left_behind() {
    let cluster = consul(NEWEST, 3, &[]);
    let dir = |name: &str| cluster.home.path("state/quorate/labs/consul").join(name);
    let leader = cluster.with_role("leader")[0].clone();
    let replaced = if leader == "n3" { "n2" } else { "n3" };
    cluster.lab("kill", &[replaced]);
    std::fs::remove_dir_all(dir(replaced).join("data")).expect("is removed");
    std::fs::create_dir(dir(replaced).join("data")).expect("is made");
    let file = dir(replaced).join("consul.json");
    let settings = std::fs::read_to_string(&file).expect("its settings");
    let changed = settings.replace("\"bootstrap_expect\": 3", "\"bootstrap_expect\": 5");
    assert_ne!(settings, changed);
    std::fs::write(&file, changed).expect("is written");
    std::fs::write(dir("n1").join("data/raft/peers.json"), "[]").expect("is written");
    cluster.lab("start", &[replaced]);
    let report = until(&cluster, |report| !found(report, "learner-stuck").is_empty());
    let members = report["clusters"][0]["members"].as_array().expect("members");
    assert!(members.iter().any(|m| m["role"] == "learner" && m["voter"] == false), "{report:#}");
    // It has no vote that could be missed.
    cluster.check(&["--before-restart", replaced]).exits(0);
    // Its old entry of the catalog reserves its name.
    until(&cluster, |report| found(report, "gossip-membership").contains(&"warning".to_owned()));
    assert_eq!(found(&report, "bootstrap-expect"), ["critical"], "{report:#}");
    assert_eq!(found(&report, "recovery-file"), ["critical"], "{report:#}");
    std::fs::remove_file(dir("n1").join("data/raft/peers.json")).expect("is removed");
    stranger(&cluster, replaced);

    cluster.lab("kill", &["n1", "n2", "n3"]);
    cluster.lab("start", &["n1"]);
    let report = until(&cluster, |report| !found(report, "gossip-membership").is_empty());
    assert!(found(&report, "gossip-membership").iter().all(|severity| severity == "critical"), "{report:#}");
    assert_eq!(quorum(&report)["state"], "lost", "{report:#}");
    assert_eq!(member(&report, "n1")["version"], NEWEST);
}

/// A server that was thrown out goes on answering: told, and what its disk lets others read, and how old the snapshots are.
fn stranger(cluster: &Cluster, name: &str) {
    let leader = cluster.with_role("leader")[0].clone();
    let position: usize = leader[1..].parse().expect("n1, n2, n3");
    let url = format!("{}/v1/agent/force-leave/{name}?prune", cluster.endpoints()[position - 1]);
    let http = Http::new(&TlsMaterial::load(&TlsFiles::default()).expect("no files")).expect("a client");
    let answer = run(http.put(&url, b"", None, Deadline::after(PATIENCE))).expect("an answer");
    assert_eq!(answer.status, 200);
    let report = until(cluster, |report| found(report, "membership-drift") == ["warning"]);
    let drift = findings(&report, "fail").find(|f| f["check"] == "membership-drift").expect("is there");
    assert_eq!(drift["runbook"], "consul-membership-drift", "{drift:#}");

    let open = tempfile::tempdir().expect("a directory");
    let mode = |bits| std::fs::Permissions::from_mode(bits);
    std::fs::set_permissions(open.path(), mode(0o755)).expect("a mode");
    std::fs::write(open.path().join("state.bin"), "secrets").expect("a file");
    std::fs::set_permissions(open.path().join("state.bin"), mode(0o644)).expect("a mode");
    std::fs::write(open.path().join("old.snap"), b"\x1f\x8b\x08").expect("a file");
    let config = std::fs::read_to_string(cluster.config()).expect("a config");
    let own = cluster.lab["members"][0]["data_dir"].as_str().expect("a directory");
    let dir = open.path().display().to_string();
    let config =
        config.replace(own, &dir).replace("endpoints =", &format!("snapshots = {dir:?}\nendpoints ="));
    let config = cluster.home.file("open.toml", &config).display().to_string();
    let check =
        || cluster.home.run(&["check", "-o", "json", "--fail-on", "never", "--config", &config]).json();
    let report = check();
    assert_eq!(found(&report, "data-dir-permissions"), ["warning"], "{report:#}");
    assert_eq!(found(&report, "snapshot-age"), [""; 0], "{report:#}");
    std::fs::remove_file(open.path().join("old.snap")).expect("is removed");
    assert_eq!(found(&check(), "snapshot-age"), ["critical"]);
}
