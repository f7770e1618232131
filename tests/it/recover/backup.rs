//! All disks are lost, and a snapshot is left.

use super::oracle::{Ctl, cluster_id, data_dir, files, roles, signal, take_disks};
use crate::cluster::{Cluster, Ran};
use std::path::Path;

#[test]
fn a_snapshot_is_used_when_nothing_else_is_left_and_refused_when_it_must_be() {
    std::thread::scope(|scope| {
        for version in ["3.4.23", "3.6.16"] {
            scope.spawn(move || from_a_snapshot(version));
        }
    });
}

fn from_a_snapshot(version: &str) {
    let cluster = Cluster::etcd(version, 3);
    let (leader, others) = roles(&cluster);
    let ctl = Ctl::new(&cluster, leader);
    let saved = ctl.puts("w/saved", 10);
    let file = cluster.home.path("backup.db");
    let path = file.display().to_string();
    ctl.does(&["snapshot", "save", &path]);
    let lost = ctl.puts("w/later", 10);
    let old = cluster_id(&cluster.settles("healthy").json());
    let run =
        |path: &Path| cluster.run(&["recover", "run", "--yes", "--snapshot", &path.display().to_string()]);
    signal(&cluster, "-KILL", &[leader, others[1]]);
    take_disks(&cluster, &[leader, others[1]]);
    cluster.settles("lost");
    let disks =
        || (0..3).flat_map(|m| files(data_dir(&cluster, m).parent().expect("a parent"))).collect::<Vec<_>>();
    // A survivor goes further than the snapshot.
    run(&file).exits(4).says(&["is left, and holds index", "Leave --snapshot out"]);
    signal(&cluster, "-KILL", &[others[0]]);
    run(&file).exits(4).says(&["is left, and holds index"]);
    take_disks(&cluster, &[others[0]]);
    cluster.run(&["recover", "run", "--yes"]).exits(4).says(&["--snapshot FILE"]);

    let before = disks();
    let refused = |ran: Ran, words: &[&str]| {
        ran.exits(4).says(words);
        assert!(disks() == before, "{words:?}: nothing is changed on disk");
    };
    let mut bytes = std::fs::read(&file).expect("the snapshot");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = cluster.home.path("damaged.db");
    std::fs::write(&damaged, &bytes).expect("written");
    refused(run(&damaged), &["is damaged"]);
    bytes.truncate(middle);
    let short = cluster.home.path("short.db");
    std::fs::write(&short, &bytes).expect("written");
    refused(run(&short), &["short.db"]);
    let stranger = Cluster::etcd(version, 1);
    let foreign = cluster.home.path("foreign.db");
    Ctl::new(&stranger, 0).puts("w/", 30);
    Ctl::new(&stranger, 0).does(&["snapshot", "save", &foreign.display().to_string()]);
    refused(run(&foreign), &["is of cluster", "Use a snapshot of this cluster"]);

    let plan = cluster.run(&["recover", "plan", "--snapshot", &path, "-o", "json"]).exits(0).json();
    assert_eq!((plan["loss"]["kind"].as_str(), plan["cluster_id"].as_str()), (Some("at-risk"), Some(&*old)));
    run(&file).exits(0);
    let report = cluster.settles("healthy").json();
    assert_ne!(cluster_id(&report), old);
    for member in 0..3 {
        let found = Ctl::new(&cluster, member).keys("w/");
        assert_eq!(found, saved, "{version}: what was saved is back");
        assert!(found.is_disjoint(&lost));
    }
}
