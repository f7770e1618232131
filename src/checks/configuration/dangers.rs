//! unsafe-flags, asked of ZooKeeper: settings of `zoo.cfg` and of the process.

use crate::checks::servers::{each, on};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Outcome, Severity};
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
    each(zookeeper, Severity::Critical, |member, tally| {
        if let Observed::Unknown(why) = &member.settings.properties {
            tally.gap(member.label(), format!("its settings: {why}"), Severity::Critical);
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
        let mut sample = ensemble(3);
        sample.zookeeper_mut("n1").settings = crate::facts::ZookeeperSettings::default();
        undecided(&CHECK, &sample, Severity::Critical);
    }
}
