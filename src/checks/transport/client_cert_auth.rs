use super::sockets::open_sockets;
use crate::facts::{CommonFacts, ListenerKind};
use crate::finding::{Check, Family, Hit, Outcome, Rule};
use crate::policy::Policy;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "client-cert-auth",
    family: Family::Transport,
    question: "Does every client listener refuse a request without a client certificate?",
    why: "Without it, whoever reaches the port is a client. A TLS 1.3 handshake alone proves nothing: the refusal comes \
          only after it, so a real request is made.",
    remedy: "Start etcd with --client-cert-auth --trusted-ca-file=CA and give each client a certificate of that CA.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeperAdmin: ssl.clientAuth; a handshake without a certificate",
        "Consul tls.https.verify_incoming; a handshake without a certificate",
        "CIS Kubernetes Benchmark 2.2",
        "https://etcd.io/docs/v3.6/op-guide/security/",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    open_sockets(
        facts,
        ListenerKind::Client,
        |l| &l.anonymous,
        |_, sockets| {
            let says = if sockets.beside_a_good_one() {
                "a client listener ({listeners}) serves requests without a client certificate, another does not"
            } else {
                "clients without a certificate are served"
            };
            Hit::new(sockets.severity(), says)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};
    use crate::facts::Observed;
    use crate::finding::Severity;

    #[test]
    fn an_anonymous_answer_is_critical_beyond_loopback() {
        row(&CHECK, &cluster(3), &[]);
        let mut open = cluster(3);
        open.member_mut("n2").listeners[0].anonymous = Observed::Known(true);
        row(&CHECK, &open, &[Severity::Critical]);
        open.member_mut("n2").listeners[0].loopback = true;
        row(&CHECK, &open, &[Severity::Warning]);
        open.member_mut("n2").listeners[0].anonymous = Observed::unknown("no answer");
        undecided(&CHECK, &open, Severity::Warning);
    }
}
