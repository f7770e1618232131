//! Every output of `check` and `status` on a real ensemble, whole and with one server killed: the same words as for etcd,
//! and no column or remedy that only etcd has. And a leader that is cut off.

use super::{quorum, says};
use crate::cluster::{Cluster, wait};
use serde_json::Value;

const FORMATS: [&str; 8] = ["table", "json", "junit", "sarif", "github", "markdown", "prometheus", "nagios"];

#[test]
fn every_output_tells_the_same_of_an_ensemble() {
    let cluster = Cluster::zookeeper("3.9.4", 3, &["--server-arg=4lw.commands.whitelist=srvr,mntr,conf"]);
    cluster.settles_calm();
    let gone = cluster.with_role("follower").remove(0);
    for (killed, word) in [(false, "healthy"), (true, "at-risk")] {
        if killed {
            cluster.lab("kill", &[&gone]);
            cluster.settles(word);
        }
        for format in FORMATS {
            let ran = cluster.run(&["check", "-o", format]);
            let warns = format == "nagios";
            let text = ran.exits(if warns { 1 } else { 0 }).stdout;
            // SARIF describes its rules, which are of all systems.
            let told = match format {
                "sarif" => {
                    let report: Value = serde_json::from_str(&text).expect("JSON");
                    report["runs"][0]["results"].to_string()
                }
                _ => text.clone(),
            };
            let etcds = ["etcd", "backend-commit", "db-quota", "peer-network", "learner first"];
            for foreign in etcds {
                assert!(!told.contains(foreign), "{format} speaks of {foreign}:\n{told}");
            }
            let verdict = match format {
                "table" => text.contains(if killed { "QUORUM AT RISK" } else { "QUORUM HEALTHY" }),
                "github" | "markdown" => text.to_lowercase().contains(&format!("quorum {word}")),
                "prometheus" => text.contains(&format!("state=\"{word}\"}} 1")),
                "nagios" => text.lines().count() == 1 && text.contains(&format!("quorum {word}")),
                "json" => quorum(&serde_json::from_str(&text).expect("JSON"))["state"] == word,
                _ => true,
            };
            assert!(verdict, "{format}:\n{text}");
            match format {
                "sarif" => {
                    let report: Value = serde_json::from_str(&text).expect("JSON");
                    let results = report["runs"][0]["results"].as_array().expect("results");
                    let margin = results.iter().any(|result| result["ruleId"] == "quorum-margin");
                    assert_eq!(margin, killed, "{report:#}");
                }
                "junit" => {
                    assert!(text.contains("name=\"quorum-margin\""), "{text}");
                    assert!(
                        text.starts_with("<?xml") && text.trim_end().ends_with("</testsuites>"),
                        "{text}"
                    );
                }
                _ => {}
            }
        }
        let status = cluster.run(&["status"]).exits(0).stdout;
        assert!(!status.contains("REVISION") && !status.contains("DB USED"), "{status}");
        assert_eq!(status.matches("unreachable").count(), usize::from(killed), "{status}");
        assert!(status.lines().all(|line| line.len() < 160), "{status}");
    }
    // Two looks in one run need no earlier one.
    let apart = cluster.check(&["--window", "300ms"]).exits(0).json();
    assert!(says(&apart, "leader-churn").contains("Does the leader stay?"), "{apart:#}");
}

/// Cut off from the others a leader goes on for as long as it waits for them, and reaches us all the while.
#[test]
fn a_leader_that_is_cut_off_gives_up_and_comes_back() {
    if !rustix::process::geteuid().is_root() {
        crate::cluster::Home::new()
            .run(&["lab", "up", "zookeeper", "--isolated"])
            .exits(4)
            .says(&["need root"]);
        return;
    }
    let arguments = ["--isolated", "--server-arg=tickTime=500", "--server-arg=reconfigEnabled=true"];
    let cluster = Cluster::zookeeper("3.9.5", 3, &arguments);
    let calm = cluster.settles_calm().json();
    // Each server has an address of its own, and this is none of their machines.
    let open = says(&calm, "quorum-ports");
    assert!(open.contains("is open from here, in plaintext, and reconfigEnabled=true"), "{open}");
    let leader = cluster.with_role("leader").remove(0);
    let rest: Vec<&str> = ["n1", "n2", "n3"].into_iter().filter(|name| *name != leader).collect();
    cluster.lab("partition", &[&format!("{leader}|{}", rest.join(","))]);
    let member = |report: &Value, name: &str| {
        let members = report["clusters"][0]["members"].as_array().expect("members").clone();
        members.into_iter().find(|m| m["name"] == name).unwrap_or_default()
    };
    let mut states = std::collections::BTreeSet::new();
    let mut last = Value::Null;
    wait("the others lead, and the one that is cut off knows it", || {
        last = cluster.check(&[]).json();
        states.insert(quorum(&last)["state"].as_str().unwrap_or_default().to_owned());
        member(&last, &leader)["role"] == "leaderless" && quorum(&last)["state"] == "at-risk"
    });
    // On the way nothing but this may be said: a quorum that lives is not lost, and a leader without one is not healthy.
    assert!(!states.contains("healthy") || states.len() > 1, "{states:?}");
    assert_eq!(member(&last, &leader)["reachable"], true, "{last:#}");
    assert!(says(&last, "linearizable-read").contains(&leader), "{last:#}");
    cluster.lab("heal", &[]);
    cluster.settles("healthy");
}
