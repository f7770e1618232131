use super::sockets::open_sockets;
use crate::facts::{CommonFacts, ListenerKind};
use crate::finding::{Check, Family, Hit, Outcome, Rule};
use crate::policy::Policy;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "client-tls",
    family: Family::Transport,
    question: "Is every client listener served in TLS only?",
    why: "Whoever can see the network reads every key and every password. etcd ignores its certificate flags for an \
          http:// listener: one beside an https:// listener bypasses everything that the other demands.",
    remedy: "Serve clients in TLS: --cert-file, --key-file, https:// in --listen-client-urls and \
             --advertise-client-urls; then remove every http:// client listener.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper clientPort and secureClientPort: a handshake with each",
        "Consul: a handshake with the port of each API address",
        "CIS Kubernetes Benchmark 2.1",
        "etcd embed/etcd.go configureClientListeners",
        "https://etcd.io/docs/v3.6/op-guide/security/",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    open_sockets(
        facts,
        ListenerKind::Client,
        |l| &l.plaintext,
        |_, sockets| {
            let says = if sockets.beside_a_good_one() {
                "a client listener without TLS ({listeners}) bypasses the one with TLS"
            } else {
                "clients are served without TLS"
            };
            Hit::new(sockets.severity(), says)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, listener, row, undecided};
    use crate::facts::Observed;
    use crate::finding::Severity;

    #[test]
    fn plaintext_is_critical_beyond_loopback() {
        row(&CHECK, &cluster(3), &[]);
        let mut plain = cluster(3);
        plain.member_mut("n2").listeners[0].plaintext = Observed::Known(true);
        row(&CHECK, &plain, &[Severity::Critical]);
        plain.member_mut("n2").listeners[0].loopback = true;
        row(&CHECK, &plain, &[Severity::Warning]);
    }

    #[test]
    fn a_second_listener_without_tls_is_named() {
        let mut both = cluster(1);
        let mut second = listener("1", ListenerKind::Client, 12379);
        second.plaintext = Observed::Known(true);
        both.member_mut("n1").listeners.push(second);
        row(&CHECK, &both, &[Severity::Critical]);
        let Outcome::Judged { hits, .. } = both.run(&CHECK) else { unreachable!("a hit") };
        assert!(hits[0].sentence().contains("10.0.0.1:12379"));
    }

    #[test]
    fn unknown_is_not_ok_but_a_dead_member_is_not_this_checks_business() {
        let mut unread = cluster(3);
        unread.member_mut("n1").listeners[0].plaintext = Observed::unknown("no answer");
        undecided(&CHECK, &unread, Severity::Critical);
        row(&CHECK, &cluster(3).down("n3"), &[]);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }
}
