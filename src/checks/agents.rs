//! What the rules on Consul have in common: they walk the agents that are servers and answered, each with its own settings
//! and its metrics of one interval.

use crate::facts::{CommonFacts, ConsulFacts, ConsulMember, ConsulSettings, ListenerKind, Member, Observed};
use crate::finding::{Outcome, Severity, Tally};

/// Servers that answered with their settings; those that would not tell are gaps of this severity.
pub(super) fn with_settings<'a>(
    consul: &'a ConsulFacts,
    facts: &'a CommonFacts,
    at_worst: Severity,
    tally: &mut Tally,
) -> Vec<(&'a Member, &'a ConsulSettings)> {
    let mut seen = Vec::new();
    for (member, native) in consul.answered(facts) {
        match &native.settings {
            Observed::Known(settings) => seen.push((member, settings)),
            Observed::Unknown(why) => tally.gap(member.label(), format!("its settings: {why}"), at_worst),
        }
    }
    seen
}

/// What is missing where metrics were not read: the same words in every check, so that it reads as the one thing it is. It
/// is a warning at worst, as what a glimpse of one interval can show.
pub(super) fn unread(member: &Member, native: &ConsulMember, tally: &mut Tally) {
    if let Observed::Unknown(why) = &native.metrics {
        tally.gap(member.label(), format!("its metrics: {why}"), Severity::Warning);
    }
}

/// Said when nobody answered.
pub(super) fn nobody(at_worst: Severity) -> Outcome {
    Outcome::undecided("no server answered", at_worst)
}

/// How bad it is that their API is open to whoever connects: to everybody, to whoever has a certificate, or to the machine
/// itself only.
pub(super) fn exposure<'a>(members: impl Iterator<Item = &'a Member> + Clone) -> Severity {
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

/// Whether only the machine itself can reach the API of these servers.
pub(super) fn loopback_only<'a>(members: impl Iterator<Item = &'a Member>) -> bool {
    let mut listeners =
        members.flat_map(|m| &m.listeners).filter(|l| l.kind == ListenerKind::Client).peekable();
    listeners.peek().is_some() && listeners.all(|l| l.loopback)
}

/// Whether a server that answered runs Consul Enterprise, whose lines get fixes of their own.
pub(super) fn any_enterprise(consul: &ConsulFacts, facts: &CommonFacts) -> bool {
    consul
        .answered(facts)
        .any(|(_, native)| native.settings.known().is_some_and(|settings| settings.enterprise))
}
