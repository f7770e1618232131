use super::sockets::of_kind;
use crate::facts::{Certificate, CommonFacts, ListenerKind, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "shared-ca",
    family: Family::Transport,
    question: "Does a CA of its own sign the peers' certificates?",
    why: "Where one CA signs for clients and peers, any client's certificate may also speak raft on the peer port.",
    remedy: "Sign peers with a CA that signs nothing else, or restrict them with --peer-cert-allowed-cn or \
             --peer-cert-allowed-hostname.",
    runbook: None,
    thresholds: &[],
    sources: &["CIS Kubernetes Benchmark 2.7", "https://etcd.io/docs/v3.6/op-guide/security/"],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    let issuers = |kind| facts.reachable().flat_map(move |m| issuers(m, kind)).collect::<Vec<&str>>();
    let (clients, peers) = (issuers(ListenerKind::Client), issuers(ListenerKind::Peer));
    if clients.is_empty() || peers.is_empty() {
        return Outcome::NotApplicable("clients and peers do not both use certificates of a CA".into());
    }
    let mut tally = Tally::new();
    if let Some(shared) = peers.iter().find(|issuer| clients.contains(issuer)) {
        tally.hit(
            Hit::new(Severity::Info, "one CA signs for clients and peers: {ca}")
                .with("ca", (*shared).to_owned()),
        );
    }
    tally.outcome()
}

/// Issuers of the leaves; a self-signed one has no CA to share.
fn issuers(member: &Member, kind: ListenerKind) -> impl Iterator<Item = &str> {
    let leaves = of_kind(member, kind).filter_map(|l| l.chain.known()?.first());
    leaves.filter(|leaf: &&Certificate| leaf.issuer != leaf.subject).map(|leaf| leaf.issuer.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{certificate, cluster, row};
    use crate::facts::Observed;

    #[test]
    fn one_ca_for_both_is_worth_knowing() {
        row(&CHECK, &cluster(3), &[Severity::Info]);
        let mut apart = cluster(1);
        let peer = Certificate { issuer: "CN=peer CA".into(), ..certificate("10.0.0.1") };
        apart.member_mut("n1").listeners[1].chain = Observed::Known(vec![peer]);
        row(&CHECK, &apart, &[]);
    }
}
