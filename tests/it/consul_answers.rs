//! Answers that no healthy Consul gives, made by hand, and answers of versions that cannot be run here, modelled after
//! their documented API: 1.22 with the WAL as its log's store.

use crate::cluster::{Home, Ran};
use crate::tls_servers::{greets, server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

const CONSUL: &str = "X-Consul-Default-Acl-Policy: deny\r\nX-Consul-Knownleader: true\r\n";

/// Status, further header lines and body of a page.
type Answer = (u16, String, String);

/// Serves pages by their path without the query; whatever else is asked is 404. Keeps every request.
fn pages(pages: BTreeMap<&'static str, Answer>) -> (String, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    let address = server(move |mut stream: TcpStream| {
        while let Some(request) = request(&mut stream) {
            let path = request.split_ascii_whitespace().nth(1).unwrap_or_default().to_owned();
            kept.lock().expect("unpoisoned").push(request);
            let path = path.split('?').next().unwrap_or_default();
            let (status, headers, body) =
                pages.get(path).cloned().unwrap_or((404, String::new(), "not found".into()));
            let date = now().strftime("%a, %d %b %Y %H:%M:%S GMT");
            let reply = format!(
                "HTTP/1.1 {status} Said\r\nDate: {date}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.write_all(reply.as_bytes()).is_err() {
                return;
            }
        }
    });
    (address, asked)
}

/// The time, as the file system has it.
fn now() -> jiff::Timestamp {
    let file = tempfile::tempfile().expect("a temporary file");
    let made = file.metadata().and_then(|meta| meta.modified()).expect("its time");
    jiff::Timestamp::try_from(made).expect("a time")
}

/// One request's head.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

fn said(body: Value) -> Answer {
    (200, CONSUL.to_owned(), body.to_string())
}

const ID: &str = "70417d17-4157-f2ae-1bbd-8d49f5b9682a";

/// A lone server of 1.22, as its documentation describes it. What is not modelled is absent.
fn modelled() -> BTreeMap<&'static str, Answer> {
    let raft = json!({
        "state": "Leader", "term": "3", "last_log_index": "90", "commit_index": "90", "applied_index": "90",
        "last_contact": "0", "fsm_pending": "0", "protocol_version": "3", "last_snapshot_index": "0",
    });
    let agent = json!({
        "Config": { "Datacenter": "dc1", "NodeName": "m1", "NodeID": ID, "Server": true, "Version": "1.22.1" },
        "DebugConfig": {
            "ACLsEnabled": true,
            "ACLResolverSettings": { "ACLDefaultPolicy": "deny", "ACLDownPolicy": "extend-cache" },
            "BootstrapExpect": 1, "DataDir": "/var/lib/consul", "DisableRemoteExec": true,
            "ConsulRaftHeartbeatTimeout": "5s", "ConsulRaftLeaderLeaseTimeout": "2.5s",
            "RaftLogStoreConfig": {
                "Backend": "wal", "DisableLogCache": false,
                "Verification": { "Enabled": true, "Interval": "1m0s" },
                "WAL": { "SegmentSize": 67108864 }, "BoltDB": { "NoFreelistSync": false },
            },
            "TLS": { "Domain": "consul.", "InternalRPC": {
                "VerifyIncoming": false, "VerifyOutgoing": false, "VerifyServerHostname": false } },
            "StaticRuntimeConfig": { "EncryptVerifyIncoming": true, "EncryptVerifyOutgoing": true },
            "HTTPAddrs": [], "HTTPSAddrs": null,
        },
        "Stats": {
            "build": { "version_metadata": "" }, "raft": raft,
            "consul": { "leader": "true", "leader_addr": "127.0.0.1:1" },
            "serf_lan": { "encrypted": "true" },
        },
    });
    let sample = |name: &str, mean: f64, max: f64| {
        json!({ "Name": name, "Count": 4, "Rate": 0.1, "Sum": mean * 4.0, "Min": 0.1, "Max": max, "Mean": mean,
                "Stddev": 0, "Labels": {} })
    };
    let metrics = json!({
        "Timestamp": "2026-11-24 20:52:10 +0000 UTC",
        "Gauges": [{ "Name": "consul.m1.raft.wal.last_segment_age_seconds", "Value": 12, "Labels": {} },
                   { "Name": "consul.m1.autopilot.healthy", "Value": "NaN", "Labels": {} }],
        "Points": [],
        "Counters": [sample("consul.raft.wal.log_appends", 1.0, 1.0)],
        "Samples": [sample("consul.raft.leader.dispatchLog", 30.0, 44.0), sample("consul.raft.commitTime", 3.0, 5.0)],
    });
    let servers = json!([{ "ID": ID, "Node": "m1", "Address": "127.0.0.1:1", "Leader": true, "ProtocolVersion": "3",
                           "Voter": true, "LastIndex": 90 }]);
    let member = json!([{ "Name": "m1", "Addr": "127.0.0.1", "Port": 2, "Status": 1, "Tags": {
        "role": "consul", "dc": "dc1", "id": ID, "port": "1", "build": "1.22.1:abc", "raft_vsn": "3", "expect": "1" } }]);
    BTreeMap::from([
        ("/v1/agent/self", said(agent)),
        ("/v1/agent/metrics", said(metrics)),
        ("/v1/agent/members", said(member)),
        ("/v1/status/leader", said(json!("127.0.0.1:1"))),
        ("/v1/operator/raft/configuration", said(json!({ "Servers": servers, "Index": 0 }))),
        ("/v1/operator/autopilot/configuration", said(json!({ "CleanupDeadServers": true, "MinQuorum": 1 }))),
        (
            "/v1/operator/autopilot/health",
            (429, CONSUL.into(), json!({ "Healthy": false, "FailureTolerance": 0, "Servers": [{
                "ID": ID, "Healthy": false, "Voter": true, "LastContact": "0s", "LastTerm": 3, "LastIndex": 90,
                "StableSince": "2026-11-24T20:52:01Z" }] }).to_string()),
        ),
        ("/v1/operator/keyring", said(json!([{ "WAN": false, "Datacenter": "dc1", "Keys": { "a2V5": 1 },
                                               "PrimaryKeys": { "a2V5": 1 }, "NumNodes": 1 }]))),
        ("/v1/connect/ca/roots", (500, CONSUL.into(), "Connect must be enabled in order to use this endpoint".into())),
        ("/v1/catalog/node/quorate-check", said(Value::Null)),
        ("/v1/catalog/node/m1", said(json!({ "Node": { "Node": "m1" }, "Services": {} }))),
        ("/v1/kv/quorate-check", (403, CONSUL.into(), "Permission denied".into())),
        ("/v1/kv/", said(json!([]))),
    ])
}

fn check(home: &Home, address: &str) -> Ran {
    home.run(&["check", &format!("consul://{address}"), "-o", "json"])
}

fn diagnosis(report: &Value) -> (&str, &str) {
    let unreachable = &report["clusters"][0]["unreachable"][0];
    (
        unreachable["diagnosis"].as_str().unwrap_or_default(),
        unreachable["detail"].as_str().unwrap_or_default(),
    )
}

fn finding<'a>(report: &'a Value, check: &str) -> &'a Value {
    let findings = report["clusters"][0]["findings"].as_array().expect("findings");
    findings.iter().find(|f| f["check"] == check).unwrap_or(&Value::Null)
}

/// Modelled, not run: a healthy 1.22 whose log is a WAL, with a slow disk.
#[test]
fn a_modelled_1_22_is_understood() {
    let (address, _) = pages(modelled());
    let report = check(&Home::new(), &address).exits(0).json();
    let cluster = &report["clusters"][0];
    assert_eq!(
        (cluster["quorum"]["state"].as_str(), cluster["quorum"]["voters"].as_u64()),
        (Some("healthy"), Some(1))
    );
    assert_eq!(cluster["members"][0]["version"], "1.22.1");
    assert_eq!(cluster["members"][0]["role"], "leader");
    let fsync = finding(&report, "wal-fsync");
    assert_eq!(
        (fsync["status"].as_str(), fsync["evidence"]["store"].as_str()),
        (Some("fail"), Some("WAL")),
        "{fsync:#}"
    );
    // 429 is an answer.
    assert_eq!(finding(&report, "raft-lag")["status"], "fail");
    // Its line ended on 2026-10-31, and 1.22.5 fixes what is known of it.
    assert_eq!(finding(&report, "version-unsupported")["status"], "fail");
    assert_eq!(finding(&report, "version-known-bug")["evidence"]["count"], 1);
    assert_eq!(finding(&report, "mesh-ca"), &Value::Null, "there is no mesh to judge");
}

#[test]
fn no_answer_of_consul() {
    let home = Home::new();
    let html = |status: u16| {
        let page = "<!DOCTYPE html><html><body>Please log in</body></html>";
        let answer = (status, "Content-Type: text/html\r\n".to_owned(), page.to_owned());
        pages(BTreeMap::from([("/v1/agent/self", answer)])).0
    };
    let says = |address: &str| {
        let report = check(&home, address).exits(3).json();
        let (diagnosis, detail) = diagnosis(&report);
        (diagnosis.to_owned(), detail.to_owned())
    };
    for status in [200, 502] {
        let (diagnosis, detail) = says(&html(status));
        assert!(diagnosis == "wrong-service" && detail.contains("proxy"), "{status}: {diagnosis}: {detail}");
    }
    let (diagnosis, detail) = says(&greets(b"SSH-2.0-OpenSSH_9.2\r\n"));
    assert!(diagnosis == "wrong-service" && detail.contains("SSH"), "{diagnosis}: {detail}");
    let error = (200, CONSUL.to_owned(), r#"{"error":"upstream is down"}"#.to_owned());
    let (address, _) = pages(BTreeMap::from([("/v1/agent/self", error)]));
    let (diagnosis, detail) = says(&address);
    assert!(diagnosis == "server-error" && detail.contains("upstream is down"), "{diagnosis}: {detail}");
    let mut client = modelled();
    let agent = json!({ "Config": { "Datacenter": "dc1", "NodeName": "c1", "NodeID": ID, "Server": false,
                                    "Version": "1.22.1" } });
    client.insert("/v1/agent/self", said(agent));
    let (diagnosis, detail) = says(&pages(client).0);
    assert!(diagnosis == "wrong-service" && detail.contains("name the servers"), "{diagnosis}: {detail}");
}

/// A redirect is not followed: the token would go with it.
#[test]
fn a_redirect_gets_no_token() {
    let home = Home::new();
    let token = home.file("token", "11111111-2222-3333-4444-555555555555");
    let (elsewhere, stolen) = pages(BTreeMap::new());
    let to = (307, format!("Location: http://{elsewhere}/v1/agent/self\r\n"), String::new());
    let (address, asked) = pages(BTreeMap::from([("/v1/agent/self", to)]));
    let token = token.display().to_string();
    let target = format!("consul://{address}");
    let ran = home.run(&["check", &target, "--token-file", &token, "-o", "json"]).exits(3);
    let report = ran.json();
    let (diagnosis, detail) = diagnosis(&report);
    assert!(diagnosis == "wrong-service" && detail.contains("redirects"), "{diagnosis}: {detail}");
    assert!(stolen.lock().expect("unpoisoned").is_empty(), "somebody else was asked");
    let sent = asked.lock().expect("unpoisoned").join("\n").to_ascii_lowercase();
    assert!(sent.contains("x-consul-token: 11111111"), "the token was not sent at all: {sent}");
    assert!(!ran.stdout.contains("11111111") && !ran.stderr.contains("11111111"), "the token is told");
}

/// What is damaged costs its own fact only, and is never a pass.
#[test]
fn damaged_pages_cost_only_themselves() {
    let home = Home::new();
    let mut damaged = modelled();
    damaged.insert("/v1/agent/metrics", (500, CONSUL.into(), "json: unsupported value: NaN".into()));
    damaged.insert("/v1/agent/members", (200, CONSUL.into(), "[{\"Name\":".into()));
    let report = check(&home, &pages(damaged).0).json();
    assert_eq!(report["clusters"][0]["quorum"]["state"], "healthy");
    for check in ["wal-fsync", "gossip-membership"] {
        assert_eq!(finding(&report, check)["status"], "unknown", "{check}: {report:#}");
    }
    let mut denied = modelled();
    let no = (403, CONSUL.to_owned(), "Permission denied: lacks permission 'operator:read'".to_owned());
    denied.insert("/v1/operator/raft/configuration", no);
    let report = check(&home, &pages(denied).0).exits(3).json();
    assert_eq!(report["clusters"][0]["quorum"]["state"], "unknown");
    assert_eq!(finding(&report, "token-rights")["status"], "fail");
}

/// Redundancy zones as the documentation of Enterprise describes them, by an answer made by hand: none could be run.
#[test]
fn zones_of_an_enterprise() {
    let home = Home::new();
    let with = |zones: Value| {
        let mut pages_of = modelled();
        let (status, headers, body) = pages_of["/v1/agent/self"].clone();
        let body = body.replace(r#""version_metadata":"""#, r#""version_metadata":"ent""#);
        pages_of.insert("/v1/agent/self", (status, headers, body));
        let config = json!({ "CleanupDeadServers": true, "MinQuorum": 1, "RedundancyZoneTag": "zone" });
        pages_of.insert("/v1/operator/autopilot/configuration", said(config));
        if !zones.is_null() {
            let state = json!({ "Healthy": true, "FailureTolerance": 0, "OptimisticFailureTolerance": 1, "Servers": {},
                                "Leader": ID, "Voters": [ID], "RedundancyZones": zones });
            pages_of.insert("/v1/operator/autopilot/state", said(state));
        }
        let (address, asked) = pages(pages_of);
        let report = check(&home, &address).json();
        let asked = asked.lock().expect("unpoisoned").join("\n");
        assert!(asked.contains("/v1/operator/autopilot/state"), "{asked}");
        finding(&report, "redundancy-zones").clone()
    };
    let zone = |servers: Value, voters: Value| json!({ "Servers": servers, "Voters": voters, "FailureTolerance": 1 });
    let well = with(json!({ "a": zone(json!([ID, "x"]), json!([ID])) }));
    assert_eq!(
        (well["status"].as_str(), well["evidence"]["optimistic_failure_tolerance"].as_u64()),
        (Some("pass"), Some(1))
    );
    let alone = with(json!({ "a": zone(json!([ID]), json!([ID])) }));
    assert!(
        alone["summary"].as_str().is_some_and(|text| text.contains("nobody stands by in zone a: m1")),
        "{alone:#}"
    );
    let crowded = with(
        json!({ "a": zone(json!([ID, "x", "y"]), json!([ID, "x"])), "b": zone(json!(["z"]), Value::Null) }),
    );
    assert!(crowded["summary"].as_str().is_some_and(|text| text.contains("nobody in b")), "{crowded:#}");
    assert_eq!(with(Value::Null)["status"], "unknown");
    assert_eq!(
        finding(&check(&home, &pages(modelled()).0).json(), "redundancy-zones"),
        &Value::Null,
        "Community"
    );
}
