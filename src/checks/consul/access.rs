//! Who may ask Consul what, with and without a token.

use super::{loopback_only, nobody, with_settings};
use crate::facts::{CommonFacts, ConsulFacts, ListenerKind, Member, Observed};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

const TURN_ON: &str = "Turn access controls on with acl.enabled = true and acl.default_policy = \"deny\" on every server, \
                       after `consul acl bootstrap` and tokens for every agent.";

/// `auth`: access controls are on and deny by default.
pub(in crate::checks) fn controls(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let mut open: BTreeMap<&'static str, Vec<&Member>> = BTreeMap::new();
    for (member, settings) in with_settings(consul, facts, Severity::Critical, &mut tally) {
        match (settings.acls_enabled, settings.acl_default_policy.as_deref()) {
            (Some(false), _) => open.entry(OFF).or_default().push(member),
            (Some(true), Some("allow")) => open.entry(ALLOW).or_default().push(member),
            (Some(true), Some(_)) => {}
            (Some(true), None) | (None, _) => {
                tally.gap(
                    member.label(),
                    "its access controls: its settings do not tell",
                    Severity::Critical,
                );
            }
        }
    }
    for (says, members) in open {
        let labels: Vec<String> = members.iter().map(|m| m.label()).collect();
        let proven = members.iter().any(|m| reads_keys(consul, m) == Some(true));
        let hit = Hit::new(severity(members.into_iter()), says)
            .with("read_without_a_token", if proven { "yes, proven" } else { "not proven" });
        tally.hit(hit.remedy(TURN_ON).on(labels.join(", ")));
    }
    if let Observed::Known(true) = token_refused(consul) {
        tally.hit(
            Hit::new(Severity::Warning, "the token that was given is not known to the cluster").remedy(
                "Give the right token by --token-file or CONSUL_HTTP_TOKEN; what needs one was not seen.",
            ),
        );
    }
    tally.evidence("access_controls", "deny by default");
    tally.outcome()
}

const OFF: &str =
    "access controls are off: whoever reaches the API may read and change every key, service and intention";
const ALLOW: &str =
    "access controls allow by default: what no rule denies, whoever reaches the API may read and change";

fn token_refused(consul: &ConsulFacts) -> Observed<bool> {
    let refusals = consul.members.iter().flat_map(|m| m.denied.values());
    Observed::Known(consul.token && refusals.into_iter().any(|why| why.contains("ACL not found")))
}

fn reads_keys(consul: &ConsulFacts, member: &Member) -> Option<bool> {
    consul.member(&member.id)?.anonymous.known().map(|anonymous| anonymous.keys)
}

/// As bad as who can connect: everybody, whoever has a certificate, or only the machine itself.
fn severity<'a>(members: impl Iterator<Item = &'a Member> + Clone) -> Severity {
    let demanded = |m: &Member| {
        let mut clients = m.listeners.iter().filter(|l| l.kind == ListenerKind::Client).peekable();
        clients.peek().is_some() && clients.all(|l| l.anonymous.known() == Some(&false))
    };
    if loopback_only(members.clone()) || members.clone().all(demanded) {
        Severity::Warning
    } else {
        Severity::Critical
    }
}

/// `open-acls`: what can be read without a token although access controls deny by default.
pub(in crate::checks) fn anonymous(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let (mut keys, mut nodes, mut judged) = (Vec::new(), Vec::new(), 0_usize);
    for (member, native) in consul.answered(facts) {
        let denies = native.settings.known().is_none_or(|settings| {
            settings.acls_enabled != Some(false) && settings.acl_default_policy.as_deref() != Some("allow")
        });
        if !denies {
            continue;
        }
        judged += 1;
        match &native.anonymous {
            Observed::Known(anonymous) if anonymous.keys => keys.push(member),
            Observed::Known(anonymous) if anonymous.nodes => nodes.push(member.label()),
            Observed::Known(_) => {}
            Observed::Unknown(why) => {
                let missing = format!("what it lets be read without a token: {why}");
                tally.gap(member.label(), missing, severity(std::iter::once(member)));
            }
        }
    }
    if judged == 0 {
        return Outcome::NotApplicable("access controls are off, or allow by default: see auth".into());
    }
    if !keys.is_empty() {
        let labels: Vec<String> = keys.iter().map(|m| m.label()).collect();
        let hit =
            Hit::new(severity(keys.into_iter()), "keys can be read without a token: a request was made");
        tally.hit(hit.on(labels.join(", ")));
    }
    if !nodes.is_empty() {
        let says = "nodes can be read without a token, as DNS needs it";
        tally.hit(Hit::new(Severity::Info, says).on(nodes.join(", ")));
    }
    tally.evidence("asked_without_a_token", judged);
    tally.outcome()
}

/// `token-rights`: what the token may not ask.
pub(in crate::checks) fn rights(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut denied: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for (path, why) in consul.members.iter().flat_map(|m| &m.denied) {
        denied.entry(path).or_insert((why, 0)).1 += 1;
    }
    if denied.is_empty() && facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (path, (why, servers)) in denied {
        let says = if consul.token {
            "the token may not ask {path} of {servers} servers: {why}"
        } else {
            "without a token {path} cannot be asked of {servers} servers: {why}"
        };
        tally.hit(
            Hit::new(Severity::Warning, says).with("path", path).with("why", why).with("servers", servers),
        );
    }
    tally.evidence("token", if consul.token { "given" } else { "none" });
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::testing::servers;
    use crate::checks::find;
    use crate::checks::testing::{row, undecided};
    use crate::facts::{AnonymousAccess, Observed};
    use crate::finding::Severity;

    #[test]
    fn controls_that_are_off_or_allow_are_as_bad_as_who_can_connect() {
        let check = find("auth").expect("is there");
        row(check, &servers(3), &[]);
        let mut off = servers(3);
        off.settings_mut("n2").acls_enabled = Some(false);
        row(check, &off, &[Severity::Warning]);
        off.member_mut("n2").listeners[0].anonymous = Observed::Known(true);
        row(check, &off, &[Severity::Critical]);
        off.member_mut("n2").listeners[0].loopback = true;
        row(check, &off, &[Severity::Warning]);
        let mut allow = servers(3);
        allow.settings_mut("n1").acl_default_policy = Some("allow".into());
        row(check, &allow, &[Severity::Warning]);
        let mut untold = servers(3);
        untold.consul_mut("n3").settings = Observed::unknown("permission-denied");
        undecided(check, &untold, Severity::Critical);
    }

    #[test]
    fn what_a_stranger_reads_is_proven() {
        let check = find("open-acls").expect("is there");
        row(check, &servers(3), &[]);
        let mut keys = servers(3);
        keys.consul_mut("n1").anonymous = Observed::Known(AnonymousAccess { keys: true, nodes: false });
        keys.member_mut("n1").listeners[0].anonymous = Observed::Known(true);
        row(check, &keys, &[Severity::Critical]);
        let mut nodes = servers(3);
        nodes.consul_mut("n1").anonymous = Observed::Known(AnonymousAccess { keys: false, nodes: true });
        row(check, &nodes, &[Severity::Info]);
        let mut unseen = servers(3);
        unseen.consul_mut("n1").anonymous = Observed::unknown("no answer");
        undecided(check, &unseen, Severity::Warning);
    }

    #[test]
    fn a_token_that_may_not_ask_is_told_once_for_each_question() {
        let check = find("token-rights").expect("is there");
        row(check, &servers(3), &[]);
        let mut denied = servers(3);
        for name in ["n1", "n2"] {
            denied.consul_mut(name).denied.insert("/v1/agent/metrics".into(), "lacks 'agent:read'".into());
        }
        row(check, &denied, &[Severity::Warning]);
    }
}
