//! The thin path of a recovery on a real cluster: two of three killed for good, and back to three.

use crate::cluster::{Cluster, VERSIONS};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

fn cluster_of(report: &Value) -> &Value {
    &report["clusters"][0]
}

/// etcdctl of the version that the lab runs.
fn etcdctl(cluster: &Cluster, version: &str, arguments: &[&str]) -> String {
    let programs = cluster.home.run(&["doctor", "-o", "json"]).exits(0).json();
    let servers = programs["servers"].as_array().expect("servers");
    let found = servers.iter().find(|s| s["server"] == "etcd" && s["version"] == version).expect("this etcd");
    let path = PathBuf::from(found["path"].as_str().expect("a path"));
    let directory = if path.is_dir() { path } else { path.parent().expect("a directory").to_owned() };
    let survivor = cluster.endpoints()[2].to_owned();
    let output = Command::new(directory.join("etcdctl"))
        .args(["--endpoints", &survivor])
        .args(arguments)
        .output()
        .expect("etcdctl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn recovers(version: &str) {
    let cluster = Cluster::etcd(version, 3);
    for at in 0..20 {
        etcdctl(&cluster, version, &["put", &format!("key{at:02}"), "value"]);
    }
    let before = cluster.check(&[]).exits(0).json();
    cluster.run(&["recover", "run", "--yes"]).exits(4).says(&["the cluster has a quorum"]);

    cluster.lab("kill", &["n1", "n2"]);
    cluster.settles("lost");
    // Their disks are whole: starting them costs nothing, so that is what is said first.
    cluster.run(&["recover", "run", "--yes"]).exits(4).says(&["Start its server"]);
    cluster.run(&["recover", "run", "--yes", "--assume-dead", "n1", "--assume-dead", "n2"]).exits(0);

    let after = cluster.check(&[]).exits(0).json();
    assert_eq!(cluster_of(&after)["quorum"]["state"], "healthy", "{after:#}");
    assert_eq!(cluster_of(&after)["quorum"]["serving"], 3);
    assert_ne!(cluster_of(&after)["cluster_id"], cluster_of(&before)["cluster_id"]);
    let keys = etcdctl(&cluster, version, &["get", "key", "--prefix", "--keys-only"]);
    assert_eq!(keys.lines().filter(|line| line.starts_with("key")).count(), 20, "{keys}");
}

#[test]
fn two_of_three_lost_and_back_to_three() {
    std::thread::scope(|scope| {
        for version in VERSIONS {
            scope.spawn(move || recovers(version));
        }
    });
}
