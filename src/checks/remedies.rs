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
        "linearizable-read",
        BackendKind::Zookeeper,
        "Look at the server's way to the leader's quorum port, at its log and at the disks: `quorate check --only \
         leader-churn,raft-lag,wal-fsync`.",
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
    (
        "client-tls",
        BackendKind::Consul,
        "Serve the API in TLS only: ports.http = -1, ports.https = 8501, tls.https.cert_file and key_file.",
    ),
    (
        "client-cert-auth",
        BackendKind::Consul,
        "Set tls.https.verify_incoming = true and give each client a certificate of that CA; access controls that deny \
             by default protect without it.",
    ),
    (
        "peer-tls",
        BackendKind::Consul,
        "Set tls.internal_rpc.verify_incoming and verify_outgoing = true on every agent, one at a time: certificates \
             first, then verify_outgoing everywhere, then verify_incoming.",
    ),
    (
        "peer-cert-auth",
        BackendKind::Consul,
        "Set tls.internal_rpc.verify_incoming = true and restart the servers one at a time.",
    ),
    (
        "certificate-expiry",
        BackendKind::Consul,
        "Renew the certificate, replace the file in place, and let the agent read it: `consul reload`.",
    ),
    (
        "certificate-names",
        BackendKind::Consul,
        "Issue the certificate anew with the hosts that clients dial, server.DATACENTER.DOMAIN, and both serverAuth \
             and clientAuth; a key of at least RSA 2048 or ECDSA P-256, signed with SHA-256.",
    ),
    (
        "tls-version",
        BackendKind::Consul,
        "Set tls.defaults.tls_min_version = \"TLSv1_2\" and reload or restart the agents.",
    ),
    (
        "shared-ca",
        BackendKind::Consul,
        "With verify_server_hostname an agent's certificate cannot pose as a server's: keep it on, or sign clients of \
             the API with another CA.",
    ),
    (
        "quorum-lost",
        BackendKind::Consul,
        "Start a lost server on its own disk if any can be started: that costs no data. Do not restart the survivor \
             before its stale snapshot is saved: `consul snapshot save -stale FILE`.",
    ),
    (
        "quorum-margin",
        BackendKind::Consul,
        "Bring the missing server back on its own disk. If the disk is gone, add a replacement, wait until it votes, and \
             remove the lost one: `consul operator raft remove-peer -id=ID`.",
    ),
    (
        "even-voters",
        BackendKind::Consul,
        "Add one server, or remove one while every voter serves. `quorate size` shows the arithmetic.",
    ),
    (
        "single-voter",
        BackendKind::Consul,
        "Add two servers one after the other, each until it votes, or make sure that snapshots are taken and restores \
             are rehearsed.",
    ),
    (
        "leader-agreement",
        BackendKind::Consul,
        "Check the network between the servers' RPC ports (8300) and their clocks; look at the servers that differ first.",
    ),
    (
        "membership-drift",
        BackendKind::Consul,
        "Ask again in a minute: a change may be under way. If it stays, compare `consul operator raft list-peers -stale` \
             on each server, and do not add or remove servers.",
    ),
    (
        "peer-urls",
        BackendKind::Consul,
        "Give each server its own advertise_addr, and restart it: it joins anew with the same node id.",
    ),
    (
        "split-brain",
        BackendKind::Consul,
        "Decide which cluster holds the data that is wanted; stop the servers of the other one before anything is written \
             to it, and keep their data directories.",
    ),
    ("zone-spread", BackendKind::Consul, "Place the servers so that no zone holds a majority of the voters."),
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
