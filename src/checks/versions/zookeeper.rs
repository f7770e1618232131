//! The questions of this family, asked of ZooKeeper's releases.

use super::release::Release;
use crate::checks::servers::on;
use crate::facts::{CommonFacts, Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

/// Labels of the servers on each release; those whose release is not known, and why.
type Servers = (BTreeMap<Release, Vec<String>>, Vec<(String, String)>);

fn servers(zookeeper: &ZookeeperFacts) -> Servers {
    let (mut releases, mut unread): Servers = Servers::default();
    for member in zookeeper.answering() {
        match &member.srvr {
            Observed::Known(srvr) => match Release::parse(&srvr.version) {
                Some(release) => releases.entry(release).or_default().push(member.label()),
                None => unread.push((member.label(), format!("`{}` is no version number", srvr.version))),
            },
            Observed::Unknown(why) => unread.push((member.label(), format!("its version: {why}"))),
        }
    }
    (releases, unread)
}

fn begun(
    zookeeper: &ZookeeperFacts,
    at_worst: Severity,
) -> Result<(BTreeMap<Release, Vec<String>>, Tally), Outcome> {
    let (releases, unread) = servers(zookeeper);
    if releases.is_empty() && unread.is_empty() {
        return Err(Outcome::undecided("no member answered", at_worst));
    }
    let mut tally = Tally::new();
    for (member, missing) in unread {
        tally.gap(member, missing, at_worst);
    }
    Ok((releases, tally))
}

/// One bug.
struct Bug {
    problem: &'static str,
    /// Critical only where data go wrong silently in everyday operation.
    severity: Severity,
    /// Minor of 3.x, the first patch that has it, and the first without it (`None`: never fixed in that line).
    affected: &'static [(u32, u32, Option<u32>)],
}

const fn bug(severity: Severity, problem: &'static str, affected: &'static [(u32, u32, Option<u32>)]) -> Bug {
    Bug { problem, severity, affected }
}

use Severity::{Critical, Warning};

/// Lines of which the table knows something.
const KNOWN_MINORS: std::ops::RangeInclusive<u32> = 5..=9;

/// As of 3.9.6 and 3.8.7, of 2026. 3.9.6 also brings a newer Netty (ZOOKEEPER-5056): whether its vulnerabilities can be
/// reached through ZooKeeper nobody says, so it is no row.
///
/// Each row with its source. "notes" are the release notes on zookeeper.apache.org/doc/rVERSION/releasenotes.html, "tags"
/// what `git tag --contains` says of the fix in apache/zookeeper. Lines that had ended when a bug was found are listed only
/// where the source says that they have it.
const BUGS: &[Bug] = &[
    // apache/zookeeper#2266: "only 3.9.3 is affected"; notes 3.9.4.
    bug(
        Critical,
        "a follower that synchronises by DIFF may lose committed transactions (ZOOKEEPER-4925)",
        &[(9, 3, Some(4))],
    ),
    // Notes 3.9.2; in 3.8.4's it is not; tags: 3.8.5.
    bug(
        Warning,
        "transactions received while synchronising may be lost after a crash (ZOOKEEPER-4785)",
        &[(5, 0, None), (6, 0, None), (7, 0, None), (8, 0, Some(5)), (9, 0, Some(2))],
    ),
    // Notes 3.9.3.
    bug(
        Warning,
        "a follower that stops may acknowledge what it has not logged (ZOOKEEPER-4712)",
        &[(9, 0, Some(3))],
    ),
    // apache/zookeeper#2183: fatal since ZOOKEEPER-4799, which notes 3.8.4 and 3.9.2 list; notes 3.8.5 and 3.9.4.
    bug(
        Warning,
        "a snapshot taken while an ACL was removed cannot be loaded, and the server does not start (ZOOKEEPER-4846)",
        &[(8, 4, Some(5)), (9, 2, Some(4))],
    ),
    // apache/zookeeper#2210; the command is new in 3.9; tags: 3.9.4.
    bug(
        Warning,
        "the AdminServer's snapshot command replays the log into the live tree (ZOOKEEPER-4872)",
        &[(9, 0, Some(4))],
    ),
    // Notes 3.5.10 (ZOOKEEPER-4262, its backport) and 3.6.3.
    bug(
        Warning,
        "what a follower received by DIFF is acknowledged before it is logged (ZOOKEEPER-3911)",
        &[(5, 0, Some(10)), (6, 0, Some(3))],
    ),
    // Notes 3.5.10; tags: 3.6.3.
    bug(
        Warning,
        "a server that receives a snapshot while the leader fails loses it at its next start (ZOOKEEPER-3642, \
         ZOOKEEPER-2872)",
        &[(5, 0, Some(10)), (6, 0, Some(3))],
    ),
    // apache/zookeeper#606; tags: 3.5.5.
    bug(
        Warning,
        "a snapshot may hold half of a multi-operation, whose rest is never applied (ZOOKEEPER-3127)",
        &[(5, 0, Some(5))],
    ),
    // GHSA-7286-pgfv-vxvh: before 3.7.2, 3.8.0 to 3.8.2, 3.9.0. Critical where SASL is on: quorum-auth looks.
    bug(
        Warning,
        "SASL between servers lets a stranger join the quorum (CVE-2023-44981)",
        &[(5, 0, None), (6, 0, None), (7, 0, Some(2)), (8, 0, Some(3)), (9, 0, Some(1))],
    ),
    // GHSA-r978-9m6m-6gm6: 3.6.0 to 3.7.2, 3.8.0 to 3.8.3, 3.9.0 and 3.9.1.
    bug(
        Warning,
        "persistent watches tell paths to whoever may not read them (CVE-2024-23944)",
        &[(6, 0, None), (7, 0, None), (8, 0, Some(4)), (9, 0, Some(2))],
    ),
    // Notes 3.9.3.
    bug(
        Warning,
        "with DIGEST-MD5 a user that does not exist can log in (ZOOKEEPER-4839)",
        &[(9, 0, Some(3))],
    ),
    // GHSA-g93m-8x6h-g5gv: 3.9.0 to 3.9.2.
    bug(
        Warning,
        "the AdminServer's authentication by address can be evaded (CVE-2024-51504)",
        &[(9, 0, Some(3))],
    ),
    // GHSA-2hmj-97jw-28jh: 3.9.0 to 3.9.3.
    bug(
        Warning,
        "the AdminServer's snapshot and restore lack a permission check (CVE-2025-58457)",
        &[(9, 0, Some(4))],
    ),
    // GHSA-7xrh-hqfc-g7qr: 3.8.0 to 3.8.5, 3.9.0 to 3.9.4. Its sister CVE-2026-24308 is of clients.
    bug(
        Warning,
        "host names in TLS are verified by a reverse look-up that can be forged (CVE-2026-24281)",
        &[(8, 0, Some(6)), (9, 0, Some(5))],
    ),
];

/// version-known-bug.
pub(super) fn known_bugs(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let (releases, mut tally) = match begun(zookeeper, Critical) {
        Ok(begun) => begun,
        Err(outcome) => return outcome,
    };
    for (release, members) in releases {
        if release.major != 3 || !KNOWN_MINORS.contains(&release.minor) {
            let missing = format!("this quorate knows no bugs of {}.{}", release.major, release.minor);
            tally.gap(members.join(", "), missing, Warning);
            continue;
        }
        let bugs: Vec<(&Bug, Option<u32>)> =
            BUGS.iter().filter_map(|bug| Some((bug, in_force(bug, release)?))).collect();
        if let Some(severity) = bugs.iter().map(|(bug, _)| bug.severity).max() {
            tally.hit(hit(release, members, &bugs, severity));
        }
    }
    zookeeper.answering().filter_map(logged_passwords).for_each(|hit| tally.hit(hit));
    tally.outcome()
}

/// ZOOKEEPER-5049, which harms only whoever gave the provider of numbers a password. apache/zookeeper#2392; notes 3.9.6;
/// seen in the logs of 3.8.3 and 3.9.4.
fn logged_passwords(member: &ZookeeperMember) -> Option<Hit> {
    let release = Release::parse(&member.srvr.known()?.version)?;
    let affected = release.line() >= (3, 6) && release < Release::new(3, 9, 6);
    let password = |key: &&String| key.starts_with("metricsProvider.") && key.ends_with("assword");
    let key = member.settings.file.known()?.keys().find(password)?;
    affected.then(|| {
        let says = "{version} writes {key} into its log at every start (ZOOKEEPER-5049, fixed in 3.9.6)";
        on(member, Warning, says)
            .with("version", release.to_string())
            .with("key", key.as_str())
            .remedy("Upgrade to 3.9.6, change the password, and remove logs that hold the old one.")
    })
}

/// Whether the release has the bug; if so, the patch of its line that fixes it, if any does.
fn in_force(bug: &Bug, release: Release) -> Option<Option<u32>> {
    let (_, _, fixed) = bug.affected.iter().find(|(minor, first, fixed)| {
        *minor == release.minor
            && release.patch >= *first
            && fixed.is_none_or(|fixed| release < Release::new(3, *minor, fixed))
    })?;
    Some(*fixed)
}

fn hit(release: Release, members: Vec<String>, bugs: &[(&Bug, Option<u32>)], severity: Severity) -> Hit {
    let line = format!("{}.{}", release.major, release.minor);
    let fix = match (bugs.iter().filter_map(|(_, fixed)| *fixed).max(), bugs.iter().any(|(_, f)| f.is_none()))
    {
        (Some(patch), false) => format!("fixed in {line}.{patch}"),
        _ => format!("not all fixed in {line}"),
    };
    let says = if bugs.len() == 1 {
        "{version} on {members} has a known bug ({fix}): {bugs}"
    } else {
        "{version} on {members} has {count} known bugs ({fix}): {bugs}"
    };
    Hit::new(severity, says)
        .with("version", release.to_string())
        .with("members", members)
        .with("count", bugs.len())
        .with("fix", fix)
        .with("bugs", bugs.iter().map(|(bug, _)| bug.problem.to_owned()).collect::<Vec<_>>())
}

/// The newest line that no longer gets fixes, and the newest that this program knows.
const LAST_ENDED: (u32, u32) = (3, 7);
const NEWEST_KNOWN: (u32, u32) = (3, 9);

/// version-unsupported. The project supports its two newest lines: 3.7 ended with 3.9.1.
pub(super) fn unsupported(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let (releases, mut tally) = match begun(zookeeper, Warning) {
        Ok(begun) => begun,
        Err(outcome) => return outcome,
    };
    for (release, members) in releases {
        let hit = match release.line() {
            line if line <= LAST_ENDED => {
                Hit::new(Warning, "{version} on {members} is of a line that no longer gets fixes")
                    .remedy("Upgrade to the newest 3.8 or 3.9, one server at a time, the leader last.")
            }
            line if line > NEWEST_KNOWN => {
                Hit::new(Severity::Info, "{version} on {members} is newer than what this quorate knows (3.9)")
                    .remedy("Use a newer quorate: this one may not know what has changed.")
            }
            _ => continue,
        };
        tally.hit(hit.with("version", release.to_string()).with("members", members));
    }
    tally.outcome()
}

/// version-skew.
pub(super) fn skew(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let (releases, mut tally) = match begun(zookeeper, Warning) {
        Ok(begun) => begun,
        Err(outcome) => return outcome,
    };
    if releases.len() > 1 {
        let who: Vec<String> = releases
            .iter()
            .map(|(release, members)| format!("{release} on {}", members.join(", ")))
            .collect();
        tally.hit(Hit::new(Warning, "the servers run different versions: {versions}").with("versions", who));
    }
    if let Some(newest) = releases.keys().last() {
        tally.evidence("version", newest.to_string());
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::{version_known_bug, version_skew, version_unsupported};
    use super::*;
    use crate::checks::testing::{Sample, ensemble, row, undecided};

    fn all(version: &str) -> Sample {
        let mut sample = ensemble(3);
        ["n1", "n2", "n3"].iter().for_each(|name| sample.srvr_mut(name).version = version.into());
        sample
    }

    #[test]
    fn only_silent_loss_in_everyday_operation_is_critical() {
        row(&version_known_bug::CHECK, &all("3.9.6"), &[]);
        row(&version_known_bug::CHECK, &all("3.9.5"), &[]);
        row(&version_known_bug::CHECK, &all("3.8.6"), &[]);
        row(&version_known_bug::CHECK, &all("3.9.3"), &[Critical]);
        for warned in ["3.9.4", "3.9.2", "3.8.3", "3.8.0", "3.7.2", "3.6.4", "3.5.10"] {
            row(&version_known_bug::CHECK, &all(warned), &[Warning]);
        }
        undecided(&version_known_bug::CHECK, &all("3.10.0"), Warning);
        undecided(&version_known_bug::CHECK, &all("3.4.14"), Warning);
        undecided(&version_known_bug::CHECK, &all("x"), Critical);
    }

    #[test]
    fn a_password_that_is_logged() {
        for (version, expected) in [("3.9.5", &[Warning][..]), ("3.9.6", &[]), ("3.8.6", &[Warning])] {
            let mut sample = all(version);
            sample.set_in_file("n2", "metricsProvider.ssl.keyStore.password", Some("(set)"));
            row(&version_known_bug::CHECK, &sample, expected);
        }
    }

    fn sentence(version: &str) -> String {
        match all(version).run(&version_known_bug::CHECK) {
            Outcome::Judged { hits, .. } => hits[0].sentence(),
            other => unreachable!("{version}: {other:?}"),
        }
    }

    /// The bug came with ZOOKEEPER-4799, in 3.8.4 and 3.9.2: what is older does not have it.
    #[test]
    fn a_bug_begins_where_it_came_in() {
        for (version, has) in
            [("3.8.3", false), ("3.8.4", true), ("3.8.5", false), ("3.9.1", false), ("3.9.3", true)]
        {
            assert_eq!(sentence(version).contains("ZOOKEEPER-4846"), has, "{version}");
        }
        assert!(
            sentence("3.5.9").contains("ZOOKEEPER-3911") && !sentence("3.5.10").contains("ZOOKEEPER-3911")
        );
        assert!(
            !sentence("3.9.3").contains("ZOOKEEPER-4839") && sentence("3.9.2").contains("ZOOKEEPER-4839")
        );
    }

    #[test]
    fn lines_that_ended_and_servers_that_differ() {
        row(&version_unsupported::CHECK, &all("3.8.0"), &[]);
        row(&version_unsupported::CHECK, &all("3.7.2"), &[Warning]);
        row(&version_unsupported::CHECK, &all("3.10.0"), &[Severity::Info]);
        row(&version_skew::CHECK, &all("3.9.5"), &[]);
        let mut sample = all("3.9.5");
        sample.srvr_mut("n2").version = "3.9.4".into();
        row(&version_skew::CHECK, &sample, &[Warning]);
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
