//! auth, asked of ZooKeeper: who may open a session.

use crate::checks::servers::{each, hidden_alike, on, property};
use crate::facts::{CommonFacts, Listener, ListenerKind, Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Hit, Outcome, Severity};
use crate::policy::Policy;

pub(super) fn judge(zookeeper: &ZookeeperFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.settings.properties)
        && zookeeper.answering().all(|member| lets_strangers_in(zookeeper, member, facts))
    {
        return Outcome::undecided(format!("the servers' settings: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| {
        if let Some(hit) = passwords_in_the_clear(zookeeper, member, facts) {
            tally.hit(hit);
        }
        if !lets_strangers_in(zookeeper, member, facts) {
            return;
        }
        if member.settings.properties.known().is_none() {
            property(member, "enforce.auth.enabled", Severity::Warning, tally);
            return;
        }
        let yes = |key: &str| {
            let value = member.settings.property(key).known().copied().flatten();
            value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
        };
        if !yes("enforce.auth.enabled") && !yes("sessionRequireClientSASLAuth") {
            let says = "whoever reaches a client port opens a session; only the ACL of each znode stands before its data";
            tally.hit(on(member, Severity::Warning, says).remedy(
                "Serve clients on secureClientPort only (ssl.clientAuth=need), or demand authentication: \
                 enforce.auth.enabled=true with enforce.auth.schemes (3.7 and later).",
            ));
        }
    })
}

/// Only where it is certain that clients log in by a password: the server demands it, or the root's ACL names a user.
fn passwords_in_the_clear(
    zookeeper: &ZookeeperFacts,
    member: &ZookeeperMember,
    facts: &CommonFacts,
) -> Option<Hit> {
    let plain = |l: &&Listener| l.kind == ListenerKind::Client && l.plaintext == Observed::Known(true);
    let listener = zookeeper.common(member, facts)?.listeners.iter().find(plain)?;
    let schemes = member.settings.property("enforce.auth.schemes").known().copied().flatten();
    let demanded = schemes.is_some_and(|schemes| schemes.split(',').any(|scheme| scheme.trim() == "digest"));
    let because = match (demanded, &zookeeper.root_digest) {
        (true, _) => "enforce.auth.schemes demands digest",
        (false, Observed::Known(true)) => "the root's ACL names a user of digest",
        _ => return None,
    };
    let severity = if listener.loopback { Severity::Info } else { Severity::Warning };
    let says = "passwords cross {listener} in the clear: {because}, and the port speaks plaintext";
    Some(
        on(member, severity, says)
            .with("listener", listener.address.as_str())
            .with("because", because)
            .remedy("Serve clients on secureClientPort only; what is kept of a password is its SHA-1, without salt."),
    )
}

/// Whether a client port may take a session without a certificate.
fn lets_strangers_in(zookeeper: &ZookeeperFacts, member: &ZookeeperMember, facts: &CommonFacts) -> bool {
    let common = zookeeper.common(member, facts);
    let mut clients =
        common.into_iter().flat_map(|m| m.listeners.iter().filter(|l| l.kind == ListenerKind::Client));
    let closed = clients.all(|l| l.anonymous.known() == Some(&false));
    !(closed && common.is_some_and(|m| !m.listeners.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::super::auth::CHECK;
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn a_password_on_a_plaintext_port_is_proven_or_not_said() {
        let mut sample = ensemble(1);
        row(&CHECK, &sample, &[]);
        sample.set_property("n1", "enforce.auth.schemes", Some("sasl,digest"));
        row(&CHECK, &sample, &[]);
        sample.member_mut("n1").listeners[0].plaintext = Observed::Known(true);
        row(&CHECK, &sample, &[Severity::Warning]);
        sample.set_property("n1", "enforce.auth.schemes", Some("sasl"));
        row(&CHECK, &sample, &[]);
        sample.ensemble_mut().root_digest = Observed::Known(true);
        row(&CHECK, &sample, &[Severity::Warning]);
        sample.member_mut("n1").listeners[0].loopback = true;
        row(&CHECK, &sample, &[Severity::Info]);
    }
}
