//! Releases of Consul.

use super::nobody;
use crate::checks::versions::release::Release;
use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};

/// Members by the version that they, or gossip for them, tell.
fn fleet(facts: &CommonFacts, severity: Severity, tally: &mut Tally) -> BTreeMap<Release, Vec<String>> {
    let mut fleet: BTreeMap<Release, Vec<String>> = BTreeMap::new();
    for member in facts.reachable() {
        match member.version.known().map(|text| (text, Release::parse(text))) {
            Some((_, Some(release))) => fleet.entry(release).or_default().push(member.label()),
            Some((text, None)) => {
                tally.gap(member.label(), format!("`{text}` is no version number"), severity)
            }
            None => tally.gap(member.label(), "its version", severity),
        }
    }
    fleet
}

/// `version-skew`.
pub(in crate::checks) fn skew(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let fleet = fleet(facts, Severity::Critical, &mut tally);
    let (Some(oldest), Some(newest)) = (fleet.keys().next(), fleet.keys().last()) else {
        return nobody(Severity::Critical);
    };
    if oldest != newest {
        let apart = oldest.major != newest.major || newest.minor - oldest.minor > 1;
        let severity = if apart { Severity::Critical } else { Severity::Warning };
        let who: Vec<String> =
            fleet.iter().map(|(release, members)| format!("{release} on {}", members.join(", "))).collect();
        tally.hit(Hit::new(severity, "the members run different versions: {versions}").with("versions", who));
    }
    let protocols: BTreeSet<u64> = consul
        .members
        .iter()
        .flat_map(|m| m.gossip.known().into_iter().flatten().filter_map(|server| server.raft_protocol))
        .chain(consul.answered(facts).filter_map(|(_, native)| Some(native.raft.known()?.protocol)))
        .collect();
    if protocols.first().is_some_and(|lowest| *lowest < 3) || protocols.len() > 1 {
        let said: Vec<String> = protocols.iter().map(u64::to_string).collect();
        let severity = if protocols.first().is_some_and(|lowest| *lowest < 3) {
            Severity::Critical
        } else {
            Severity::Warning
        };
        let says = "the servers speak raft protocols {protocols}: every server since 1.9 must speak 3";
        let hit = Hit::new(severity, says).with("protocols", said);
        tally.hit(hit.remedy("Take raft_protocol out of the servers' configuration, one at a time."));
    }
    tally.evidence("version", newest.to_string());
    tally.outcome()
}

/// The newest release line that is known here.
const NEWEST_KNOWN: (u32, u32) = (2, 0);

/// The oldest line that still gets fixes: the three newest do.
const OLDEST_SUPPORTED: (u32, u32) = (1, 21);

/// `version-unsupported`.
pub(in crate::checks) fn supported(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let fleet = fleet(facts, Severity::Warning, &mut tally);
    if fleet.is_empty() {
        return nobody(Severity::Warning);
    }
    let enterprise =
        consul.answered(facts).any(|(_, native)| native.settings.known().is_some_and(|s| s.enterprise));
    let mut supported = Vec::new();
    for (release, members) in fleet {
        let hit = match release.line() {
            line if line < OLDEST_SUPPORTED && enterprise => Hit::new(
                Severity::Info,
                "{version} on {members} gets fixes only as a long-term release of Enterprise, if it is one",
            ),
            line if line < OLDEST_SUPPORTED => Hit::new(
                Severity::Warning,
                "{version} on {members} is of a line that gets no fixes any more: the three newest lines do",
            ),
            line if line > NEWEST_KNOWN => {
                Hit::new(Severity::Info, "{version} on {members} is newer than what this quorate knows")
            }
            _ => {
                supported.push(release.to_string());
                continue;
            }
        };
        let remedy = "Upgrade one minor line after the other as its upgrade notes say, servers before clients and one at a \
                      time, with a snapshot taken before.";
        tally.hit(hit.with("version", release.to_string()).with("members", members).remedy(remedy));
    }
    tally.evidence("versions", supported);
    tally.outcome()
}

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

/// `version-known-bug`.
pub(in crate::checks) fn bugs(_: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let fleet = fleet(facts, Severity::Warning, &mut tally);
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
    use super::super::testing::servers;
    use crate::checks::find;
    use crate::checks::testing::{Sample, row};
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
    fn members_of_different_versions() {
        let check = find("version-skew").expect("is there");
        row(check, &running(["1.22.1"; 3]), &[]);
        row(check, &running(["1.22.1", "1.22.0", "1.22.1"]), &[Severity::Warning]);
        row(check, &running(["1.22.1", "1.20.0", "1.22.1"]), &[Severity::Critical]);
        let mut old = servers(3);
        old.raft_mut("n2").protocol = 2;
        row(check, &old, &[Severity::Critical]);
    }

    #[test]
    fn lines_that_have_ended() {
        let check = find("version-unsupported").expect("is there");
        row(check, &running(["1.22.1"; 3]), &[]);
        row(check, &running(["1.14.11"; 3]), &[Severity::Warning]);
        row(check, &running(["1.22.1+ent"; 3]), &[]);
        let mut enterprise = running(["1.18.3+ent"; 3]);
        enterprise.settings_mut("n1").enterprise = true;
        row(check, &enterprise, &[Severity::Info]);
        row(check, &running(["9.0.0"; 3]), &[Severity::Info]);
    }

    #[test]
    fn bugs_that_are_known() {
        let check = find("version-known-bug").expect("is there");
        row(check, &running(["1.14.11"; 3]), &[]);
        row(check, &running(["1.13.9"; 3]), &[]);
        row(check, &running(["1.13.0"; 3]), &[Severity::Warning]);
    }
}
