//! Whatever is at the other end: a named diagnosis, in time, never a hang or a panic.

use crate::cluster::{Cluster, VERSIONS};
use crate::tls_servers::{Alone, Ca, answers, greets, server, serves_its_own_ca, stalls_after};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const ETCD_VERSION: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 49\r\n\r\n{\"etcdserver\":\"3.6.16\",\"etcdcluster\":\"3.6.0\"}    \n";

fn quorate(arguments: &[&str]) -> Output {
    let state = tempfile::tempdir().expect("a directory");
    Command::new(env!("CARGO_BIN_EXE_quorate"))
        .args(arguments)
        .current_dir(state.path())
        .env("XDG_STATE_HOME", state.path())
        .env("XDG_CONFIG_HOME", state.path())
        .output()
        .expect("the binary runs")
}

fn json(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{errors}");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| unreachable!("{error}: {} {errors}", String::from_utf8_lossy(&output.stdout)))
}

/// Checks one endpoint; its diagnosis and detail.
#[expect(clippy::disallowed_methods, reason = "measures that the check ends in time")]
fn diagnosis(url: &str, more: &[&str]) -> (String, String) {
    let began = Instant::now();
    let mut arguments = vec!["check", "--endpoints", url, "-o", "json", "--timeout", "1500ms"];
    arguments.extend(more);
    let output = quorate(&arguments);
    assert!(began.elapsed() < Duration::from_secs(4), "{url}: {:?}", began.elapsed());
    let document = json(&output);
    assert_eq!(output.status.code(), Some(if refused(&document) { 2 } else { 3 }), "{document:#}");
    let unreachable = &document["clusters"][0]["unreachable"][0];
    let text = |key: &str| unreachable[key].as_str().unwrap_or_default().to_owned();
    (text("diagnosis"), text("detail"))
}

/// Every voter's port refusing proves the loss of the quorum, but here no membership is known: it stays undecided.
fn refused(document: &Value) -> bool {
    document["verdict"] == "critical"
}

#[track_caller]
fn expect(url: &str, more: &[&str], wanted: &str, detail: &str) {
    let (diagnosis, told) = diagnosis(url, more);
    assert_eq!(diagnosis, wanted, "{told}");
    assert!(told.contains(detail), "`{told}` does not say `{detail}`");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn nothing_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    expect(&format!("http://{address}"), &[], "connection-refused", "nothing listens");
}

#[test]
fn the_name_does_not_resolve() {
    expect("http://no-such-host.invalid:2379", &[], "dns-failure", "");
}

#[test]
fn something_else_listens() {
    let http = answers(b"HTTP/1.0 404 Not Found\r\nServer: SimpleHTTP/0.6\r\n\r\nno such file");
    expect(&format!("http://{http}"), &[], "wrong-service", "another HTTP service answers");
    let ssh = greets(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    expect(&format!("http://{ssh}"), &[], "wrong-service", "an SSH server");
    let redis = answers(b"-ERR unknown command 'PRI', with args beginning with: '*'\r\n");
    expect(&format!("http://{redis}"), &[], "wrong-service", "a Redis server");
    let garbage = answers(b"\xff\x00\x9b\x1b[2J\x07");
    expect(&format!("http://{garbage}"), &[], "garbage", "not HTTP");
}

#[test]
fn it_hangs_up() {
    let polite = answers(b"");
    expect(&format!("http://{polite}"), &[], "empty-reply", "closed without an answer");
    let at_once = server(drop);
    let (diagnosis, _) = diagnosis(&format!("http://{at_once}"), &[]);
    assert!(["empty-reply", "connection-reset"].contains(&diagnosis.as_str()), "{diagnosis}");
}

#[test]
fn it_says_nothing() {
    expect(&format!("http://{}", stalls_after(b"")), &[], "no-answer", "");
    expect(&format!("https://{}", stalls_after(b"")), &[], "no-answer", "");
    // An empty HTTP/2 SETTINGS frame: the connection is up, the request is never answered.
    let half_open = stalls_after(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00");
    expect(&format!("http://{half_open}"), &[], "no-answer", "");
    expect(&format!("http://{}", stalls_after(b"HTTP/1.1 200 OK\r\n")), &[], "wrong-service", "another HTTP");
}

#[test]
fn tls_where_there_is_none_and_none_where_there_is() {
    let plain = answers(ETCD_VERSION);
    expect(&format!("https://{plain}"), &[], "tls-on-plaintext", "use http://");
    let ssh = greets(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    expect(&format!("https://{ssh}"), &[], "tls-on-plaintext", "an SSH server");
    let ca = Ca::new();
    let tls = ca.serves(false, ETCD_VERSION, |_| ());
    expect(&format!("http://{tls}"), &[], "plaintext-on-tls", "use https://");
    expect(&format!("https://{}", answers(b"")), &[], "empty-reply", "");
}

#[test]
fn certificates_that_do_not_hold() {
    let (ca, other) = (Ca::new(), Ca::new());
    let (own, foreign) = (ca.file(), other.file());
    let trust = ["--cacert", path(&own)];
    let serve =
        |change: fn(&mut CertificateParams)| format!("https://{}", ca.serves(false, ETCD_VERSION, change));
    expect(&serve(|_| ()), &["--cacert", path(&foreign)], "wrong-ca", "not signed by the trusted CA");
    let expired = serve(|p| p.not_after = rcgen::date_time_ymd(2020, 1, 2));
    expect(&expired, &trust, "certificate-expired", "expired on 2020-01-02");
    let early = serve(|p| p.not_before = rcgen::date_time_ymd(2090, 1, 2));
    expect(&early, &trust, "certificate-not-yet-valid", "not valid before 2090-01-02");
    let elsewhere = serve(|p| p.subject_alt_names = vec![]);
    expect(&elsewhere, &trust, "certificate-name", "does not name 127.0.0.1");
    let client_only = serve(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    expect(&client_only, &trust, "certificate-purpose", "");
}

/// etcd's --auto-tls: rustls alone refuses it with CaUsedAsEndEntity even when it is the trusted CA itself.
#[test]
fn a_self_signed_ca_is_trusted_when_it_is_the_ca() {
    let other = Ca::new();
    let (server, pem) = serves_its_own_ca(b"HTTP/1.0 404 Not Found\r\n\r\n");
    let own = other.dir.path().join("own.pem");
    std::fs::write(&own, pem).expect("writes");
    let (url, foreign) = (format!("https://{server}"), other.file());
    expect(&url, &["--cacert", path(&own)], "wrong-service", "");
    expect(&url, &["--cacert", path(&foreign)], "wrong-ca", "not signed by the trusted CA");
    let seen = json(&quorate(&["probe", "tls", &server, "--cacert", path(&own), "-o", "json"]));
    assert_eq!(seen["verification"]["ok"], true, "{seen:#}");
    assert_eq!(seen["chain"][0]["ca"], true);
}

#[test]
fn a_client_certificate_is_demanded() {
    let ca = Ca::new();
    let own = ca.file();
    let server = ca.serves(true, ETCD_VERSION, |_| ());
    let (diagnosis, detail) = diagnosis(&format!("https://{server}"), &["--cacert", path(&own)]);
    assert_eq!(diagnosis, "client-certificate", "{detail}");
    assert!(detail.contains("--cert and --key"), "{detail}");
}

#[test]
fn tls_that_is_not_etcd() {
    let ca = Ca::new();
    let own = ca.file();
    let server = ca.serves(false, b"HTTP/1.0 404 Not Found\r\n\r\n", |_| ());
    expect(&format!("https://{server}"), &["--cacert", path(&own)], "wrong-service", "");
}

#[test]
fn tls_files_that_cannot_be_used() {
    let (ca, other) = (Ca::new(), Ca::new());
    let dir = ca.dir.path();
    let (_, _, cert, key) = ca.leaf(|_| ());
    let (_, _, _, foreign) = other.leaf(|_| ());
    let file = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::write(&path, text).expect("writes");
        path.to_str().expect("UTF-8").to_owned()
    };
    let (cert, key, foreign) = (file("c.pem", &cert), file("k.pem", &key), file("f.pem", &foreign));
    let text = file("text", "hello");
    let encrypted =
        file("e.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    let legacy = file(
        "l.pem",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    );
    let absent = dir.join("absent.pem").to_str().expect("UTF-8").to_owned();
    let cases: [(&[&str], &str, &str); 8] = [
        (&["--cacert", &absent], "absent.pem", "check the path"),
        (&["--cacert", path(dir)], path(dir), "check the path"),
        (&["--cacert", &text], "holds no certificate", "PEM"),
        (&["--cert", &cert], "go together", "--key"),
        (&["--cert", &cert, "--key", &foreign], "f.pem does not belong", "made with"),
        (&["--cert", &cert, "--key", &encrypted], "e.pem is encrypted", "openssl pkey"),
        (&["--cert", &cert, "--key", &legacy], "l.pem is encrypted", "openssl pkey"),
        (&["--cert", &text, "--key", &key], "holds no certificate", "PEM"),
    ];
    for (arguments, says, hint) in cases {
        let mut all = vec!["check", "--endpoints", "https://127.0.0.1:1"];
        all.extend(arguments);
        let output = quorate(&all);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {errors}");
        assert!(errors.contains(says) && errors.contains(hint), "{arguments:?}: {errors}");
    }
}

#[test]
fn probe_tls_tells_what_is_there() {
    let ca = Ca::new();
    let own = ca.file();
    let demanding = ca.serves(true, ETCD_VERSION, |_| ());
    let output = quorate(&["probe", "tls", &demanding, "--cacert", path(&own), "-o", "json"]);
    let seen = json(&output);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(seen["schema"], "quorate.probe-tls/v1");
    assert_eq!(seen["client_certificate"], "required", "{seen:#}");
    assert_eq!(seen["plaintext"], false);
    assert_eq!(seen["verification"]["ok"], true, "{seen:#}");
    assert_eq!(seen["chain"][0]["names"][0], "127.0.0.1");
    assert_eq!(seen["versions"][0]["version"], "TLS 1.3");
    assert_eq!(seen["versions"][0]["accepted"], true);
    assert_eq!(seen["versions"][4]["accepted"], false);
    assert_eq!(seen["versions"][5]["version"], "TLS 1.2 with RC4 or 3DES");
    assert_eq!(seen["versions"][5]["accepted"], false);
    let open = ca.serves(false, ETCD_VERSION, |_| ());
    let seen =
        json(&quorate(&["probe", "tls", &open, "--cacert", path(&own), "--server-name", "n1", "-o", "json"]));
    assert_eq!(seen["client_certificate"], "not-asked");
    assert_eq!(seen["verification"]["diagnosis"], "certificate-name");
}

#[test]
fn a_real_server_that_takes_a_broken_cipher_is_told_and_stops_when_told() {
    // Go took 3DES until 1.22, where the certificate has an RSA key; etcd itself refuses what is older than TLS 1.2.
    let program = Cluster::etcd(VERSIONS[0], 1).program().to_owned();
    let ca = Ca::new();
    let (cert, key) = ca.rsa_leaf();
    for (suites, weak) in [(None, true), (Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), false)] {
        let server = Alone::serves_tls(&program, &cert, &key, suites);
        let own = ca.file();
        let words = ["--cacert", path(&own), "--deep", "--only", "tls-version", "-o", "json"];
        let seen = json(&quorate(&[&["check", "--endpoints", &server.url], &words[..]].concat()));
        let told = seen["clusters"][0]["findings"].as_array().expect("findings");
        let told: Vec<_> = told
            .iter()
            .filter(|f| f["status"] != "pass")
            .map(|f| (f["severity"].as_str(), f["summary"].as_str()))
            .collect();
        let warned = (Some("warning"), Some("the client listener accepts TLS 1.2 with RC4 or 3DES"));
        assert_eq!(told, if weak { vec![warned] } else { Vec::new() }, "{suites:?}: {seen:#}");
    }
}

#[test]
fn probe_tls_of_what_is_not_tls() {
    let plain = json(&quorate(&["probe", "tls", &answers(ETCD_VERSION), "-o", "json"]));
    assert_eq!(plain["plaintext"], true);
    assert_eq!(plain["versions"], serde_json::json!([]));
    let silent = quorate(&["probe", "tls", &stalls_after(b""), "--timeout", "1s"]);
    assert_eq!(silent.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&silent.stderr).contains("no-answer"));
    let old_hello: &[u8] = &[0x16, 3, 1, 0, 80, 2, 0, 0, 76, 3, 1];
    let old = json(&quorate(&["probe", "tls", &answers(old_hello), "--timeout", "3s", "-o", "json"]));
    assert_eq!(old["versions"][3]["version"], "TLS 1.0");
    assert_eq!(old["versions"][3]["accepted"], true, "{old:#}");
    assert_eq!(quorate(&["probe", "tls", "127.0.0.1"]).status.code(), Some(64));
}
