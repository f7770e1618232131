//! Survivors on other machines whose files have to be taken: they are brought here, and nothing of them is lost. A real
//! sshd on loopback stands for each machine.

use super::kinds::declare;
use super::oracle::{Ctl, data_dir, files, kill_when_it_says, roles, signal, take_disks};
use super::ssh::Ssh;
use super::tail::{crashed_under_load, running_with_a_tail, runs_on_a_copy};
use crate::cluster::{Cluster, wait};
use serde_json::Value;

fn ssh(cluster: &Cluster) -> Ssh {
    Ssh::to(cluster, |member| format!("box-{member}"))
}

/// The steps' ids, without their numbers.
fn steps(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().expect("steps").iter();
    steps.map(|step| step["id"].as_str().expect("an id")[3..].to_owned()).collect()
}

#[test]
fn what_a_crashed_survivor_holds_is_fetched_replayed_and_not_lost_however_often_it_is_killed() {
    let (cluster, oracle, survivor) = crashed_under_load("3.6.16");
    let ssh = ssh(&cluster);
    let (name, dir) = (format!("n{}", survivor + 1), data_dir(&cluster, survivor));
    let before = files(&dir);
    let refused = ssh.run(&cluster, &["recover", "plan"]).exits(4);
    refused.says(&["there is no etcd on the path of this machine", "put etcd of its version on the path"]);
    ssh.has(cluster.program());
    let plan = ssh.run(&cluster, &["recover", "plan", "-o", "json"]).exits(0).json();
    assert!(plan["kept"].as_array().is_some_and(|kept| !kept.is_empty()), "{}", plan["notes"]);
    let ids = steps(&plan);
    let wanted = ["fence", "fetch-data", "copy", "decide", "replay", "snapshot", "send", "restore"];
    let at = ids.iter().position(|id| *id == format!("fence-{name}")).expect("it is fenced");
    let wanted: Vec<String> = wanted.iter().map(|step| format!("{step}-{name}")).collect();
    assert_eq!(ids[at..at + wanted.len()], wanted, "{ids:?}");
    ssh.run(&cluster, &["recover", "run", "--dry-run"]).exits(0);
    ssh.run(&cluster, &["recover", "plan", "-o", "script"]).exits(4).says(&["more than a shell can do"]);
    assert_eq!(files(&dir), before, "what is looked at is not changed");
    let kept = std::fs::read_dir(cluster.home.path("state/quorate/recover")).expect("a directory").flatten();
    let kept: Vec<_> = kept.map(|entry| entry.file_name()).collect();
    assert!(kept.iter().all(|name| !name.to_string_lossy().starts_with(".looking")), "{kept:?}");

    let said = cluster.home.path("progress");
    kill_when_it_says(ssh.quorate(&cluster, &["recover", "run", "--yes"]), &said, ": Copy ");
    kill_when_it_says(ssh.quorate(&cluster, &["recover", "resume", "--yes"]), &said, ": Start a server on");
    wait("the server on the copy is gone", || !runs_on_a_copy(&cluster));
    ssh.run(&cluster, &["recover", "resume", "--yes"]).exits(0);
    cluster.settles("healthy");
    for endpoint in cluster.endpoints() {
        oracle.judges(endpoint);
    }
    let lab = dir.parent().expect("a parent");
    let aside = std::fs::read_dir(lab).expect("readable").flatten().map(|entry| entry.path());
    let mut aside = aside.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("data.quorate-") && !name.ends_with(".snapshot")
    });
    let aside = aside.next().expect("the old directory is aside");
    let bytes = |all: Vec<(std::path::PathBuf, Vec<u8>)>| -> Vec<Vec<u8>> {
        all.into_iter().map(|(_, bytes)| bytes).collect()
    };
    assert!(bytes(files(&aside)) == bytes(before), "the old directory is as it was");
}

#[test]
fn a_running_survivor_on_another_host_keeps_what_it_has_not_applied() {
    let (cluster, oracle) = running_with_a_tail("3.7.3");
    let ssh = ssh(&cluster);
    ssh.has(cluster.program());
    let plan = ssh.run(&cluster, &["recover", "plan", "-o", "json"]).exits(0).json();
    // The commit index on disk lags: the server may have applied the entry that seemed undecided.
    let live = plan["notes"].to_string().contains("ends where it has applied");
    assert_eq!(steps(&plan).iter().any(|step| step.starts_with("replay-")), !live, "{}", plan["notes"]);
    ssh.run(&cluster, &["recover", "run", "--yes"]).exits(0);
    cluster.settles("healthy");
    for endpoint in cluster.endpoints() {
        oracle.judges(endpoint);
    }
}

#[test]
fn disks_alone_are_enough_when_nobody_answers_also_with_tls_and_a_log_of_its_own() {
    let cluster = Cluster::etcd_with("3.5.35", 3, &["--tls", "--server-arg=--wal-dir=wal-{member}"]);
    let (leader, others) = roles(&cluster);
    let survivor = others[0];
    let wrote = Ctl::new(&cluster, leader).puts("w/", 20);
    signal(&cluster, "-KILL", &[leader, others[1]]);
    cluster.lab("kill", &["--signal", "TERM", &format!("n{}", survivor + 1)]);
    take_disks(&cluster, &[leader, others[1]]);
    let lab = data_dir(&cluster, 0);
    let lab = lab.ancestors().nth(2).expect("the lab's directory");
    let wal = |member: usize| lab.join(format!("wal-n{}", member + 1));
    for member in [leader, others[1]] {
        std::fs::rename(wal(member), wal(member).with_extension("lost")).expect("taken away");
    }
    for member in 0..3 {
        let head = format!("[clusters.etcd.members.n{}]", member + 1);
        declare(&cluster, &head, &format!("wal_dir = {:?}", wal(member).display().to_string()));
    }
    let ssh = ssh(&cluster);
    let plan = ssh.run(&cluster, &["recover", "plan", "-o", "json"]).exits(0).json();
    let ids = steps(&plan);
    for step in ["fetch-data", "fetch-log", "snapshot", "send"] {
        assert!(ids.contains(&format!("{step}-n{}", survivor + 1)), "{step}: {ids:?}");
    }
    ssh.run(&cluster, &["recover", "run", "--yes"]).exits(0);
    cluster.settles("healthy");
    for member in 0..3 {
        assert_eq!(Ctl::new(&cluster, member).keys("w/"), wrote, "member {member}");
    }
}
