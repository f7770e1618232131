use super::release::{Fleet, Release};
use crate::checks::consul;
use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

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
        "https://etcd.io/docs/v3.6/upgrades/upgrading-etcd/",
        "https://etcd.io/docs/v3.6/downgrades/downgrading-etcd/",
    ],
    rules: &[
        Rule::Etcd(judge),
        Rule::Zookeeper(super::zookeeper::skew),
        Rule::Consul(consul::versions::skew),
    ],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
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
}
