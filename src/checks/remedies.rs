//! What to do about a finding on a system that the check's own remedy does not speak of. The question is the same
//! everywhere; flags and commands are not.

use crate::facts::BackendKind;

/// The remedy of a check on this backend; `None` where the check's own fits.
pub(super) fn of(slug: &str, backend: BackendKind) -> Option<&'static str> {
    match backend {
        BackendKind::Etcd | BackendKind::Zookeeper => None,
        BackendKind::Consul => consul(slug),
    }
}

fn consul(slug: &str) -> Option<&'static str> {
    Some(match slug {
        "client-tls" => {
            "Serve the API in TLS only: ports.http = -1, ports.https = 8501, tls.https.cert_file and key_file."
        }
        "client-cert-auth" => {
            "Set tls.https.verify_incoming = true and give each client a certificate of that CA; access controls that deny \
             by default protect without it."
        }
        "peer-tls" => {
            "Set tls.internal_rpc.verify_incoming and verify_outgoing = true on every agent, one at a time: certificates \
             first, then verify_outgoing everywhere, then verify_incoming."
        }
        "peer-cert-auth" => {
            "Set tls.internal_rpc.verify_incoming = true and restart the servers one at a time."
        }
        "certificate-expiry" => {
            "Renew the certificate, replace the file in place, and let the agent read it: `consul reload`."
        }
        "certificate-names" => {
            "Issue the certificate anew with the hosts that clients dial, server.DATACENTER.DOMAIN, and both serverAuth \
             and clientAuth; a key of at least RSA 2048 or ECDSA P-256, signed with SHA-256."
        }
        "tls-version" => "Set tls.defaults.tls_min_version = \"TLSv1_2\" and reload or restart the agents.",
        "shared-ca" => {
            "With verify_server_hostname an agent's certificate cannot pose as a server's: keep it on, or sign clients of \
             the API with another CA."
        }
        "quorum-lost" => {
            "Start a lost server on its own disk if any can be started: that costs no data. Do not restart the survivor \
             before its stale snapshot is saved: `consul snapshot save -stale FILE`."
        }
        "quorum-margin" => {
            "Bring the missing server back on its own disk. If the disk is gone, add a replacement, wait until it votes, and \
             remove the lost one: `consul operator raft remove-peer -id=ID`."
        }
        "even-voters" => {
            "Add one server, or remove one while every voter serves. `quorate size` shows the arithmetic."
        }
        "single-voter" => {
            "Add two servers one after the other, each until it votes, or make sure that snapshots are taken and restores \
             are rehearsed."
        }
        "leader-agreement" => {
            "Check the network between the servers' RPC ports (8300) and their clocks; look at the servers that differ first."
        }
        "membership-drift" => {
            "Ask again in a minute: a change may be under way. If it stays, compare `consul operator raft list-peers -stale` \
             on each server, and do not add or remove servers."
        }
        "peer-urls" => {
            "Give each server its own advertise_addr, and restart it: it joins anew with the same node id."
        }
        "split-brain" => {
            "Decide which cluster holds the data that is wanted; stop the servers of the other one before anything is written \
             to it, and keep their data directories."
        }
        "zone-spread" => "Place the servers so that no zone holds a majority of the voters.",
        _ => return None,
    })
}
