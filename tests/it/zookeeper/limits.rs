//! What a server runs short of, and what lies open on its machine.

use super::{failing, found, quorum, says};
use crate::cluster::{Cluster, Home, free_address, wait};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn connections(endpoint: &str, count: usize) -> Vec<TcpStream> {
    let authority = endpoint.rsplit('/').next().expect("an authority");
    let one = || {
        let stream = TcpStream::connect(authority).expect("connects");
        // The server counts a connection a moment after it has taken it.
        std::thread::sleep(std::time::Duration::from_millis(20));
        stream
    };
    std::iter::repeat_with(one).take(count).collect()
}

/// The limit is for each client address. Who has reached it is hung up on, which proves nothing of the ensemble.
#[test]
fn a_client_that_may_open_no_further_connection_does_not_see_a_dead_ensemble() {
    let arguments = ["--server-arg=maxClientCnxns=20", "--server-arg=4lw.commands.whitelist=srvr,mntr,conf"];
    let cluster = Cluster::zookeeper("3.9.5", 3, &arguments);
    let healthy = cluster.settles_calm().json();
    assert!(!failing(&healthy, "warning").contains(&"client-connections".to_owned()));
    assert!(says(&healthy, "client-connections").contains("May every"), "{healthy:#}");

    let first = cluster.endpoints()[0];
    let held = connections(first, 16);
    wait("open connections are seen", || {
        let report = cluster.check(&[]).json();
        says(&report, "client-connections")
            .contains("16 connections are open from 127.0.0.1, and 20 are allowed")
    });
    let others: Vec<TcpStream> =
        cluster.endpoints()[1..].iter().flat_map(|endpoint| connections(endpoint, 20)).collect();
    let more = connections(first, 3);
    for _ in 0..3 {
        let target = cluster.endpoints().join(",");
        let report = Home::new().run(&["check", &target, "-o", "json"]);
        assert!(report.code != 2 || quorum(&report.json())["state"] != "lost", "{}", report.stdout);
        assert_ne!(quorum(&report.json())["state"], "lost", "{}", report.stdout);
        let unreachable = report.json()["clusters"][0]["unreachable"].to_string();
        assert!(
            (unreachable.contains("empty-reply") || unreachable.contains("connection-reset"))
                && unreachable.contains("maxClientCnxns"),
            "{unreachable}"
        );
    }
    drop((held, others, more));
    let after = cluster.settles_calm().json();
    assert!(says(&after, "server-errors").contains("connections were refused"), "{after:#}");
}

#[test]
fn a_machine_shows_its_disks_its_files_and_its_heap() {
    let provider =
        "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider";
    let metrics = free_address();
    let arguments = [
        format!("--server-arg={provider}"),
        format!("--server-arg=metricsProvider.httpPort={}", metrics.port()),
        "--server-arg=jvm.pause.monitor=true".to_owned(),
        "--server-arg=quorum.auth.enableSasl=false".to_owned(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let cluster = Cluster::zookeeper("3.8.3", 1, &arguments);
    let report = cluster.settles_calm().json();
    assert!(says(&report, "data-dir-permissions").contains("Are the data on disk closed"), "{report:#}");
    let room = says(&report, "disk-space");
    assert!(room.contains("Has every member's disk room") || room.contains("the disk of "), "{room}");

    // The heap is on the provider's page, which the lab's file does not name.
    let dir = Path::new(cluster.config()).parent().expect("a directory").to_owned();
    let config = std::fs::read_to_string(cluster.config()).expect("a config file");
    let named = config.replace(
        "host = { local = true }",
        &format!("host = {{ local = true }}\nmetrics = \"http://{metrics}\""),
    );
    let path = cluster.home.file("named.toml", &named);
    let named = path.to_str().expect("a path");
    let policy = |heap: &str| {
        let text = std::fs::read_to_string(&path).expect("a config file");
        let text = text.split("\n[policy]").next().expect("some").to_owned();
        std::fs::write(&path, format!("{text}\n[policy]\nheap_used_warn = \"{heap}\"\n")).expect("written");
        cluster.home.run(&["check", "--config", named, "-o", "json", "--only", "jvm"]).json()
    };
    assert!(says(&policy("1%"), "jvm").contains("its heap is"), "{}", policy("1%"));
    assert_eq!(found(&policy("99%"), "fail", "warning"), [""; 0]);

    // Whoever opens its directory to everybody hears of it, and of no more than that.
    let open = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
    };
    let data = dir.join("n1").join("data");
    let version = data.join("version-2");
    let above: Vec<std::path::PathBuf> = version
        .ancestors()
        .take_while(|path| path.starts_with(cluster.home.path("")))
        .map(Path::to_owned)
        .collect();
    above.iter().for_each(|path| open(path, 0o755));
    let log = std::fs::read_dir(&version).expect("a log").flatten().map(|entry| entry.path());
    log.for_each(|file| open(&file, 0o644));
    let exposed = says(&cluster.check(&[]).json(), "data-dir-permissions");
    assert!(
        exposed.contains("every user of the machine can read") && exposed.contains("version-2"),
        "{exposed}"
    );
    // So does one who keeps its password in a zoo.cfg that everybody can read; its data are another matter.
    open(&data, 0o750);
    let file = dir.join("n1").join("zoo.cfg");
    let text = std::fs::read_to_string(&file).expect("a zoo.cfg");
    std::fs::write(&file, format!("{text}ssl.keyStore.password=geheim\n")).expect("written");
    open(&file, 0o644);
    let secret = says(&cluster.check(&[]).json(), "data-dir-permissions");
    assert!(secret.contains("every user of its machine can read") && secret.contains("zoo.cfg"), "{secret}");
    assert!(!secret.contains("geheim") && !secret.contains("version-2"), "{secret}");
    open(&file, 0o640);
    let closed = says(&cluster.check(&[]).json(), "data-dir-permissions");
    assert!(closed.contains("Are the data on disk closed"), "{closed}");
}

/// A server counts our own connections, too: a check keeps to few at a time, and does not raise an alarm of its making.
#[test]
fn three_connections_for_each_client_are_enough() {
    for arguments in [
        &["--server-arg=maxClientCnxns=3", "--server-arg=4lw.commands.whitelist=srvr,mntr,conf"][..],
        // Without a page every datum takes a word.
        &[
            "--server-arg=maxClientCnxns=3",
            "--server-arg=4lw.commands.whitelist=srvr,mntr,conf",
            "--server-arg=admin.enableServer=false",
        ],
    ] {
        let cluster = Cluster::zookeeper("3.9.5", 3, arguments);
        cluster.settles_calm();
        let mut report = cluster.check(&[]).exits(0).json();
        for _ in 0..5 {
            report = cluster.check(&["--window", "1s"]).exits(0).json();
            assert_eq!(quorum(&report)["state"], "healthy", "{report:#}");
            assert_eq!(report["clusters"][0]["unreachable"], serde_json::json!([]), "{report:#}");
            for check in ["client-connections", "server-errors"] {
                assert!(!failing(&report, "warning").contains(&check.to_owned()), "{}", says(&report, check));
            }
        }
        assert_eq!(found(&report, "unknown", "critical"), [""; 0], "{report:#}");
        for endpoint in cluster.endpoints() {
            let mntr = super::word(endpoint, "mntr");
            assert!(mntr.contains("zk_connection_rejected\t0"), "refused because of us: {mntr}");
        }
    }
}

/// What a server writes for itself, and what it would start from.
#[test]
fn snapshots_that_are_gone_and_files_that_are_another_servers() {
    let cluster = Cluster::zookeeper("3.9.5", 3, &["--server-arg=snapCount=20"]);
    cluster.settles_calm();
    let write = |count: &str| cluster.run(&["probe", "commit", "--count", count, "--yes"]).exits(0);
    write("200");
    let report = cluster.check(&[]).exits(0).json();
    for check in ["server-snapshots", "start-files", "election-time", "client-sessions"] {
        let of_it = report["clusters"][0]["findings"].as_array().expect("findings");
        assert!(
            of_it.iter().any(|f| f["check"] == check && f["status"] == "pass"),
            "{}",
            says(&report, check)
        );
    }
    let dir = Path::new(cluster.config()).with_file_name("n1").join("data");
    let snapshots = || std::fs::read_dir(dir.join("version-2")).expect("a directory").flatten();
    let newer = || -> Vec<std::path::PathBuf> {
        let of = |path: &std::path::PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("snapshot.") && name != "snapshot.0"
        };
        snapshots().map(|file| file.path()).filter(of).collect()
    };
    assert!(newer().len() > 1, "one each twenty transactions: {:?}", newer());
    // Opening a session is a transaction, too: the server may well write another one meanwhile.
    wait("a server without its snapshots is named", || {
        newer().iter().for_each(|path| std::fs::remove_file(path).expect("removed"));
        let gone = says(&cluster.check(&["--only", "server-snapshots"]).json(), "server-snapshots");
        gone.contains("\"n1\"") && gone.contains("it should take one every 20")
    });

    std::fs::write(dir.join("myid"), "2\n").expect("written");
    let other = says(&cluster.check(&["--only", "start-files"]).json(), "start-files");
    let twice = ["n1", "n2"].map(|name| format!("\"{name}\": \"more than one server's myid is 2\""));
    assert_eq!(other, twice.join("\n"));
}

/// How long nobody was served: seen by the server that waited, since the check before.
#[test]
fn an_election_that_waits_for_a_server_to_start() {
    let cluster = Cluster::zookeeper("3.8.3", 3, &["--server-arg=4lw.commands.whitelist=srvr,mntr"]);
    cluster.settles_calm();
    let text = std::fs::read_to_string(cluster.config()).expect("a config file");
    let strict =
        cluster.home.file("strict.toml", &format!("{text}\n[policy]\nelection_time_warn = \"50ms\"\n"));
    let check = || {
        let path = strict.to_str().expect("a path");
        cluster.home.run(&["check", "--config", path, "-o", "json", "--timeout", "5s"])
    };
    // The first election, however long, is that of the start.
    let calm = says(&check().exits(0).json(), "election-time");
    assert!(calm.contains("When the servers look for a leader"), "{calm}");

    let leader = cluster.with_role("leader").remove(0);
    let followers = cluster.with_role("follower");
    let [one, two] = [followers[0].as_str(), followers[1].as_str()];
    cluster.lab("kill", &[one, two]);
    let survivor = cluster.endpoint_of(&leader);
    wait("the survivor has given up", || super::word(&survivor, "srvr").contains("not currently serving"));
    cluster.lab("start", &[one]);
    wait("the survivor serves again", || super::word(&survivor, "srvr").contains("Mode: "));
    let waited = says(&check().json(), "election-time");
    assert!(waited.contains(&leader) && waited.contains("(since last run)"), "{waited}");
    assert!(waited.contains("it did not serve for") && !waited.contains(one), "{waited}");
}
