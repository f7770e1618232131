use super::sockets::of_kind;
use crate::checks::agents::{nobody, with_settings};
use crate::facts::{CommonFacts, ConsulFacts, Listener, ListenerKind};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "grpc-tls",
    family: Family::Transport,
    question: "Is gRPC served in TLS only?",
    why: "Proxies of the mesh get their certificates' keys, intentions and tokens over gRPC, and peers replicate over it: in \
          plaintext whoever can see the network reads them.",
    remedy: "Set ports.grpc = -1 and ports.grpc_tls = 8503, with certificates in tls.grpc or tls.defaults; move the proxies first.",
    runbook: Some("hardening"),
    thresholds: &[],
    sources: &[
        "https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file/general#ports (grpc, grpc_tls: 1.14 and later)",
        "Consul /v1/agent/self: GRPCAddrs, GRPCTLSAddrs; the first frame of HTTP/2, sent to each",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    // Which sockets there are is in the settings.
    with_settings(consul, facts, Severity::Warning, &mut tally);
    let mut looked_at = 0_usize;
    for member in facts.reachable() {
        for socket in of_kind(member, ListenerKind::Grpc) {
            looked_at += 1;
            match socket.plaintext.known() {
                Some(true) => tally.hit(plain(socket).on(member.label())),
                Some(false) => {}
                None => {
                    let why = socket.plaintext.why().unwrap_or_default();
                    let missing = format!("its gRPC listener {}: {why}", socket.address);
                    tally.gap(member.label(), missing, severity(socket));
                }
            }
        }
    }
    match tally.outcome() {
        Outcome::Clear(_) if looked_at == 0 => {
            Outcome::NotApplicable("no gRPC listener is served, or can be reached from here".into())
        }
        Outcome::Clear(_) => Outcome::Clear(vec![("listeners", looked_at.into())]),
        outcome => outcome,
    }
}

fn plain(socket: &Listener) -> Hit {
    Hit::new(severity(socket), "gRPC is served without TLS at {address}")
        .with("address", socket.address.as_str())
}

/// A proxy on the same machine speaks to its agent over loopback: that is how it is meant.
fn severity(socket: &Listener) -> Severity {
    if socket.loopback { Severity::Info } else { Severity::Warning }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, listener, row, servers, undecided};
    use crate::facts::Observed;

    fn with(plaintext: Observed<bool>, loopback: bool) -> Sample {
        let mut sample = servers(3);
        let mut socket = listener("2", ListenerKind::Grpc, 8502);
        (socket.plaintext, socket.loopback) = (plaintext, loopback);
        sample.member_mut("n2").listeners.push(socket);
        sample
    }

    #[test]
    fn plaintext_beyond_the_machine() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        row(&CHECK, &with(Observed::Known(false), false), &[]);
        row(&CHECK, &with(Observed::Known(true), false), &[Severity::Warning]);
        row(&CHECK, &with(Observed::Known(true), true), &[Severity::Info]);
        undecided(&CHECK, &with(Observed::unknown("no answer"), false), Severity::Warning);
        let mut untold = servers(3);
        untold.consul_mut("n1").settings = Observed::unknown("permission-denied");
        undecided(&CHECK, &untold, Severity::Warning);
    }
}
