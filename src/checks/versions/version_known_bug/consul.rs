//! version-known-bug, asked of Consul.

use crate::checks::agents::nobody;
use crate::checks::versions::release::told;
use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;

/// One bug: what goes wrong, and which patch releases of 1.x have it: minor, first, and the first without it.
struct Bug {
    problem: &'static str,
    affected: &'static [(u32, u32, u32)],
}

/// Only what could be looked up; severities are warnings: each needs a special situation.
const BUGS: &[Bug] = &[
    Bug { problem: "it may not start with snapshots of older versions (#14107)", affected: &[(13, 0, 1)] },
    Bug {
        problem: "a crafted certificate request escapes its intentions (CVE-2022-40716)",
        affected: &[(11, 0, 9), (12, 0, 5), (13, 0, 2)],
    },
    Bug {
        problem: "whoever may write services can crash servers that use peering or an ingress gateway (CVE-2023-0845)",
        affected: &[(14, 0, 5)],
    },
];

/// Lines of which the table knows something.
const KNOWN_MINORS: std::ops::RangeInclusive<u32> = 11..=14;

pub(super) fn judge(_: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let fleet = told(facts, Severity::Warning, &mut tally);
    if fleet.is_empty() {
        return nobody(Severity::Warning);
    }
    let mut clean = Vec::new();
    for (release, members) in fleet {
        if release.major != 1 || !KNOWN_MINORS.contains(&release.minor) {
            let missing = format!("this quorate knows no bugs of Consul {}.{}", release.major, release.minor);
            tally.gap(members.join(", "), missing, Severity::Info);
            continue;
        }
        let has = |bug: &&Bug| {
            bug.affected.iter().any(|(minor, first, fixed)| {
                *minor == release.minor && (*first..*fixed).contains(&release.patch)
            })
        };
        let problems: Vec<String> = BUGS.iter().filter(has).map(|bug| bug.problem.to_owned()).collect();
        if problems.is_empty() {
            clean.push(release.to_string());
            continue;
        }
        let hit = Hit::new(Severity::Warning, "{version} on {members} has known bugs: {problems}")
            .with("version", release.to_string())
            .with("members", members)
            .with("problems", problems);
        tally.hit(hit);
    }
    tally.evidence("versions", clean);
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::CHECK;
    use crate::checks::testing::{Sample, row, servers};
    use crate::facts::Observed;
    use crate::finding::Severity;

    fn running(versions: [&str; 3]) -> Sample {
        let mut sample = servers(3);
        for (name, version) in ["n1", "n2", "n3"].into_iter().zip(versions) {
            sample.member_mut(name).version = Observed::Known(version.into());
        }
        sample
    }

    #[test]
    fn bugs_that_are_known() {
        row(&CHECK, &running(["1.14.11"; 3]), &[]);
        row(&CHECK, &running(["1.13.9"; 3]), &[]);
        row(&CHECK, &running(["1.13.0"; 3]), &[Severity::Warning]);
    }
}
