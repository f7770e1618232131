use super::even_voters::no_voters;
use crate::facts::CommonFacts;
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::Policy;
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "single-voter",
    family: Family::Quorum,
    question: "Is there more than one voter?",
    why: "A single voter is a single point of failure: when it stops, everything stops; when its disk is lost, only a \
          backup is left.",
    remedy: "Add two voters one after the other (each as a learner first, then promoted), or make sure that backups \
             are taken and restores are rehearsed.",
    runbook: Some("even-members"),
    thresholds: &[],
    sources: &[
        "Consul operator raft configuration",
        "https://etcd.io/docs/v3.6/faq/#what-is-failure-tolerance",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("who is a member now: {why}"), Severity::Warning);
    }
    match facts.voters().count() {
        0 => Outcome::undecided(no_voters(facts), Severity::Warning),
        1 => {
            let name = facts.voters().next().map(crate::facts::Member::label).unwrap_or_default();
            Outcome::found(
                Hit::new(Severity::Warning, "{name} is the only voter: its loss stops everything")
                    .with("name", name)
                    .with("voters", 1u64),
            )
        }
        voters => Outcome::Clear(vec![("voters", Value::from(voters))]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};

    #[test]
    fn one_is_none() {
        row(&CHECK, &cluster(1), &[Severity::Warning]);
        row(&CHECK, &cluster(3), &[]);
        undecided(&CHECK, &cluster(0), Severity::Warning);
        let mut with_learner = cluster(2);
        with_learner.member_mut("n2").voter = false;
        row(&CHECK, &with_learner, &[Severity::Warning]);
    }
}
