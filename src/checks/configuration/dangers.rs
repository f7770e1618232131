//! unsafe-flags, asked of ZooKeeper: settings of `zoo.cfg` and of the process.

use crate::checks::servers::{each_with_settings, on, unpublished};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Hit, Outcome, Severity};
use crate::policy::Policy;

/// A setting that is wrong at a value.
struct Danger {
    key: &'static str,
    /// Exactly what the server compares with.
    wrong: &'static str,
    severity: Severity,
    because: &'static str,
}

const DANGERS: &[Danger] = &[
    Danger {
        key: "skipACL",
        wrong: "yes",
        severity: Severity::Critical,
        because: "every ACL is ignored: whoever opens a session may read and change everything",
    },
    Danger {
        key: "forceSync",
        wrong: "no",
        severity: Severity::Critical,
        because: "writes are acknowledged before they are on the disk: a power cut loses them",
    },
    Danger {
        key: "snapshot.trust.empty",
        wrong: "true",
        severity: Severity::Warning,
        because: "a server whose snapshots are lost starts with what its logs hold; it is meant for one upgrade",
    },
    Danger {
        key: "client.portUnification",
        wrong: "true",
        severity: Severity::Warning,
        because: "the secure client port takes plaintext too; it is meant for the hours of a migration",
    },
    Danger {
        key: "digest.enabled",
        wrong: "false",
        severity: Severity::Info,
        because: "servers do not compare their data",
    },
];

/// The file's own keys, which are no properties.
const IN_THE_FILE: &[Danger] = &[Danger {
    key: "portUnification",
    wrong: "true",
    severity: Severity::Warning,
    because: "the ports of the quorum take plaintext too; it is meant for the hours of a migration",
}];

pub(super) fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    each_with_settings(zookeeper, Severity::Critical, |member, tally| {
        if let Some(hit) = local_sessions(member) {
            tally.hit(hit);
        }
        if let Observed::Unknown(why) = &member.settings.properties {
            let at_worst = unpublished(member, Severity::Critical);
            tally.gap(member.label(), format!("its settings: {why}"), at_worst);
        }
        let found = DANGERS
            .iter()
            .filter(|d| member.settings.property(d.key).known().copied().flatten() == Some(d.wrong))
            .chain(
                IN_THE_FILE
                    .iter()
                    .filter(|d| member.settings.parsed(d.key).known().copied().flatten() == Some(d.wrong)),
            );
        for danger in found {
            tally.hit(
                on(member, danger.severity, "{setting}: {because}")
                    .with("setting", format!("{}={}", danger.key, danger.wrong))
                    .with("because", danger.because)
                    .remedy("Take the setting out of zoo.cfg (or the JVM's options) and restart the servers one at a time."),
            );
        }
        let admin = member.settings.property("DigestAuthenticationProvider.superDigest");
        if admin.known().copied().flatten().is_some() {
            tally.hit(
                on(
                    member,
                    Severity::Warning,
                    "a super user is set (superDigest): its password passes every ACL",
                )
                .remedy(
                    "Remove it when the work it was set for is done, and restart the servers one at a time.",
                ),
            );
        }
    })
}

/// Sessions that only one server knows make no ephemeral znodes, unless they are upgraded when they try to.
fn local_sessions(member: &ZookeeperMember) -> Option<Hit> {
    let yes = |key| {
        let value = member.settings.parsed(key).known().copied().flatten();
        value.is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
    };
    (yes("localSessionsEnabled") && !yes("localSessionsUpgradingEnabled")).then(|| {
        // Those that are there are of sessions before the setting: their clients cannot make them again.
        let used = member.metric("ephemerals_count").unwrap_or_default() as u64;
        let severity = if used > 0 { Severity::Warning } else { Severity::Info };
        let says = "localSessionsEnabled without localSessionsUpgradingEnabled: new sessions cannot make ephemeral znodes, \
                    of which there are {ephemerals}";
        on(member, severity, says)
            .with("ephemerals", used)
            .remedy("Set localSessionsUpgradingEnabled=true on all servers, and restart them one at a time.")
    })
}

#[cfg(test)]
mod tests {
    use super::super::unsafe_flags::CHECK;
    use super::*;
    use crate::checks::testing::{ensemble, row, undecided};

    #[test]
    fn only_the_literal_value_counts() {
        row(&CHECK, &ensemble(3), &[]);
        for (key, value, expected) in [
            ("skipACL", "yes", vec![Severity::Critical]),
            ("skipACL", "true", vec![]),
            ("forceSync", "no", vec![Severity::Critical]),
            ("forceSync", "false", vec![]),
            ("DigestAuthenticationProvider.superDigest", "(set)", vec![Severity::Warning]),
        ] {
            let mut sample = ensemble(1);
            sample.set_property("n1", key, Some(value));
            row(&CHECK, &sample, &expected);
        }
    }

    #[test]
    fn sessions_of_one_server() {
        let mut sample = ensemble(1);
        sample.set_in_file("n1", "localSessionsEnabled", Some("true"));
        row(&CHECK, &sample, &[Severity::Info]);
        sample.numbers_mut("n1").insert("ephemerals_count".into(), 2.0);
        row(&CHECK, &sample, &[Severity::Warning]);
        sample.set_in_file("n1", "localSessionsUpgradingEnabled", Some("true"));
        row(&CHECK, &sample, &[]);
    }

    #[test]
    fn settings_that_nobody_promised_are_no_alarm() {
        use crate::facts::ZookeeperSettings;
        let mut sample = ensemble(3);
        sample.zookeeper_mut("n1").settings = ZookeeperSettings::default();
        undecided(&CHECK, &sample, Severity::Warning);
        sample.zookeeper_mut("n1").settings.expected = true;
        undecided(&CHECK, &sample, Severity::Critical);
        // All alike are one gap, and as bad as the worst of them.
        for name in ["n2", "n3"] {
            sample.zookeeper_mut(name).settings = ZookeeperSettings::default();
        }
        undecided(&CHECK, &sample, Severity::Critical);
        sample.zookeeper_mut("n1").settings.expected = false;
        undecided(&CHECK, &sample, Severity::Warning);
        // What is seen still counts, whatever the others hide.
        sample.zookeeper_mut("n2").settings = ensemble(3).zookeeper_mut("n2").settings.clone();
        sample.set_property("n2", "skipACL", Some("yes"));
        let outcome = sample.run(&CHECK);
        let seen = matches!(&outcome, Outcome::Judged { hits, gaps } if hits.len() == 1 && gaps.len() == 2);
        assert!(seen, "{outcome:?}");
    }
}
