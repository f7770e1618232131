use super::sockets::open_sockets;
use crate::facts::{CommonFacts, ConsulFacts, EtcdFacts, Listener, ListenerKind, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "peer-cert-auth",
    family: Family::Transport,
    question: "Does every peer port refuse a request without a peer certificate?",
    why: "Whoever reaches an open peer port can speak raft as a member. Up to etcd 3.5 the port also serves the whole \
          client API, so that everything demanded of clients can be walked around.",
    remedy: "Start each member with --peer-client-cert-auth --peer-trusted-ca-file=CA, one at a time; best a CA that \
             signs nothing else.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "Consul /v1/agent/self: TLS.InternalRPC.VerifyIncoming, and a handshake without a certificate",
        "CIS Kubernetes Benchmark 2.5",
        "etcd embed/etcd.go servePeers: gRPC on the peer port up to 3.5; CHANGELOG-3.6",
    ],
    rules: &[Rule::Etcd(judge), Rule::Consul(judge_consul)],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    open_sockets(
        facts,
        ListenerKind::Peer,
        |l| &l.anonymous,
        |member, sockets| {
            let says = if serves_clients(etcd, member) {
                "peers without a certificate are served, and full key-value access through the peer port with them"
            } else {
                "peers without a certificate are served"
            };
            Hit::new(sockets.severity(), says)
        },
    )
}

fn judge_consul(_: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    // A port without TLS is peer-tls' finding, and one is enough.
    let speaks_tls = |l: &Listener| l.kind == ListenerKind::Peer && l.plaintext.known() != Some(&true);
    let mut sockets = facts.reachable().flat_map(|m| &m.listeners);
    if facts.reachable().next().is_some() && !sockets.any(speaks_tls) {
        return Outcome::NotApplicable("the RPC ports do not speak TLS: see peer-tls".into());
    }
    open_sockets(
        facts,
        ListenerKind::Peer,
        |l| &l.anonymous,
        |_, sockets| Hit::new(sockets.severity(), "its RPC port serves whoever has no certificate"),
    )
}

fn serves_clients(etcd: &EtcdFacts, member: &Member) -> bool {
    let native = etcd.members.iter().find(|m| m.id == member.id);
    native.and_then(|m| m.peer.known()).is_some_and(|peer| peer.serves_clients.known() == Some(&true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row};
    use crate::facts::{EtcdPeerView, Observed};
    use crate::finding::Severity;

    #[test]
    fn an_open_peer_port() {
        row(&CHECK, &cluster(3), &[]);
        let mut open = cluster(3);
        open.member_mut("n2").listeners[1].anonymous = Observed::Known(true);
        row(&CHECK, &open, &[Severity::Critical]);
        open.etcd_mut("n2").peer = Observed::Known(EtcdPeerView {
            serves_clients: Observed::Known(true),
            ..EtcdPeerView::default()
        });
        let Outcome::Judged { hits, .. } = open.run(&CHECK) else { unreachable!("a hit") };
        assert!(hits[0].sentence().contains("full key-value access through the peer port"));
    }
}
