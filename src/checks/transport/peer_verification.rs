use crate::checks::agents::{nobody, with_settings};
use crate::facts::{CommonFacts, ConsulFacts, ListenerKind};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "peer-verification",
    family: Family::Transport,
    question: "Do the members verify whom they talk to?",
    why: "Encryption without verification protects from listeners only: whoever has any certificate \
          of the CA, or none, can pose as a server and receive everything.",
    remedy: "Set tls.internal_rpc.verify_outgoing and verify_server_hostname = true; servers need a \
          certificate for server.DATACENTER.DOMAIN.",
    runbook: None,
    thresholds: &[],
    sources: &["https://developer.hashicorp.com/consul/docs/security/encryption/mtls"],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let (mut outgoing, mut names, mut nameless) = (Vec::new(), Vec::new(), Vec::new());
    let mut judged = 0_usize;
    for (member, settings) in with_settings(consul, facts, Severity::Critical, &mut tally) {
        let leaves: Vec<_> = member
            .listeners
            .iter()
            .filter(|l| l.kind == ListenerKind::Peer)
            .filter_map(|l| l.chain.known()?.first())
            .collect();
        let uses_tls =
            !leaves.is_empty() || [settings.verify_incoming, settings.verify_outgoing].contains(&Some(true));
        if !uses_tls {
            continue;
        }
        judged += 1;
        match (settings.verify_outgoing, settings.verify_server_hostname) {
            (Some(false), Some(false)) => outgoing.push(member.label()),
            (_, Some(false)) => names.push(member.label()),
            (_, Some(true)) => {
                if leaves.iter().any(|leaf| !leaf.names.contains(&settings.server_name)) {
                    nameless.push((member.label(), settings.server_name.clone()));
                }
            }
            (_, None) => tally.gap(member.label(), "whether it verifies servers' names", Severity::Critical),
        }
    }
    if !outgoing.is_empty() {
        let says = "it does not verify whom it connects to (verify_outgoing is off): anybody in between may pose as a server";
        tally.hit(Hit::new(Severity::Critical, says).on(outgoing.join(", ")));
    }
    if !names.is_empty() {
        let says = "it does not verify servers' names (verify_server_hostname is off): any agent's certificate may pose as a \
                    server, and receive all data";
        tally.hit(Hit::new(Severity::Critical, says).on(names.join(", ")));
    }
    for (member, name) in nameless {
        let says = "its certificate does not name {name}, which those that verify servers' names demand";
        tally.hit(Hit::new(Severity::Critical, says).with("name", name).on(member));
    }
    match tally.outcome() {
        Outcome::Clear(_) if judged == 0 => {
            Outcome::NotApplicable("the servers do not speak TLS with each other: see peer-tls".into())
        }
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};
    use crate::facts::Observed;

    #[test]
    fn whom_servers_take_for_a_server() {
        row(&CHECK, &servers(3), &[]);
        let mut off = servers(3);
        off.settings_mut("n1").verify_server_hostname = Some(false);
        row(&CHECK, &off, &[Severity::Critical]);
        let mut nameless = servers(3);
        nameless.settings_mut("n1").server_name = "server.dc2.consul".into();
        row(&CHECK, &nameless, &[Severity::Critical]);
        let mut plain = servers(1);
        plain.settings_mut("n1").verify_incoming = Some(false);
        plain.settings_mut("n1").verify_outgoing = Some(false);
        plain.member_mut("n1").listeners[1].chain = Observed::Known(Vec::new());
        assert!(matches!(plain.run(&CHECK), Outcome::NotApplicable(_)));
    }
}
