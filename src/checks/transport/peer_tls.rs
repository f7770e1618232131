use super::sockets::open_sockets;
use crate::facts::{CommonFacts, ListenerKind, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule};
use crate::policy::Policy;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "peer-tls",
    family: Family::Transport,
    question: "Do the members talk to each other in TLS only?",
    why: "The whole log goes over the peer ports: whoever can see the network reads every write, and may speak raft.",
    remedy: "Give each member --peer-cert-file and --peer-key-file, change its peer URL to https:// with `etcdctl member \
             update`, and restart the members one at a time.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper: a handshake with each quorum and election port",
        "Consul pool/conn.go: the first byte 0x03 asks the RPC port for TLS",
        "CIS Kubernetes Benchmark 2.4",
        "https://etcd.io/docs/v3.6/op-guide/security/",
    ],
    rules: &[Rule::Zookeeper(judge_zookeeper), Rule::Common(judge)],
};

/// A server that runs alone has no port for others.
fn judge_zookeeper(zookeeper: &ZookeeperFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let mut modes = zookeeper.serving().map(|(_, srvr)| srvr.mode.as_str()).peekable();
    if modes.peek().is_some() && modes.all(|mode| mode == "standalone") {
        return Outcome::NotApplicable("a standalone server has no port for others".into());
    }
    judge(facts, policy, Timestamp::UNIX_EPOCH)
}

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    open_sockets(
        facts,
        ListenerKind::Peer,
        |l| &l.plaintext,
        |_, sockets| Hit::new(sockets.severity(), "the peer port is served without TLS"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row};
    use crate::facts::Observed;
    use crate::finding::Severity;

    #[test]
    fn plaintext_between_members() {
        row(&CHECK, &cluster(3), &[]);
        let mut plain = cluster(3);
        plain.member_mut("n2").listeners[1].plaintext = Observed::Known(true);
        row(&CHECK, &plain, &[Severity::Critical]);
        plain.member_mut("n2").listeners[1].loopback = true;
        row(&CHECK, &plain, &[Severity::Warning]);
    }
}
