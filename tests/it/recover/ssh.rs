//! A recovery of members that are all on other machines: a real sshd on loopback stands for each of them.

use super::oracle::{cluster_id, data_dir, kill_when_it_says};
use super::scene::{Running, stuck, with_command};
use super::stuck::{lose_two, write_until_stuck, written};
use crate::cluster::{Cluster, Ran, variable, wait};
use crate::host::sshd::Sshd;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// How a cluster's members are reached through a real sshd.
pub(super) struct Ssh {
    config: PathBuf,
    /// Where the `ssh` is that knows the way.
    bin: PathBuf,
    server: Sshd,
}

impl Ssh {
    /// With a config file that has each member on the host that is named.
    pub(super) fn to(cluster: &Cluster, host: impl Fn(&str) -> String) -> Ssh {
        let server = Sshd::start(&[]);
        let home = &cluster.home;
        let mut text = std::fs::read_to_string(cluster.config()).expect("the lab's config file");
        for member in ["n1", "n2", "n3"] {
            text = text.replacen("{ local = true }", &format!("{{ ssh = \"{}\" }}", host(member)), 1);
        }
        assert!(!text.contains("local"), "no member is on this machine");
        let config = home.file("remote.toml", &text);
        let bin = home.path("bin");
        std::fs::create_dir(&bin).expect("a directory");
        let ssh = home.file(
            "bin/ssh",
            &format!("#!/bin/sh\nexec /usr/bin/ssh -F '{}' \"$@\"\n", server.client_config().display()),
        );
        std::fs::set_permissions(&ssh, PermissionsExt::from_mode(0o755)).expect("executable");
        Ssh { config, bin, server }
    }

    /// Puts a server's program on the path of quorate's machine.
    pub(super) fn has(&self, program: &str) {
        std::os::unix::fs::symlink(program, self.bin.join("etcd")).expect("a link");
    }

    pub(super) fn quorate(&self, cluster: &Cluster, args: &[&str]) -> Command {
        let mut command = cluster.home.quorate();
        let path = variable("PATH").expect("a path");
        command.env("PATH", format!("{}:{path}", self.bin.display()));
        command.args(args).arg("--config").arg(&self.config);
        command
    }

    pub(super) fn run(&self, cluster: &Cluster, args: &[&str]) -> Ran {
        Ran::new(args.join(" "), &self.quorate(cluster, args).output().expect("quorate starts"))
    }
}

/// A cluster whose config file says that each member is behind ssh, on a host of its own.
struct Remote {
    cluster: Cluster,
    ssh: Ssh,
}

impl Remote {
    fn new(cluster: Cluster) -> Remote {
        let ssh = Ssh::to(&cluster, |member| format!("box-{member}"));
        // A survivor may hold what it has not applied: then it is replayed here.
        ssh.has(cluster.program());
        Remote { cluster, ssh }
    }

    fn quorate(&self, args: &[&str]) -> Command {
        self.ssh.quorate(&self.cluster, args)
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.ssh.run(&self.cluster, args)
    }
}

#[test]
fn members_on_other_hosts_are_recovered_killed_and_resumed() {
    let remote = Remote::new(Cluster::etcd("3.6.16", 3));
    let cluster = &remote.cluster;
    let acknowledged = write_until_stuck(cluster, || lose_two(cluster));
    let old = cluster_id(&cluster.settles("lost").json());
    let plan = remote.run(&["recover", "plan", "-o", "json"]).exits(0).json();
    assert_eq!(plan["hosts"]["box-n2"]["ssh"], "box-n2");
    let steps = plan["steps"].as_array().expect("steps");
    assert!(steps.iter().any(|step| step["id"].as_str().is_some_and(|id| id.ends_with("send-n1"))));
    remote.run(&["recover", "run", "--dry-run"]).exits(0);

    let run = remote.quorate(&["recover", "run", "--yes"]);
    kill_when_it_says(run, &cluster.home.path("progress"), "aside-data-n1: done");
    remote.run(&["recover", "resume", "--yes"]).exits(0);
    let report = cluster.settles("healthy").json();
    assert_ne!(cluster_id(&report), old);
    assert_eq!(report["clusters"][0]["quorum"]["voters"], 3);
    for endpoint in cluster.endpoints() {
        let found = written(endpoint);
        assert!((acknowledged..=acknowledged + 1).contains(&found), "{found} of {acknowledged}");
    }
    let mode = data_dir(cluster, 1).metadata().expect("a directory").permissions().mode();
    assert_eq!(mode & 0o7777, 0o700, "a prepared directory is as etcd makes it");
}

#[test]
fn on_other_hosts_the_way_back_is_open_and_one_that_cannot_be_reached_is_not_taken_for_stopped() {
    let remote = Remote::new(Cluster::etcd("3.5.35", 3));
    let cluster = &remote.cluster;
    write_until_stuck(cluster, || lose_two(cluster));
    let old = cluster_id(&cluster.settles("lost").json());
    let known = std::fs::read_to_string(&remote.ssh.config).expect("readable");
    std::fs::write(&remote.ssh.config, known.replace("box-n2", "stranger")).expect("written");
    remote.run(&["recover", "run", "--yes"]).exits(4).says(&["nothing shows that it is stopped"]);
    std::fs::write(&remote.ssh.config, known).expect("written");

    let run = remote.quorate(&["recover", "run", "--yes"]);
    kill_when_it_says(run, &cluster.home.path("progress"), "swap-in-n1: done");
    remote.run(&["recover", "rollback", "--yes"]).exits(0);
    let dir = data_dir(cluster, 0).display().to_string();
    let found = cluster.home.run(&["inspect", &dir, "-o", "json"]).stdout;
    assert!(found.contains(&old), "the old data is in place: {found}");
    cluster.home.run(&["lab", "status", "--member", "n1"]).exits(0);
}

#[test]
fn a_host_that_stops_answering_in_the_middle_of_a_step_is_named_and_the_run_goes_on_later() {
    let remote = Remote::new(stuck("3.6.16", &[]));
    let cluster = &remote.cluster;
    let begun = cluster.home.path("begun");
    let stop = format!("[ -e {0} ] || {{ touch {0}; sleep 20; }}; {{}}", begun.display());
    let text = std::fs::read_to_string(&remote.ssh.config).expect("readable");
    std::fs::write(&remote.ssh.config, with_command(&text, "n2", "stop", &stop)).expect("written");
    let run = Running::of(cluster, remote.quorate(&["recover", "run", "--yes"]));
    wait("its command runs there", || begun.exists());
    remote.ssh.server.signal("-STOP");
    let (code, text) = run.ends();
    remote.ssh.server.signal("-CONT");
    assert_eq!(code, 75, "{text}");
    for words in
        ["fence-n2 failed: box-n2", "the host stopped answering", "recover resume", "recover rollback"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    remote.run(&["recover", "resume", "--yes"]).exits(0);
    cluster.settles("healthy");
}
