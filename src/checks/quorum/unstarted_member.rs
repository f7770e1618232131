use crate::facts::{CommonFacts, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use crate::quorum;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "unstarted-member",
    family: Family::Quorum,
    question: "Has every member in the list been started?",
    why: "A voter that was added but never started already counts in the quorum: it raises the number that must agree \
          and can agree to nothing.",
    remedy: "Start it with --initial-cluster-state=existing and the peer URL it was added with, or remove it again: \
             `quorate member remove`.",
    runbook: Some("replace-member"),
    thresholds: &[],
    sources: &[
        "ZooKeeper: a server of the list that has never answered",
        "Consul /v1/operator/raft/configuration: a peer that serf does not know is \"(unknown)\"",
        "https://etcd.io/docs/v3.6/op-guide/runtime-configuration/#add-a-new-member",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("who is a member now: {why}"), Severity::Critical);
    }
    if facts.members.is_empty() {
        let why = facts.membership.why().unwrap_or("the member list is empty");
        return Outcome::undecided(format!("who is a member: {why}"), Severity::Critical);
    }
    let voters = facts.voters().count();
    let started = facts.voters().filter(|m| m.started).count();
    let needed = quorum::needed(voters);
    let mut tally = Tally::new();
    for member in facts.members.iter().filter(|m| !m.started) {
        tally.hit(unstarted(member, voters, started, needed));
    }
    tally.evidence("members", facts.members.len());
    tally.outcome()
}

fn unstarted(member: &Member, voters: usize, started: usize, needed: usize) -> Hit {
    let (severity, says) = match member.voter {
        true if started < needed => (
            Severity::Critical,
            "the voter at {peer} has never started; only {started} of {voters} voters ever did, and \
             {needed} are needed",
        ),
        true => (
            Severity::Warning,
            "the voter at {peer} has never started; it counts: {needed} of {voters} must agree, and \
             {started} ever started",
        ),
        false => (Severity::Warning, "the learner at {peer} has never started"),
    };
    Hit::new(severity, says)
        .with("peer", member.peer_urls.first().cloned().unwrap_or_else(|| "an unknown peer URL".into()))
        .with("started", started)
        .with("voters", voters)
        .with("needed", needed)
        .on(member.label())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn with_unstarted(n: usize, unstarted: &[&str]) -> Sample {
        let mut facts = cluster(n);
        for name in unstarted {
            facts.member_mut(name).started = false;
        }
        facts
    }

    #[test]
    fn counts_in_the_quorum_without_serving() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &with_unstarted(4, &["n4"]), &[Severity::Warning]);
        row(&CHECK, &with_unstarted(2, &["n2"]), &[Severity::Critical]);
        row(&CHECK, &with_unstarted(4, &["n3", "n4"]), &[Severity::Critical, Severity::Critical]);
    }

    #[test]
    fn a_learner_that_never_started_does_not_count() {
        let mut facts = with_unstarted(2, &["n2"]);
        facts.member_mut("n2").voter = false;
        row(&CHECK, &facts, &[Severity::Warning]);
        undecided(&CHECK, &cluster(0), Severity::Critical);
    }
}
