//! What only the machine of a Consul server shows: its log's stores, raft's snapshots, its keyring, the files that it was
//! started with. Real servers; what no server writes by itself is done to their files here.

use crate::cluster::{Cluster, wait};
use crate::consul::{NEWEST, SLOW, all_told, consul, findings, found, until};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Snapshots soon, and a setting that lets everybody write.
const OPTIONS: &str = "--server-arg=-hcl=raft_snapshot_threshold = 40 raft_snapshot_interval = \"1s\" \
                       http_config { allow_write_http_from = [\"0.0.0.0/0\"] }";

fn dir(cluster: &Cluster, name: &str) -> PathBuf {
    cluster.home.path("state/quorate/labs/consul").join(name)
}

/// What lies in a server's raft/snapshots, the newest first.
fn snapshots(cluster: &Cluster, name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir(cluster, name).join("data/raft/snapshots")).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let index = |path: &PathBuf| -> u64 {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.split('-').nth(1).and_then(|index| index.parse().ok()).unwrap_or_default()
    };
    found.sort_by_key(|path| std::cmp::Reverse(index(path)));
    found
}

#[track_caller]
fn flip(file: &Path) {
    let mut bytes = std::fs::read(file).expect("is read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).expect("is written");
}

/// The sentences of a check, of all members.
fn says(report: &Value, check: &str) -> String {
    let all = findings(report, "fail").filter(|f| f["check"] == check);
    all.filter_map(|f| f["summary"].as_str()).collect::<Vec<_>>().join("\n")
}

/// When a file or directory was last written, moved into the past.
fn age(path: &Path, days: u64) {
    let past = SystemTime::UNIX_EPOCH
        + std::fs::metadata(path)
            .and_then(|about| about.modified())
            .expect("its time")
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("after 1970")
        - Duration::from_secs(days * 86_400);
    std::fs::File::open(path).and_then(|file| file.set_modified(past)).expect("is set");
}

#[test]
fn stores_snapshots_and_numbers() {
    let cluster = consul("1.13.9", 3, &[OPTIONS]);
    unread_metrics_are_one_thing_to_say(&cluster);
    cluster.run(&["probe", "commit", "-n", "60", "--yes"]);
    for name in ["n1", "n2", "n3"] {
        wait("a snapshot", || !snapshots(&cluster, name).is_empty());
    }
    let report = all_told(&cluster);
    for check in ["raft-snapshots", "log-store", "memory", "heartbeats", "peer-network"] {
        let passed = findings(&report, "pass").any(|f| f["check"] == check);
        assert!(passed || SLOW.contains(&check), "{check}: {report:#}");
    }
    assert_eq!(
        found(&report, "unsafe-flags"),
        ["info"],
        "only the machine itself reaches the API: {report:#}"
    );

    late_heartbeats(&cluster);
    limits(&cluster);
    damaged_files(&cluster);
    without_a_sound_snapshot(&cluster);
    let sarif = cluster.run(&["check", "-o", "sarif", "--fail-on", "never"]).exits(0).json();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
    let rule = rules.iter().find(|rule| rule["id"] == "client-tls").expect("is found");
    assert!(rule["help"]["text"].as_str().is_some_and(|text| text.contains("ports.https")), "{rule:#}");
}

/// A server that has just started answers 500 where its metrics are: one paragraph for people, unknown for every check.
fn unread_metrics_are_one_thing_to_say(cluster: &Cluster) {
    let follower = cluster.with_role("follower")[0].clone();
    cluster.lab("kill", &[&follower]);
    cluster.lab("start", &[&follower]);
    let unread = |report: &Value| {
        let unknown = findings(report, "unknown").filter(|f| f["member"] == follower.as_str());
        let metrics =
            unknown.filter(|f| f["summary"].as_str().is_some_and(|text| text.contains("its metrics")));
        metrics.filter_map(|f| f["check"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let report = until(cluster, |report| !unread(report).is_empty());
    assert!(unread(&report).len() >= 5, "{report:#}");
    let table = cluster.run(&["check", "--fail-on", "never"]).exits(0).stdout;
    assert_eq!(table.matches("its metrics:").count(), 1, "{table}");
    for words in ["checks\n", "ask again in 20 s", "log-store, memory"] {
        assert!(table.contains(words), "{words}: {table}");
    }
}

fn damaged_files(cluster: &Cluster) {
    let raft = |name: &str| dir(cluster, name).join("data/raft");
    flip(&snapshots(cluster, "n2")[0].join("state.bin"));
    let begun = raft("n1").join("snapshots/2-9-9.tmp");
    std::fs::create_dir(&begun).expect("is made");
    age(&begun, 1);
    std::fs::create_dir(raft("n3").join("wal")).expect("is made");
    let report = cluster.check(&["--fail-on", "never"]).json();
    assert_eq!(found(&report, "raft-snapshots"), ["warning", "critical"], "{report:#}");
    let said = says(&report, "raft-snapshots");
    assert!(said.contains("the checksum of its state.bin") && said.contains("2-9-9.tmp"), "{said}");
    assert_eq!(found(&report, "log-store"), ["warning"], "{report:#}");
    let mut segment = vec![0; 4096];
    segment[..4].copy_from_slice(&0x58eb_6b0d_u32.to_le_bytes());
    segment[32] = 1;
    let file = raft("n3").join("wal/00000000000000000001-0000000000000000.wal");
    std::fs::write(&file, &segment).expect("is written");
    let report = cluster.check(&["--fail-on", "never"]).json();
    assert_eq!(found(&report, "log-store"), ["critical"], "{report:#}");
    std::fs::remove_dir_all(raft("n3").join("wal")).expect("is removed");
    std::fs::remove_dir_all(begun).expect("is removed");
}

/// What the finding threatens with is what happens.
fn without_a_sound_snapshot(cluster: &Cluster) {
    for snapshot in snapshots(cluster, "n2") {
        std::fs::write(snapshot.join("state.bin"), "").expect("is written");
    }
    cluster.lab("kill", &["n2"]);
    cluster.lab("start", &["n2"]);
    let log = dir(cluster, "n2").join("server.log");
    let says = || {
        std::fs::read_to_string(&log).is_ok_and(|log| log.contains("failed to load any existing snapshots"))
    };
    wait("a server that does not start", says);
}

/// A follower that hangs for half a second, of a lease of as much.
fn late_heartbeats(cluster: &Cluster) {
    let follower = cluster.with_role("follower")[0].clone();
    cluster.lab("pause", &[&follower]);
    std::thread::sleep(Duration::from_millis(500));
    cluster.lab("resume", &[&follower]);
    let report = until(cluster, |report| !found(report, "heartbeats").is_empty());
    assert!(says(&report, "heartbeats").contains("had not heard of a follower"), "{report:#}");
    // Who is gone is in the leader's number too, and another check's finding.
    cluster.lab("kill", &[&follower]);
    let report = until(cluster, |report| !found(report, "quorum-margin").is_empty());
    assert_eq!(found(&report, "heartbeats"), [""; 0], "{report:#}");
    cluster.lab("start", &[&follower]);
    cluster.settles("healthy");
}

/// What grows too large for the limits of the config file.
fn limits(cluster: &Cluster) {
    let config = std::fs::read_to_string(cluster.config()).expect("a config");
    let policy = "[policy]\nraft_db_warn = \"4KiB\"\nmemory_used_warn = 0\nsnapshot_overdue_warn = 0\nheartbeat_rtt_warn = \"0ms\"\n";
    let config = cluster.home.file("strict.toml", &format!("{config}\n{policy}")).display().to_string();
    let wanted = ["log-store", "memory", "raft-snapshots", "peer-network"];
    let seen = || {
        let args = ["check", "-o", "json", "--fail-on", "never", "--config", &config];
        let report = cluster.home.run(&args).exits(0).json();
        wanted.iter().all(|check| found(&report, check).contains(&"warning".to_owned()))
    };
    wait("what is over the limits", seen);
}

#[test]
fn what_a_server_was_started_with() {
    let cluster = consul(NEWEST, 3, &["--tls"]);
    let report = all_told(&cluster);
    for check in ["tls-files", "gossip-encryption", "data-dir-permissions"] {
        assert!(findings(&report, "pass").any(|f| f["check"] == check), "{check}: {report:#}");
    }
    let lab = dir(&cluster, "");
    let tls = |name: &str| lab.join("tls").join(name);
    let replace = |from: &str, to: &str| {
        std::fs::copy(tls(from), tls(to)).expect("is copied");
    };
    replace("n3-key.pem", "n2-key.pem");
    replace("client.pem", "n3.pem");
    replace("client-key.pem", "n3-key.pem");
    let file = lab.join("n1/consul.json");
    let settings = std::fs::read_to_string(&file).expect("its settings");
    let at = settings.find("\"encrypt\": \"").expect("a key") + 12;
    let other = format!("{}{}{}", &settings[..at], "A".repeat(8), &settings[at + 8..]);
    std::fs::write(&file, other).expect("is written");
    age(&lab.join("n3/data/serf/local.keyring"), 800);
    let report = cluster.check(&["--fail-on", "never"]).exits(0).json();
    assert_eq!(found(&report, "tls-files"), ["critical", "critical", "warning"], "{report:#}");
    let said = says(&report, "tls-files");
    for words in
        ["does not belong to the certificate", "does not name server.dc1.consul", "another certificate than"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(found(&report, "gossip-encryption"), ["warning", "warning"], "{report:#}");
    assert!(says(&report, "gossip-encryption").contains("`encrypt` is ignored"), "{report:#}");
    assert!(!report.to_string().contains("AAAAAAAA"), "the key is told");

    // Closed directories above protect what is open; then nothing does.
    let open = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    open(&tls("n1-key.pem"), 0o644).expect("a mode");
    assert_eq!(found(&cluster.check(&[]).json(), "data-dir-permissions"), [""; 0]);
    let home = cluster.home.path("");
    for above in tls("n1-key.pem").ancestors().skip(1).take_while(|above| above.starts_with(&home)) {
        open(above, 0o755).expect("a mode");
    }
    let report = cluster.check(&[]).json();
    assert_eq!(found(&report, "data-dir-permissions"), ["warning"], "{report:#}");
    assert!(says(&report, "data-dir-permissions").contains("n1-key.pem"), "{report:#}");
}
