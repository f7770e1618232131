//! The way back: open as long as no client's write was acknowledged, and only then.

use super::oracle::{Ctl, cluster_id, data_dir, is_gone, keys};
use super::scene::{Running, config_with_command, lose_two, stuck, with};
use crate::cluster::{Cluster, alive, wait};

/// The process of the first member now.
fn pid(cluster: &Cluster) -> Option<u64> {
    let status = cluster.home.run(&["lab", "status", "-o", "json"]).json();
    let members = status["labs"][0]["members"].as_array().expect("members").clone();
    members.iter().find(|member| member["name"] == "n1").and_then(|member| member["pid"].as_u64())
}

fn kill_server(cluster: &Cluster, how: &str) {
    let pid = pid(cluster).expect("it runs");
    let sent = std::process::Command::new("kill").args([how, &pid.to_string()]).status();
    assert!(sent.expect("kill runs").success());
    if how == "-KILL" {
        is_gone(pid);
    }
}

/// The old data is in place, and its server runs.
#[track_caller]
fn is_back(cluster: &Cluster, old: &str) {
    let dir = data_dir(cluster, 0).display().to_string();
    let found = cluster.home.run(&["inspect", &dir, "-o", "json"]).stdout;
    assert!(found.contains(old), "the old data is in place: {found}");
    cluster.home.run(&["lab", "status", "--member", "n1"]).exits(0);
}

fn old(cluster: &Cluster) -> String {
    cluster_id(&cluster.settles("lost").json())
}

fn run(config: &str) -> [&str; 5] {
    ["recover", "run", "--yes", "--config", config]
}

/// The start was written down, and no server came of it.
#[test]
fn a_new_cluster_that_never_answered_has_acknowledged_nothing() {
    let cluster = stuck("3.6.16", &[]);
    let old = old(&cluster);
    let tried = cluster.home.path("tried");
    // The first time it starts nothing.
    let start = format!("if [ -e {0} ]; then {{}}; else touch {0}; fi", tried.display());
    let config = config_with_command(&cluster, "dud.toml", "n1", "start", &start);
    let running = Running::start(&cluster, &run(&config));
    wait("it was told to start", || tried.exists());
    running.kill();
    with(&cluster, &config, &["recover", "rollback", "--yes"]).exits(0);
    is_back(&cluster, &old);
}

#[test]
fn writes_that_clients_made_are_counted_whether_the_server_runs_or_not() {
    std::thread::scope(|scope| {
        for version in ["3.4.23", "3.7.3"] {
            scope.spawn(move || counts(version));
        }
    });
}

fn counts(version: &str) {
    let cluster = Cluster::etcd(version, 3);
    cluster.settles("healthy");
    // The last rows are compacted away: what raises the revision counts from what is left.
    let ctl = Ctl::new(&cluster, 0);
    ctl.puts("gone/", 5);
    ctl.does(&["del", "gone/", "--prefix"]);
    ctl.does(&["compact", "7", "--physical"]);
    lose_two(&cluster);
    let mut running = Running::start(&cluster, &run(cluster.config()));
    running.says("verify-online: done");
    running.kill();
    let wrote = Ctl::new(&cluster, 0).puts("w/", 3);
    let back = ["recover", "rollback", "--yes"];
    let lost = ["acknowledged 3 writes of clients", "going back would lose them", "recover resume"];
    cluster.run(&back).exits(4).says(&lost);
    kill_server(&cluster, "-KILL");
    wait("it is dead", || !pid(&cluster).is_some_and(alive));
    cluster.run(&back).exits(4).says(&lost);
    cluster.run(&["recover", "resume", "--yes"]).exits(75).says(&["somebody undid it"]);
    cluster.lab("start", &["n1"]);
    cluster.run(&["recover", "resume", "--yes"]).exits(0);
    cluster.settles("healthy");
    for endpoint in cluster.endpoints() {
        assert_eq!(keys(endpoint, None), wrote, "{version}");
    }
    // Of a run that is finished: its own key was written and deleted by no client.
    let runs = cluster.run(&["recover", "status", "-o", "json"]).json();
    let id = runs["runs"][0]["run"].as_str().expect("a run").to_owned();
    cluster.run(&[&back[..], &["--run", &id]].concat()).exits(4).says(&lost[..2]);
    cluster.settles("healthy");
}

/// A client writes after it was looked, and before the server stops.
#[test]
fn a_write_at_the_last_moment_is_kept_and_the_run_goes_on() {
    let cluster = stuck("3.6.16", &[]);
    let ctl = std::path::Path::new(cluster.program()).with_file_name("etcdctl");
    let put = format!(
        "{} --endpoints={} --command-timeout=2s put w/late v; {{}}",
        ctl.display(),
        cluster.endpoints()[0]
    );
    let config = config_with_command(&cluster, "late.toml", "n1", "stop", &put);
    let mut running = Running::start(&cluster, &run(&config));
    running.says("start-n1: done");
    running.kill();
    with(&cluster, &config, &["recover", "rollback", "--yes"])
        .exits(4)
        .says(&["acknowledged 1 writes of clients", "recover resume"]);
    with(&cluster, &config, &["recover", "rollback", "--yes"]).exits(4);
    with(&cluster, &config, &["recover", "resume", "--yes"]).exits(0);
    cluster.settles("healthy");
    for endpoint in cluster.endpoints() {
        assert_eq!(keys(endpoint, None), ["w/late".to_owned()].into());
    }
}

#[test]
fn a_server_that_runs_and_says_nothing_is_not_taken_for_one_that_wrote_nothing() {
    let cluster = stuck("3.6.16", &[]);
    let old = old(&cluster);
    let mut running = Running::start(&cluster, &run(cluster.config()));
    running.says("verify-online: done");
    running.kill();
    kill_server(&cluster, "-STOP");
    let back = ["recover", "rollback", "--yes"];
    cluster.run(&back).exits(4).says(&["a server runs on", "does not answer", "stop it"]);
    kill_server(&cluster, "-KILL");
    wait("it is dead", || !pid(&cluster).is_some_and(alive));
    cluster.run(&back).exits(0);
    is_back(&cluster, &old);
}

/// The command outlives the process that gave it.
#[test]
fn a_stop_that_is_under_way_is_waited_for() {
    let cluster = stuck("3.6.16", &[]);
    let old = old(&cluster);
    let (begun, over) = (cluster.home.path("begun"), cluster.home.path("over"));
    let stop = format!("touch {}; sleep 4; {{}}; touch {}", begun.display(), over.display());
    let config = config_with_command(&cluster, "slow.toml", "n1", "stop", &stop);
    let running = Running::start(&cluster, &run(&config));
    wait("it is being stopped", || begun.exists());
    running.kill();
    assert!(!over.exists(), "quorate was killed in the middle of it");
    with(&cluster, &config, &["recover", "rollback", "--yes"]).exits(0);
    assert!(over.exists(), "the stop came to its end before it was undone");
    is_back(&cluster, &old);
}
