//! What a recovery refuses, with nothing changed on disk.

use super::oracle::{data_dir, files, runs_until, signal, take_disks};
use super::scene::Running;
use crate::cluster::{Cluster, Ran};
use std::path::{Path, PathBuf};

type Disk = Vec<(PathBuf, Vec<u8>)>;

/// The disks of the lab; what a running server writes into its own files of a log is not ours.
fn disk(cluster: &Cluster, but: usize) -> Disk {
    (0..3)
        .filter(|member| *member != but)
        .flat_map(|member| files(data_dir(cluster, member).parent().expect("a parent")))
        .collect()
}

#[test]
fn what_must_not_be_done_is_refused_and_nothing_is_changed_on_disk() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    cluster.lab("kill", &["n2", "n3"]);
    cluster.settles("lost");
    take_disks(&cluster, &[1, 2]);
    let before = disk(&cluster, 0);
    let refused = |ran: Ran, words: &[&str]| {
        ran.exits(4).says(words);
        assert!(disk(&cluster, 0) == before, "{words:?}: nothing is changed on disk");
        let runs = cluster.run(&["recover", "status", "-o", "json"]).json();
        assert_eq!(runs["runs"], serde_json::json!([]), "{words:?}: no run was begun");
    };
    let with = |config: &Path, args: &[&str]| {
        let mut all = args.to_vec();
        let config = config.display().to_string();
        all.extend(["--config", &config]);
        cluster.home.run(&all)
    };
    let config = std::fs::read_to_string(cluster.config()).expect("a config file");

    // A member of which nothing is known but that it does not answer.
    let head = "[clusters.etcd.members.n2]";
    let blind = config.replacen(head, "[clusters.etcd.members.other]", 1);
    let blind = cluster.home.file("blind.toml", &blind);
    refused(
        with(&blind, &["recover", "run", "--yes"]),
        &["n2 does not answer, and nothing shows that it is stopped"],
    );

    // Nobody types the id.
    refused(cluster.run(&["recover", "run"]), &["nobody is at the terminal"]);

    // Another data directory than the server's.
    let wrong = config.replacen(&data_dir(&cluster, 0).display().to_string(), "/nowhere/at/all", 1);
    let wrong = cluster.home.file("wrong.toml", &wrong);
    refused(with(&wrong, &["recover", "run", "--yes"]), &["nothing is at /nowhere/at/all"]);

    // A disk without room: everything of quorate's own is on it.
    if let Some(small) = SmallDisk::mount(&cluster.home.path("small")) {
        let mut run = cluster.home.quorate();
        run.env("XDG_STATE_HOME", &small.path).args([
            "recover",
            "run",
            "--yes",
            "--config",
            cluster.config(),
        ]);
        let output = run.output().expect("quorate starts");
        refused(Ran::new("recover run".into(), &output), &["are free for", "Make room"]);
    }
}

#[test]
fn a_run_before_the_last_is_over_a_wrong_tool_and_a_journal_of_another_cluster_are_refused() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    cluster.lab("kill", &["n2", "n3"]);
    cluster.settles("lost");
    take_disks(&cluster, &[1, 2]);

    // The restore tool of another minor stands beside the server's program.
    let program = Path::new(cluster.program());
    let mixed = cluster.home.path("mixed");
    std::fs::create_dir(&mixed).expect("a directory");
    let other = program.ancestors().nth(2).expect("a directory").join("3.5.35/etcdutl");
    std::fs::copy(&other, mixed.join("etcdutl")).expect("the tool of 3.5");
    std::fs::copy(program, mixed.join("etcd")).expect("the server");
    let config = std::fs::read_to_string(cluster.config()).expect("a config file");
    let mixed = config.replace(&program.display().to_string(), &mixed.join("etcd").display().to_string());
    let mixed = cluster.home.file("mixed.toml", &mixed);
    // so that the config file has to say what its program is
    signal(&cluster, "-KILL", &[0]);
    let ran = cluster.home.run(&["recover", "run", "--yes", "--config", &mixed.display().to_string()]);
    ran.exits(4).says(&["is of version 3.5.35", "minor version"]);

    // A run that is not at its end, the same under another name, and its journal changed.
    runs_until(&cluster, "fence-n3: done", &[]);
    cluster.run(&["recover", "run", "--yes"]).exits(4).says(&["not at its end"]);
    let renamed = std::fs::read_to_string(cluster.config())
        .expect("a config file")
        .replace("clusters.etcd", "clusters.other");
    let renamed = cluster.home.file("renamed.toml", &renamed);
    let other = cluster.home.run(&["recover", "resume", "--yes", "--config", &renamed.display().to_string()]);
    other.exits(4).says(&["is of cluster etcd, not other"]);
    let runs = cluster.home.path("state/quorate/recover");
    let run =
        std::fs::read_dir(&runs).expect("runs").flatten().find(|e| e.path().is_dir()).expect("a run").path();
    let journal = run.join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).expect("a journal");
    std::fs::write(&journal, text.replacen("evidence", "Evidence", 1)).expect("written");
    cluster.run(&["recover", "resume", "--yes"]).exits(4).says(&["damaged"]);
    std::fs::write(&journal, text).expect("written");
    cluster.run(&["recover", "rollback", "--yes"]).exits(0);
}

#[test]
fn a_server_that_is_still_ending_while_it_is_looked_at_does_not_refuse_the_plan() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    signal(&cluster, "-KILL", &[1]);
    signal(&cluster, "-STOP", &[2]);
    take_disks(&cluster, &[1, 2]);
    let plan = ["recover", "plan", "--config", cluster.config()];
    // one that runs on and says nothing is refused
    cluster.run(&["recover", "plan"]).exits(4).says(&["the server of n3 runs on its host"]);
    let running = Running::start(&cluster, &plan);
    std::thread::sleep(std::time::Duration::from_secs(2));
    signal(&cluster, "-KILL", &[2]);
    let (code, text) = running.ends();
    assert_eq!(code, 0, "{text}");
}

/// A file system of a few megabytes; none where this user may not mount one.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(path: &Path) -> Option<SmallDisk> {
        std::fs::create_dir(path).expect("a directory");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"]).arg(path);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| SmallDisk { path: path.to_owned() })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.path).output();
    }
}
