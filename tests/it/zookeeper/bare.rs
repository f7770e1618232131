//! Servers as they come: `srvr` is the only word they answer, and no page of theirs. What that tells must be right, what
//! it does not tell is named, and only what could hide a danger that something suggests makes a gate undecided.

use super::{failing, found, quorum, says, word};
use crate::cluster::{Cluster, Home};
use serde_json::Value;

const NO_PAGE: &str = "--server-arg=admin.enableServer=false";

/// A check that knows nothing but the addresses.
fn stranger(cluster: &Cluster, home: &Home, options: &[&str]) -> crate::cluster::Ran {
    let target = cluster.endpoints().join(",");
    let mut args = vec!["check", &target, "-o", "json", "--timeout", "5s"];
    args.extend(options);
    home.run(&args)
}

#[test]
fn srvr_alone_decides_what_it_tells_and_names_the_rest() {
    for version in ["3.9.5", "3.8.3"] {
        let cluster = Cluster::zookeeper(version, 3, &[NO_PAGE]);
        cluster.settles_calm();
        let refused = word(cluster.endpoints()[0], "mntr");
        assert!(refused.contains("not in the whitelist"), "{refused}");
        let home = Home::new();

        let report = stranger(&cluster, &home, &[]).exits(0).json();
        let whole = &report["clusters"][0];
        assert_eq!(
            (&quorum(&report)["state"], &quorum(&report)["failures_until_stuck"]),
            (&"healthy".into(), &1.into())
        );
        let members = whole["members"].as_array().expect("members");
        assert!(members.iter().all(|m| m["version"] == version && m["reachable"] == true), "{report:#}");
        assert_eq!(members.iter().filter(|m| m["role"] == "leader").count(), 1, "{report:#}");
        // Not one thing that was not seen is called well, and what would show it is said in one line.
        for (check, shown_by) in [
            ("unsafe-flags", "admin.enableServer=true"),
            ("settings-without-effect", "admin.enableServer=true"),
            ("autopurge", "admin.enableServer=true"),
            ("wal-fsync", "4lw.commands.whitelist=srvr,mntr"),
            ("server-errors", "4lw.commands.whitelist=srvr,mntr"),
            ("data-placement", "4lw.commands.whitelist=srvr,mntr,conf"),
        ] {
            let of_it = whole["findings"].as_array().expect("findings");
            let of_it: Vec<&Value> = of_it.iter().filter(|f| f["check"] == check).collect();
            assert!(of_it.len() == 1 && of_it[0]["status"] == "unknown", "{check}: {of_it:#?}");
            assert!(says(&report, check).contains(shown_by), "{check}: {}", says(&report, check));
        }
        assert_eq!(found(&report, "unknown", "critical"), [""; 0], "{report:#}");
        // A gate that fails on warnings is not told that all is well.
        stranger(&cluster, &home, &["--fail-on", "warning", "--only", "unsafe-flags"]).exits(3);

        // On their own machine the same servers hide nothing of their settings: command line and file are read.
        let here = cluster.check(&[]).exits(0).json();
        assert!(says(&here, "unsafe-flags").contains("Was no member"), "{}", says(&here, "unsafe-flags"));
        assert!(says(&here, "data-placement").contains("/data"), "{here:#}");

        // One of two members of an ensemble of three: no more can be known, and none of it is called well.
        let one = cluster.endpoints()[0].to_owned();
        let leader = cluster.with_role("leader").remove(0);
        let followers = cluster.with_role("follower");
        cluster.lab("kill", &[&followers[0], &leader]);
        cluster.settles("lost").exits(2);
        let lost = stranger(&cluster, &home, &[]).exits(2).json();
        assert_eq!(quorum(&lost)["state"], "lost", "{lost:#}");
        let survivor = cluster.endpoint_of(&followers[1]);
        let gone = if survivor == one { cluster.endpoint_of(&leader) } else { one };
        let undecided = Home::new().run(&["check", &gone, "-o", "json"]).exits(3).json();
        assert_eq!(quorum(&undecided)["state"], "unknown", "{undecided:#}");
        assert!(found(&undecided, "unknown", "critical").contains(&"quorum-lost".to_owned()));
    }
}

#[test]
fn a_danger_that_is_seen_counts_and_a_page_that_was_promised_and_is_silent_is_a_fault() {
    let cluster = Cluster::zookeeper("3.9.5", 1, &[NO_PAGE, "--server-arg=skipACL=yes"]);
    cluster.settles_calm();
    // Seen from its machine, without any page.
    let report = cluster.check(&[]).exits(2).json();
    assert!(says(&report, "unsafe-flags").contains("skipACL=yes"), "{report:#}");
    assert_eq!(failing(&report, "critical"), ["unsafe-flags"], "{report:#}");

    // From elsewhere nothing is seen, and nothing suggests it; but whoever names the page expects it to answer.
    let endpoint = cluster.endpoints()[0];
    let config = |admin: &str| {
        format!(
            "[clusters.far]\nbackend = \"zookeeper\"\nendpoints = [\"{endpoint}\"]\n\
             [clusters.far.members.n1]\nendpoint = \"{endpoint}\"\n{admin}"
        )
    };
    let home = Home::new();
    let judged = |text: &str, code| {
        let path = home.file("quorate.toml", text);
        let path = path.to_str().expect("a path").to_owned();
        home.run(&["check", "far", "--config", &path, "-o", "json", "--only", "unsafe-flags"])
            .exits(code)
            .json()
    };
    judged(&config(""), 0);
    let silent = judged(&config("admin = \"http://127.0.0.1:9\"\n"), 3);
    assert!(says(&silent, "unsafe-flags").contains("connection-refused"), "{silent:#}");
}
