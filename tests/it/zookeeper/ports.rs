//! What `probe tls` and a declared page of numbers make of a ZooKeeper's ports.

use super::{found, says, word};
use crate::cluster::{Cluster, Home, Ran, free_address};
use serde_json::Value;

fn port(member: &Value, role: &str) -> String {
    let address = member["address"].as_str().expect("an address");
    format!("{address}:{}", member["ports"][role])
}

fn probed(home: &Home, address: &str) -> Ran {
    home.run(&["probe", "tls", address, "-o", "json"])
}

fn member(cluster: &Cluster, name: &str) -> Value {
    let members = cluster.lab["members"].as_array().expect("members");
    members.iter().find(|m| m["name"] == name).expect("a member of that name").clone()
}

#[test]
fn ports_without_tls_are_said_to_be_so() {
    for version in ["3.9.5", "3.8.3"] {
        let cluster = Cluster::zookeeper(version, 3, &["--server-arg=admin.enableServer=false"]);
        let leader = member(&cluster, &cluster.with_role("leader")[0]);
        let follower = member(&cluster, &cluster.with_role("follower")[0]);

        let client = probed(&cluster.home, &port(&leader, "client")).exits(0).json();
        assert_eq!(
            (&client["plaintext"], client["versions"].as_array().map(Vec::len)),
            (&true.into(), Some(0))
        );
        let table = cluster.home.run(&["probe", "tls", &port(&leader, "client")]).exits(0);
        assert!(
            table.stdout.contains("answered: whoever") && table.stdout.contains("not spoken"),
            "{}",
            table.stdout
        );
        for of in [(&leader, "quorum"), (&leader, "election"), (&follower, "election")] {
            probed(&cluster.home, &port(of.0, of.1))
                .exits(2)
                .says(&["tls-on-plaintext", "plaintext protocol"]);
        }
        // Only the leader listens for followers.
        probed(&cluster.home, &port(&follower, "quorum")).exits(2).says(&["connection-refused"]);
        // And they go on serving one quorum, whatever was said to their ports.
        cluster.settles("healthy");
    }
}

#[test]
fn secure_ports_of_each_kind_show_their_certificates() {
    let cluster = Cluster::zookeeper("3.9.5", 3, &["--tls"]);
    let leader = member(&cluster, &cluster.with_role("leader")[0]);
    let ca = std::path::Path::new(cluster.config()).with_file_name("tls").join("ca.pem");
    for role in ["client", "quorum", "election"] {
        let address = port(&leader, role);
        let args = ["probe", "tls", &address, "--cacert", ca.to_str().expect("a path"), "-o", "json"];
        let seen = cluster.home.run(&args).exits(0).json();
        assert_eq!(
            (&seen["plaintext"], &seen["client_certificate"], &seen["verification"]["ok"]),
            (&false.into(), &"required".into(), &true.into()),
            "{role}: {seen:#}"
        );
        assert!(seen["versions"].as_array().expect("versions").iter().any(|v| v["accepted"] == true));
    }
    cluster.settles("healthy");
}

#[test]
fn numbers_come_from_the_page_that_the_config_file_names() {
    let provider =
        "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider";
    let metrics = free_address();
    let arguments = [
        "--server-arg=admin.enableServer=false".to_owned(),
        format!("--server-arg={provider}"),
        "--server-arg=metricsProvider.httpHost=127.0.0.1".to_owned(),
        format!("--server-arg=metricsProvider.httpPort={}", metrics.port()),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // The other pinned versions come without the provider.
    let cluster = Cluster::zookeeper("3.9.3", 1, &arguments);
    cluster.settles_calm();
    assert!(word(cluster.endpoints()[0], "mntr").contains("not in the whitelist"));
    let endpoint = cluster.endpoints()[0];
    let judged = |metrics: &str| {
        let text = format!(
            "[clusters.far]\nbackend = \"zookeeper\"\nendpoints = [\"{endpoint}\"]\n\
             [clusters.far.members.n1]\nendpoint = \"{endpoint}\"\n{metrics}"
        );
        let path = cluster.home.file("quorate.toml", &text);
        let args = ["check", "far", "--config", path.to_str().expect("a path"), "-o", "json"];
        cluster.home.run(&args).exits(2).json()
    };
    let unseen = judged("");
    assert!(found(&unseen, "unknown", "warning").contains(&"file-descriptors".to_owned()), "{unseen:#}");
    let seen = judged(&format!("metrics = \"http://{metrics}\"\n"));
    for check in ["file-descriptors", "server-errors", "leader-churn", "data-divergence"] {
        assert!(
            !found(&seen, "unknown", "warning").contains(&check.to_owned()),
            "{check}: {}",
            says(&seen, check)
        );
    }
    crate::cluster::wait("syncs of the log are counted", || {
        let seen = judged(&format!("metrics = \"http://{metrics}\"\n"));
        seen["clusters"][0]["members"][0]["fsync_p99_ms"]["samples"].as_u64().is_some()
    });
    // Somebody else's page is no ZooKeeper's.
    let wrong = judged("metrics = \"http://127.0.0.1:9\"\n");
    assert!(found(&wrong, "unknown", "warning").contains(&"file-descriptors".to_owned()), "{wrong:#}");
}
