//! Who may join the quorum: servers that authenticate to each other, wholly and by half.

use super::{failing, quorum, rewrite, says};
use crate::cluster::{Cluster, Home};

const JAAS: &str = "QuorumServer {
  org.apache.zookeeper.server.auth.DigestLoginModule required user_peer=\"geheim\";
};
QuorumLearner {
  org.apache.zookeeper.server.auth.DigestLoginModule required username=\"peer\" password=\"geheim\";
};
";

#[test]
fn servers_that_authenticate_to_each_other_all_do_or_it_is_said() {
    let home = Home::new();
    let jaas = home.file("jaas.conf", JAAS);
    let login = format!("--server-arg=-Djava.security.auth.login.config={}", jaas.display());
    let arguments = [
        login.as_str(),
        "--server-arg=quorum.auth.enableSasl=true",
        "--server-arg=quorum.auth.learnerRequireSasl=true",
        "--server-arg=quorum.auth.serverRequireSasl=true",
        // With it, which is the default, servers of 3.9 refuse DIGEST-MD5 and never find each other.
        "--server-arg=fips-mode=false",
    ];
    let cluster = Cluster::zookeeper("3.9.5", 3, &arguments);
    let whole = cluster.settles_calm().json();
    assert_eq!(quorum(&whole)["state"], "healthy");
    let of_it = says(&whole, "quorum-auth");
    assert!(
        of_it.contains("Where servers authenticate")
            && !failing(&whole, "warning").contains(&"quorum-auth".into()),
        "{of_it}"
    );

    // One server no longer demands it: whoever reaches it may follow it. The others still authenticate to it.
    let follower = cluster.with_role("follower").remove(0);
    rewrite(&cluster, &follower, |line| {
        (line != "quorum.auth.serverRequireSasl=true").then(|| line.to_owned())
    });
    cluster.lab("kill", &[&follower]);
    cluster.lab("start", &[&follower]);
    let partial = cluster.settles("healthy").json();
    let of_it = says(&partial, "quorum-auth");
    assert!(of_it.contains(&follower) && of_it.contains("quorum.auth.serverRequireSasl not true"), "{of_it}");
    assert_eq!(of_it.lines().count(), 1, "{of_it}");
    assert!(failing(&partial, "warning").contains(&"quorum-auth".to_owned()));

    // One that does not speak it at all is not let in.
    rewrite(&cluster, &follower, |line| (!line.starts_with("quorum.auth.")).then(|| line.to_owned()));
    cluster.lab("kill", &[&follower]);
    let started = cluster.run(&["lab", "start", "--timeout", "5s", &follower]);
    let without = cluster.settles("at-risk").json();
    assert_ne!(started.code, 0, "a server without SASL was let into the quorum: {without:#}");
}
