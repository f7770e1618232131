//! Consul's files: snapshots that real servers saved, the directories that they leave, and what is damaged or no snapshot.
//! Numbers are held against `consul snapshot inspect` of the same server.

use crate::cluster::{Cluster, Home, Ran, wait};
use crate::consul::{NEWEST, consul, found, run};
use quorate::target::TlsFiles;
use quorate::transport::Deadline;
use quorate::transport::http::Http;
use quorate::transport::tls::TlsMaterial;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The mesh, access controls that let everybody in, and snapshots soon.
const OPTIONS: &str = "--server-arg=-hcl=connect { enabled = true } acl { enabled = true default_policy = \"allow\" } \
                       raft_snapshot_threshold = 60 raft_snapshot_interval = \"1s\"";

const PRIVATE_KEY: &str =
    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEclassified\n-----END EC PRIVATE KEY-----\n";

/// What Vault's storage looks like from outside.
const VAULT: [&str; 6] = [
    "core/keyring",
    "core/seal-config",
    "core/master",
    "core/mounts",
    "logical/7f3a/secret",
    "sys/policy/default",
];

struct Client {
    http: Http,
    base: String,
    token: String,
}

impl Client {
    fn of(cluster: &Cluster) -> Client {
        let http = Http::new(&TlsMaterial::load(&TlsFiles::default()).expect("no files")).expect("a client");
        let mut client = Client { http, base: cluster.endpoints()[0].to_owned(), token: String::new() };
        let mut bootstrap = Value::Null;
        wait("the first token", || {
            bootstrap = client.try_put("/v1/acl/bootstrap", b"").unwrap_or_default();
            bootstrap["SecretID"].is_string()
        });
        client.token = bootstrap["SecretID"].as_str().expect("a token").to_owned();
        client
    }

    fn try_put(&self, path: &str, body: &[u8]) -> Option<Value> {
        let header = Some(("x-consul-token", self.token.as_str())).filter(|(_, token)| !token.is_empty());
        let deadline = Deadline::after(Duration::from_secs(10));
        let answer = run(self.http.put(&format!("{}{path}", self.base), body, header, deadline)).ok()?;
        (answer.status == 200).then(|| serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    #[track_caller]
    fn put(&self, path: &str, body: &Value) -> Value {
        self.try_put(path, body.to_string().as_bytes()).expect("is done")
    }

    #[track_caller]
    fn key(&self, key: &str, value: &[u8]) {
        assert_eq!(self.try_put(&format!("/v1/kv/{key}"), value), Some(true.into()), "{key}");
    }

    /// Something of every kind that a plain server can be given. Tokens are returned: nobody may print them.
    fn load(&self) -> Vec<String> {
        for n in 0..80 {
            self.key(&format!("app/c{}/k{n}", n % 7), "v".repeat(n * 3).as_bytes());
        }
        self.key("top", b"");
        self.key("tls/web", PRIVATE_KEY.as_bytes());
        self.key("big/value", &[7; 300_000]);
        VAULT.iter().for_each(|key| self.key(&format!("vault/{key}"), b"ciphertext"));
        self.put("/v1/acl/policy", &json!({ "Name": "p", "Rules": "key_prefix \"\" { policy = \"read\" }" }));
        self.put("/v1/acl/role", &json!({ "Name": "r", "Policies": [{ "Name": "p" }] }));
        let token = |n: u64| {
            let made = self.put(
                "/v1/acl/token",
                &json!({ "Description": n.to_string(), "Policies": [{ "Name": "p" }] }),
            );
            made["SecretID"].as_str().expect("a token").to_owned()
        };
        let mut tokens: Vec<String> = (0..3).map(token).collect();
        tokens.push(self.token.clone());
        for n in 0..3 {
            let service = json!({ "Service": "svc", "ID": format!("svc{n}"), "Port": 80 });
            let check = json!({ "Name": "c", "CheckID": format!("c{n}"), "Status": "passing" });
            let node = json!({ "Node": format!("ext{n}"), "Address": "10.0.0.1", "Service": service, "Check": check });
            self.put("/v1/catalog/register", &node);
        }
        self.put(
            "/v1/agent/service/register",
            &json!({ "Name": "web", "Port": 1, "Connect": { "SidecarService": {} } }),
        );
        let session = self.put("/v1/session/create", &json!({ "NodeChecks": [] }));
        let id = session["ID"].as_str().expect("an id");
        self.key(&format!("app/lock?acquire={id}"), b"me");
        let intentions = json!({ "Kind": "service-intentions", "Name": "web", "Sources": [{ "Name": "a", "Action": "allow" }] });
        self.put("/v1/config", &intentions);
        let defaults = json!({ "Kind": "proxy-defaults", "Name": "global", "Config": { "a": 1.5, "b": [1, { "c": true }] } });
        self.put("/v1/config", &defaults);
        let query = json!({ "Name": "q", "Service": { "Service": "web" } });
        let url = format!("{}/v1/query", self.base);
        let asked = self.http.post(&url, &query, Deadline::after(Duration::from_secs(10)));
        assert_eq!(run(asked).expect("an answer").status, 200);
        tokens
    }
}

/// What the server's own tool does, with its output.
#[track_caller]
fn tool(cluster: &Cluster, token: &str, arguments: &[&str]) -> String {
    let (done, told) = try_tool(cluster, token, arguments);
    assert!(done, "{arguments:?}: {told}");
    told
}

/// Whether it did it, and its output.
fn try_tool(cluster: &Cluster, token: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(cluster.program())
        .arg("snapshot")
        .args(arguments)
        .env("CONSUL_HTTP_ADDR", cluster.endpoints()[0].trim_start_matches("http://"))
        .env("CONSUL_HTTP_TOKEN", token)
        .output()
        .expect("consul runs");
    let told = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

fn inspect(home: &Home, path: &Path) -> Ran {
    home.run(&["inspect", "-o", "json", text(path)])
}

fn judge(home: &Home, path: &Path) -> Ran {
    home.run(&["check", "-o", "json", "--snapshot", text(path)])
}

/// Counts and bytes by name, of quorate and of consul.
#[track_caller]
fn equal(ours: &Value, theirs: &str) {
    let theirs: Value = serde_json::from_str(theirs).expect("JSON");
    let mine = |amounts: &Value| -> BTreeMap<String, (u64, u64)> {
        let each = amounts.as_object().expect("amounts").iter();
        each.map(|(name, of)| (name.clone(), (number(&of["count"]), number(&of["bytes"])))).collect()
    };
    let yours = |stats: &Value| -> BTreeMap<String, (u64, u64)> {
        let each = stats.as_array().expect("statistics").iter();
        let named = |of: &Value| of["Name"].as_str().expect("a name").to_owned();
        each.map(|of| (named(of), (number(&of["Count"]), number(&of["Sum"])))).collect()
    };
    assert_eq!(mine(&ours["records"]), yours(&theirs["Stats"]));
    assert_eq!(mine(&ours["keys"]["prefixes"]), yours(&theirs["StatsKV"]));
    let about = &theirs["Meta"];
    for (name, of) in
        [("id", "ID"), ("index", "Index"), ("term", "Term"), ("version", "Version"), ("state_bytes", "Size")]
    {
        assert_eq!(ours[name], about[of], "{name}");
    }
}

#[track_caller]
fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

#[test]
fn a_newer_server_with_two_others() {
    of_real_servers(NEWEST, 3);
}

#[test]
fn an_older_server_alone() {
    of_real_servers("1.13.9", 1);
}

fn of_real_servers(version: &str, nodes: usize) {
    let cluster = consul(version, nodes, &[OPTIONS]);
    let client = Client::of(&cluster);
    let tokens = client.load();
    let saved = cluster.home.path("saved.snap");
    tool(&cluster, &client.token, &["save", text(&saved)]);
    let facts = inspect(&cluster.home, &saved).exits(0).json();
    assert_eq!((&facts["schema"], &facts["verdict"]), (&"quorate.inspect-consul/v1".into(), &"sound".into()));
    let snapshot = &facts["snapshot"];
    equal(snapshot, &tool(&cluster, "", &["inspect", "-format", "json", "-kvdetails", text(&saved)]));
    whose_they_are(snapshot, nodes);
    nothing_is_told(&cluster, &saved, &tokens);
    checks_of_the_file(&cluster, &client, &saved);
    data_directory(&cluster, version);
    if nodes == 1 {
        a_hole_in_the_log(&cluster, &client, &saved);
    }
}

/// Names, numbers of the catalog, secrets and Vault, as they were loaded.
fn whose_they_are(snapshot: &Value, nodes: usize) {
    let servers = snapshot["servers"].as_array().expect("servers");
    let mut names: Vec<&str> = servers.iter().filter_map(|server| server["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["n1", "n2", "n3"][..nodes]);
    assert!(servers.iter().all(|server| server["voter"] == true || nodes > 1), "{servers:?}");
    let catalog = &snapshot["catalog"];
    assert_eq!(number(&catalog["nodes"]), 3 + nodes as u64);
    // consul on each server, three outside, web and its sidecar
    assert_eq!(number(&catalog["services"]), nodes as u64 + 3 + 2);
    let secrets = &snapshot["secrets"];
    let counts = ["ca_private_keys", "acl_tokens", "management_tokens", "ca_credentials"]
        .map(|name| number(&secrets[name]));
    assert_eq!(counts, [1, 4, 1, 0], "{secrets}");
    assert_eq!(snapshot["mesh_ca"], json!({ "provider": "consul", "roots": 1 }));
    assert_eq!(snapshot["keys"]["private_key_names"], json!(["tls/web"]));
    assert_eq!(snapshot["vaults"], json!([{ "prefix": "vault/", "keys": 6, "missing": [] }]));
    assert_eq!((&snapshot["enterprise"], &snapshot["unknown"]), (&json!({}), &json!({})));
    assert_eq!(snapshot["proof"], "sha256");
}

/// No secret is printed, in whatever form.
fn nothing_is_told(cluster: &Cluster, saved: &Path, tokens: &[String]) {
    for arguments in [
        &["inspect", "-v"][..],
        &["inspect", "-o", "json"],
        &["check", "-v", "--snapshot"],
        &["check", "-o", "json", "--snapshot"],
    ] {
        let ran = cluster.home.run(&[arguments, &[text(saved)]].concat()).exits(0);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        for secret in tokens.iter().map(String::as_str).chain(["classified", "BEGIN", "ciphertext"]) {
            assert!(!all.contains(secret), "{arguments:?} tells {secret}: {all}");
        }
    }
}

/// Modes decide over secrets; a Vault without its keyring is told; a healthy file has nothing but information.
fn checks_of_the_file(cluster: &Cluster, client: &Client, saved: &Path) {
    let open =
        tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().expect("a folder");
    let copy = open.path().join("copy.snap");
    fs::copy(saved, &copy).expect("is copied");
    for (mode, severity, code) in [(0o600, "info", 0), (0o640, "warning", 0), (0o644, "critical", 2)] {
        fs::set_permissions(&copy, fs::Permissions::from_mode(mode)).expect("is set");
        let report = judge(&cluster.home, &copy).exits(code).json();
        assert_eq!(found(&report, "snapshot-secrets"), [severity], "{report:#}");
        assert_eq!(found(&report, "vault-storage"), ["info"], "{report:#}");
        for quiet in ["snapshot-age", "snapshot-restorable"] {
            assert_eq!(found(&report, quiet), [""; 0], "{report:#}");
        }
    }
    let url = format!("{}/v1/kv/vault/core/keyring", client.base);
    let header = Some(("x-consul-token", client.token.as_str()));
    let answer =
        run(client.http.delete(&url, header, Deadline::after(Duration::from_secs(10)))).expect("an answer");
    assert_eq!(answer.status, 200);
    let cut = cluster.home.path("cut.snap");
    tool(cluster, &client.token, &["save", text(&cut)]);
    let report = judge(&cluster.home, &cut).exits(2).json();
    assert_eq!(found(&report, "vault-storage"), ["critical"], "{report:#}");
    let said = report.to_string();
    assert!(said.contains("core/keyring") && !said.contains("core/seal-config"), "{report:#}");
}

fn newest(data: &Path) -> PathBuf {
    let entries = fs::read_dir(data.join("raft/snapshots")).into_iter().flatten().flatten();
    let index = |path: &PathBuf| -> u64 {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.split('-').nth(1).and_then(|index| index.parse().ok()).unwrap_or_default()
    };
    entries.map(|entry| entry.path()).max_by_key(index).unwrap_or_default()
}

/// Ends the server for good: a process that was killed may have its files open for a moment.
fn kill(cluster: &Cluster, data: &Path) {
    cluster.lab("kill", &["n1"]);
    wait("its files to be closed", || inspect(&cluster.home, data).json()["data_dir"]["holder"].is_null());
}

/// What a server leaves, while it runs, stopped, and damaged.
fn data_directory(cluster: &Cluster, version: &str) {
    let data = cluster.home.path("state/quorate/labs/consul/n1/data");
    wait("a snapshot of raft", || newest(&data).join("meta.json").exists());
    let running = inspect(&cluster.home, &data).exits(0).json();
    let holder = running["data_dir"]["holder"].as_str().unwrap_or_default();
    assert!(holder.starts_with("consul (pid "), "{version}: {running:#}");
    kill(cluster, &data);

    let before = modified(&data);
    let facts = inspect(&cluster.home, &data).exits(0).json();
    assert_eq!(modified(&data), before, "nothing is written");
    let snapshot = &facts["snapshot"];
    let state = newest(&data).join("state.bin");
    equal(snapshot, &tool(cluster, "", &["inspect", "-format", "json", "-kvdetails", text(&state)]));
    assert_eq!((&snapshot["proof"], &facts["kind"]), (&"crc64".into(), &"data-directory".into()));
    let (dir, log) = (&facts["data_dir"], &facts["data_dir"]["log"]);
    let id = fs::read_to_string(data.join("node-id")).expect("an id");
    assert_eq!((dir["node_id"].as_str(), &dir["holder"]), (Some(id.trim()), &Value::Null));
    assert_eq!((&log["first"], &log["holes"]), (&1.into(), &json!([])));
    assert_eq!(log["last"], log["entries"], "{log}");
    assert_eq!(
        number(&log["behind_snapshot"]),
        number(&log["last"]).saturating_sub(number(&snapshot["index"]))
    );
    assert_eq!((&log["current_term"], &log["vote_term"]), (&log["last_term"], &log["last_term"]), "{log}");
    for part in ["raft", "raft/raft.db"] {
        let alone = inspect(&cluster.home, &data.join(part)).exits(0).json();
        assert_eq!(alone["data_dir"]["log"]["last"], log["last"], "{part}");
    }
    let one = inspect(&cluster.home, &newest(&data)).exits(0).json();
    assert_eq!(
        (&one["kind"], &one["snapshot"]["records"]),
        (&"snapshot-directory".into(), &snapshot["records"])
    );

    fs::write(data.join("raft/peers.json"), "[]").expect("is written");
    let report = judge(&cluster.home, &data).json();
    assert_eq!(found(&report, "recovery-file"), ["critical"], "{report:#}");
    assert_eq!(found(&report, "snapshot-age"), [""; 0], "raft's own is no backup");
    let copy = cluster.home.path("copy");
    let copied = Command::new("cp").arg("-r").arg(&data).arg(&copy).status();
    assert!(copied.expect("cp runs").success());
    damaged(&cluster.home, &copy);
    fs::remove_file(data.join("raft/peers.json")).expect("is removed");
}

/// A restore leaves out one index on purpose, which its snapshot covers. Without that snapshot a server does not start, and the
/// files say so before one tries.
fn a_hole_in_the_log(cluster: &Cluster, client: &Client, saved: &Path) {
    cluster.lab("start", &["n1"]);
    wait("a restore", || try_tool(cluster, &client.token, &["restore", text(saved)]).0);
    client.key("after", b"the restore");
    let data = cluster.home.path("state/quorate/labs/consul/n1/data");
    kill(cluster, &data);
    let facts = inspect(&cluster.home, &data).exits(0).json();
    let index = number(&facts["snapshot"]["index"]);
    let log = &facts["data_dir"]["log"];
    assert_eq!(log["holes"], json!([[index, index]]), "{facts:#}");
    assert_eq!(
        (&log["behind_changes"], &log["behind_by_kind"]["KVS"]),
        (&json!(["set after"]), &1.into()),
        "{log}"
    );
    assert_eq!(number(&log["behind_snapshot"]), number(&log["last"]) - index, "{log}");

    fs::remove_dir_all(newest(&data)).expect("is removed");
    let missing = format!("entry {index} is ");
    let told = cluster.home.run(&["inspect", text(&data)]).exits(2).stdout;
    assert!(told.contains(&missing) && told.contains("does not start"), "{told}");
    cluster.lab("start", &["n1"]);
    let log = cluster.home.path("state/quorate/labs/consul/n1/server.log");
    wait("a server that does not start", || {
        fs::read_to_string(&log).is_ok_and(|log| log.contains(&format!("failed to get log: index={index}")))
    });
}

fn damaged(home: &Home, data: &Path) {
    let state = &newest(data).join("state.bin");
    let mut bytes = fs::read(state).expect("is read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(state, bytes).expect("is written");
    let ran = inspect(home, data).exits(2);
    let facts = ran.json();
    assert!(ran.stdout.contains("CRC-64"), "{facts:#}");
    let snapshots = facts["data_dir"]["snapshots"].as_array().expect("snapshots");
    assert!(snapshots[0]["damage"].is_string(), "{facts:#}");
    judge(home, data).exits(3).says(&["damaged", "quorate inspect"]);
    // a page of the log, behind the two metas
    let log = data.join("raft/raft.db");
    let mut bytes = fs::read(&log).expect("is read");
    bytes[3 * 4096..4 * 4096].fill(0);
    fs::write(&log, bytes).expect("is written");
    let told = home.run(&["inspect", text(data)]).exits(2).stdout;
    assert!(told.contains("DAMAGED") && told.contains("page 3"), "{told}");
}

/// When each file was last written.
fn modified(dir: &Path) -> Vec<(PathBuf, std::time::SystemTime)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder").flatten() {
        let about = entry.metadata().expect("is there");
        if about.is_dir() {
            all.extend(modified(&entry.path()));
        }
        all.push((entry.path(), about.modified().expect("a time")));
    }
    all.sort();
    all
}
