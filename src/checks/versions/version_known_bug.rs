mod consul;

use super::release::{Fleet, Release};
use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "version-known-bug",
    family: Family::Versions,
    question: "Is every member's version free of the bugs this program knows?",
    why: "Some releases lose, reorder or leak data in situations that clusters do meet. The fix is a patch release away.",
    remedy: "Upgrade to the newest patch release of the line, one member at a time, with a snapshot taken before.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper release notes; https://zookeeper.apache.org/security.html",
        "https://discuss.hashicorp.com/c/security, https://pkg.go.dev/vuln (github.com/hashicorp/consul), Consul CHANGELOG.md",
        "etcd CHANGELOG/CHANGELOG-3.4.md, -3.5.md, -3.6.md, -3.7.md",
        "https://github.com/etcd-io/etcd/security/advisories",
        "https://zookeeper.apache.org/security and the release notes of each ZooKeeper version",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(super::zookeeper::known_bugs), Rule::Consul(consul::judge)],
};

/// One bug.
struct Bug {
    /// What goes wrong and when, with the issue or advisory where there is one.
    problem: &'static str,
    /// Critical only where data go wrong silently in everyday operation; what needs a special situation is a warning.
    severity: Severity,
    /// The patch releases that have it: minor of 3.x, first patch, and the first patch without it (`None`: never fixed).
    affected: &'static [(u32, u32, Option<u32>)],
}

const fn warning(problem: &'static str, affected: &'static [(u32, u32, Option<u32>)]) -> Bug {
    Bug { problem, severity: Severity::Warning, affected }
}

/// Lines of which the table knows something.
const KNOWN_MINORS: std::ops::RangeInclusive<u32> = 4..=7;

const BUGS: &[Bug] = &[
    Bug {
        problem: "members' data diverge silently when one is killed under load (#13766)",
        severity: Severity::Critical,
        affected: &[(5, 0, Some(3))],
    },
    warning(
        "a single member may lose acknowledged writes in a crash (#14370)",
        &[(4, 0, Some(21)), (5, 0, Some(5))],
    ),
    warning("no start after `alarm list` and a power cut", &[(5, 0, Some(5))]),
    warning("revisions diverge after a crash during defrag; auth data after a snapshot", &[(5, 0, Some(6))]),
    warning(
        "watch events lost after a compaction; leases revoked by a former leader",
        &[(4, 0, Some(31)), (5, 0, Some(13))],
    ),
    warning(
        "revision goes backwards after a crash during compaction (#17780)",
        &[(4, 0, Some(32)), (5, 0, Some(14))],
    ),
    warning(
        "tombstone at the compacted revision dropped: hashes differ",
        &[(4, 0, Some(34)), (5, 0, Some(16))],
    ),
    warning("half of a failed write transaction may be applied", &[(5, 0, Some(17))]),
    warning("learner promotion not stored: 3.6 then refuses to start (#19557)", &[(5, 1, Some(24))]),
    warning(
        "force-new-cluster may drop applied entries or keep old members",
        &[(4, 0, None), (5, 0, Some(22)), (6, 0, Some(1))],
    ),
    warning(
        "database may be damaged by a snapshot received during defrag",
        &[(4, 0, Some(38)), (5, 0, Some(23)), (6, 0, Some(5))],
    ),
    warning("force-new-cluster cannot remove learners", &[(5, 0, Some(25)), (6, 0, Some(6))]),
    warning("removed members may come back with the upgrade to 3.6 (#20967)", &[(5, 0, Some(26))]),
    warning("Status tells a wrong quota", &[(6, 0, Some(6))]),
    warning(
        "stale linearizable reads after a leader change or a pause; auth bypass (CVE-2026-33413 and CVE-2026-33343)",
        &[(4, 0, Some(42)), (5, 0, Some(28)), (6, 0, Some(9))],
    ),
    warning("no member can be added while a voter is down", &[(5, 0, Some(30)), (6, 0, Some(11))]),
    warning(
        "transactions evade role permissions (CVE-2026-44283)",
        &[(4, 0, Some(44)), (5, 0, Some(30)), (6, 0, Some(11))],
    ),
    warning("updating a learner's peer URL promotes it", &[(5, 0, Some(31)), (6, 0, Some(12))]),
    warning(
        "revoked client certificates accepted with --listen-client-http-urls (GHSA-3wh4)",
        &[(5, 0, Some(32)), (6, 0, Some(13))],
    ),
    warning(
        "watch evades role permissions (GHSA-xg4h); strangers exhaust TLS handshakes (GHSA-6vch)",
        &[(5, 0, Some(33)), (6, 0, Some(14)), (7, 0, Some(1))],
    ),
];

fn judge(etcd: &EtcdFacts, common: &CommonFacts, _: &Policy) -> Outcome {
    let fleet = Fleet::of(etcd, common);
    let mut tally = Tally::new();
    for (member, version) in &fleet.unread {
        tally.gap(member.clone(), format!("`{version}` is no version number"), Severity::Critical);
    }
    if fleet.releases.is_empty() {
        let why = if fleet.unread.is_empty() { "no member answered" } else { "no member tells its version" };
        return Outcome::undecided(why, Severity::Critical);
    }
    let mut clean = Vec::new();
    for (release, members) in fleet.releases {
        if release.major != 3 || !KNOWN_MINORS.contains(&release.minor) {
            let missing = format!("this quorate knows no bugs of {}.{}", release.major, release.minor);
            tally.gap(members.join(", "), missing, Severity::Warning);
            continue;
        }
        let bugs: Vec<(&Bug, Option<u32>)> =
            BUGS.iter().filter_map(|bug| Some((bug, in_force(bug, release)?))).collect();
        match bugs.iter().map(|(bug, _)| bug.severity).max() {
            Some(severity) => tally.hit(hit(release, members, &bugs, severity)),
            None => clean.push(release.to_string()),
        }
    }
    tally.evidence("versions", clean);
    tally.outcome()
}

/// Whether the release has the bug; if so, the patch of its line that fixes it, if any does.
fn in_force(bug: &Bug, release: Release) -> Option<Option<u32>> {
    let (_, _, fixed) = bug.affected.iter().find(|(minor, first, fixed)| {
        *minor == release.minor
            && release.patch >= *first
            // A pre-release of the fixing patch may lack the fix: it sorts before it and counts as affected.
            && fixed.is_none_or(|fixed| release < Release::new(3, *minor, fixed))
    })?;
    Some(*fixed)
}

fn hit(release: Release, members: Vec<String>, bugs: &[(&Bug, Option<u32>)], severity: Severity) -> Hit {
    let line = format!("{}.{}", release.major, release.minor);
    let unfixed = bugs.iter().filter(|(_, fixed)| fixed.is_none()).count();
    let fix = match (bugs.iter().filter_map(|(_, fixed)| *fixed).max(), unfixed) {
        (Some(patch), 0) => format!("fixed in {line}.{patch}"),
        (Some(patch), _) => format!("{unfixed} not fixed in {line}, the others in {line}.{patch}"),
        (None, _) => format!("not fixed in {line}"),
    };
    let says = if bugs.len() == 1 {
        "{version} on {members} has a known bug ({fix}): {bugs}"
    } else {
        "{version} on {members} has {count} known bugs ({fix}): {bugs}"
    };
    let hit = Hit::new(severity, says)
        .with("version", release.to_string())
        .with("members", members)
        .with("count", bugs.len())
        .with("fix", fix)
        .with("bugs", bugs.iter().map(|(bug, _)| bug.problem.to_owned()).collect::<Vec<_>>());
    if unfixed > 0 { hit.remedy(LEAVE_THE_LINE) } else { hit }
}

const LEAVE_THE_LINE: &str = "Upgrade to the newest patch release of a later line, one minor and one member at a time, \
                              with a snapshot taken before: this line will not get all fixes.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn all(version: &str) -> Sample {
        let mut sample = cluster(3);
        ["n1", "n2", "n3"].iter().for_each(|name| sample.status_mut(name).version = version.into());
        sample
    }

    fn sentence(version: &str) -> String {
        match all(version).run(&CHECK) {
            Outcome::Judged { hits, .. } => hits[0].sentence(),
            other => unreachable!("{version}: {other:?}"),
        }
    }

    #[test]
    fn the_newest_patches_are_clean() {
        for clean in ["3.5.33", "3.5.35", "3.6.14", "3.6.16", "3.7.1", "3.7.3"] {
            row(&CHECK, &all(clean), &[]);
        }
    }

    #[test]
    fn only_silent_divergence_in_everyday_operation_is_critical() {
        row(&CHECK, &all("3.5.0"), &[Severity::Critical]);
        row(&CHECK, &all("3.5.2"), &[Severity::Critical]);
        for warned in ["3.4.23", "3.4.45", "3.5.3", "3.5.32", "3.6.13", "3.7.0"] {
            row(&CHECK, &all(warned), &[Severity::Warning]);
        }
    }

    #[test]
    fn says_every_bug_and_where_they_end() {
        let old = sentence("3.4.23");
        assert!(old.contains("has 7 known bugs (1 not fixed in 3.4, the others in 3.4.44)"), "{old}");
        assert!(old.contains("CVE-2026-44283") && old.contains("#17780") && !old.contains("#14370"), "{old}");
        assert!(sentence("3.4.45").contains("has a known bug (not fixed in 3.4)"));
        assert!(sentence("3.7.0").contains("(fixed in 3.7.1)"));
        assert!(sentence("3.5.33-rc.1").contains("(fixed in 3.5.33)"));
    }

    #[test]
    fn a_line_the_table_does_not_know_is_not_called_clean() {
        undecided(&CHECK, &all("3.8.0"), Severity::Warning);
        undecided(&CHECK, &all("3.3.27"), Severity::Warning);
        undecided(&CHECK, &all("unknown"), Severity::Critical);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn every_row_is_a_range() {
        for bug in BUGS {
            for (minor, first, fixed) in bug.affected {
                assert!(KNOWN_MINORS.contains(minor) && fixed.is_none_or(|f| f > *first), "{}", bug.problem);
            }
        }
    }
}
