use crate::facts::{CommonFacts, EtcdFacts, EtcdVars, ListenerKind, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "auto-tls",
    family: Family::Transport,
    question: "Are the certificates issued by a CA, not made up by each member for itself?",
    why: "A certificate that a member made for itself proves nothing to others: the connection is encrypted, but anyone \
          in between can make one too. It lives for a year (--self-signed-cert-validity) and is not renewed.",
    remedy: "Replace --auto-tls and --peer-auto-tls by certificates of a CA.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "CIS Kubernetes Benchmark 2.3 and 2.6",
        "etcd client/pkg/transport/listener.go SelfCert",
        "etcd issue 12427",
    ],
    rules: &[Rule::Etcd(judge)],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return Outcome::undecided("no member answered", Severity::Warning);
    }
    let mut tally = Tally::new();
    let speaks_tls = |member: &Member| {
        member.listeners.iter().any(|l| l.chain.known().is_none_or(|chain| !chain.is_empty()))
    };
    if !facts.reachable().any(speaks_tls) {
        return Outcome::NotApplicable("no listener speaks TLS".into());
    }
    for member in facts.reachable() {
        let vars = etcd.members.iter().find(|m| m.id == member.id).and_then(|m| m.vars.known());
        let kinds: Vec<String> = [(ListenerKind::Client, "auto-tls"), (ListenerKind::Peer, "peer-auto-tls")]
            .into_iter()
            .filter(|(kind, flag)| asked_for(vars, flag) || made_up(member, *kind))
            .map(|(kind, _)| kind.name().to_owned())
            .collect();
        if !kinds.is_empty() {
            tally.hit(
                Hit::new(Severity::Warning, "etcd made up its own certificate for: {listeners}")
                    .with("listeners", kinds)
                    .on(member.label()),
            );
        }
    }
    tally.outcome()
}

fn asked_for(vars: Option<&EtcdVars>, flag: &str) -> bool {
    vars.and_then(|vars| vars.flag(flag)).is_some_and(|value| value != "false")
}

/// etcd signs what it makes up with itself, as the organisation "etcd".
fn made_up(member: &Member, kind: ListenerKind) -> bool {
    let mut chains = member.listeners.iter().filter(|l| l.kind == kind).filter_map(|l| l.chain.known());
    chains.any(|chain| {
        chain.first().is_some_and(|leaf| leaf.subject == leaf.issuer && leaf.subject == "O=etcd")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{certificate, cluster, row};
    use crate::facts::{Certificate, Observed};

    #[test]
    fn by_flag_or_by_certificate() {
        row(&CHECK, &cluster(3), &[]);
        let mut flag = cluster(3);
        flag.vars_mut("n2").cmdline.push("--peer-auto-tls".into());
        row(&CHECK, &flag, &[Severity::Warning]);
        let mut served = cluster(3);
        let own = Certificate { subject: "O=etcd".into(), issuer: "O=etcd".into(), ..certificate("n1") };
        served.member_mut("n1").listeners[0].chain = Observed::Known(vec![own]);
        row(&CHECK, &served, &[Severity::Warning]);
    }
}
