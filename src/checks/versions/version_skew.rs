use super::release::{Fleet, Release, told};
use crate::checks::agents::nobody;
use crate::facts::{CommonFacts, ConsulFacts, EtcdFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    slug: "version-skew",
    family: Family::Versions,
    question: "Do all members run the same version?",
    why: "Members of different versions are meant for the hours of an upgrade. A cluster left between two versions lacks \
          the newer one's fixes and features, and two minors apart is not supported at all.",
    remedy: "Finish the upgrade: bring every member to the newest version in the cluster, one at a time.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper srvr: Zookeeper version",
        "Consul /v1/agent/self and the build tag of /v1/agent/members; CHANGELOG 1.9.0: raft protocol 2 is not supported any more",
        "https://etcd.io/docs/v3.6/upgrades/upgrading-etcd/",
        "https://etcd.io/docs/v3.6/downgrades/downgrading-etcd/",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(super::zookeeper::skew), Rule::Consul(judge_consul)],
};

fn judge(etcd: &EtcdFacts, common: &CommonFacts, _: &Policy) -> Outcome {
    let fleet = Fleet::of(etcd, common);
    let mut tally = Tally::new();
    for (member, version) in &fleet.unread {
        tally.gap(member.clone(), format!("`{version}` is no version number"), Severity::Critical);
    }
    let (Some(oldest), Some(newest)) = (fleet.releases.keys().next(), fleet.releases.keys().last()) else {
        let why = if fleet.unread.is_empty() { "no member answered" } else { "no member tells its version" };
        return Outcome::undecided(why, Severity::Critical);
    };
    if let Some(severity) = apart(*oldest, *newest) {
        let who: Vec<String> = fleet
            .releases
            .iter()
            .map(|(release, members)| format!("{release} on {}", members.join(", ")))
            .collect();
        tally.hit(Hit::new(severity, "the members run different versions: {versions}").with("versions", who));
    }
    let downgrade = etcd.answering(common).find_map(|(_, status)| status.downgrade_target.as_ref());
    match downgrade {
        Some(target) => tally.hit(
            Hit::new(Severity::Warning, "a downgrade to {target} is in progress")
                .with("target", target.as_str())
                .remedy("Finish it, or take it back with `etcdctl downgrade cancel`."),
        ),
        // A downgrade lowers the cluster's version first.
        None => cluster_version(etcd, common, *oldest, &mut tally),
    }
    tally.evidence("version", newest.to_string());
    tally.outcome()
}

fn apart(oldest: Release, newest: Release) -> Option<Severity> {
    if oldest == newest {
        None
    } else if oldest.major == newest.major && newest.minor - oldest.minor <= 1 {
        Some(Severity::Warning)
    } else {
        Some(Severity::Critical)
    }
}

/// The version the cluster as a whole has agreed on must be the lowest minor among its members.
fn cluster_version(etcd: &EtcdFacts, common: &CommonFacts, oldest: Release, tally: &mut Tally) {
    let mut why = None;
    let agreed = etcd.answering(common).find_map(|(member, _)| {
        let version = member.http_version.known().map(|v| v.cluster.as_str());
        why = why.take().or_else(|| match version {
            // What a member says before the first leader has proposed one.
            Some(text) => Some(format!("the members say `{text}`")),
            None => member.http_version.why().map(str::to_owned),
        });
        Release::parse(version?)
    });
    match agreed {
        Some(agreed) if agreed.line() == oldest.line() => {}
        Some(agreed) => tally.hit(
            Hit::new(Severity::Warning, "the cluster's version is {cluster}, the oldest member's {oldest}")
                .with("cluster", format!("{}.{}", agreed.major, agreed.minor))
                .with("oldest", oldest.to_string())
                .remedy(
                    "A cluster version lags only while a member of the older minor is in the list: look for a member \
                     that does not answer, and at the leader's log.",
                ),
        ),
        None => tally.gap(
            None,
            format!("the cluster's version: {}", why.unwrap_or_else(|| "nobody tells".into())),
            Severity::Warning,
        ),
    }
}

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let fleet = told(facts, Severity::Critical, &mut tally);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, servers, undecided};
    use crate::facts::{EtcdVersions, Observed};

    fn versions(versions: [&str; 3], agreed: &str) -> Sample {
        let mut sample = cluster(3);
        for (name, version) in ["n1", "n2", "n3"].iter().zip(versions) {
            sample.status_mut(name).version = version.into();
            sample.etcd_mut(name).http_version = Observed::Known(EtcdVersions {
                server: version.into(),
                cluster: agreed.into(),
                storage: None,
            });
        }
        sample
    }

    #[test]
    fn one_version_everywhere() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &versions(["3.6.16", "3.6.16", "3.6.14"], "3.6.0"), &[Severity::Warning]);
        row(&CHECK, &versions(["3.6.16", "3.6.16", "3.5.35"], "3.5.0"), &[Severity::Warning]);
        row(&CHECK, &versions(["3.7.3", "3.6.16", "3.5.35"], "3.5.0"), &[Severity::Critical]);
        row(&CHECK, &versions(["3.6.16", "3.6.16", "3.5.35"], "3.5.0").down("n3"), &[Severity::Warning]);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn the_clusters_version_is_the_lowest_minor() {
        row(&CHECK, &versions(["3.6.16"; 3], "3.5.0"), &[Severity::Warning]);
        undecided(&CHECK, &versions(["3.6.16"; 3], "not_decided"), Severity::Warning);
        let mut downgrade = versions(["3.6.16"; 3], "3.5.0");
        downgrade.status_mut("n1").downgrade_target = Some("3.5.0".into());
        row(&CHECK, &downgrade, &[Severity::Warning]);
    }

    fn running(versions: [&str; 3]) -> Sample {
        let mut sample = servers(3);
        for (name, version) in ["n1", "n2", "n3"].into_iter().zip(versions) {
            sample.member_mut(name).version = Observed::Known(version.into());
        }
        sample
    }

    #[test]
    fn members_of_different_versions() {
        row(&CHECK, &running(["1.22.1"; 3]), &[]);
        row(&CHECK, &running(["1.22.1", "1.22.0", "1.22.1"]), &[Severity::Warning]);
        row(&CHECK, &running(["1.22.1", "1.20.0", "1.22.1"]), &[Severity::Critical]);
        let mut old = servers(3);
        old.raft_mut("n2").protocol = 2;
        row(&CHECK, &old, &[Severity::Critical]);
    }
}
