mod consul;

use super::release::Fleet;
use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

/// The newest line that no longer gets fixes, and the day of its end.
const LAST_ENDED: (u32, u32) = (3, 4);
const LAST_ENDED_ON: &str = "2026-06-01";

/// The newest line this program knows.
const NEWEST_KNOWN: (u32, u32) = (3, 7);

pub(super) const CHECK: Check = Check {
    slug: "version-unsupported",
    family: Family::Versions,
    question: "Does every member run a release line that still gets fixes?",
    why: "Once a release line has ended, security holes and data bugs found later stay open in it.",
    remedy: "Upgrade one minor at a time (3.4 → 3.5 → 3.6), one member at a time, with a snapshot taken before.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "https://zookeeper.apache.org/releases.html",
        "https://developer.hashicorp.com/consul/docs/upgrade/lts (planned ends of Consul Enterprise)",
        "https://etcd.io/blog/2026/june-patch-release/ (3.4 ended with 3.4.45 on 2026-06-01)",
        "https://etcd.io/docs/latest/op-guide/versioning/",
        "https://zookeeper.apache.org/releases.html (two lines are kept up: 3.8 and 3.9; 3.7 ended in 2024)",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(super::zookeeper::unsupported), Rule::Consul(consul::judge)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, _: &Policy) -> Outcome {
    let fleet = Fleet::of(etcd, common);
    let mut tally = Tally::new();
    for (member, version) in &fleet.unread {
        tally.gap(member.clone(), format!("`{version}` is no version number"), Severity::Warning);
    }
    if fleet.releases.is_empty() {
        let why = if fleet.unread.is_empty() { "no member answered" } else { "no member tells its version" };
        return Outcome::undecided(why, Severity::Warning);
    }
    let mut supported = Vec::new();
    for (release, members) in fleet.releases {
        let hit = match release.line() {
            LAST_ENDED => Hit::new(
                Severity::Warning,
                "{version} on {members} is of a line that reached its end of life on {ended}",
            )
            .with("ended", LAST_ENDED_ON),
            line if line < LAST_ENDED => Hit::new(
                Severity::Warning,
                "{version} on {members} is of a line that reached its end of life long ago",
            ),
            line if line > NEWEST_KNOWN => Hit::new(
                Severity::Info,
                "{version} on {members} is newer than what this quorate knows ({newest})",
            )
            .with("newest", format!("{}.{}", NEWEST_KNOWN.0, NEWEST_KNOWN.1))
            .remedy("Use a newer quorate: this one may not know what has changed."),
            _ => {
                supported.push(release.to_string());
                continue;
            }
        };
        tally.hit(hit.with("version", release.to_string()).with("members", members));
    }
    tally.evidence("versions", supported);
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn all(version: &str) -> Sample {
        let mut sample = cluster(3);
        ["n1", "n2", "n3"].iter().for_each(|name| sample.status_mut(name).version = version.into());
        sample
    }

    #[test]
    fn lines_that_ended_and_lines_not_yet_known() {
        for fine in ["3.5.35", "3.6.16", "3.7.3"] {
            row(&CHECK, &all(fine), &[]);
        }
        row(&CHECK, &all("3.4.45"), &[Severity::Warning]);
        row(&CHECK, &all("3.3.27"), &[Severity::Warning]);
        row(&CHECK, &all("3.8.0"), &[Severity::Info]);
        undecided(&CHECK, &all("unknown"), Severity::Warning);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Warning);
    }
}
