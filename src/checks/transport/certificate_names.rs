use crate::facts::{Certificate, CommonFacts, Listener, ListenerKind, Member, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};
use jiff::Timestamp;

const RSA_BITS: Threshold = Threshold {
    key: "rsa_key_bits_min",
    default: Limit::Count(2048.0),
    source: "NIST SP 800-131A rev. 2: RSA keys below 2048 bits are disallowed",
};

pub(super) const CHECK: Check = Check {
    slug: "certificate-names",
    family: Family::Transport,
    question: "Does every certificate name its address, allow its use, and rest on sound keys and signatures?",
    why: "Clients and peers refuse a certificate that does not name the address they dialled, or that may not be used \
          for a server. Each member is a client of the others too: its peer certificate needs both purposes.",
    remedy: "Issue the certificate anew with every advertised host and IP address as subject alternative name, \
             extendedKeyUsage serverAuth (peers: serverAuth and clientAuth), and a key of at least RSA 2048 or ECDSA \
             P-256, signed with SHA-256.",
    runbook: Some("expired-certificates"),
    thresholds: &[RSA_BITS],
    sources: &[
        "https://etcd.io/docs/v3.6/op-guide/security/#notes-for-tls-authentication",
        "RFC 6125 §6.4.4: the common name is not looked at",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, policy: &Policy, _: Timestamp) -> Outcome {
    if facts.reachable().next().is_none() {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    let mut tally = Tally::new();
    let mut certificates = 0usize;
    for member in facts.reachable() {
        for listener in &member.listeners {
            match &listener.chain {
                Observed::Unknown(why) => tally.gap(
                    member.label(),
                    format!("the certificate of its {} listener: {why}", listener.kind.name()),
                    Severity::Critical,
                ),
                Observed::Known(chain) => {
                    let Some(leaf) = chain.first() else { continue };
                    certificates += 1;
                    for hit in faults(member, listener, leaf, policy) {
                        let hit = hit.with("listener", listener.kind.name());
                        tally.hit(hit.with("address", listener.address.clone()).on(member.label()));
                    }
                }
            }
        }
    }
    tally.evidence("certificates", certificates);
    match tally.outcome() {
        Outcome::Clear(_) if certificates == 0 => Outcome::NotApplicable("no listener speaks TLS".into()),
        outcome => outcome,
    }
}

fn faults(member: &Member, listener: &Listener, leaf: &Certificate, policy: &Policy) -> Vec<Hit> {
    let mut hits = Vec::new();
    // What etcd made up for itself is verified by nobody, and is auto-tls' finding.
    let made_up = leaf.subject == leaf.issuer && leaf.subject == "O=etcd";
    if let (Observed::Known(Some(_)), true, false) =
        (&listener.name_mismatch, advertised(member, listener), made_up)
    {
        let names = if leaf.names.is_empty() { Value::from("nothing") } else { leaf.names.clone().into() };
        hits.push(
            Hit::new(
                Severity::Critical,
                "the {listener} certificate names {names}, but not the advertised {host}",
            )
            .with("names", names)
            .with("host", host(&listener.address)),
        );
    }
    if !leaf.server_auth {
        hits.push(Hit::new(
            Severity::Critical,
            "the {listener} certificate may not be used for a server (its extended key usage lacks serverAuth)",
        ));
    }
    if listener.kind == ListenerKind::Peer && !leaf.client_auth && !made_up {
        hits.push(Hit::new(
            Severity::Warning,
            "the peer certificate may not be used by a client (its extended key usage lacks clientAuth), but a member \
             is a client of the others",
        ));
    }
    if leaf.key.starts_with("RSA") && f64::from(leaf.key_bits) < policy.get(&RSA_BITS) {
        hits.push(
            Hit::new(Severity::Warning, "the {listener} certificate has a short key: {key}")
                .with("key", leaf.key.clone()),
        );
    }
    let signature = leaf.signature.to_ascii_lowercase();
    if signature.contains("sha1") || signature.contains("md5") {
        hits.push(
            Hit::new(
                Severity::Warning,
                "the {listener} certificate is signed with a broken hash: {signature}",
            )
            .with("signature", leaf.signature.clone()),
        );
    }
    hits
}

/// Whether others are told to dial this address. A socket found otherwise owes nobody a name.
fn advertised(member: &Member, listener: &Listener) -> bool {
    let urls = match listener.kind {
        ListenerKind::Client => &member.client_urls,
        ListenerKind::Peer => &member.peer_urls,
        ListenerKind::Metrics | ListenerKind::Grpc => return false,
    };
    urls.iter().any(|url| {
        let authority = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest).trim_end_matches('/');
        authority == listener.address || host(&listener.address) == authority
    })
}

/// `host` of `host:port`, without brackets.
fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, certificate, cluster, row, undecided};

    fn leaf(listener: usize, change: impl FnOnce(&mut Certificate)) -> Sample {
        let mut sample = cluster(3);
        let mut leaf = certificate("10.0.0.2");
        change(&mut leaf);
        sample.member_mut("n2").listeners[listener].chain = Observed::Known(vec![leaf]);
        sample
    }

    #[test]
    fn names() {
        row(&CHECK, &cluster(3), &[]);
        let mut wrong = cluster(3);
        wrong.member_mut("n2").listeners[0].name_mismatch = Observed::Known(Some("other".into()));
        row(&CHECK, &wrong, &[Severity::Critical]);
        wrong.member_mut("n2").client_urls = vec!["https://elsewhere:2379".into()];
        row(&CHECK, &wrong, &[]);
    }

    #[test]
    fn purposes_keys_and_signatures() {
        row(&CHECK, &leaf(0, |l| l.client_auth = false), &[]);
        row(&CHECK, &leaf(1, |l| l.client_auth = false), &[Severity::Warning]);
        row(&CHECK, &leaf(0, |l| l.server_auth = false), &[Severity::Critical]);
        let short = |l: &mut Certificate| (l.key, l.key_bits) = ("RSA 1024".into(), 1024);
        row(&CHECK, &leaf(0, short), &[Severity::Warning]);
        row(&CHECK, &leaf(0, |l| l.signature = "sha1WithRSAEncryption".into()), &[Severity::Warning]);
    }

    #[test]
    fn an_unread_certificate_is_not_a_good_one() {
        let mut unread = cluster(3);
        unread.member_mut("n1").listeners[0].chain = Observed::unknown("no answer");
        undecided(&CHECK, &unread, Severity::Critical);
    }
}
