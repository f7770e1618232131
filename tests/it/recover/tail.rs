//! What a survivor holds and has not applied: acknowledged by a leader that is lost, or committed and not yet in the
//! database of a server that was killed. It is found, listed, and not lost.

use super::oracle::{Oracle, Writers, data_dir, roles, runs_until, signal, take_disks};
use crate::cluster::{Cluster, VERSIONS, wait};
use serde_json::Value;
use std::time::Duration;

#[test]
fn nothing_acknowledged_is_lost_with_the_leader_or_in_a_crash() {
    std::thread::scope(|scope| {
        for version in VERSIONS {
            scope.spawn(move || {
                let (cluster, oracle) = running_with_a_tail(version);
                recovers(&cluster, &oracle, true);
                let (cluster, oracle, _) = crashed_under_load(version);
                recovers(&cluster, &oracle, false);
            });
        }
    });
}

/// The leader dies while an entry is in the survivor's log of which the survivor does not know that it is committed.
pub(super) fn running_with_a_tail(version: &str) -> (Cluster, Oracle) {
    let cluster = Cluster::etcd(version, 3);
    let (leader, others) = roles(&cluster);
    let (survivor, third) = (others[0], others[1]);
    signal(&cluster, "-STOP", &[third]);
    let writers = Writers::start(cluster.endpoints()[leader], 4);
    let mut enough = 200;
    wait("the survivor holds an entry that is not committed", || {
        // Stopped again before it has served, it would lead nobody in the end, and nothing would be written.
        writers.reach(enough);
        signal(&cluster, "-STOP", &[leader]);
        // What is under way arrives and is written; the leader says no more.
        let behind = (0..4).all(|_| {
            std::thread::sleep(Duration::from_millis(50));
            let copy = quorate::offline::open(&data_dir(&cluster, survivor), None).expect("a directory");
            let log = copy.log.expect("a log");
            log.last.is_some_and(|last| last.index > log.commit)
        });
        if !behind {
            enough = writers.acknowledged() + 50;
            signal(&cluster, "-CONT", &[leader]);
        }
        behind
    });
    signal(&cluster, "-KILL", &[leader, third]);
    let oracle = writers.end();
    take_disks(&cluster, &[leader, third]);
    cluster.settles("lost");
    (cluster, oracle)
}

/// Everything is killed while clients write; one disk is left, of the member at the position that is returned.
pub(super) fn crashed_under_load(version: &str) -> (Cluster, Oracle, usize) {
    let cluster = Cluster::etcd(version, 3);
    let (leader, others) = roles(&cluster);
    let (survivor, third) = (others[0], others[1]);
    signal(&cluster, "-STOP", &[third]);
    let writers = Writers::start(cluster.endpoints()[leader], 4);
    writers.reach(300);
    signal(&cluster, "-KILL", &[survivor, leader, third]);
    let oracle = writers.end();
    take_disks(&cluster, &[leader, third]);
    (cluster, oracle, survivor)
}

/// `answers`: whether the survivor runs, so that it may have applied everything.
fn recovers(cluster: &Cluster, oracle: &Oracle, answers: bool) {
    let plan = cluster.run(&["recover", "plan", "-o", "json"]).exits(0).json();
    assert_eq!(plan["loss"]["kind"], "at-risk");
    cluster.run(&["recover", "run", "--dry-run"]).exits(0);
    if plan["kept"].as_array().is_some_and(|kept| !kept.is_empty()) {
        // Killed while a server works on the copy: it does not stay, and the run goes on.
        runs_until(cluster, ": Start a server on", &[]);
        wait("the server on the copy is gone", || !runs_on_a_copy(cluster));
        cluster.run(&["recover", "resume", "--yes"]).exits(0);
    } else {
        // The commit index on disk lags: the server may have applied the entry that seemed undecided.
        assert!(answers, "a disk that was left by a crash has something to replay: {}", notes(&plan));
        assert!(notes(&plan).to_string().contains("ends where it has applied"), "{}", notes(&plan));
        cluster.run(&["recover", "run", "--yes"]).exits(0);
    }
    cluster.settles("healthy");
    for endpoint in cluster.endpoints() {
        oracle.judges(endpoint);
    }
}

fn notes(plan: &Value) -> &Value {
    &plan["notes"]
}

/// Whether a server runs on a copy of one of its members.
pub(super) fn runs_on_a_copy(cluster: &Cluster) -> bool {
    let home = cluster.home.path("").display().to_string();
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let mut commands = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    commands.any(|command| {
        let command = String::from_utf8_lossy(&command).into_owned();
        command.contains(&home) && (command.contains(".replay") || command.contains("/replay-n"))
    })
}
