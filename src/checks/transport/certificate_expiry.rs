use crate::facts::{Certificate, CommonFacts, ListenerKind, Member, TroubleKind};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const WARN: Threshold = Threshold {
    key: "certificate_days_warn",
    default: Limit::Days(30.0),
    source: "time to renew in working hours; cert-manager renews at a third of the lifetime, 30 of 90 days",
};
const CRITICAL: Threshold = Threshold {
    key: "certificate_days_critical",
    default: Limit::Days(7.0),
    source: "one week: the last working days before the members refuse each other",
};
const CA_WARN: Threshold = Threshold {
    key: "ca_days_warn",
    default: Limit::Days(365.0),
    source: "openshift/cluster-etcd-operator: signer certificates critical at 365 days, since a CA takes long to replace",
};

pub(super) const CHECK: Check = Check {
    slug: "certificate-expiry",
    family: Family::Transport,
    question: "Are all certificates valid for a good while?",
    why: "An expired client certificate locks clients out; expired peer certificates look like a network partition and \
          end in a lost quorum. etcd reads renewed files at the next handshake: no restart is needed.",
    remedy: "Renew the certificate and replace the file in place: etcd reads it anew for each connection.",
    runbook: Some("expired-certificates"),
    thresholds: &[WARN, CRITICAL, CA_WARN],
    sources: &[
        "etcd issue 12427: auto-TLS certificates live a year and are not renewed",
        "openshift/cluster-etcd-operator: signer expiry alerts",
    ],
    rules: &[Rule::Common(judge)],
};

/// Addresses that we ourselves refused to talk to, because what they presented had expired.
fn refused_as_expired(facts: &CommonFacts) -> Vec<Hit> {
    let expired = facts.endpoints.iter().filter_map(|endpoint| {
        let trouble = endpoint.reach.trouble().filter(|t| t.kind == TroubleKind::CertificateExpired)?;
        let member = facts.members.iter().find(|m| m.endpoint.as_ref() == Some(&endpoint.url));
        let hit = Hit::new(Severity::Critical, "the server certificate at {address} has expired: {detail}")
            .with("address", endpoint.url.clone())
            .with("detail", trouble.detail.clone());
        Some(match member {
            Some(member) => hit.on(member.label()),
            None => hit,
        })
    });
    expired.collect()
}

fn judge(facts: &CommonFacts, policy: &Policy, now: Timestamp) -> Outcome {
    let mut tally = Tally::new();
    let mut ends: Vec<Timestamp> =
        facts.own_certificate.iter().map(|own| own.certificate.not_after).collect();
    let refused = refused_as_expired(facts);
    if facts.reachable().next().is_none() && refused.is_empty() {
        tally.gap(None, "no member answered", Severity::Critical);
    }
    for hit in refused {
        tally.hit(hit);
    }
    if let Some(hit) = all_peers_at_once(facts, policy, now) {
        tally.hit(hit);
    }
    if let Some(own) = &facts.own_certificate
        && let Some(hit) = expiry(&own.certificate, OWN, &WARN, policy, now)
    {
        tally.hit(hit.with("file", own.path.clone()));
    }
    for member in facts.reachable() {
        for (kind, why) in member.listeners.iter().filter_map(|l| Some((l.kind, l.chain.why()?))) {
            let missing = format!("the certificate of its {} listener: {why}", kind.name());
            tally.gap(member.label(), missing, Severity::Critical);
        }
        for served in served(member) {
            ends.push(served.certificate.not_after);
            let (words, warn) = if served.leaf { (LEAF, &WARN) } else { (ISSUER, &CA_WARN) };
            if let Some(hit) = expiry(served.certificate, words, warn, policy, now) {
                tally.hit(
                    hit.with("listener", served.kinds.join(" and "))
                        .with("addresses", served.addresses)
                        .on(member.label()),
                );
            }
        }
    }
    let first = ends.iter().min().copied();
    if let Some(first) = first {
        tally.evidence("first_to_expire", Value::Time(first));
    }
    match tally.outcome() {
        Outcome::Clear(_) if first.is_none() => Outcome::NotApplicable("no listener speaks TLS".into()),
        outcome => outcome,
    }
}

/// A certificate, and where a member serves it.
struct Served<'a> {
    certificate: &'a Certificate,
    leaf: bool,
    kinds: Vec<&'static str>,
    addresses: Vec<String>,
}

/// Every certificate of a member once, with all the sockets that serve it or one that ends in the same second.
fn served(member: &Member) -> Vec<Served<'_>> {
    let mut all: Vec<Served<'_>> = Vec::new();
    for listener in &member.listeners {
        for (at, certificate) in listener.chain.known().into_iter().flatten().enumerate() {
            let leaf = at == 0;
            let same = |s: &&mut Served<'_>| {
                s.leaf == leaf
                    && s.certificate.not_after == certificate.not_after
                    && s.certificate.not_before == certificate.not_before
                    && (leaf || s.certificate.subject == certificate.subject)
            };
            let (kind, address) = (listener.kind.name(), listener.address.clone());
            match all.iter_mut().find(same) {
                Some(known) => {
                    if !known.kinds.contains(&kind) {
                        known.kinds.push(kind);
                    }
                    known.addresses.push(address);
                }
                None => all.push(Served { certificate, leaf, kinds: vec![kind], addresses: vec![address] }),
            }
        }
    }
    all
}

/// The sentences about one certificate: ahead, past, and not begun.
struct Words {
    expires: &'static str,
    expired: &'static str,
    early: &'static str,
}

const LEAF: Words = Words {
    expires: "the {listener} certificate expires in {days} ({expires})",
    expired: "the {listener} certificate expired {days} ago ({expires})",
    early: "the {listener} certificate is not valid before {begins}",
};
const ISSUER: Words = Words {
    expires: "a CA in the {listener} chain, {subject}, expires in {days} ({expires})",
    expired: "a CA in the {listener} chain, {subject}, expired {days} ago ({expires})",
    early: "a CA in the {listener} chain, {subject}, is not valid before {begins}",
};
const OWN: Words = Words {
    expires: "our own client certificate {file} expires in {days} ({expires})",
    expired: "our own client certificate {file} expired {days} ago ({expires})",
    early: "our own client certificate {file} is not valid before {begins}",
};

fn expiry(
    certificate: &Certificate,
    words: Words,
    warn: &Threshold,
    policy: &Policy,
    now: Timestamp,
) -> Option<Hit> {
    let left = days_left(certificate, now);
    let hit = if now < certificate.not_before {
        Hit::new(Severity::Critical, words.early).with("begins", Value::Time(certificate.not_before))
    } else if left < 0.0 {
        Hit::new(Severity::Critical, words.expired)
    } else {
        Hit::new(severity(left, warn, policy)?, words.expires)
    };
    Some(
        hit.with("days", Value::Days(left.abs().floor() as i64))
            .with("expires", Value::Time(certificate.not_after))
            .with("subject", certificate.subject.clone()),
    )
}

fn severity(days_left: f64, warn: &Threshold, policy: &Policy) -> Option<Severity> {
    if days_left < policy.get(&CRITICAL) {
        Some(Severity::Critical)
    } else if days_left < policy.get(warn) {
        Some(Severity::Warning)
    } else {
        None
    }
}

fn days_left(certificate: &Certificate, now: Timestamp) -> f64 {
    certificate.not_after.duration_since(now).as_secs_f64() / 86_400.0
}

/// Peer certificates that all end on one day take the quorum with them. Said in addition, once renewal is due: made
/// in one go they always end together, which alone is no fault.
fn all_peers_at_once(facts: &CommonFacts, policy: &Policy, now: Timestamp) -> Option<Hit> {
    let leaf = |member: &Member| {
        let peer = member.listeners.iter().find(|l| l.kind == ListenerKind::Peer)?;
        peer.chain.known()?.first().cloned()
    };
    let leaves: Vec<Certificate> = facts.reachable().map(leaf).collect::<Option<_>>()?;
    let first = leaves.first().filter(|_| leaves.len() > 1)?;
    if leaves.iter().any(|leaf| day(leaf.not_after) != day(first.not_after)) {
        return None;
    }
    let severity = severity(days_left(first, now), &WARN, policy)?;
    let says = if days_left(first, now) < 0.0 {
        "the peer certificates of all {members} members expired on {expires}: they refuse each other's connections"
    } else {
        "the peer certificates of all {members} members expire on {expires}: on that day they refuse each other, and \
         the quorum is lost"
    };
    Some(Hit::new(severity, says).with("members", leaves.len()).with("expires", Value::Time(first.not_after)))
}

fn day(moment: Timestamp) -> Date {
    moment.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, certificate, cluster, row, undecided};
    use crate::facts::{Observed, OwnCertificate};
    use jiff::SignedDuration;

    fn ending(sample: &Sample, days: i64) -> Certificate {
        let not_after = sample.0.taken_at + SignedDuration::from_hours(24 * days + 12);
        Certificate { not_after, ..certificate("10.0.0.2") }
    }

    fn leaf_with(days: i64) -> Sample {
        let mut sample = cluster(3);
        let leaf = ending(&sample, days);
        sample.member_mut("n2").listeners[0].chain = Observed::Known(vec![leaf]);
        sample
    }

    #[test]
    fn leaves() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &leaf_with(31), &[]);
        row(&CHECK, &leaf_with(20), &[Severity::Warning]);
        row(&CHECK, &leaf_with(5), &[Severity::Critical]);
        row(&CHECK, &leaf_with(-2), &[Severity::Critical]);
        let Outcome::Judged { hits, .. } = leaf_with(5).run(&CHECK) else { unreachable!("a hit") };
        assert_eq!(hits[0].member.as_deref(), Some("n2"));
        assert!(hits[0].sentence().starts_with("the client certificate expires in 5 days"));
    }

    #[test]
    fn a_ca_needs_more_time() {
        let mut sample = cluster(3);
        let chain = vec![certificate("10.0.0.1"), Certificate { ca: true, ..ending(&sample, 100) }];
        sample.member_mut("n1").listeners[1].chain = Observed::Known(chain);
        row(&CHECK, &sample, &[Severity::Warning]);
    }

    #[test]
    fn our_own_counts() {
        let mut sample = cluster(3);
        let certificate = ending(&sample, 3);
        sample.0.common.own_certificate = Some(OwnCertificate { path: "client.pem".into(), certificate });
        row(&CHECK, &sample, &[Severity::Critical]);
    }

    #[test]
    fn peers_that_end_together_are_told_together() {
        let mut sample = cluster(3);
        let leaf = ending(&sample, 20);
        for name in ["n1", "n2", "n3"] {
            sample.member_mut(name).listeners[1].chain = Observed::Known(vec![leaf.clone()]);
        }
        row(&CHECK, &sample, &[Severity::Warning; 4]);
    }

    #[test]
    fn one_certificate_on_two_sockets_is_one_finding() {
        let mut sample = cluster(1);
        let leaf = ending(&sample, 5);
        for listener in &mut sample.member_mut("n1").listeners {
            listener.chain = Observed::Known(vec![leaf.clone()]);
        }
        row(&CHECK, &sample, &[Severity::Critical]);
        let Outcome::Judged { hits, .. } = sample.run(&CHECK) else { unreachable!("a hit") };
        assert!(hits[0].sentence().starts_with("the client and peer certificate expires"));
    }

    #[test]
    fn unread_and_plaintext() {
        let mut unread = cluster(3);
        unread.member_mut("n1").listeners[0].chain = Observed::unknown("no answer");
        undecided(&CHECK, &unread, Severity::Critical);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
        let mut plain = cluster(1);
        for listener in &mut plain.member_mut("n1").listeners {
            listener.chain = Observed::Known(vec![]);
        }
        assert!(matches!(plain.run(&CHECK), Outcome::NotApplicable(_)));
    }
}
