use crate::facts::{CommonFacts, VoteRule, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::Policy;
use crate::quorum;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "even-voters",
    family: Family::Quorum,
    question: "Is the number of voters odd?",
    why: "An even number needs a larger majority without tolerating one more failure: 4 voters tolerate 1 loss, as 3 \
          do, and one more member can fail. An even split leaves neither half with a quorum.",
    remedy: "Add one voter (as a learner first, then promote it), or remove one while every voter serves. \
             `quorate size` shows the arithmetic.",
    runbook: Some("even-members"),
    thresholds: &[],
    sources: &[
        "Consul operator raft configuration; consul warns of bootstrap_expect only",
        "https://etcd.io/docs/v3.6/faq/#why-an-odd-number-of-cluster-members",
        "https://etcd.io/docs/v3.6/op-guide/runtime-configuration/ (two members: removing one is unsafe)",
    ],
    rules: &[Rule::Zookeeper(judge_zookeeper), Rule::Common(judge)],
};

/// With an oracle half of the voters go on, where it says so: what it says is not known here.
fn judge_zookeeper(zookeeper: &ZookeeperFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let oracle = |member: &ZookeeperMember| member.settings.parsed("oraclePath").known()?.map(str::to_owned);
    match zookeeper.answering().find_map(oracle) {
        Some(path) => Outcome::found(
            Hit::new(
                Severity::Info,
                "an oracle ({path}) lets half of the voters go on; here a majority is counted, and half is called lost",
            )
            .with("path", path)
            .remedy("See that exactly one half is ever told to go on: two that do are two ensembles."),
        ),
        None => judge(facts, policy, Timestamp::UNIX_EPOCH),
    }
}

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("who is a member now: {why}"), Severity::Critical);
    }
    let voters = facts.voters().count();
    match voters {
        0 => Outcome::undecided(no_voters(facts), Severity::Critical),
        2 => Outcome::found(
            Hit::new(
                Severity::Critical,
                "2 voters tolerate no loss: when either stops, no write succeeds and the lost one can no longer be \
                 removed. One voter alone would be safer",
            )
            .with("voters", voters)
            .remedy("Add a third voter now, while both serve."),
        ),
        _ if facts.votes != VoteRule::Majority => {
            Outcome::NotApplicable("votes are grouped: what fails together, and not its number, decides".into())
        }
        _ if voters.is_multiple_of(2) => Outcome::found(
            Hit::new(
                Severity::Warning,
                "{voters} voters tolerate {tolerance} lost, no more than {fewer} would, and need {needed} to agree",
            )
            .with("voters", voters)
            .with("tolerance", quorum::tolerance(voters))
            .with("needed", quorum::needed(voters))
            .with("fewer", voters - 1),
        ),
        _ => Outcome::Clear(vec![("voters", Value::from(voters))]),
    }
}

/// Why no voter is known.
pub(super) fn no_voters(facts: &CommonFacts) -> String {
    format!("the number of voters: {}", facts.membership.why().unwrap_or("the member list names none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};
    use crate::facts::Observed;

    #[test]
    fn two_is_the_worst_size() {
        for odd in [1, 3, 5, 9] {
            row(&CHECK, &cluster(odd), &[]);
        }
        row(&CHECK, &cluster(2), &[Severity::Critical]);
        row(&CHECK, &cluster(4), &[Severity::Warning]);
        row(&CHECK, &cluster(6), &[Severity::Warning]);
    }

    #[test]
    fn an_oracle_helps_two() {
        let mut two = crate::checks::testing::ensemble(2);
        row(&CHECK, &two, &[Severity::Critical]);
        two.set_in_file("n1", "oraclePath", Some("/chassis/mastership"));
        row(&CHECK, &two, &[Severity::Info]);
    }

    #[test]
    fn learners_do_not_count_and_nobody_is_unknown() {
        let mut facts = cluster(4);
        facts.member_mut("n4").voter = false;
        row(&CHECK, &facts, &[]);
        let mut none = cluster(0);
        none.0.common.membership = Observed::unknown("no endpoint answered");
        undecided(&CHECK, &none, Severity::Critical);
    }
}
