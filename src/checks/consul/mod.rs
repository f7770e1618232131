//! How the checks judge Consul's own facts. The check itself, its question and its words are with its family.

pub(super) mod access;
pub(super) mod gossip;
pub(super) mod log;
pub(super) mod membership;
pub(super) mod metrics;
pub(super) mod replication;
pub(super) mod settings;
#[cfg(test)]
pub(super) mod testing;
pub(super) mod versions;

use crate::facts::{CommonFacts, ConsulFacts, ConsulSettings, ListenerKind, Member, Observed};
use crate::finding::{Outcome, Severity, Tally};

/// Servers that answered with their settings; those that would not tell are gaps of this severity.
fn with_settings<'a>(
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

/// Said when nobody answered.
fn nobody(at_worst: Severity) -> Outcome {
    Outcome::undecided("no server answered", at_worst)
}

/// Whether only the machine itself can reach the API of these servers.
fn loopback_only<'a>(members: impl Iterator<Item = &'a Member>) -> bool {
    let mut listeners =
        members.flat_map(|m| &m.listeners).filter(|l| l.kind == ListenerKind::Client).peekable();
    listeners.peek().is_some() && listeners.all(|l| l.loopback)
}
