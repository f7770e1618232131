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

/// The same for a check that lives by the numbers of `mntr`, which most servers do not tell.
pub(super) fn each_with_numbers(
    facts: &ZookeeperFacts,
    at_worst: Severity,
    judge: impl FnMut(&ZookeeperMember, &mut Tally),
) -> Outcome {
    match hidden_alike(facts, |member| &member.metrics) {
        Some(why) => Outcome::undecided(format!("the servers' numbers: {why}"), at_worst),
        None => each(facts, at_worst, judge),
    }
}

/// The same for a check that lives by settings, which only an AdminServer or the machine itself tells.
pub(super) fn each_with_settings(
    facts: &ZookeeperFacts,
    at_worst: Severity,
    judge: impl FnMut(&ZookeeperMember, &mut Tally),
) -> Outcome {
    let worst = facts.answering().map(|member| unpublished(member, at_worst)).max().unwrap_or(at_worst);
    match hidden_alike(facts, |member| &member.settings.properties) {
        Some(why) => Outcome::undecided(format!("the servers' settings: {why}"), worst),
        None => each(facts, at_worst, judge),
    }
}

/// Why every server that answered hides one thing, when it is the same reason for all: that is one thing to say of the
/// ensemble, and not one of each server.
pub(super) fn hidden_alike<'a, T: 'a>(
    facts: &'a ZookeeperFacts,
    of: impl Fn(&'a ZookeeperMember) -> &'a Observed<T>,
) -> Option<&'a str> {
    let mut servers = facts.answering().map(of);
    let why = servers.next()?.why()?;
    servers.all(|other| other.why() == Some(why)).then_some(why)
}

/// How bad it is at worst that a server's settings were not seen, where they could hide something that is `at_worst`.
///
/// By default `srvr` is all that a ZooKeeper tells: its settings are published by the AdminServer, which many switch off
/// and 3.10 does not start any more, or seen on its machine. Nothing suggests a danger there, and a gate that can never
/// say more than "unknown" of such an ensemble would be switched off, and with it what `srvr` does tell: quorum, roles,
/// versions, lag. So the gap is named, and counts as a warning may: `--fail-on warning` exits 3. Where the config file
/// names the AdminServer, or one answered and broke off, silence is a fault that may hide the worst.
pub(super) fn unpublished(member: &ZookeeperMember, at_worst: Severity) -> Severity {
    if member.settings.expected { at_worst } else { at_worst.min(Severity::Warning) }
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
