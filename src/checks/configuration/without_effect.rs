use crate::checks::servers::{each_with_settings, on, unpublished};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity};
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "settings-without-effect",
    family: Family::Configuration,
    question: "Does every setting do what whoever wrote it expects, and the same on all servers?",
    why: "ZooKeeper takes any key in zoo.cfg without a word. Some are read only from the JVM's options; a limit that \
          differs between servers makes one of them unable to read what the others write.",
    remedy: "Move the setting to the JVM's options (SERVER_JVMFLAGS=-Djute.maxbuffer=…), the same on every server and \
             client, and restart the servers one at a time.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper QuorumPeerConfig.parseProperties: unknown keys become zookeeper.KEY",
        "ZooKeeper BinaryInputArchive: Integer.getInteger(\"jute.maxbuffer\")",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

/// Keys that only the JVM's options set, and what is silently not so.
const IGNORED: [(&str, &str); 2] = [
    ("jute.maxbuffer", "the size limit is what it was"),
    ("readonlymode.enabled", "read-only mode stays off"),
];

/// Settings that must be alike: critical where unlike ones lose a server.
const ALIKE: [(&str, Severity); 5] = [
    ("jute.maxbuffer", Severity::Critical),
    ("tickTime", Severity::Warning),
    ("initLimit", Severity::Warning),
    ("syncLimit", Severity::Warning),
    ("reconfigEnabled", Severity::Critical),
];

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let outcome = each_with_settings(zookeeper, Severity::Critical, |member, tally| {
        let (properties, file) = (member.settings.properties.known(), member.settings.file.known());
        if properties.is_none() && file.is_none() {
            let why = member.settings.properties.why().unwrap_or_default();
            let at_worst = unpublished(member, Severity::Critical);
            return tally.gap(member.label(), format!("its settings: {why}"), at_worst);
        }
        for (key, consequence) in IGNORED {
            // In zoo.cfg it became zookeeper.KEY, which nobody reads; from the JVM's options it has no prefix.
            let becomes = format!("zookeeper.{key}");
            let written = file.is_some_and(|map| map.contains_key(key))
                || properties.is_some_and(|map| map.contains_key(&becomes));
            if written {
                tally.hit(
                    on(
                        member,
                        Severity::Warning,
                        "{key} in zoo.cfg (or as -Dzookeeper.{key}) has no effect: {consequence}",
                    )
                    .with("key", key)
                    .with("consequence", consequence),
                );
            }
        }
        let retained = member.settings.parsed("autopurge.snapRetainCount").known().copied().flatten();
        if retained.and_then(|n| n.trim().parse::<u64>().ok()).is_some_and(|n| n < 3) {
            tally.hit(on(
                member,
                Severity::Info,
                "autopurge.snapRetainCount below 3 has no effect: 3 are kept",
            ));
        }
    });
    unlike(zookeeper, outcome)
}

/// Adds what differs between servers.
fn unlike(zookeeper: &ZookeeperFacts, outcome: Outcome) -> Outcome {
    let (mut hits, gaps) = match outcome {
        Outcome::Judged { hits, gaps } => (hits, gaps),
        Outcome::Clear(_) | Outcome::NotApplicable(_) => (Vec::new(), Vec::new()),
    };
    for (key, severity) in ALIKE {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for member in zookeeper.answering() {
            if let Observed::Known(value) = value_of(member, key) {
                values.entry(value).or_default().push(member.label());
            }
        }
        if values.len() > 1 {
            let told: Vec<String> =
                values.iter().map(|(value, who)| format!("{value} on {}", who.join(", "))).collect();
            hits.push(
                Hit::new(severity, "{key} differs between the servers: {values}")
                    .with("key", key)
                    .with("values", told)
                    .remedy("Set it alike on every server, and restart those that differ one at a time."),
            );
        }
    }
    if hits.is_empty() && gaps.is_empty() { Outcome::clear() } else { Outcome::Judged { hits, gaps } }
}

fn value_of(member: &crate::facts::ZookeeperMember, key: &str) -> Observed<String> {
    let settings = &member.settings;
    if key == "jute.maxbuffer" {
        return settings.properties.map(|map| map.get(key).cloned().unwrap_or_else(|| "the default".into()));
    }
    let written = settings.file.map(|map| map.get(key).cloned().unwrap_or_else(|| "the default".into()));
    match settings.running.known().and_then(|map| map.get(key)) {
        Some(value) => Observed::Known(value.clone()),
        None => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn a_limit_in_the_wrong_place_and_limits_that_differ() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.set_in_file("n1", "jute.maxbuffer", Some("4194304"));
        row(&CHECK, &sample, &[Severity::Warning]);
        let mut sample = ensemble(3);
        sample.set_property("n1", "zookeeper.jute.maxbuffer", Some("4194304"));
        row(&CHECK, &sample, &[Severity::Warning]);
        let mut sample = ensemble(3);
        sample.set_property("n2", "jute.maxbuffer", Some("4194304"));
        row(&CHECK, &sample, &[Severity::Critical]);
        let mut sample = ensemble(3);
        sample.set_in_file("n3", "syncLimit", Some("2"));
        row(&CHECK, &sample, &[Severity::Warning]);
    }
}
