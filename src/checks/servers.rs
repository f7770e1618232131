//! What the rules on ZooKeeper have in common: they walk the servers that answered, each with its own numbers.

use crate::facts::{Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Hit, Outcome, Severity, Tally};

/// Judges every server that answered. Nobody answering decides nothing.
pub(super) fn each(
    facts: &ZookeeperFacts,
    at_worst: Severity,
    mut judge: impl FnMut(&ZookeeperMember, &mut Tally),
) -> Outcome {
    let mut tally = Tally::new();
    let mut servers = 0_usize;
    for member in facts.answering() {
        servers += 1;
        judge(member, &mut tally);
    }
    if servers == 0 {
        return Outcome::undecided("no member answered", at_worst);
    }
    tally.evidence("servers", servers);
    tally.outcome()
}

/// A number that a server publishes; where it does not, the gap is recorded. `what`: how a sentence calls it.
pub(super) fn number(
    member: &ZookeeperMember,
    name: &str,
    what: &str,
    at_worst: Severity,
    tally: &mut Tally,
) -> Option<f64> {
    let why = match &member.metrics {
        Observed::Known(metrics) => match metrics.numbers.get(name) {
            Some(value) => return Some(*value),
            None => "this version does not tell it",
        },
        Observed::Unknown(why) => why.as_str(),
    };
    tally.gap(member.label(), format!("{what}: {why}"), at_worst);
    None
}

/// Grown since the earlier look; `None` where there is none to compare with or the number is not published.
pub(super) fn grown(member: &ZookeeperMember, name: &str) -> Option<f64> {
    member.window.known()?.grown.get(name).copied()
}

/// A hit at and above a limit: critical above the second one.
pub(super) fn above(value: f64, warn: f64, critical: f64) -> Option<Severity> {
    match value {
        value if value >= critical => Some(Severity::Critical),
        value if value >= warn => Some(Severity::Warning),
        _ => None,
    }
}

/// A setting that becomes a system property; where it cannot be read, the gap is recorded.
pub(super) fn property<'a>(
    member: &'a ZookeeperMember,
    key: &str,
    at_worst: Severity,
    tally: &mut Tally,
) -> Option<&'a str> {
    match member.settings.property(key) {
        Observed::Known(value) => value,
        Observed::Unknown(why) => {
            tally.gap(member.label(), format!("{key}: {why}"), at_worst);
            None
        }
    }
}

/// A hit about a server.
pub(super) fn on(member: &ZookeeperMember, severity: Severity, says: &'static str) -> Hit {
    Hit::new(severity, says).on(member.label())
}
