use crate::facts::{CommonFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::Policy;
use crate::quorum::{self, QuorumState};
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "quorum-margin",
    family: Family::Quorum,
    question: "Does every voter serve, so that the cluster tolerates what its size promises?",
    why: "The cluster still serves, but with a voter missing the next failure may stop all writes.",
    remedy: "Bring the missing voter back on its own disk. If the disk is gone, remove the member first, then add its \
             replacement as a learner.",
    runbook: Some("replace-member"),
    thresholds: &[],
    sources: &[
        "ZooKeeper srvr of every server; /zookeeper/config",
        "Consul /v1/operator/raft/configuration?stale; autopilot state.go: FailureTolerance counts configured voters",
        "https://etcd.io/docs/v3.6/faq/#what-is-failure-tolerance",
        "etcd contrib/mixin/alerts: etcdMembersDown (warning)",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    let quorum = quorum::assess(facts);
    let missing: Vec<String> = facts
        .voters()
        .filter_map(|m| match &m.trouble {
            Some(_) if !m.started => Some(format!("{} (never started)", m.label())),
            Some(trouble) => Some(format!("{} ({})", m.label(), trouble.kind.name())),
            None if m.leader == Observed::Known(None) => {
                Some(format!("{} (cut off from the leader)", m.label()))
            }
            None => None,
        })
        .collect();
    let says = match (quorum.state, quorum.failures_until_stuck) {
        (QuorumState::AtRisk, _) => "{why}: one more loss stops all writes. Missing: {missing}.",
        (QuorumState::Degraded, Some(_)) => "{why}; {margin} more may fail. Missing: {missing}.",
        (QuorumState::Degraded, None) => "{why}. Not reached: {missing}.",
        (QuorumState::Healthy, _) => {
            let margin = quorum.failures_until_stuck.unwrap_or(0);
            return Outcome::Clear(vec![("failures_until_stuck", Value::from(margin))]);
        }
        (QuorumState::Lost, _) => return Outcome::NotApplicable("quorum is lost: see quorum-lost".into()),
        (QuorumState::Unknown, _) => return Outcome::undecided(quorum.why, Severity::Warning),
    };
    Outcome::found(
        Hit::new(Severity::Warning, says)
            .with("why", quorum.why)
            .with("missing", missing)
            .with("margin", quorum.failures_until_stuck.unwrap_or(0)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row};

    #[test]
    fn warns_while_a_voter_is_missing() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &cluster(1), &[]);
        row(&CHECK, &cluster(3).down("n3"), &[Severity::Warning]);
        row(&CHECK, &cluster(5).down("n3"), &[Severity::Warning]);
    }

    #[test]
    fn a_voter_without_the_others_leader_takes_no_part() {
        let mut cut_off = cluster(3);
        cut_off.member_mut("n3").leader = Observed::Known(None);
        row(&CHECK, &cut_off, &[Severity::Warning]);
        let quorum = quorum::assess(&cut_off.0.common);
        assert_eq!((quorum.state, quorum.failures_until_stuck), (QuorumState::AtRisk, Some(0)));
    }

    #[test]
    fn leaves_a_lost_quorum_to_its_own_check() {
        assert!(matches!(cluster(3).down("n1").down("n2").run(&CHECK), Outcome::NotApplicable(_)));
    }
}
