use super::even_voters::no_voters;
use crate::facts::CommonFacts;
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::{Limit, Policy, Threshold};
use jiff::Timestamp;

const MOST: Threshold = Threshold {
    key: "voters_most",
    default: Limit::Count(7.0),
    source: "https://etcd.io/docs/v3.6/faq/#what-is-maximum-cluster-size (no more than seven)",
};

pub(super) const CHECK: Check = Check {
    slug: "too-many-voters",
    family: Family::Quorum,
    question: "Are there few enough voters for writes to stay fast?",
    why: "Every write waits for a majority and is sent to every voter: beyond seven, writes get slower while the \
          tolerance hardly matters any more.",
    remedy: "Remove voters one at a time, down to 5 or 7, while all of them serve.",
    runbook: Some("even-members"),
    thresholds: &[MOST],
    sources: &[
        "Vault physical/raft raft_checks.go (hashicorp): more than 7 voters",
        "https://etcd.io/docs/v3.6/faq/#what-is-maximum-cluster-size",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, policy: &Policy, _: Timestamp) -> Outcome {
    if let Some(why) = facts.membership_unseen() {
        return Outcome::undecided(format!("who is a member now: {why}"), Severity::Warning);
    }
    let (voters, most) = (facts.voters().count(), policy.get(&MOST));
    if voters == 0 {
        return Outcome::undecided(no_voters(facts), Severity::Warning);
    }
    if voters as f64 > most {
        return Outcome::found(
            Hit::new(
                Severity::Warning,
                "{voters} voters are more than {most}: every write waits for {needed} of them",
            )
            .with("voters", voters)
            .with("most", Value::Number(most))
            .with("needed", crate::quorum::needed(voters)),
        );
    }
    Outcome::Clear(vec![("voters", Value::from(voters))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};

    #[test]
    fn seven_is_the_most() {
        row(&CHECK, &cluster(7), &[]);
        row(&CHECK, &cluster(9), &[Severity::Warning]);
        undecided(&CHECK, &cluster(0), Severity::Warning);
    }
}
