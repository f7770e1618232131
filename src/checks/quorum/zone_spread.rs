use crate::facts::{CommonFacts, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::Policy;
use crate::quorum;
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "zone-spread",
    family: Family::Quorum,
    question: "Does a quorum survive the loss of any one zone?",
    why: "A zone that holds as many voters as the cluster tolerates to lose, and one more, takes the quorum with it. \
          With two zones one of them always does.",
    remedy: "Spread the voters over at least three zones so that none holds more than the cluster tolerates to lose: \
             add a voter elsewhere, then remove one from the crowded zone.",
    runbook: Some("even-members"),
    thresholds: &[],
    sources: &[
        "https://etcd.io/docs/v3.6/faq/#does-etcd-work-in-cross-region-or-cross-data-center-deployments",
        "etcd-io/website#74, #779: two zones cannot be highly available",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if !facts.zones_declared {
        return Outcome::NotApplicable("no zones are declared in the config file".into());
    }
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("who is a member now: {why}"), Severity::Critical);
    }
    let voters = facts.voters().count();
    match voters {
        0 => return Outcome::undecided(super::even_voters::no_voters(facts), Severity::Warning),
        1 => return Outcome::NotApplicable("there is one voter: see single-voter".into()),
        _ => {}
    }
    let mut tally = Tally::new();
    let mut zones: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for member in facts.voters() {
        match &member.zone {
            Some(zone) => zones.entry(zone).or_default().push(member),
            None => {
                tally.gap(member.label(), "its zone is not declared in the config file", Severity::Warning)
            }
        }
    }
    let needed = quorum::needed(voters);
    let lost_with = |zone: &str| {
        !quorum::suffices(facts, facts.voters().filter(|member| member.zone.as_deref() != Some(zone)))
    };
    for (zone, inside) in zones.iter().filter(|(zone, _)| lost_with(zone)) {
        let names: Vec<String> = inside.iter().map(|m| m.label()).collect();
        tally.hit(
            Hit::new(
                Severity::Warning,
                "losing zone {zone} loses the quorum: {inside} of {voters} voters are there ({names}), and {needed} \
                 must remain",
            )
            .with("zone", *zone)
            .with("inside", inside.len())
            .with("voters", voters)
            .with("names", names)
            .with("needed", needed),
        );
    }
    let spread: Vec<String> =
        zones.iter().map(|(zone, inside)| format!("{zone}: {}", inside.len())).collect();
    tally.evidence("zones", Value::List(spread));
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn spread(zones: &[Option<&str>]) -> Sample {
        let mut facts = cluster(zones.len());
        facts.0.common.zones_declared = true;
        for (at, zone) in zones.iter().enumerate() {
            facts.member_mut(&format!("n{}", at + 1)).zone = zone.map(str::to_owned);
        }
        facts
    }

    #[test]
    fn three_zones_survive_and_two_do_not() {
        row(&CHECK, &spread(&[Some("a"), Some("b"), Some("c")]), &[]);
        row(&CHECK, &spread(&[Some("a"), Some("a"), Some("b")]), &[Severity::Warning]);
        row(&CHECK, &spread(&[Some("a"), Some("a"), Some("b"), Some("b"), Some("c")]), &[]);
        // an even split: losing either half loses the quorum
        row(
            &CHECK,
            &spread(&[Some("a"), Some("a"), Some("b"), Some("b")]),
            &[Severity::Warning, Severity::Warning],
        );
    }

    #[test]
    fn says_nothing_without_zones_and_not_all_with_some() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
        assert!(matches!(spread(&[Some("a")]).run(&CHECK), Outcome::NotApplicable(_)));
        undecided(&CHECK, &spread(&[Some("a"), Some("b"), None]), Severity::Warning);
    }
}
