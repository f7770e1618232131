use crate::facts::{CommonFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "leader-agreement",
    family: Family::Quorum,
    question: "Do all members see the same leader?",
    why: "Members that follow different leaders, or none, are partitioned from each other or in an election.",
    remedy: "Check the network between the members' peer ports and their clocks; look at the members that differ first.",
    runbook: Some("etcd-stuck-quorum"),
    thresholds: &[],
    sources: &["etcd contrib/mixin/alerts: etcdNoLeader (critical)"],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    let mut leaders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut leaderless = Vec::new();
    let mut tally = Tally::new();
    for member in facts.reachable() {
        match &member.leader {
            Observed::Known(Some(leader)) => leaders.entry(leader).or_default().push(member.label()),
            Observed::Known(None) => leaderless.push(member.label()),
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its leader: {why}"), Severity::Critical)
            }
        }
    }
    if facts.reachable().next().is_none() {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    if leaders.is_empty() && !leaderless.is_empty() {
        tally.hit(
            Hit::new(Severity::Critical, "no member has a leader ({members} asked)")
                .with("members", leaderless.len()),
        );
    } else if leaders.len() > 1 {
        let claims: Vec<String> = leaders
            .iter()
            .map(|(leader, who)| format!("{} follow {}", who.join(" and "), name_of(facts, leader)))
            .collect();
        tally.hit(
            Hit::new(Severity::Critical, "members disagree on the leader: {claims}").with("claims", claims),
        );
    } else if !leaderless.is_empty() {
        tally.hit(
            Hit::new(Severity::Warning, "{members} sees no leader while the others do")
                .with("members", leaderless.clone())
                .on(leaderless.join(", ")),
        );
    }
    if let Some(leader) = leaders.keys().next() {
        tally.evidence("leader", name_of(facts, leader));
    }
    tally.outcome()
}

fn name_of(facts: &CommonFacts, id: &str) -> String {
    facts.member(id).map_or_else(|| id.to_owned(), crate::facts::Member::label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row};

    #[test]
    fn one_leader_for_all() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &cluster(3).leaderless(), &[Severity::Critical]);
        let mut split = cluster(3);
        split.member_mut("n3").leader = Observed::Known(Some("3".into()));
        row(&CHECK, &split, &[Severity::Critical]);
        let mut lonely = cluster(3);
        lonely.member_mut("n3").leader = Observed::Known(None);
        row(&CHECK, &lonely, &[Severity::Warning]);
    }
}
