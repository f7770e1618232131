//! What to do where the check's own words are etcd's: the same fault, another server's settings.

use crate::facts::BackendKind;
use crate::finding::Check;

/// By check and backend.
const REMEDIES: &[(&str, BackendKind, &str)] = &[
    (
        "client-tls",
        BackendKind::Zookeeper,
        "Serve clients on secureClientPort (serverCnxnFactory=…NettyServerCnxnFactory, ssl.keyStore.location, \
         ssl.trustStore.location), move the clients, then remove clientPort and the client addresses of the server lines.",
    ),
    (
        "client-cert-auth",
        BackendKind::Zookeeper,
        "Serve clients on secureClientPort with ssl.clientAuth=need (the default) and remove clientPort.",
    ),
    (
        "peer-tls",
        BackendKind::Zookeeper,
        "Set sslQuorum=true with ssl.quorum.keyStore.location and ssl.quorum.trustStore.location, in three rolling \
         restarts with portUnification (zookeeperAdmin.md, \"Upgrading existing non-TLS cluster\").",
    ),
    (
        "quorum-lost",
        BackendKind::Zookeeper,
        "Start a lost voter on its own data if any can be started: that costs no data. Never start a voter with an empty \
         data directory while the quorum is lost: empty voters can outvote those that have the data.",
    ),
    (
        "quorum-margin",
        BackendKind::Zookeeper,
        "Bring the missing voter back with its own dataDir and myid. If the disk is gone, an empty one may follow the \
         leader that there is: start it while the others serve.",
    ),
    (
        "even-voters",
        BackendKind::Zookeeper,
        "Add one server, or make one an observer (server.N=…:observer). `quorate size` shows the arithmetic.",
    ),
    (
        "learner-stuck",
        BackendKind::Zookeeper,
        "Look at the observer's log and its way to the leader's quorum port; restart it.",
    ),
    (
        "raft-lag",
        BackendKind::Zookeeper,
        "Look at the disk, the heap and the pauses of the server that is behind: `quorate check --only wal-fsync`.",
    ),
    (
        "wal-fsync",
        BackendKind::Zookeeper,
        "Give the log a device of its own (dataLogDir), keep other writers off it, and measure it with \
         `quorate probe disk DIR`.",
    ),
    (
        "data-divergence",
        BackendKind::Zookeeper,
        "Keep a copy of the server's data, then let it start empty while the others serve: it receives a whole snapshot \
         from the leader.",
    ),
    (
        "membership-drift",
        BackendKind::Zookeeper,
        "Make the server.N lines of every zoo.cfg the same and restart the servers that differ, one at a time; with \
         reconfiguration look for a leftover zoo.cfg.dynamic.next.",
    ),
    (
        "version-known-bug",
        BackendKind::Zookeeper,
        "Upgrade to the newest patch release of the line, one server at a time, the leader last, with a copy of the data.",
    ),
    (
        "advertised-urls",
        BackendKind::Zookeeper,
        "Correct the client address behind the `;` of the server's line, on every server.",
    ),
];

/// What to do about a finding of this check.
pub(super) fn of(check: &Check, backend: BackendKind) -> &'static str {
    let own = REMEDIES.iter().find(|(slug, of, _)| *slug == check.slug && *of == backend);
    own.map_or(check.remedy, |(_, _, remedy)| *remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_remedy_is_of_a_check() {
        for (slug, _, _) in REMEDIES {
            assert!(crate::checks::find(slug).is_some(), "{slug}");
        }
    }
}
