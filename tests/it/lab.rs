//! The life of a lab: nothing is orphaned unnoticed, nothing is left behind, nothing of others is removed.

use crate::cluster::{Cluster, Home, PATIENCE, Ran, alive, pids};
use quorate::transport::Deadline;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

const VERSION: &str = "3.6.16";

fn state(home: &Home, member: usize) -> String {
    let labs = home.run(&["lab", "status", "-o", "json"]).exits(0).json();
    labs["labs"][0]["members"][member]["state"].as_str().expect("a state").to_owned()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Deadline::after(PATIENCE);
    while !holds() {
        assert!(!deadline.left().is_zero(), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_lab_lives_and_leaves_nothing() {
    let cluster = Cluster::etcd_with(VERSION, 3, &["--tls"]);
    let home = &cluster.home;
    let started = pids(&cluster.lab);
    assert_eq!(cluster.lab["schema"], "quorate.lab/v1");
    assert_eq!(started.len(), 3);
    let answers = cluster.check(&["--only", "quorum-lost,quorum-margin"]).exits(0).json();
    assert_eq!(answers["clusters"][0]["name"], "etcd");

    for (path, wanted) in [("", 0o700), ("labs", 0o700), ("labs/etcd.json", 0o600), ("labs/etcd", 0o700)] {
        let kept = std::fs::metadata(home.path("state/quorate").join(path)).expect("is there");
        assert_eq!(kept.permissions().mode() & 0o777, wanted, "who may read {path}");
    }

    home.run(&["lab", "pause", "n1"]).exits(0);
    home.run(&["lab", "pause", "n1"]).exits(0);
    assert_eq!(state(home, 0), "paused");
    home.run(&["lab", "resume", "etcd", "n1", "n2"]).exits(0);
    assert_eq!(state(home, 0), "running");

    home.run(&["lab", "kill", "n3", "--signal", "TERM"]).exits(0);
    home.run(&["lab", "kill", "n3"]).exits(0);
    assert_eq!(state(home, 2), "exited");
    home.run(&["lab", "status", "--member", "n3"]).exits(2);
    home.run(&["lab", "start", "n2", "n3", "--wait"]).exits(0);
    home.run(&["lab", "status", "--member", "n3"]).exits(0);
    assert_eq!(state(home, 1), "running", "what runs is left alone");

    home.run(&["lab", "kill", "n9"]).exits(64).says(&["n9", "n1, n2, n3"]);
    home.run(&["lab", "kill", "etcd"]).exits(64).says(&["no member is named", "n1, n2, n3"]);
    home.run(&["lab", "kill", "nolab", "n1"]).exits(64).says(&["nolab", "n1, n2, n3"]);
    home.run(&["lab", "kill", "n1", "--name", "nolab"]).exits(64).says(&["nolab", "known labs: etcd"]);
    home.run(&["lab", "kill", "n1", "--signal", "NONE"]).exits(64).says(&["NONE"]);
    home.run(&["lab", "partition", "n1|n2,n3"]).exits(4).says(&["--isolated"]);
    home.run(&["lab", "up", "etcd", "--name", "etcd"]).exits(4).says(&["etcd", "lab down etcd"]);

    let dir = cluster.lab["dir"].as_str().expect("a directory");
    home.run(&["lab", "down", "etcd"]).exits(0);
    assert!(home.has_no_lab() && !std::path::Path::new(dir).exists());
    assert!(!started.iter().any(|pid| alive(*pid)));
    home.run(&["lab", "down", "etcd"]).exits(64);
    home.run(&["lab", "status"]).exits(0);
}

#[test]
fn a_member_that_dies_by_itself_is_dead_and_not_exited() {
    let cluster = Cluster::etcd(VERSION, 1);
    let pid = pids(&cluster.lab)[0].to_string();
    let kill = std::process::Command::new("kill").args(["-9", &pid]).status().expect("kill runs");
    assert!(kill.success());
    until("a killed member is seen", || state(&cluster.home, 0) == "dead");
}

#[test]
fn servers_outlive_a_killed_maker_and_are_found_again() {
    let home = Home::new();
    let mut maker = home
        .quorate()
        .args(["lab", "up", "etcd", "--version", VERSION])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("quorate starts");
    let seen = || home.run(&["lab", "status", "-o", "json"]).exits(0).json();
    until("a member is started", || !pids(&seen()["labs"][0]).is_empty());
    maker.kill().expect("the maker is killed");
    maker.wait().expect("the maker is gone");
    let orphans = pids(&seen()["labs"][0]);
    assert!(orphans.iter().any(|pid| alive(*pid)), "the servers go on without their maker");
    home.run(&["lab", "down"]).exits(0);
    assert!(home.has_no_lab());
    assert!(!orphans.iter().any(|pid| alive(*pid)));
}

#[test]
fn whenever_the_maker_is_killed_down_leaves_nothing() {
    for milliseconds in [1, 4, 8, 12, 20, 60, 400] {
        let home = Home::new();
        let mut command = home.quorate();
        command.args(["lab", "up", "etcd", "--version", VERSION, "--tls"]);
        let mut maker = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("quorate starts");
        std::thread::sleep(Duration::from_millis(milliseconds));
        maker.kill().expect("the maker is killed");
        maker.wait().expect("the maker is gone");
        let labs = home.run(&["lab", "status", "-o", "json"]).exits(0).json();
        home.run(&["lab", "down", "--all"]).exits(0);
        assert!(home.has_no_lab(), "killed after {milliseconds} ms");
        assert!(!pids(&labs["labs"][0]).iter().any(|pid| alive(*pid)), "killed after {milliseconds} ms");
    }
}

#[test]
fn of_two_makers_of_one_name_one_wins() {
    let home = Home::new();
    let up = |home: &Home, name: &[&str]| {
        let mut command = home.quorate();
        command.args(["lab", "up", "etcd", "-o", "json", "--version", VERSION, "--nodes", "1"]).args(name);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("quorate starts")
    };
    let racing =
        [up(&home, &["--name", "one"]), up(&home, &["--name", "one"]), up(&home, &[]), up(&home, &[])];
    let ran: Vec<Ran> = racing
        .into_iter()
        .map(|child| Ran::new("lab up".into(), &child.wait_with_output().expect("quorate ends")))
        .collect();
    let mut codes: Vec<i32> = ran.iter().map(|r| r.code).collect();
    codes[..2].sort_unstable();
    assert_eq!(codes, [0, 4, 0, 0], "{}", ran.iter().map(|r| r.stderr.as_str()).collect::<String>());
    let labs = home.run(&["lab", "status", "-o", "json"]).exits(0).json();
    let names: Vec<&str> =
        labs["labs"].as_array().expect("labs").iter().filter_map(|l| l["name"].as_str()).collect();
    assert_eq!(names, ["etcd", "etcd-2", "one"]);
    home.run(&["lab", "kill", "n1"]).exits(64).says(&["several labs", "etcd, etcd-2, one"]);
    home.run(&["lab", "down", "--all"]).exits(0);
    assert!(home.has_no_lab());
}

#[test]
fn a_directory_of_others_is_left_alone() {
    let home = Home::new();
    let theirs = home.path("theirs");
    std::fs::create_dir(&theirs).expect("a directory");
    std::fs::write(theirs.join("precious"), "").expect("a file");
    let theirs = theirs.to_str().expect("a path");
    home.run(&["lab", "up", "etcd", "--version", VERSION, "--dir", theirs]).exits(4).says(&["not empty"]);
    home.run(&["lab", "down", "--dir", theirs]).exits(4).says(&["marker"]);
    assert!(home.has_no_lab() && home.path("theirs/precious").exists());

    home.run(&["lab", "up", "etcd", "--version", VERSION, "--nodes", "1", "--dir", "ours"]).exits(0);
    std::fs::write(home.path("ours/precious"), "").expect("a file");
    home.run(&["lab", "down", "--dir", "ours"]).exits(0);
    let left: Vec<_> = std::fs::read_dir(home.path("ours")).expect("it stays").flatten().collect();
    assert_eq!(left.len(), 1, "only what the lab did not make: {left:?}");
    assert!(home.has_no_lab());
}

#[test]
fn kept_data_stays_and_servers_end() {
    let cluster = Cluster::etcd(VERSION, 1);
    cluster.home.run(&["lab", "down", "--keep"]).exits(0);
    assert!(!pids(&cluster.lab).iter().any(|pid| alive(*pid)));
    assert!(cluster.home.path("state/quorate/labs/etcd/n1/data/member").is_dir());
    assert!(cluster.home.path("state/quorate/labs/etcd/n1/server.log").is_file());
    cluster.home.run(&["lab", "status", "etcd"]).exits(64);
    let next = cluster.home.run(&["lab", "up", "etcd", "--nodes", "1", "-o", "json"]).exits(0).json();
    assert_eq!(next["name"], "etcd-2", "its place is not taken by another");
    cluster.home.run(&["lab", "down"]).exits(0);
    cluster.home.run(&["lab", "down", "--dir", "state/quorate/labs/etcd"]).exits(0);
    assert!(cluster.home.has_no_lab());
}

#[test]
fn a_server_that_does_not_start_is_explained_and_removed() {
    let home = Home::new();
    let up = ["lab", "up", "etcd", "--version", VERSION, "--nodes", "1", "--server-arg=--no-such-flag"];
    home.run(&up).exits(2).says(&["the log of n1:", "no-such-flag", "ended instead of serving"]);
    assert!(home.has_no_lab());
}

#[test]
fn a_server_that_never_serves_is_late_and_removed() {
    let home = Home::new();
    let up = ["lab", "up", "etcd", "--version", VERSION, "--timeout", "10ms"];
    home.run(&up).exits(2).says(&["does not serve"]);
    assert!(home.has_no_lab());
}

#[test]
fn a_stolen_port_is_replaced_by_another() {
    let home = Home::new();
    let real =
        home.run(&["lab", "up", "etcd", "--version", VERSION, "--nodes", "1", "-o", "json"]).exits(0).json();
    home.run(&["lab", "down"]).exits(0);
    let real = real["members"][0]["spec"]["program"].as_str().expect("a program").to_owned();
    // etcd, except that its first start finds its port taken.
    let unlucky = home.file(
        "unlucky",
        &format!(
            "#!/bin/sh\n[ \"$1\" = --version ] || mkdir {once} || exec {real} \"$@\"\n\
             [ \"$1\" = --version ] && exec {real} \"$@\"\n\
             echo 'listen tcp 127.0.0.1:1: bind: address already in use' >&2\nexit 1\n",
            once = home.path("once").display()
        ),
    );
    std::fs::set_permissions(&unlucky, PermissionsExt::from_mode(0o755)).expect("a mode");
    let up =
        home.quorate().args(["lab", "up", "etcd", "--nodes", "1"]).env("QUORATE_ETCD", "./unlucky").output();
    Ran::new("lab up".into(), &up.expect("quorate starts")).exits(0);
    assert!(home.path("once").exists(), "the first start failed");
}

#[test]
fn a_missing_server_names_the_script_that_gets_it() {
    let home = Home::new();
    let output = home
        .quorate()
        .args(["lab", "up", "etcd", "--version", "3.99.1"])
        .env("QUORATE_SERVERS", home.path("none"))
        .env("PATH", "/nonexistent")
        .output()
        .expect("quorate starts");
    Ran::new("lab up".into(), &output).exits(2).says(&["3.99.1", "scripts/servers etcd@3.99.1"]);
    assert!(home.has_no_lab());
}

#[test]
fn wrong_arguments_are_usage() {
    let home = Home::new();
    for args in [
        ["lab", "up", "etcd", "--nodes", "0"],
        ["lab", "up", "etcd", "--nodes", "10"],
        ["lab", "up", "etcd", "--name", "../x"],
        ["lab", "up", "etcd", "--timeout", "soon"],
        ["lab", "up", "redis", "--nodes", "1"],
        ["lab", "up", "etcd", "--tls-days", "5"],
    ] {
        home.run(&args).exits(64);
        assert!(home.has_no_lab(), "{args:?}");
    }
}

#[test]
fn links_of_an_isolated_lab_are_cut_and_healed() {
    if !rustix::process::geteuid().is_root() {
        let refused = Home::new().run(&["lab", "up", "etcd", "--isolated"]).exits(4);
        refused.says(&["need root"]);
        return;
    }
    let cluster = Cluster::etcd_with(VERSION, 3, &["--isolated"]);
    let bridge = format!("/sys/class/net/qlab{}", cluster.lab["network"]["index"]);
    assert!(std::path::Path::new(&bridge).exists());
    cluster.lab("partition", &["n1|n2,n3"]);
    cluster.lab("partition", &["etcd", "n1|n2,n3"]);
    let role = |name: &str| {
        let report = cluster.check(&["--timeout", "1s"]).json();
        let members = report["clusters"][0]["members"].as_array().cloned().unwrap_or_default();
        members.into_iter().find(|m| m["name"] == name).unwrap_or(Value::Null)
    };
    until("the member alone has no leader, and is reachable from here", || {
        let n1 = role("n1");
        n1["role"] == "leaderless" && n1["reachable"] == true
    });
    until("the others have one", || [role("n2"), role("n3")].iter().any(|m| m["role"] == "leader"));
    cluster.lab("heal", &[]);
    cluster.lab("heal", &["etcd"]);
    until("the member follows again", || ["follower", "leader"].iter().any(|r| role("n1")["role"] == *r));
    cluster.home.run(&["lab", "down"]).exits(0);
    assert!(!std::path::Path::new(&bridge).exists());
    let namespaces = std::fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let ours = cluster.lab["members"][0]["namespace"].as_str().expect("a namespace");
    assert!(!namespaces.into_iter().any(|n| n.file_name() == ours));
}
