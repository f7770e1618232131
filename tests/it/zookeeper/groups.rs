//! Hierarchical quorums: groups and weights decide, and no majority of servers. Both ways a majority is wrong are shown on
//! real servers, which say themselves whether they serve.

use super::{failing, quorum, says, word};
use crate::cluster::{Cluster, Home};

#[test]
fn groups_decide_and_not_the_number_of_servers() {
    // Three groups, one of three servers and two of one: any two groups are a quorum.
    let groups = ["--server-arg=group.1=1:2:3", "--server-arg=group.2=4", "--server-arg=group.3=5"];
    let cluster = Cluster::zookeeper("3.9.5", 5, &groups);
    let healthy = cluster.settles_calm().json();
    // A majority would allow two losses; here n4 and n5 are two groups of three.
    assert_eq!(
        (&quorum(&healthy)["needed"], &quorum(&healthy)["failures_until_stuck"]),
        (&2.into(), &1.into()),
        "{healthy:#}"
    );
    assert!(!failing(&healthy, "warning").contains(&"even-voters".to_owned()));
    cluster.check(&["--before-restart", "n4"]).exits(0);

    // Three of five are gone, no majority is left, and the ensemble serves.
    cluster.lab("kill", &["n1", "n2", "n3"]);
    let serving = cluster.settles("at-risk").json();
    assert_eq!(quorum(&serving)["serving"], 2, "{serving:#}");
    assert!(word(&cluster.endpoint_of("n5"), "srvr").contains("Mode: "), "the server says so itself");
    cluster.check(&["--before-restart", "n5"]).exits(4);

    // Three of five are there, which is a majority, and nobody serves: they are one group.
    cluster.lab("kill", &["n4", "n5"]);
    cluster.lab("start", &["n1", "n2", "n3"]);
    let mut lost = cluster.check(&[]);
    crate::cluster::wait("three servers answer and serve nobody", || {
        lost = cluster.check(&[]);
        let members = lost.json()["clusters"][0]["members"].as_array().cloned().unwrap_or_default();
        members.iter().filter(|m| m["role"] == "leaderless").count() == 3
    });
    let lost = lost.exits(2).json();
    assert_eq!((&quorum(&lost)["state"], &quorum(&lost)["serving"]), (&"lost".into(), &3.into()), "{lost:#}");
    assert!(says(&lost, "quorum-lost").contains("2 of 3 groups are needed"), "{lost:#}");
    assert!(word(&cluster.endpoint_of("n1"), "srvr").contains("not currently serving"));

    cluster.lab("start", &["n4"]);
    cluster.settles("at-risk");
}

/// Nobody serves, and no page tells of groups: the files that the servers run by do, and addresses do not.
#[test]
fn groups_are_read_from_files_when_nobody_serves() {
    let groups = ["--server-arg=group.1=1", "--server-arg=group.2=2", "--server-arg=group.3=3"];
    let arguments = [&groups[..], &["--server-arg=admin.enableServer=false"]].concat();
    let cluster = Cluster::zookeeper("3.8.3", 3, &arguments);
    cluster.settles_calm();
    cluster.lab("kill", &["n2", "n3"]);
    crate::cluster::wait("the survivor has given up", || {
        word(&cluster.endpoint_of("n1"), "srvr").contains("not currently serving")
    });
    let (config, target) = (cluster.config(), cluster.endpoints().join(","));
    let here = Home::new().run(&["check", "--config", config, "-o", "json"]).exits(2).json();
    let why = says(&here, "quorum-lost");
    assert!(why.contains("1 of 3 voters answers; 2 of 3 groups are needed"), "{why}");
    let far = Home::new().run(&["check", &target, "-o", "json"]).exits(2).json();
    let why = says(&far, "quorum-lost");
    assert!(why.contains("2 are needed, if a majority decides"), "{why}");
}
