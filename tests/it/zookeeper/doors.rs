//! Servers that do not answer their clients, and what their other ports say of them.

use super::quorum;
use crate::cluster::{Cluster, Home, Ran};
use serde_json::Value;

/// What is said of an address that did not answer.
fn trouble(report: &Value, endpoint: &str) -> String {
    let place = endpoint.rsplit('/').next().expect("an address");
    let silent = report["clusters"][0]["unreachable"].as_array().expect("addresses");
    let of_it = silent.iter().find(|silent| silent["endpoint"] == place);
    let of_it = of_it.expect("it is among the silent");
    format!("{}: {}", of_it["diagnosis"], of_it["detail"])
}

/// Connections without a word, as servers tell of them in their logs.
fn complaints(cluster: &Cluster) -> usize {
    let lab = std::path::Path::new(cluster.config()).parent().expect("a directory");
    let logs = ["n1", "n2", "n3"].map(|name| lab.join(name).join("server.log"));
    let text = |path| std::fs::read_to_string(path).expect("a log");
    logs.into_iter().map(|log| text(log).matches("Exception reading or writing challenge").count()).sum()
}

#[test]
fn a_dead_server_has_no_port_and_a_paused_one_takes_votes_or_leads() {
    for version in ["3.9.5", "3.8.3"] {
        let cluster = Cluster::zookeeper(version, 3, &[]);
        cluster.settles_calm();
        // Their own elections, and looks before all answered, may have left some.
        let before = complaints(&cluster);
        (0..3).for_each(|_| drop(cluster.check(&[]).exits(0)));
        assert_eq!(complaints(&cluster), before, "{version}: servers that answer are left alone");
        let (leader, follower) =
            (cluster.with_role("leader").remove(0), cluster.with_role("follower").remove(0));
        let (of_leader, of_follower) = (cluster.endpoint_of(&leader), cluster.endpoint_of(&follower));

        cluster.lab("kill", &[&follower]);
        let report = cluster.settles("at-risk").json();
        let dead = trouble(&report, &of_follower);
        assert!(dead.contains("connection-refused") && dead.contains("closed is"), "{dead}");
        assert!(dead.contains("(votes)") && dead.contains("(leader only)"), "{dead}");
        cluster.lab("start", &[&follower]);
        cluster.settles("healthy");

        cluster.lab("pause", &[&leader]);
        let hangs = trouble(&cluster.check(&[]).json(), &of_leader);
        cluster.lab("resume", &[&leader]);
        assert!(hangs.contains("no-answer") && hangs.contains("open is"), "{hangs}");
        assert!(hangs.contains("(votes)") && hangs.contains("(leader only)"), "{hangs}");
    }
}

/// Somebody types the port of clients wrong, and nobody answers who could correct it: three refusals, and a sound quorum.
#[test]
fn three_refusals_are_no_lost_quorum_when_servers_run_there() {
    if !rustix::process::geteuid().is_root() {
        Home::new().run(&["lab", "up", "zookeeper", "--isolated"]).exits(4).says(&["need root"]);
        return;
    }
    let cluster = Cluster::zookeeper("3.9.5", 3, &["--isolated"]);
    cluster.settles_calm();
    let wrong: Vec<String> =
        cluster.endpoints().iter().map(|endpoint| endpoint.replace(":2181", ":2182")).collect();
    let stranger = |home: &Home| -> Ran { home.run(&["check", &wrong.join(","), "-o", "json"]) };
    let report = stranger(&Home::new()).exits(3).json();
    assert_eq!(quorum(&report)["state"], "unknown", "{report:#}");
    for endpoint in &wrong {
        let said = trouble(&report, endpoint);
        assert!(said.contains("address-unknown") && said.contains(":3888 (votes)"), "{said}");
        assert!(said.contains("its clientPort is another"), "{said}");
    }
    // When they are dead they are.
    cluster.lab("kill", &["n1", "n2", "n3"]);
    let report = stranger(&Home::new()).exits(2).json();
    assert_eq!(quorum(&report)["state"], "lost", "{report:#}");
    assert!(trouble(&report, &wrong[0]).contains("closed is"), "{report:#}");
}
