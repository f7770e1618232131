use crate::facts::{CommonFacts, Member, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::Policy;
use crate::quorum::{self, QuorumState};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "leader-agreement",
    family: Family::Quorum,
    question: "Do all members see the same leader?",
    why: "Members that follow different leaders, or none, are partitioned from each other or in an election. Two \
          leaders of one term cannot exist while raft's log is intact.",
    remedy: "Check the network between the members' peer ports and their clocks; look at the members that differ first.",
    runbook: Some("stuck-quorum"),
    thresholds: &[],
    sources: &[
        "ZooKeeper srvr: Mode and Zxid (its upper half is the epoch)",
        "Consul /v1/agent/self: Stats.raft (state, term) of every server; /v1/status/leader is not believed (consul issue 10733)",
        "etcd contrib/mixin/alerts: etcdNoLeader (critical)",
        "https://raft.github.io/raft.pdf §5.2, election safety: at most one leader per term",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if facts.reachable().next().is_none() {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    let mut tally = Tally::new();
    let mut leaders: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    let mut leaderless = Vec::new();
    let quorum = quorum::assess(facts);
    if quorum.state == QuorumState::Lost && quorum.serving < quorum.needed {
        return Outcome::NotApplicable("too few voters answer for any leader: see quorum-lost".into());
    }
    for member in facts.reachable() {
        match &member.leader {
            Observed::Known(Some(leader)) => leaders.entry(leader).or_default().push(member),
            Observed::Known(None) => leaderless.push(member.label()),
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its leader: {why}"), Severity::Critical)
            }
        }
    }
    if leaders.is_empty() && !leaderless.is_empty() {
        tally.hit(
            Hit::new(Severity::Critical, "no member has a leader ({members} asked)")
                .with("members", leaderless.len()),
        );
    } else if leaders.len() > 1 {
        tally.hit(disagreement(facts, &leaders));
    } else if !leaderless.is_empty() {
        let says = match leaderless.len() {
            1 => "{members} sees no leader while the others do",
            _ => "{members} see no leader while the others do",
        };
        tally.hit(
            Hit::new(Severity::Warning, says).with("members", leaderless.clone()).on(leaderless.join(", ")),
        );
    }
    if let Some(leader) = leaders.keys().next() {
        tally.evidence("leader", name_of(facts, leader));
    }
    tally.outcome()
}

/// Members are asked at the same moment, but not at the same instant, and an old leader that is cut off believes in
/// itself for up to an election timeout: different leaders are one election seen from both sides. Terms cannot tell
/// more: Status gives the term of the last applied entry, which lags behind the leader it names.
fn disagreement(facts: &CommonFacts, leaders: &BTreeMap<&str, Vec<&Member>>) -> Hit {
    let claims: Vec<String> = leaders
        .iter()
        .map(|(leader, who)| {
            let labels: Vec<String> = who.iter().map(|member| member.label()).collect();
            format!("{} by {}", name_of(facts, leader), labels.join(", "))
        })
        .collect();
    let says =
        "members follow different leaders: {followed}. An election was under way, or a member is cut off";
    Hit::new(Severity::Warning, says).with("followed", Value::Text(claims.join("; ")))
}

fn name_of(facts: &CommonFacts, id: &str) -> String {
    facts.member(id).map_or_else(|| id.to_owned(), Member::label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};

    #[test]
    fn one_leader_for_all() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &cluster(3).leaderless(), &[Severity::Critical]);
        // Whom two of three killed members could have elected is not the question then.
        assert!(matches!(cluster(3).down("n2").down("n3").run(&CHECK), Outcome::NotApplicable(_)));
        let mut lonely = cluster(3);
        lonely.member_mut("n3").leader = Observed::Known(None);
        row(&CHECK, &lonely, &[Severity::Warning]);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn two_leaders_are_an_election_seen_from_both_sides() {
        let mut split = cluster(3);
        split.member_mut("n3").leader = Observed::Known(Some("3".into()));
        row(&CHECK, &split, &[Severity::Warning]);
    }
}
