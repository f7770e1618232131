//! What to do where the check's own words are etcd's: the same fault, another server's settings and commands.

use crate::facts::BackendKind;
use crate::finding::Check;

/// By check.
type Remedies = &'static [(&'static str, &'static str)];

const ZOOKEEPER: Remedies = &[
    (
        "quorum-lost",
        "Start a lost voter on its own data if any can be started: that costs no data. Never start a voter with an empty \
         data directory while the quorum is lost: empty voters can outvote those that have the data.",
    ),
    (
        "quorum-margin",
        "Bring the missing voter back with its own dataDir and myid. If the disk is gone, an empty one may follow the \
         leader that there is: start it while the others serve.",
    ),
    (
        "leader-agreement",
        "Check the network between the servers' quorum and election ports (2888, 3888) and their clocks; look at the \
         servers that differ first.",
    ),
    (
        "linearizable-read",
        "Look at the server's link to the leader, its pauses and the disks: `quorate check --only wal-fsync,raft-lag`.",
    ),
    (
        "even-voters",
        "Add one server, or make one an observer (server.N=…:observer). `quorate size` shows the arithmetic.",
    ),
    (
        "single-voter",
        "Add two servers: write all three server lines everywhere, start the two empty ones while the first serves. Or \
         make sure that its data are copied and that bringing them back is rehearsed.",
    ),
    ("too-many-voters", "Make voters observers (server.N=…:observer), one at a time, down to 5 or 7."),
    (
        "unstarted-member",
        "Start the server with the myid and the server lines of the others, or take its line out of every zoo.cfg.",
    ),
    ("learner-stuck", "Look at the observer's log and its way to the leader's quorum port; restart it."),
    (
        "raft-lag",
        "Look at the disk, the heap and the pauses of the server that is behind: `quorate check --only wal-fsync`.",
    ),
    (
        "leader-churn",
        "Look at the disk and the pauses of the leader and at the network between the quorum ports: followers leave after \
         syncLimit × tickTime.",
    ),
    (
        "data-divergence",
        "Keep a copy of the server's data, then let it start empty while the others serve: it receives a whole snapshot \
         from the leader.",
    ),
    (
        "wal-fsync",
        "Give the log a device of its own (dataLogDir), keep other writers off it, and measure it with \
         `quorate probe disk DIR`.",
    ),
    (
        "version-skew",
        "Finish the upgrade: bring every server to the newest version in the ensemble, one at a time, the leader last.",
    ),
    (
        "version-unsupported",
        "Upgrade to the newest patch release of a line that gets fixes, one server at a time, the leader last, with a copy \
         of the data.",
    ),
    (
        "version-known-bug",
        "Upgrade to the newest patch release of the line, one server at a time, the leader last, with a copy of the data.",
    ),
    (
        "membership-drift",
        "Make the server.N lines of every zoo.cfg the same and restart the servers that differ, one at a time; with \
         reconfiguration look for a leftover zoo.cfg.dynamic.next.",
    ),
    (
        "peer-urls",
        "Correct the server's line in every zoo.cfg (or by `reconfig`) while a quorum serves, and restart one at a time.",
    ),
    ("advertised-urls", "Correct the client address behind the `;` of the server's line, on every server."),
    (
        "split-brain",
        "Decide which ensemble holds the data that is wanted; stop the servers of the other one before anything is written \
         to it, and keep their data directories.",
    ),
    (
        "client-tls",
        "Serve clients on secureClientPort (serverCnxnFactory=…NettyServerCnxnFactory, ssl.keyStore.location, \
         ssl.trustStore.location), move the clients, then remove clientPort and the client addresses of the server lines.",
    ),
    (
        "client-cert-auth",
        "Serve clients on secureClientPort with ssl.clientAuth=need (the default) and remove clientPort.",
    ),
    (
        "peer-tls",
        "Set sslQuorum=true with ssl.quorum.keyStore.location and ssl.quorum.trustStore.location, in three rolling \
         restarts with portUnification (zookeeperAdmin.md, \"Upgrading existing non-TLS cluster\").",
    ),
    (
        "certificate-expiry",
        "Renew the certificate and replace the key store; restart the servers one at a time, unless they reload key stores \
         (client.certReload=true, sslQuorumReloadCertFiles=true).",
    ),
    (
        "certificate-names",
        "Issue the certificate anew with every host of the server lines and every client address as subject alternative \
         name, serverAuth and clientAuth, and a key of at least RSA 2048 or ECDSA P-256, signed with SHA-256.",
    ),
    (
        "tls-version",
        "Set ssl.enabledProtocols=TLSv1.2,TLSv1.3, and the same with ssl.quorum, and restart one at a time.",
    ),
    (
        "shared-ca",
        "Sign the servers with a CA that signs nothing else (ssl.quorum.trustStore.location of its own), and leave \
         ssl.quorum.hostnameVerification on.",
    ),
    (
        "admin-exposed",
        "Set admin.serverAddress=127.0.0.1 or admin.enableServer=false; bind the metrics with metricsProvider.httpHost.",
    ),
    (
        "auth",
        "Make clients authenticate: secureClientPort with client certificates, or SASL with sessionRequireClientSASLAuth \
         (enforce.auth.enabled=true, 3.7 and later), and give znodes ACLs.",
    ),
    (
        "encryption-at-rest",
        "ZooKeeper writes in plain: put dataDir and dataLogDir on an encrypted device (dm-crypt/LUKS, an encrypted volume).",
    ),
];

const CONSUL: Remedies = &[
    (
        "quorum-lost",
        "Start a lost server on its own disk if any can be started: that costs no data. Do not restart the survivor \
         before its stale snapshot is saved: `consul snapshot save -stale FILE`.",
    ),
    (
        "quorum-margin",
        "Bring the missing server back on its own disk. If the disk is gone, remove the lost one (`consul operator raft \
         remove-peer -id=ID`), start a replacement empty, and wait until it votes.",
    ),
    (
        "leader-agreement",
        "Check the network between the servers' RPC ports (8300) and their clocks; look at the servers that differ first.",
    ),
    (
        "linearizable-read",
        "Look at the server's link to the leader's RPC port and at the disks: `quorate check --only \
         wal-fsync,raft-lag,raft-saturation`.",
    ),
    (
        "heartbeats",
        "Look at the disk, the CPU and the pauses of the leader and at its network: `quorate check --only \
         wal-fsync,raft-saturation,memory,peer-network`.",
    ),
    (
        "peer-network",
        "Look at the network between the RPC ports (8300) of the two servers: firewalls, routes, MTU. If the distance cannot \
         change, raise performance.raft_multiplier on every server.",
    ),
    (
        "even-voters",
        "Add one server, or remove one while every voter serves. `quorate size` shows the arithmetic.",
    ),
    (
        "single-voter",
        "Add two servers one after the other, each until it votes, or make sure that snapshots are taken and restores \
         are rehearsed.",
    ),
    (
        "too-many-voters",
        "Let servers leave one at a time (`consul leave` on each), down to 5; serve reads from clients or read replicas.",
    ),
    ("zone-spread", "Place the servers so that no zone holds a majority of the voters."),
    (
        "unstarted-member",
        "Start the server with its own data directory, or remove it: `consul operator raft remove-peer -id=ID`.",
    ),
    (
        "learner-stuck",
        "Look at its log, its disk and its link to the leader; `consul operator autopilot state` says why it does not vote.",
    ),
    (
        "raft-lag",
        "Look at the disk and CPU of the server that is behind and at its link to the leader: `quorate check --only \
         wal-fsync,commit-latency,raft-saturation`.",
    ),
    (
        "leader-churn",
        "Look at the disk and CPU of the leader and at the network between the RPC ports; raft_multiplier = 1 needs both \
         to be good.",
    ),
    (
        "wal-fsync",
        "Give data_dir an SSD of its own, keep other writers off that disk, and measure it with `quorate probe disk DIR`.",
    ),
    (
        "commit-latency",
        "See which part is slow: `quorate check --only wal-fsync,raft-lag,linearizable-read`, `quorate probe commit TARGET`.",
    ),
    (
        "version-skew",
        "Finish the upgrade: bring every server to the newest version in the datacenter, one at a time, the leader last.",
    ),
    (
        "version-unsupported",
        "Upgrade one minor line after the other as its upgrade notes say, servers before clients and one at a time, with a \
         snapshot taken before.",
    ),
    (
        "version-known-bug",
        "Upgrade to the newest patch release of the line, one server at a time, the leader last, with a snapshot taken \
         before.",
    ),
    (
        "membership-drift",
        "Ask again in a minute: a change may be under way. If it stays, compare `consul operator raft list-peers -stale` \
         on each server, and do not add or remove servers.",
    ),
    (
        "peer-urls",
        "Give each server its own advertise_addr, and restart it: it joins anew with the same node id.",
    ),
    (
        "advertised-urls",
        "Set advertise_addr to what the other servers can reach, and restart that server; it keeps its node id.",
    ),
    (
        "duplicate-identity",
        "Stop the copy, move its data directory away, and start it anew: it makes a new node id.",
    ),
    (
        "split-brain",
        "Decide which cluster holds the data that is wanted; stop the servers of the other one before anything is written \
         to it, and keep their data directories.",
    ),
    (
        "client-tls",
        "Serve the API in TLS only: ports.http = -1, ports.https = 8501, tls.https.cert_file and key_file.",
    ),
    (
        "client-cert-auth",
        "Set tls.https.verify_incoming = true and give each client a certificate of that CA; access controls that deny \
         by default protect without it.",
    ),
    (
        "peer-tls",
        "Set tls.internal_rpc.verify_incoming and verify_outgoing = true on every agent, one at a time: certificates \
         first, then verify_outgoing everywhere, then verify_incoming.",
    ),
    ("peer-cert-auth", "Set tls.internal_rpc.verify_incoming = true and restart the servers one at a time."),
    (
        "certificate-expiry",
        "Renew the certificate, replace the file in place, and let the agent read it: `consul reload`.",
    ),
    (
        "certificate-names",
        "Issue the certificate anew with the hosts that clients dial, server.DATACENTER.DOMAIN, and both serverAuth \
         and clientAuth; a key of at least RSA 2048 or ECDSA P-256, signed with SHA-256.",
    ),
    ("tls-version", "Set tls.defaults.tls_min_version = \"TLSv1_2\" and reload or restart the agents."),
    (
        "shared-ca",
        "With verify_server_hostname an agent's certificate cannot pose as a server's: keep it on, or sign clients of \
         the API with another CA.",
    ),
    (
        "admin-exposed",
        "Turn access controls on, or serve the UI and profiling from agents that only operators reach.",
    ),
    (
        "auth",
        "Turn access controls on with acl.enabled = true and acl.default_policy = \"deny\" on every server, after `consul \
         acl bootstrap` and tokens for every agent.",
    ),
    (
        "unsafe-flags",
        "Take the setting out of the server's configuration, and restart the servers one at a time.",
    ),
];

/// What to do about a finding of this check.
pub(super) fn of(check: &Check, backend: BackendKind) -> &'static str {
    let remedies: Remedies = match backend {
        BackendKind::Etcd => &[],
        BackendKind::Zookeeper => ZOOKEEPER,
        BackendKind::Consul => CONSUL,
    };
    let own = remedies.iter().find(|(slug, _)| *slug == check.slug);
    own.map_or(check.remedy, |(_, remedy)| *remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{catalogue, find};
    use crate::runbook::Page;

    #[test]
    fn every_remedy_is_of_a_check_of_that_backend() {
        for (backend, remedies) in [(BackendKind::Zookeeper, ZOOKEEPER), (BackendKind::Consul, CONSUL)] {
            for (slug, _) in remedies {
                let check = find(slug);
                assert!(check.is_some_and(|check| check.backends().contains(&backend)), "{slug}");
            }
        }
    }

    /// Commands and flags of etcd help nobody who runs something else.
    #[test]
    fn no_remedy_names_another_backends_commands() {
        for check in catalogue() {
            for backend in check.backends().into_iter().filter(|backend| *backend != BackendKind::Etcd) {
                let remedy = of(check, backend);
                for word in ["etcd", "--peer-", "--client-cert", "--initial-", "a learner"] {
                    assert!(!remedy.contains(word), "{} on {}: {remedy}", check.slug, backend.name());
                }
            }
        }
    }

    #[test]
    fn what_is_found_has_a_page_of_its_own_backend() {
        for check in catalogue() {
            let own = |topic: &str| check.backends().iter().any(|b| Page::on(topic, b.name()).is_some());
            assert!(check.runbook.is_none_or(own), "{}: no page of {:?}", check.slug, check.runbook);
            for backend in check.backends() {
                let page = check.page(backend).map(|page| page.name);
                let other = BackendKind::ALL.iter().filter(|kind| **kind != backend);
                let foreign = other.clone().any(|kind| page.is_some_and(|p| p.starts_with(kind.name())));
                assert!(page.is_some() && !foreign, "{} on {}: {page:?}", check.slug, backend.name());
            }
        }
    }
}
