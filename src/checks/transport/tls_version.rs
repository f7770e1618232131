use super::sockets::unless_loopback;
use crate::facts::{ASKED_ONLY_BY_DEEP, CommonFacts, Listener, Member, Observed, WEAK_CIPHER};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "tls-version",
    family: Family::Transport,
    question: "Does every listener refuse TLS older than 1.2, and broken ciphers?",
    why: "TLS 1.0 and 1.1 are broken enough to be forbidden (RFC 8996), SSL 3.0 more so (RFC 7568). RC4 and 3DES give their plaintext away with time, in any version.",
    remedy: "Start etcd with --tls-min-version=TLS1.2 (3.4.25, 3.5.8 and later), or upgrade it; against RC4 and 3DES name the \
             ciphers: --cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,…",
    runbook: None,
    thresholds: &[],
    sources: &[
        "RFC 8996",
        "RFC 7568",
        "RFC 7465 (RC4)",
        "CVE-2016-2183 (3DES)",
        "etcd --tls-min-version, CHANGELOG-3.5 (3.5.8)",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    let sockets: Vec<(&Member, &Listener)> = facts
        .reachable()
        .flat_map(|m| m.listeners.iter().map(move |l| (m, l)))
        .filter(|(_, l)| speaks_tls(l))
        .collect();
    let asked = |(_, l): &(&Member, &Listener)| l.legacy_tls.why() != Some(ASKED_ONLY_BY_DEEP);
    if sockets.is_empty() {
        return Outcome::NotApplicable("no listener speaks TLS".into());
    }
    if !sockets.iter().any(asked) {
        return Outcome::NotApplicable(ASKED_ONLY_BY_DEEP.into());
    }
    let mut tally = Tally::new();
    for (member, socket) in &sockets {
        match &socket.legacy_tls {
            Observed::Known(versions) if versions.is_empty() => {}
            Observed::Known(versions) => tally.hit(
                Hit::new(worst(versions), "the {listener} listener accepts {versions}")
                    .with("listener", socket.kind.name())
                    .with("versions", versions.clone())
                    .with("address", socket.address.clone())
                    .on(member.label()),
            ),
            Observed::Unknown(why) => tally.gap(
                member.label(),
                format!("old TLS on its {} listener {}: {why}", socket.kind.name(), socket.address),
                unless_loopback(socket.loopback),
            ),
        }
    }
    tally.evidence("listeners", sockets.len());
    tally.outcome()
}

/// A broken cipher alone takes gigabytes on one connection to use; a broken version does not.
fn worst(accepted: &[String]) -> Severity {
    if accepted.iter().all(|name| name == WEAK_CIPHER) { Severity::Warning } else { Severity::Critical }
}

fn speaks_tls(listener: &Listener) -> bool {
    listener.chain.known().is_some_and(|chain| !chain.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};

    #[test]
    fn old_versions() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
        let mut deep = cluster(1);
        for listener in &mut deep.member_mut("n1").listeners {
            listener.legacy_tls = Observed::Known(vec![]);
        }
        row(&CHECK, &deep, &[]);
        deep.member_mut("n1").listeners[0].legacy_tls = Observed::Known(vec!["TLS 1.0".into()]);
        row(&CHECK, &deep, &[Severity::Critical]);
        deep.member_mut("n1").listeners[0].legacy_tls = Observed::unknown("no answer");
        undecided(&CHECK, &deep, Severity::Critical);
    }
}
