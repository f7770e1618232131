//! `quorate probe disk` and `quorate probe commit`, on a real disk and real servers.

use crate::cluster::{Cluster, VERSIONS};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn quorate(arguments: &[&str]) -> Output {
    assert_cmd::Command::cargo_bin("quorate")
        .expect("the binary is built")
        .args(arguments)
        .env_remove("QUORATE_CONFIG")
        .output()
        .expect("it runs")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn entries(dir: &Path) -> usize {
    std::fs::read_dir(dir).expect("readable").count()
}

#[test]
fn disk_measures_and_leaves_nothing() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let path = dir.path().to_str().expect("a path");
    let output = quorate(&["probe", "disk", path, "--size", "64KiB", "-o", "json"]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(report["schema"], "quorate.probe-disk/v1");
    assert_eq!((&report["samples"], &report["planned"]), (&28.into(), &28.into()));
    assert!(report["fdatasync"]["p50_ms"].as_f64() <= report["fdatasync"]["p99_ms"].as_f64());
    let counted: u64 =
        report["histogram"].as_array().expect("buckets").iter().filter_map(|b| b["count"].as_u64()).sum();
    assert_eq!(counted, 28);
    assert_eq!(entries(dir.path()), 0);

    let output = quorate(&["probe", "disk", path, "--size", "64KiB"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("fdatasync") && text.contains("P99.9") && text.contains("etcd wants"), "{text}");
}

#[test]
fn disk_holds_the_limit_of_the_policy() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let config = dir.path().join("quorate.toml");
    std::fs::write(&config, "[policy]\nfsync_p99_warn = \"0ms\"\n").expect("is written");
    let (path, config) = (dir.path().to_str().expect("a path"), config.to_str().expect("a path"));
    let run = |more: &[&str]| {
        let fixed = ["probe", "disk", path, "--size", "16KiB", "--config", config, "-o", "json"];
        quorate(&[&fixed, more].concat())
    };
    let output = run(&[]);
    assert_eq!((output.status.code(), json(&output)["verdict"].as_str()), (Some(0), Some("slow")));
    assert!(json(&output)["limit_source"].as_str().expect("a source").contains("quorate.toml:2"));
    assert_eq!(run(&["--fail-on", "warning"]).status.code(), Some(1));
}

#[test]
fn disk_refuses_what_it_cannot_measure() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let path = dir.path().to_str().expect("a path");
    assert_eq!(quorate(&["probe", "disk", &format!("{path}/absent")]).status.code(), Some(64));
    assert_eq!(quorate(&["probe", "disk", path, "--size", "10"]).status.code(), Some(64));
    assert_eq!(quorate(&["probe", "disk", path, "--size", "x"]).status.code(), Some(64));
    let output = quorate(&["probe", "disk", path, "--size", "4096TiB"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no space"), "{output:?}");
    let output = quorate(&["probe", "disk", path, "--dry-run"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("10029 writes of 2300 bytes"), "{output:?}");
    assert_eq!(entries(dir.path()), 0);
}

#[test]
fn disk_stops_when_the_time_is_up() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let path = dir.path().to_str().expect("a path");
    let output = quorate(&["probe", "disk", path, "--size", "1GiB", "--timeout", "200ms", "-o", "json"]);
    let report = json(&output);
    assert_eq!((output.status.code(), report["stopped"].as_str()), (Some(0), Some("timeout")));
    assert!(report["samples"].as_u64() < report["planned"].as_u64());
    assert_eq!(entries(dir.path()), 0);
}

/// What is left of the probe on the server: keys and leases.
async fn left(server: &Cluster) -> (i64, usize) {
    let mut client = server.client().await;
    let options = etcd_client::GetOptions::new().with_prefix().with_count_only();
    let keys = client.get("quorate.probe/", Some(options)).await.expect("reads").count();
    (keys, client.leases().await.expect("reads").leases().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_writes_only_with_consent_and_cleans_up() {
    for version in VERSIONS {
        let server = tokio::task::spawn_blocking(move || Cluster::etcd(version, 1)).await.expect("starts");
        let target = server.target();
        let revision = || async {
            let mut client = server.client().await;
            client.get("x", None).await.expect("reads").header().expect("a header").revision()
        };
        let before = revision().await;
        let output = quorate(&["probe", "commit", &target]);
        assert_eq!(output.status.code(), Some(4), "{version}: {output:?}");
        let output = quorate(&["probe", "commit", &target, "--dry-run"]);
        assert_eq!(output.status.code(), Some(0), "{version}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("100 writes"), "{output:?}");
        assert_eq!(revision().await, before, "nothing was written");

        let output = quorate(&["probe", "commit", &target, "-n", "20", "--yes", "-o", "json"]);
        let report = json(&output);
        assert_eq!(output.status.code(), Some(0), "{version}: {output:?}");
        assert_eq!(report["schema"], "quorate.probe-commit/v1");
        assert_eq!((&report["committed"], &report["failed"]), (&20.into(), &0.into()));
        assert_eq!((report["role"].as_str(), &report["removed"]), (Some("leader"), &true.into()));
        assert!(report["commit"]["min_ms"].as_f64() > Some(0.0));
        assert_eq!(revision().await, before + 21, "twenty writes and one delete");
        assert_eq!(left(&server).await, (0, 0), "{version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_says_what_the_server_refuses() {
    let server = tokio::task::spawn_blocking(|| Cluster::etcd(VERSIONS[2], 1)).await.expect("starts");
    let mut client = server.client().await;
    client.user_add("root", "secret", None).await.expect("a user");
    client.user_grant_role("root", "root").await.expect("a role");
    client.auth_enable().await.expect("auth is on");
    let output = quorate(&["probe", "commit", &server.target(), "-n", "5", "--yes"]);
    assert_ne!(output.status.code(), Some(0), "{output:?}");

    let dir = tempfile::tempdir().expect("a directory");
    let password = dir.path().join("password");
    std::fs::write(&password, "secret\n").expect("is written");
    let login = ["--user", "root", "--password-file", password.to_str().expect("a path")];
    let target = server.target();
    let output =
        quorate(&[&["probe", "commit", &target, "-n", "5", "--yes", "-o", "json"], &login[..]].concat());
    assert_eq!((output.status.code(), &json(&output)["committed"]), (Some(0), &5.into()), "{output:?}");
}

#[test]
fn commit_refuses_without_a_quorum() {
    // Nobody listens there, and no membership is known: that is not enough to call it lost.
    let output = quorate(&["probe", "commit", "etcd://127.0.0.1:1", "--yes"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(
        quorate(&["probe", "commit", "etcd://127.0.0.1:1,x", "--yes", "-n", "0"]).status.code(),
        Some(64)
    );
}
