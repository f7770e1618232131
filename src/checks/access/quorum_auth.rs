use crate::checks::servers::{each, hidden_alike, on};
use crate::checks::versions::release::Release;
use crate::facts::{CommonFacts, Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "quorum-auth",
    family: Family::Access,
    question: "Where servers authenticate to each other by SASL, do all of them, always and soundly?",
    why: "Half of it protects nothing: a server that only offers SASL takes those that do not speak it, and one whose \
          release has CVE-2023-44981 takes everybody. Whoever joins the quorum reads and writes everything.",
    remedy: "Set every quorum.auth setting that is named to true on every server, one setting in each rolling restart, \
             enableSasl first. From 3.9 on DIGEST-MD5 also needs fips-mode=false, without which the servers never find \
             each other.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "zookeeperAdmin.md: quorum.auth.enableSasl, quorum.auth.learnerRequireSasl, quorum.auth.serverRequireSasl",
        "CVE-2023-44981: fixed in 3.7.2, 3.8.3, 3.9.1",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

const KEYS: [&str; 3] =
    ["quorum.auth.enableSasl", "quorum.auth.learnerRequireSasl", "quorum.auth.serverRequireSasl"];

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.settings.file) {
        return Outcome::undecided(format!("the servers' settings: {why}"), Severity::Warning);
    }
    let enabled = |member: &ZookeeperMember| yes(member, KEYS[0]);
    let known = zookeeper.answering().all(|member| enabled(member).is_some());
    if known && !zookeeper.answering().any(|member| enabled(member) == Some(true)) {
        return match zookeeper.answering().next() {
            Some(_) => {
                Outcome::NotApplicable("the servers do not use SASL among themselves: see peer-tls".into())
            }
            None => Outcome::undecided("no member answered", Severity::Warning),
        };
    }
    each(zookeeper, Severity::Warning, |member, tally| {
        if let Observed::Unknown(why) = &member.settings.file {
            return tally.gap(member.label(), format!("its zoo.cfg: {why}"), Severity::Warning);
        }
        let off: Vec<String> =
            KEYS.iter().filter(|key| yes(member, key) != Some(true)).map(|key| (*key).to_owned()).collect();
        if !off.is_empty() {
            let says = "SASL between the servers is not whole: {settings} not true";
            tally.hit(on(member, Severity::Warning, says).with("settings", off));
        }
        let version = member.srvr.known().map(|srvr| srvr.version.as_str()).unwrap_or_default();
        if enabled(member) == Some(true) && Release::parse(version).is_some_and(evaded) {
            let says = "SASL between the servers is on, and {version} lets whoever leaves a part of the name away past \
                        it (CVE-2023-44981)";
            tally.hit(
                on(member, Severity::Critical, says).with("version", version).remedy(
                    "Upgrade to 3.8.3 or 3.9.1 or later; until then let a firewall keep strangers from the quorum and \
                     election ports.",
                ),
            );
        }
    })
}

fn yes(member: &ZookeeperMember, key: &str) -> Option<bool> {
    let value = member.settings.parsed(key).known().copied()?;
    Some(value.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")))
}

/// First fixed patches of the lines that have one.
fn evaded(release: Release) -> bool {
    let fixed = match release.line() {
        (3, 7) => Release::new(3, 7, 2),
        (3, 8) => Release::new(3, 8, 3),
        (3, 9) => Release::new(3, 9, 1),
        line => return line < (3, 7),
    };
    release < fixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, ensemble, row, undecided};

    fn with(keys: &[&str], version: &str) -> Sample {
        let mut sample = ensemble(2);
        for name in ["n1", "n2"] {
            keys.iter().for_each(|key| sample.set_in_file(name, key, Some("true")));
            sample.srvr_mut(name).version = version.into();
        }
        sample
    }

    #[test]
    fn half_of_it_is_none_and_an_old_release_is_worse() {
        use Severity::{Critical, Warning};
        assert!(matches!(ensemble(3).run(&CHECK), Outcome::NotApplicable(_)));
        row(&CHECK, &with(&KEYS, "3.9.5"), &[]);
        row(&CHECK, &with(&KEYS[..2], "3.9.5"), &[Warning, Warning]);
        row(&CHECK, &with(&KEYS, "3.9.0"), &[Critical, Critical]);
        row(&CHECK, &with(&KEYS, "3.8.3"), &[]);
        row(&CHECK, &with(&KEYS, "3.6.4"), &[Critical, Critical]);
        let mut one = ensemble(2);
        KEYS.iter().for_each(|key| one.set_in_file("n1", key, Some("true")));
        row(&CHECK, &one, &[Warning]);
        one.zookeeper_mut("n2").settings.file = Observed::unknown("elsewhere");
        undecided(&CHECK, &one, Warning);
        undecided(&CHECK, &ensemble(1).down("n1"), Warning);
    }
}
