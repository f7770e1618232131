//! Two at once, another word than the cluster's id, a server that nobody knows of.

use super::oracle::{cluster_id, data_dir, signal};
use super::scene::{Running, config_with_command, disk, stuck, with};
use crate::cluster::{alive, pids, wait};
use std::process::{Command, Stdio};

#[test]
fn of_two_runs_at_once_the_second_is_refused_and_told_of_the_first() {
    let cluster = stuck("3.6.16", &[]);
    let run = ["recover", "run", "--config", cluster.config()];
    let before = disk(&cluster, 0);

    // The first is still being asked.
    let mut first = Running::at_a_terminal(&cluster, &run);
    first.says("to go on: ");
    cluster.run(&["recover", "run", "--yes"]).exits(4).says(&[
        "another quorate (process ",
        "is recovering this cluster",
        "wait for its end",
    ]);
    first.types("ef37ad9dc622a7c4");
    let (code, text) = first.ends();
    assert!(code == 4 && text.contains("not confirmed: nothing was changed"), "{code}: {text}");
    assert!(text.contains("type the id of the cluster"), "{text}");
    assert!(disk(&cluster, 0) == before, "nothing is changed on disk");
    let runs = cluster.run(&["recover", "status", "-o", "json"]).json();
    assert_eq!(runs["runs"], serde_json::json!([]), "no run was begun");

    // The first is in the middle of it.
    let mut first = Running::start(&cluster, &[&run[..], &["--yes"]].concat());
    first.says("fence-n2: done");
    first.signal("-STOP");
    let runs = cluster.run(&["recover", "status", "-o", "json"]).json();
    let id = runs["runs"][0]["run"].as_str().expect("a run").to_owned();
    let held = [&*format!("(process {}) is at work on run {id}", first.pid()), "recover status", "wait for"];
    for verb in ["run", "resume", "rollback"] {
        cluster.run(&["recover", verb, "--yes"]).exits(4).says(&held);
    }
    first.signal("-CONT");
    let (code, text) = first.ends();
    assert_eq!(code, 0, "{text}");
    cluster.settles("healthy");
}

#[test]
fn what_is_typed_right_is_consent() {
    let cluster = stuck("3.5.35", &[]);
    let old = cluster_id(&cluster.settles("lost").json());
    let mut run = Running::at_a_terminal(&cluster, &["recover", "run", "--config", cluster.config()]);
    run.says(&format!("Type `{old}` to go on: "));
    run.types(&old);
    let (code, text) = run.ends();
    assert!(code == 0 && text.contains("is recovered"), "{code}: {text}");
    cluster.settles("healthy");
}

/// Somebody started a server by hand, and its service knows nothing of it: only its locks show it.
#[test]
fn a_server_that_its_service_does_not_know_of_keeps_its_directory() {
    let cluster = stuck("3.6.16", &[]);
    signal(&cluster, "-KILL", &[0]);
    wait("it is dead", || !alive(pids(&cluster.lab)[0]));
    let renamed = cluster.home.path("kv-store");
    std::fs::copy(cluster.program(), &renamed).expect("the program by another name");
    let arguments = cluster.lab["members"][0]["spec"]["arguments"].as_array().expect("arguments").clone();
    let arguments: Vec<&str> = arguments.iter().map(|word| word.as_str().expect("text")).collect();
    let mut server = Command::new(&renamed);
    let server = server.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = server.spawn().expect("it starts");
    let database = data_dir(&cluster, 0).join("member/snap/db");
    wait("it has its database open", || {
        let copy = quorate::offline::open(&data_dir(&cluster, 0), None).expect("a directory");
        copy.holder.is_some()
    });
    let before = disk(&cluster, 0);
    let refused = cluster.run(&["recover", "run", "--yes"]);
    let names = |path: &std::path::Path| {
        let all = std::fs::read_dir(path.parent().expect("a parent")).expect("readable").flatten();
        let mut all: Vec<String> =
            all.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        all.sort();
        all
    };
    assert!(alive(u64::from(server.id())), "it was left alone");
    assert_eq!(names(&data_dir(&cluster, 0)), ["data", "server.log"], "nothing is beside its data");
    assert!(database.exists() && disk(&cluster, 0) == before, "nothing is changed on disk");
    server.kill().and_then(|()| server.wait()).expect("ended");
    refused.exits(4).says(&[
        "the service of n1 says that it does not run",
        "kv-store",
        "a server runs on it",
    ]);
}

#[test]
fn a_service_that_never_stops_has_a_limit_and_what_is_next_is_said() {
    let cluster = stuck("3.6.16", &[]);
    // One whose command comes back at once and does nothing, one whose command never comes back.
    let deaf = config_with_command(&cluster, "deaf.toml", "n1", "stop", "true");
    let slow = config_with_command(&cluster, "slow.toml", "n1", "stop", "sleep 3600");
    for (config, words) in [(&deaf, "does not stop: it runs after"), (&slow, "not done after 2s")] {
        let run = ["recover", "run", "--yes", "--service-timeout", "2s"];
        let next = ["--service-timeout", "recover resume", "recover rollback"];
        with(&cluster, config, &run).exits(75).says(&next).says(&[words]);
        assert!(alive(pids(&cluster.lab)[0]), "the server was not killed");
        with(&cluster, config, &["recover", "rollback", "--yes"]).exits(0);
        cluster.settles("lost");
    }
    with(&cluster, &deaf, &["recover", "run", "--yes", "--service-timeout", "1s"]).exits(75);
    // It is stopped by hand, and the run goes on.
    signal(&cluster, "-TERM", &[0]);
    cluster.run(&["recover", "resume", "--yes"]).exits(0);
    cluster.settles("healthy");
}
