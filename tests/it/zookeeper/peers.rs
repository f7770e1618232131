//! Rules of other tools that are wrong exactly when they are needed. Each is computed here from what the very servers say
//! that quorate is asked about, at the same moment: the tool sees nothing, and quorate says what is so.

use super::{failing, quorum, word};
use crate::cluster::{Cluster, PATIENCE};
use quorate::transport::Deadline;
use std::net::TcpStream;
use std::time::Duration;

/// What one server says to a word; `None` when nothing listens.
fn asked(endpoint: &str, what: &str) -> Option<String> {
    TcpStream::connect(endpoint.rsplit('/').next()?).ok()?;
    Some(word(endpoint, what))
}

/// dabealu/zookeeper-exporter (main.go, getMetrics): `zk_server_leader` of a server. "Not currently serving requests" is
/// 1, like a leader.
fn exporters_leader(mntr: &str) -> u32 {
    let leads = mntr.lines().any(|line| line.split_whitespace().eq(["zk_server_state", "leader"]));
    u32::from(mntr.contains("not currently serving requests") || leads)
}

/// awesome-prometheus-alerts: `sum(zk_server_leader) == 0`, "missing leader"; and the same with `> 1`, "multiple leaders".
fn exporters_leaders(cluster: &Cluster) -> u32 {
    let answers = cluster.endpoints().into_iter().filter_map(|endpoint| asked(endpoint, "mntr"));
    answers.map(|mntr| exporters_leader(&mntr)).sum()
}

/// olegmayko/zookeeper-mixin: `max(quorum_size) - sum(up) != 0`; no series, no alert. `up` is whether the process answers.
fn mixins_alert(cluster: &Cluster) -> Option<f64> {
    let answers: Vec<String> =
        cluster.endpoints().into_iter().filter_map(|endpoint| asked(endpoint, "mntr")).collect();
    let size = |mntr: &String| {
        mntr.lines().find_map(|line| line.strip_prefix("zk_quorum_size")?.trim().parse::<f64>().ok())
    };
    let largest = answers
        .iter()
        .filter_map(size)
        .fold(None, |most: Option<f64>, n| Some(most.map_or(n, |m| m.max(n))))?;
    Some(largest - answers.len() as f64).filter(|difference| *difference != 0.0)
}

/// Kubernetes charts and operators: `ruok` answers `imok`.
fn probes_say_ok(cluster: &Cluster) -> Vec<bool> {
    let answers = cluster.endpoints().into_iter().filter_map(|endpoint| asked(endpoint, "ruok"));
    answers.map(|answer| answer.trim() == "imok").collect()
}

#[test]
fn what_the_peers_do_not_see_is_seen() {
    let words = "--server-arg=4lw.commands.whitelist=srvr,ruok,mntr";
    let cluster = Cluster::zookeeper("3.8.3", 4, &[words]);
    cluster.settles_calm();
    // While all is well the rules say so, too: what comes is no fault of how they are computed here.
    assert_eq!((exporters_leaders(&cluster), mixins_alert(&cluster)), (1, None));
    let leader = cluster.with_role("leader").remove(0);
    let follower = cluster.with_role("follower").remove(0);
    cluster.lab("kill", &[&follower]);
    cluster.settles("at-risk");
    assert_eq!(mixins_alert(&cluster), Some(1.0), "one server gone is seen");

    // Two of four are left, and three are needed: nobody serves, and both have noticed.
    cluster.lab("kill", &[&leader]);
    let deadline = Deadline::after(PATIENCE);
    let silent = |endpoint: &str| {
        asked(endpoint, "srvr").is_none_or(|srvr| srvr.contains("not currently serving requests"))
    };
    while !cluster.endpoints().into_iter().all(silent) {
        assert!(!deadline.left().is_zero(), "the survivors go on serving");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(exporters_leaders(&cluster), 2, "dabealu's exporter: two leaders where there is none");
    assert_eq!(mixins_alert(&cluster), None, "the mixin: no series, no alert");
    assert_eq!(probes_say_ok(&cluster), [true, true], "liveness: imok");

    let lost = cluster.check(&[]).exits(2).json();
    assert_eq!(quorum(&lost)["state"], "lost", "{lost:#}");
    assert!(quorum(&lost)["leader"].is_null(), "{lost:#}");
    assert!(failing(&lost, "critical").contains(&"quorum-lost".to_owned()));
    assert!(!failing(&lost, "critical").contains(&"split-brain".to_owned()), "{lost:#}");
    let exported = cluster.run(&["check", "-o", "prometheus"]).exits(2).stdout;
    let line =
        |name: &str| exported.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(line("quorate_quorum_has_leader").ends_with(" 0"), "{exported}");
    let state = exported.lines().find(|line| line.contains("state=\"lost\"")).expect("a state");
    assert!(state.ends_with(" 1"), "{state}");
}
