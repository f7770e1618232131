//! auth, asked of ZooKeeper: who may open a session.

use crate::checks::servers::{each, hidden_alike, on, property};
use crate::facts::{CommonFacts, ListenerKind, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Outcome, Severity};
use crate::policy::Policy;

pub(super) fn judge(zookeeper: &ZookeeperFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.settings.properties)
        && zookeeper.answering().all(|member| lets_strangers_in(zookeeper, member, facts))
    {
        return Outcome::undecided(format!("the servers' settings: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| {
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

/// Whether a client port may take a session without a certificate.
fn lets_strangers_in(zookeeper: &ZookeeperFacts, member: &ZookeeperMember, facts: &CommonFacts) -> bool {
    let common = zookeeper.common(member, facts);
    let mut clients =
        common.into_iter().flat_map(|m| m.listeners.iter().filter(|l| l.kind == ListenerKind::Client));
    let closed = clients.all(|l| l.anonymous.known() == Some(&false));
    !(closed && common.is_some_and(|m| !m.listeners.is_empty()))
}
