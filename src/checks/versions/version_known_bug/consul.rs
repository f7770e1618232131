//! version-known-bug, asked of Consul. What was fixed and where is from the bulletins of discuss.hashicorp.com/c/security, the
//! Go vulnerability database and the CVE records; severities are warnings: each needs a special situation.

use crate::checks::agents::{any_enterprise, nobody};
use crate::checks::versions::release::{Release, told};
use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;

/// Minor of 1.x, and its first patch without the bug. Lines above the last one never had it.
type Fixes = &'static [(u32, u32)];

/// One bug.
struct Bug {
    /// What goes wrong and for whom.
    problem: &'static str,
    /// The first minor of 1.x that has it.
    since: u32,
    /// Lines of the Community edition that got the fix.
    fixed: Fixes,
    /// Lines of Enterprise that got it; `None`: as the Community edition, or not looked up where that got none.
    enterprise: Option<Fixes>,
}

const BUGS: &[Bug] = &[
    Bug {
        problem: "a crash of servers by whoever may write services, with ingress gateways (CVE-2022-24687)",
        since: 8,
        fixed: &[(9, 15), (10, 8), (11, 3)],
        enterprise: None,
    },
    Bug {
        problem: "it may not start with snapshots of older versions (#14107)",
        since: 13,
        fixed: &[(13, 1)],
        enterprise: None,
    },
    Bug {
        problem: "a crafted certificate request escapes its intentions (CVE-2022-40716)",
        since: 2,
        fixed: &[(11, 9), (12, 5), (13, 2)],
        enterprise: None,
    },
    Bug {
        problem: "whoever may write services crashes servers that use peering or gateways (CVE-2023-0845)",
        since: 14,
        fixed: &[(14, 5)],
        enterprise: None,
    },
    Bug {
        problem: "with cluster peering a peer can damage the state of a service (CVE-2023-1297)",
        since: 13,
        fixed: &[(14, 5), (15, 3)],
        enterprise: None,
    },
    Bug {
        problem: "an error page carries scripts into a browser (CVE-2024-10086)",
        since: 4,
        fixed: &[(20, 0)],
        enterprise: NOT_LOOKED_UP,
    },
    Bug {
        problem: "paths and headers evade L7 intentions of the mesh (CVE-2024-10005 and CVE-2024-10006)",
        since: 9,
        fixed: &[(20, 1)],
        enterprise: NOT_LOOKED_UP,
    },
    Bug {
        problem: "large requests to the key and event endpoints exhaust memory (CVE-2025-11374 and CVE-2025-11375)",
        since: 0,
        fixed: &[(22, 0)],
        enterprise: Some(&[(18, 12), (20, 8), (21, 6), (22, 0)]),
    },
    Bug {
        problem: "files of the server can be read, with the Kubernetes auth method (CVE-2026-2808)",
        since: 0,
        fixed: &[(22, 5)],
        enterprise: Some(&[(18, 21), (21, 11), (22, 5)]),
    },
];

/// Enterprise got it in lines that are not known here: nothing is said about it.
const NOT_LOOKED_UP: Option<Fixes> = Some(&[]);

/// Lines of which the table knows something.
const KNOWN_MINORS: std::ops::RangeInclusive<u32> = 9..=22;

pub(super) fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let fleet = told(facts, Severity::Warning, &mut tally);
    if fleet.is_empty() {
        return nobody(Severity::Warning);
    }
    let enterprise = any_enterprise(consul, facts);
    let mut clean = Vec::new();
    for (release, members) in fleet {
        if release.major != 1 || !KNOWN_MINORS.contains(&release.minor) {
            let missing = format!("this quorate knows no bugs of Consul {}.{}", release.major, release.minor);
            tally.gap(members.join(", "), missing, Severity::Info);
            continue;
        }
        let problems: Vec<String> = BUGS
            .iter()
            .filter(|bug| in_force(bug, release, enterprise))
            .map(|bug| bug.problem.to_owned())
            .collect();
        if problems.is_empty() {
            clean.push(release.to_string());
            continue;
        }
        let newest_of_line = problems.len() == fixed_elsewhere(release, enterprise);
        let hit = Hit::new(Severity::Warning, "{version} on {members} has {count} known bugs: {problems}")
            .with("version", release.to_string())
            .with("members", members)
            .with("count", problems.len())
            .with("problems", problems);
        tally.hit(if newest_of_line { hit.remedy(LEAVE_THE_LINE) } else { hit });
    }
    tally.evidence("versions", clean);
    tally.outcome()
}

const LEAVE_THE_LINE: &str = "Upgrade to the newest line, one minor and one server at a time, the leader last, with a snapshot \
                              taken before: the fixes are not in this line.";

fn in_force(bug: &Bug, release: Release, enterprise: bool) -> bool {
    let fixes = fixes(bug, enterprise);
    let Some((newest, _)) = fixes.last() else { return false };
    let own = fixes.iter().find(|(minor, _)| *minor == release.minor);
    release.minor >= bug.since
        && match own {
            // A pre-release of the fixing patch may lack the fix: it sorts before it and counts as affected.
            Some((minor, patch)) => release < Release::new(1, *minor, *patch),
            None => release.minor < *newest,
        }
}

fn fixes(bug: &Bug, enterprise: bool) -> Fixes {
    bug.enterprise.filter(|_| enterprise).unwrap_or(bug.fixed)
}

/// How many of the bugs of this release no patch of its line fixes.
fn fixed_elsewhere(release: Release, enterprise: bool) -> usize {
    let in_line = |bug: &Bug| fixes(bug, enterprise).iter().any(|(minor, _)| *minor == release.minor);
    BUGS.iter().filter(|bug| in_force(bug, release, enterprise) && !in_line(bug)).count()
}

#[cfg(test)]
mod tests {
    use super::super::CHECK;
    use super::*;
    use crate::checks::testing::{Sample, row, servers};
    use crate::facts::Observed;

    fn running(version: &str) -> Sample {
        let mut sample = servers(3);
        for name in ["n1", "n2", "n3"] {
            sample.member_mut(name).version = Observed::Known(version.into());
        }
        sample
    }

    fn problems(version: &str, enterprise: bool) -> Vec<&'static str> {
        let release = Release::parse(version).expect("a version");
        let of = BUGS.iter().filter(|bug| in_force(bug, release, enterprise));
        of.map(|bug| bug.problem.rsplit_once('(').expect("its name").1.trim_end_matches(')')).collect()
    }

    #[test]
    fn each_release_has_the_bugs_of_the_advisories() {
        const OPEN: [&str; 4] = [
            "CVE-2024-10086",
            "CVE-2024-10005 and CVE-2024-10006",
            "CVE-2025-11374 and CVE-2025-11375",
            "CVE-2026-2808",
        ];
        assert_eq!(problems("1.14.11", false), OPEN);
        assert_eq!(problems("1.13.9", false)[0], "CVE-2023-1297");
        assert_eq!(problems("1.13.9", false)[1..], OPEN);
        assert!(problems("1.13.0", false).contains(&"#14107"));
        assert!(problems("1.12.4", false).contains(&"CVE-2022-40716"));
        assert!(!problems("1.12.9", false).contains(&"#14107"));
        assert_eq!(problems("1.21.5", false), OPEN[2..]);
        assert_eq!(problems("1.22.4", false), OPEN[3..]);
        assert!(problems("1.22.5", false).is_empty());
        assert!(problems("1.21.11", true).is_empty());
        assert_eq!(problems("1.21.10", true), OPEN[3..]);
        assert_eq!(problems("1.20.8", true), OPEN[3..], "1.20 got the first fix only");
    }

    #[test]
    fn what_is_not_known_is_not_called_clean() {
        row(&CHECK, &running("1.22.6"), &[]);
        row(&CHECK, &running("1.14.11"), &[Severity::Warning]);
        for unknown in ["2.1.0", "1.8.19"] {
            let Outcome::Judged { hits, gaps } = running(unknown).run(&CHECK) else {
                unreachable!("{unknown}")
            };
            assert!(hits.is_empty() && gaps.len() == 1, "{unknown}");
        }
    }
}
