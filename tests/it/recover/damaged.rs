//! Survivors that run on a damaged database, and one whose space is used up.

use super::oracle::{Ctl, data_dir, roles, runtime, signal, take_disks};
use super::scene::{config_with, lose_two, with};
use crate::cluster::Cluster;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Overwrites every page of a database on which these bytes stand, under the server that has it open.
fn spoil(database: &Path, marker: &[u8]) {
    const PAGE: usize = 4096;
    let mut bytes = std::fs::read(database).expect("a database");
    let mut hit = 0;
    for page in bytes.chunks_mut(PAGE).skip(2) {
        if page.windows(marker.len()).any(|window| window == marker) {
            page.fill(0);
            hit += 1;
        }
    }
    assert!(hit > 0, "the marker is in it");
    let file = std::fs::File::options().write(true).open(database).expect("opened");
    std::os::unix::fs::FileExt::write_all_at(&file, &bytes, 0)
        .and_then(|()| file.sync_all())
        .expect("written");
}

/// A tool that restores as etcd's own does, and then changes a value in what it made.
fn falsifying(cluster: &Cluster, from: &str, to: &str) -> std::path::PathBuf {
    assert_eq!(from.len(), to.len(), "the structure stays as it is");
    let real = Path::new(cluster.program());
    let bin = cluster.home.path("bin");
    std::fs::create_dir(&bin).expect("a directory");
    std::os::unix::fs::symlink(real, bin.join("etcd")).expect("a link");
    let tool = format!(
        "#!/bin/sh\n{real} \"$@\" || exit\nfor word; do case $word in --data-dir=*) \
         LC_ALL=C sed -i 's/{from}/{to}/g' \"${{word#--data-dir=}}/member/snap/db\";; esac; done\n",
        real = real.with_file_name("etcdutl").display()
    );
    let path = cluster.home.file("bin/etcdutl", &tool);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("executable");
    bin.join("etcd")
}

#[test]
fn a_restored_directory_in_which_a_value_is_another_one_is_never_started() {
    let cluster = Cluster::etcd("3.6.16", 3);
    cluster.settles("healthy");
    Ctl::new(&cluster, 0).does(&["put", "/balance", "one-hundred"]);
    lose_two(&cluster);
    let program = falsifying(&cluster, "one-hundred", "one-hundrex");
    let real = cluster.program().to_owned();
    let config = config_with(&cluster, "false.toml", &[(&real, &program.display().to_string())]);
    // one that runs is asked what its program is: the false tool is beside the one that the file names
    signal(&cluster, "-KILL", &[0]);
    let run = with(&cluster, &config, &["recover", "run", "--yes"]).exits(75);
    run.says(&["verify-offline failed", "rows are not those of the snapshot"]);
    with(&cluster, &config, &["recover", "rollback", "--yes"]).exits(0);
}

fn seed(plan: &Value) -> String {
    let members = plan["members"].as_array().expect("members");
    let seed = members.iter().find(|member| member["becomes"] == "seed").expect("a seed");
    seed["name"].as_str().expect("a name").to_owned()
}

#[test]
fn a_running_survivor_with_a_damaged_database_is_passed_over_for_the_other_one() {
    let cluster = Cluster::etcd("3.6.16", 5);
    let (leader, others) = roles(&cluster);
    let wrote = Ctl::new(&cluster, leader).puts("w/", 40);
    signal(&cluster, "-KILL", &[leader, others[0], others[1]]);
    take_disks(&cluster, &[leader, others[0], others[1]]);
    cluster.settles("lost");
    let plan = || cluster.run(&["recover", "plan", "-o", "json"]).exits(0).json();
    let tempting = seed(&plan());
    let at = tempting[1..].parse::<usize>().expect("a number") - 1;
    spoil(&data_dir(&cluster, at).join("member/snap/db"), b"w/");
    let plan = plan();
    assert_ne!(seed(&plan), tempting, "the damaged copy is not used");
    let said = format!("{tempting} is left too and is not used: its database is damaged (");
    assert!(plan["notes"].to_string().contains(&said), "{}", plan["notes"]);
    assert!(
        plan["loss"]["why"].as_str().is_some_and(|why| why.contains("1 of 5 voters")),
        "{}",
        plan["loss"]
    );
    cluster.run(&["recover", "run", "--yes"]).exits(0);
    let report = cluster.settles("healthy").json();
    assert_eq!(report["clusters"][0]["quorum"]["voters"], 5);
    for member in 0..5 {
        assert_eq!(Ctl::new(&cluster, member).keys("w/"), wrote, "member {member}");
    }
}

#[test]
fn with_only_a_damaged_survivor_what_else_there_is_is_said_and_a_backup_will_do() {
    let cluster = Cluster::etcd("3.5.35", 3);
    cluster.settles("healthy");
    let wrote = Ctl::new(&cluster, 0).puts("w/", 40);
    let backup = cluster.home.path("backup.db").display().to_string();
    Ctl::new(&cluster, 0).does(&["snapshot", "save", &backup]);
    lose_two(&cluster);
    spoil(&data_dir(&cluster, 0).join("member/snap/db"), b"w/");
    for verb in ["plan", "run"] {
        cluster.run(&["recover", verb]).exits(4).says(&[
            "the database of n1 is damaged",
            "no other voter is left",
            "--snapshot FILE",
            "quorate inspect",
        ]);
    }
    cluster.run(&["recover", "run", "--yes", "--snapshot", &backup]).exits(0);
    cluster.settles("healthy");
    for member in 0..3 {
        assert_eq!(Ctl::new(&cluster, member).keys("w/"), wrote, "member {member}");
    }
}

#[test]
fn a_survivor_whose_space_is_used_up_becomes_a_cluster_that_takes_writes() {
    std::thread::scope(|scope| {
        for version in ["3.4.23", "3.5.35", "3.6.16"] {
            scope.spawn(move || is_full(version));
        }
    });
}

/// Writes of this size over a few keys.
const VALUE: usize = 100 << 10;

fn is_full(version: &str) {
    let quota = "--server-arg=--quota-backend-bytes=16777216";
    let cluster = Cluster::etcd_with(version, 3, &[quota]);
    cluster.settles("healthy");
    let runtime = runtime();
    let refused = runtime.block_on(async {
        let mut client = cluster.client().await;
        for number in 0..1000 {
            let put = client.put(format!("w/{}", number % 20), vec![b'v'; VALUE], None).await;
            if let Err(error) = put {
                return error.to_string();
            }
        }
        String::new()
    });
    assert!(refused.contains("database space exceeded"), "{version}: {refused}");
    lose_two(&cluster);
    let plan = cluster.run(&["recover", "plan", "-o", "json"]).exits(0).json();
    let notes = plan["notes"].to_string();
    assert!(notes.contains("A NOSPACE alarm stands") && notes.contains("before the first write"), "{notes}");
    with(&cluster, cluster.config(), &["recover", "run", "--yes"]).exits(0);
    let report = cluster.settles("healthy").json();
    let findings = report["clusters"][0]["findings"].as_array().expect("findings").clone();
    let alarms = findings.iter().find(|finding| finding["check"] == "alarms").expect("alarms are looked at");
    assert_eq!(alarms["status"], "pass", "{version}: {alarms}");
    let written = runtime.block_on(async {
        let mut client = cluster.client().await;
        for number in 0..20 {
            client.put(format!("new/{number}"), vec![b'v'; VALUE], None).await?;
        }
        Ok::<_, etcd_client::Error>(())
    });
    assert!(written.is_ok(), "{version}: {written:?}");
    for member in 0..3 {
        let found = Ctl::new(&cluster, member).keys("w/").len();
        assert_eq!(found, 20, "{version}: member {member}");
    }
}
