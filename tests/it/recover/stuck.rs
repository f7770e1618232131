//! Two of three killed for good while a writer runs: what is refused, what is recovered, what is put back.

use super::oracle::{cluster_id, data_dir, files, runs_until, runtime, take_disks};
use crate::cluster::{Cluster, VERSIONS};
use std::time::Duration;

/// Writes until the cluster is stuck; how many writes were acknowledged. `fault` happens after some.
pub(super) fn write_until_stuck(cluster: &Cluster, fault: impl FnOnce()) -> usize {
    let first = cluster.endpoints()[0].to_owned();
    let runtime = runtime();
    let mut client = runtime.block_on(etcd_client::Client::connect([first], None)).expect("connects");
    let (mut acknowledged, mut fault) = (0, Some(fault));
    loop {
        let put = client.put(format!("w{acknowledged}"), "v", None);
        let answer = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(2), put).await });
        match answer {
            Ok(Ok(_)) => acknowledged += 1,
            _ => return acknowledged,
        }
        if acknowledged == 100
            && let Some(fault) = fault.take()
        {
            fault();
        }
    }
}

/// Kills n2 and n3 and takes their disks away.
pub(super) fn lose_two(cluster: &Cluster) {
    cluster.lab("kill", &["n2", "n3"]);
    take_disks(cluster, &[1, 2]);
}

/// How many of the writer's keys a member has.
pub(super) fn written(endpoint: &str) -> usize {
    let runtime = runtime();
    let endpoint = endpoint.to_owned();
    runtime.block_on(async {
        let mut client = etcd_client::Client::connect([endpoint], None).await.expect("connects");
        let options = etcd_client::GetOptions::new().with_prefix().with_count_only();
        client.get("w", Some(options)).await.expect("answers").count() as usize
    })
}

#[test]
fn two_of_three_lost_for_good_are_recovered_on_every_version() {
    std::thread::scope(|scope| {
        for version in VERSIONS {
            scope.spawn(move || recovers(version));
        }
    });
}

fn recovers(version: &str) {
    let cluster = Cluster::etcd(version, 3);
    let acknowledged = write_until_stuck(&cluster, || lose_two(&cluster));
    let old = cluster_id(&cluster.settles("lost").json());
    let plan = cluster.run(&["recover", "plan", "-o", "json"]).exits(0).json();
    assert_eq!(plan["schema"], "quorate.plan/v1");
    assert_eq!(plan["loss"]["kind"], "at-risk");
    cluster.run(&["recover", "run", "--dry-run"]).exits(0);
    cluster.run(&["recover", "run", "--yes"]).exits(0);
    let report = cluster.settles("healthy").json();
    assert_ne!(cluster_id(&report), old, "{version}: the new cluster has an id of its own");
    assert_eq!(report["clusters"][0]["quorum"]["voters"], 3);
    for endpoint in cluster.endpoints() {
        // The write that the fault interrupted may have been done without being acknowledged.
        let found = written(endpoint);
        assert!((acknowledged..=acknowledged + 1).contains(&found), "{version}: {found} of {acknowledged}");
    }
    let kept = std::fs::read_dir(data_dir(&cluster, 0).parent().expect("a parent")).expect("readable");
    let aside = kept
        .flatten()
        .filter(|e| {
            e.file_name().to_string_lossy().contains(".quorate-")
                && !e.file_name().to_string_lossy().contains(".replay")
        })
        .count();
    assert_eq!(aside, 1, "{version}: the old data is kept");
}

#[test]
fn a_cluster_that_can_be_saved_otherwise_is_refused_and_nothing_is_changed() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    cluster.run(&["recover", "run", "--yes"]).exits(4).says(&["has a quorum", "member replace"]);
    cluster.lab("kill", &["n2", "n3"]);
    cluster.settles("lost");
    let before: Vec<_> = [1, 2].map(|member| files(&data_dir(&cluster, member))).into();
    cluster.run(&["recover", "run", "--yes"]).exits(4).says(&["is whole", "Start its server"]);
    let after: Vec<_> = [1, 2].map(|member| files(&data_dir(&cluster, member))).into();
    assert!(before == after, "nothing is changed on disk");
    cluster
        .run(&["recover", "run", "--assume-dead", "n2", "--assume-dead", "n3"])
        .exits(4)
        .says(&["nobody is at the terminal"]);
    let runs = cluster.run(&["recover", "status", "-o", "json"]).json();
    assert_eq!(runs["runs"], serde_json::json!([]), "no run was begun");
}

#[test]
fn a_run_that_is_killed_is_resumed_or_rolled_back() {
    for back in [false, true] {
        let cluster = Cluster::etcd("3.6.16", 3);
        let acknowledged = write_until_stuck(&cluster, || lose_two(&cluster));
        let old = cluster_id(&cluster.settles("lost").json());
        runs_until(&cluster, "start-n1: done", &[]);
        cluster.run(&["recover", "run", "--yes"]).exits(4).says(&["not at its end", "recover resume"]);
        if back {
            cluster.run(&["recover", "rollback", "--yes"]).exits(0);
            // A member that starts without a quorum serves no client: its directory says whose it is.
            let dir = data_dir(&cluster, 0).display().to_string();
            let found = cluster.home.run(&["inspect", &dir, "-o", "json"]).stdout;
            assert!(found.contains(&old), "the old data is in place: {found}");
            cluster.home.run(&["lab", "status", "--member", "n1"]).exits(0);
            continue;
        }
        cluster.run(&["recover", "resume", "--yes"]).exits(0);
        cluster.settles("healthy");
        let found = written(cluster.endpoints()[2]);
        assert!((acknowledged..=acknowledged + 1).contains(&found));
    }
}
