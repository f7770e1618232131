//! Clusters of other kinds: with TLS, with users, with the log on a disk of its own, of five members.

use super::oracle::{Ctl, data_dir, keys, roles, signal, take_disks};
use crate::cluster::{Cluster, wait};
use std::collections::BTreeSet;

const ROOT: &str = "root:pw";

#[test]
fn with_users_it_takes_the_files_and_asks_for_credentials_before_anything_is_done() {
    std::thread::scope(|scope| {
        for version in ["3.5.35", "3.7.3"] {
            scope.spawn(move || with_a_password(version));
        }
        scope.spawn(|| with_a_certificate("3.6.16"));
    });
}

/// A login needs a quorum, so no snapshot can be asked for: the files are taken.
fn with_a_password(version: &str) {
    let cluster = Cluster::etcd(version, 3);
    let (leader, others) = roles(&cluster);
    let ctl = Ctl::new(&cluster, leader);
    enable_auth(&ctl, "root");
    let ctl = ctl.user(ROOT);
    let wrote = ctl.puts("w/", 20);
    signal(&cluster, "-KILL", &[leader, others[1]]);
    take_disks(&cluster, &[leader, others[1]]);
    wait("the cluster is stuck", || {
        let told = cluster.run(&["recover", "plan"]);
        told.code == 4 && told.stderr.contains("authentication is on")
    });
    let password = cluster.home.file("password", "pw");
    let auth = format!("auth = {{ user = \"root\", password_file = {:?} }}", password.display().to_string());
    declare(&cluster, "backend = \"etcd\"", &auth);
    let plan = cluster.run(&["recover", "plan", "-o", "json"]).exits(0).json();
    let steps = plan["steps"].to_string();
    assert!(steps.contains("seal-database"), "{version}: the files are taken: {}", plan["notes"]);
    cluster.run(&["recover", "run", "--yes"]).exits(0);
    for member in 0..3 {
        let found = Ctl::new(&cluster, member).user(ROOT).keys("w/");
        assert_eq!(found, wrote, "{version}: member {member}");
    }
    let anonymous = Ctl::new(&cluster, 0).run(&["get", "w/0"]);
    assert!(!anonymous.status.success(), "{version}: users are still asked for");
}

/// A certificate's user logs in without a quorum, and adds members afterwards.
fn with_a_certificate(version: &str) {
    let cluster = Cluster::etcd_with(version, 3, &["--tls"]);
    let (leader, others) = roles(&cluster);
    let ctl = Ctl::new(&cluster, leader);
    ctl.does(&["user", "add", "quorate", "--no-password"]);
    ctl.does(&["user", "add", ROOT]);
    ctl.does(&["user", "grant-role", "root", "root"]);
    ctl.does(&["role", "add", "root"]);
    ctl.does(&["user", "grant-role", "quorate", "root"]);
    ctl.does(&["auth", "enable"]);
    let wrote = ctl.puts("w/", 20);
    signal(&cluster, "-KILL", &[leader, others[1]]);
    take_disks(&cluster, &[leader, others[1]]);
    wait("the cluster is stuck", || cluster.run(&["recover", "plan"]).code == 0);
    cluster.run(&["recover", "run", "--yes"]).exits(0);
    for member in 0..3 {
        assert_eq!(Ctl::new(&cluster, member).keys("w/"), wrote, "member {member}");
    }
}

fn enable_auth(ctl: &Ctl, user: &str) {
    ctl.does(&["user", "add", ROOT]);
    ctl.does(&["user", "grant-role", user, "root"]);
    ctl.does(&["auth", "enable"]);
}

#[test]
fn with_tls_and_a_log_of_its_own_also_when_nothing_runs() {
    let options = ["--tls", "--server-arg=--wal-dir=wal-{member}"];
    let cluster = Cluster::etcd_with("3.6.16", 3, &options);
    let (leader, others) = roles(&cluster);
    let survivor = others[0];
    let wrote = Ctl::new(&cluster, leader).puts("w/", 20);
    signal(&cluster, "-KILL", &[survivor, leader, others[1]]);
    take_disks(&cluster, &[leader, others[1]]);
    let lab = data_dir(&cluster, 0);
    let lab = lab.ancestors().nth(2).expect("the lab's directory");
    let wal = |member: usize| lab.join(format!("wal-n{}", member + 1));
    for member in [leader, others[1]] {
        std::fs::rename(wal(member), wal(member).with_extension("lost")).expect("taken away");
    }
    // Nothing runs that could say where its log is, and without it the directory is not whole.
    cluster.run(&["recover", "run", "--yes"]).exits(4);
    for member in 0..3 {
        let head = format!("[clusters.etcd.members.n{}]", member + 1);
        declare(&cluster, &head, &format!("wal_dir = {:?}", wal(member).display().to_string()));
    }
    cluster.run(&["recover", "run", "--yes"]).exits(0);
    cluster.settles("healthy");
    for member in 0..3 {
        assert_eq!(Ctl::new(&cluster, member).keys("w/"), wrote, "member {member}");
    }
    assert!(wal(survivor).join("0000000000000000-0000000000000000.wal").exists(), "the log is where it was");
}

#[test]
fn of_two_survivors_of_five_the_better_one_is_used_and_the_bound_on_the_loss_is_true() {
    let cluster = Cluster::etcd("3.6.16", 5);
    let (leader, others) = roles(&cluster);
    let [better, worse, lost, also_lost] = <[usize; 4]>::try_from(others).expect("five members");
    let ctl = Ctl::new(&cluster, leader);
    let everywhere = ctl.puts("w/a", 10);
    signal(&cluster, "-STOP", &[worse]);
    let on_the_better = ctl.puts("w/b", 10);
    signal(&cluster, "-STOP", &[better]);
    let on_the_lost = ctl.puts("w/c", 10);
    signal(&cluster, "-KILL", &[leader, lost, also_lost]);
    // What was sent to them while they stood still must not reach them: their sockets die with the processes that lived.
    signal(&cluster, "-KILL", &[better, worse]);
    take_disks(&cluster, &[leader, lost, also_lost]);
    let plan = cluster.run(&["recover", "plan", "-o", "json"]).exits(0).json();
    assert_eq!(plan["loss"]["kind"], "at-risk");
    let seed = plan["members"].as_array().expect("members").iter().find(|m| m["becomes"] == "seed");
    assert_eq!(seed.expect("a seed")["name"], format!("n{}", better + 1));
    let copy = quorate::offline::open(&data_dir(&cluster, better), None).expect("a directory");
    let last = copy.log.and_then(|log| log.last).expect("entries");
    let bound = format!("index {}", last.index);
    assert!(
        plan["loss"]["why"].as_str().is_some_and(|why| why.contains(&bound)),
        "{bound}: {}",
        plan["loss"]
    );
    cluster.run(&["recover", "run", "--yes"]).exits(0);
    let report = cluster.settles("healthy").json();
    assert_eq!(report["clusters"][0]["quorum"]["voters"], 5);
    let wanted: BTreeSet<String> = everywhere.union(&on_the_better).cloned().collect();
    for endpoint in cluster.endpoints() {
        let found = keys(endpoint, None);
        assert_eq!(found, wanted, "what the better one held is kept, and what it never received is lost");
        assert!(on_the_lost.is_disjoint(&found));
    }
}

/// Adds a line to the config file, behind one that is there.
pub(super) fn declare(cluster: &Cluster, behind: &str, line: &str) {
    let text = std::fs::read_to_string(cluster.config()).expect("a config file");
    assert!(text.contains(behind), "{behind}");
    std::fs::write(cluster.config(), text.replacen(behind, &format!("{behind}\n{line}"), 1))
        .expect("written");
}
