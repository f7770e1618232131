//! Encryption at rest, on real etcd servers that hold what Kubernetes writes.

use crate::cluster::{Cluster, VERSIONS};
use etcd_client::{Client, Txn, TxnOp};
use serde_json::Value;
use std::process::Output;

const PROTOBUF: &[u8] = b"k8s\0\n\x0c\n\x02v1\x12\x06Secret\x12\x18CANARY-hunter2";
const JSON: &[u8] = br#"{"kind":"Secret","data":{"password":"CANARY-hunter2"}}"#;
const CBOR: &[u8] = &[0xd9, 0xd9, 0xf7, 0xa1, 0x61, 0x61, 0x01];

fn quorate(arguments: &[&str]) -> Output {
    let state = tempfile::tempdir().expect("a directory");
    assert_cmd::Command::cargo_bin("quorate")
        .expect("the binary is built")
        .args(arguments)
        .env("XDG_STATE_HOME", state.path())
        .env_remove("QUORATE_CONFIG")
        .output()
        .expect("it runs")
}

/// `check --only encryption-at-rest` as JSON, with its exit code.
fn check(server: &Cluster, more: &[&str]) -> (Vec<Value>, Option<i32>) {
    let target = server.target();
    let arguments = [&["check", &target, "--only", "encryption-at-rest", "-o", "json"], more].concat();
    let output = quorate(&arguments);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains("CANARY"), "a value or an object's name got out: {text}");
    (report["clusters"][0]["findings"].as_array().expect("findings").clone(), output.status.code())
}

/// The facts as they are saved.
fn facts(server: &Cluster, more: &[&str]) -> Value {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("facts.json");
    let path = file.to_str().expect("a path");
    let target = server.target();
    let arguments = [&["check", &target, "--save-facts", path], more].concat();
    quorate(&arguments);
    let text = std::fs::read_to_string(&file).expect("facts are written");
    assert!(!text.contains("CANARY"), "a value or an object's name got into the facts");
    let facts: Value = serde_json::from_str(&text).expect("JSON");
    facts[0]["native"]["etcd"]["kubernetes"]["known"].clone()
}

async fn load(client: &mut Client, entries: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let puts: Vec<TxnOp> = entries.into_iter().map(|(key, value)| TxnOp::put(key, value, None)).collect();
    for batch in puts.chunks(100) {
        client.txn(Txn::new().and_then(batch)).await.expect("is written");
    }
}

fn secrets(count: usize, namespace: &str, value: &[u8]) -> Vec<(String, Vec<u8>)> {
    (0..count).map(|n| (format!("/registry/secrets/{namespace}/CANARY-{n:05}"), value.to_vec())).collect()
}

fn encrypted(provider_and_key: &str) -> Vec<u8> {
    [b"k8s:enc:", provider_and_key.as_bytes(), b":\x9f\x00\xffciphertext"].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_tells_plaintext_from_encrypted() {
    for version in VERSIONS {
        let server = tokio::task::spawn_blocking(move || Cluster::etcd(version, 1)).await.expect("starts");
        let mut client = server.client().await;

        // Nothing of Kubernetes: no finding at all.
        client.put("/app/config", "k8s\0", None).await.expect("is written");
        assert_eq!(check(&server, &[]), (vec![], Some(0)), "{version}");

        load(&mut client, secrets(3, "a", PROTOBUF)).await;
        load(&mut client, secrets(2, "b", JSON)).await;
        load(&mut client, secrets(1, "c", CBOR)).await;
        let (findings, code) = check(&server, &["--fail-on", "warning"]);
        assert_eq!((findings.len(), code), (1, Some(1)), "{version}: {findings:#?}");
        assert_eq!(findings[0]["severity"], "warning");
        assert_eq!(
            (&findings[0]["evidence"]["plaintext"], &findings[0]["evidence"]["total"]),
            (&6.into(), &6.into())
        );

        // Encryption was switched on, the rewrite is not through.
        for key in ["secretbox:v1:key1", "secretbox:v1:key2"] {
            load(&mut client, secrets(2, key, &encrypted(key))).await;
        }
        let (findings, _) = check(&server, &[]);
        let summaries: Vec<&str> = findings.iter().filter_map(|f| f["summary"].as_str()).collect();
        assert_eq!(summaries.len(), 2, "{version}: {summaries:?}");
        assert!(summaries[0].contains("6 stored in plaintext beside 4 encrypted"), "{summaries:?}");
        assert!(summaries[1].contains("secretbox:v1:key1: 2, secretbox:v1:key2: 2"), "{summaries:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_server_with_a_prefix_of_its_own_is_declared() {
    let server = tokio::task::spawn_blocking(|| Cluster::etcd(VERSIONS[3], 1)).await.expect("starts");
    let mut client = server.client().await;
    let moved = |(key, value): (String, Vec<u8>)| (key.replace("/registry/", "/clusters/blue/"), value);
    load(&mut client, secrets(3, "a", PROTOBUF).into_iter().map(moved)).await;
    let (findings, _) = check(&server, &[]);
    assert_eq!(findings, Vec::<Value>::new(), "nothing is where Kubernetes usually has it");

    let dir = tempfile::tempdir().expect("a directory");
    let config = dir.path().join("quorate.toml");
    let endpoint = &server.target()["etcd://".len()..];
    for (declared, plaintext) in
        [("clusters/blue", Some(3)), ("/clusters//blue/", Some(3)), ("/clusters/red", None)]
    {
        let text = format!(
            "[clusters.c]\nbackend = \"etcd\"\nendpoints = [\"http://{endpoint}\"]\nkubernetes_prefix = \"{declared}\"\n"
        );
        std::fs::write(&config, text).expect("is written");
        let path = config.to_str().expect("a path");
        let output = quorate(&["check", "--config", path, "--only", "encryption-at-rest", "-o", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(
            report["clusters"][0]["findings"][0]["evidence"]["plaintext"].as_u64(),
            plaintext,
            "{report:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_objects_are_read_in_pages() {
    let server = tokio::task::spawn_blocking(|| Cluster::etcd(VERSIONS[2], 1)).await.expect("starts");
    let mut client = server.client().await;
    load(&mut client, secrets(3500, "many", &encrypted("kms:v2:vault"))).await;
    // One is plaintext, behind everything a default look reads.
    load(&mut client, secrets(1, "zzz", PROTOBUF)).await;
    // Objects larger than one answer may be in all: pages shrink.
    let large = [encrypted("kms:v2:vault"), vec![b'x'; 1 << 20]].concat();
    for n in 0..12 {
        client
            .put(format!("/registry/configmaps/big/CANARY-{n}"), large.clone(), None)
            .await
            .expect("is written");
    }
    load(&mut client, (0..40).map(|n| (format!("/registry/pods/ns/CANARY-{n}"), PROTOBUF.to_vec()))).await;
    load(&mut client, [("/registry/apps.example.com/widgets/ns/CANARY".to_owned(), JSON.to_vec())]).await;
    load(&mut client, [("/registry/services/specs/ns/CANARY".to_owned(), JSON.to_vec())]).await;
    load(&mut client, [("/registry/CANARY-health".to_owned(), b"odd".to_vec())]).await;

    let (findings, code) = check(&server, &[]);
    assert_eq!((findings.len(), code), (1, Some(0)), "{findings:#?}");
    assert_eq!(findings[0]["status"], "unknown");
    assert!(
        findings[0]["summary"].as_str().expect("a summary").contains("of 3501 were looked at"),
        "{findings:#?}"
    );
    let (_, code) = check(&server, &["--fail-on", "warning"]);
    assert_eq!(code, Some(3), "what was not looked at is not a pass");

    let (findings, code) = check(&server, &["--deep", "--timeout", "20s", "--fail-on", "warning"]);
    assert_eq!((findings[0]["status"].as_str(), code), (Some("fail"), Some(1)), "{findings:#?}");
    assert_eq!(findings[0]["evidence"]["plaintext"], 1);

    let store = facts(&server, &["--deep", "--timeout", "20s"]);
    let of = |resource: &str| store["resources"][resource].clone();
    assert_eq!(store["prefix"], "/registry/");
    assert_eq!(store["unfinished"], Value::Null);
    for (resource, total) in [
        ("secrets", 3501),
        ("configmaps", 12),
        ("pods", 40),
        ("apps.example.com/widgets", 1),
        ("services/specs", 1),
    ] {
        assert_eq!(
            (&of(resource)["total"], &of(resource)["looked_at"]),
            (&total.into(), &total.into()),
            "{resource}"
        );
    }
    assert_eq!(of("secrets")["encrypted"]["kms:v2:vault"], 3500);
    assert_eq!(of("configmaps")["encrypted"]["kms:v2:vault"], 12);
    assert_eq!(of("(other)")["unrecognised"], 1);
    // Without --deep only secrets are looked at.
    assert_eq!(facts(&server, &[])["resources"].as_object().expect("resources").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn openshift_and_hostile_key_names() {
    let server = tokio::task::spawn_blocking(|| Cluster::etcd(VERSIONS[3], 1)).await.expect("starts");
    let mut client = server.client().await;
    let hostile = "aescbc:v1:\u{1b}[31mred\u{202e}";
    load(&mut client, [("/kubernetes.io/secrets/ns/CANARY".to_owned(), encrypted(hostile))]).await;
    load(&mut client, [("/kubernetes.io/secrets/ns/CANARY2".to_owned(), encrypted("aescbc:v1:good"))]).await;

    let store = facts(&server, &[]);
    assert_eq!(store["prefix"], "/kubernetes.io/");
    assert_eq!(store["resources"]["secrets"]["encrypted"][hostile], 1, "facts are raw");
    for format in ["table", "json"] {
        let output = quorate(&[
            "check",
            &server.target(),
            "--only",
            "encryption-at-rest",
            "--color",
            "never",
            "-o",
            format,
        ]);
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(text.contains("[31mred"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{format} is escaped: {text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_unknown_not_a_pass() {
    let server = tokio::task::spawn_blocking(|| Cluster::etcd(VERSIONS[1], 1)).await.expect("starts");
    let mut client = server.client().await;
    load(&mut client, secrets(1, "a", PROTOBUF)).await;
    client.user_add("root", "secret", None).await.expect("a user");
    client.user_grant_role("root", "root").await.expect("a role");
    client.auth_enable().await.expect("auth is on");
    let (findings, code) = check(&server, &[]);
    assert_eq!((findings[0]["status"].as_str(), code), (Some("unknown"), Some(0)), "{findings:#?}");
    let (_, code) = check(&server, &["--fail-on", "warning"]);
    assert_eq!(code, Some(3));
}
