use crate::facts::CommonFacts;
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::Policy;
use crate::quorum::{self, QuorumState};
use jiff::Timestamp;

pub(super) const CHECK: Check = Check {
    slug: "quorum-lost",
    family: Family::Quorum,
    question: "Does a majority of the voters serve?",
    why: "Without a majority no write can succeed and no linearizable read is answered. Adding a member does not help: \
          it raises the number that is needed.",
    remedy: "Start a lost voter on its own disk if any can be started: that costs no data. Never add a member to a \
             stuck cluster.",
    runbook: Some("stuck-quorum"),
    thresholds: &[],
    sources: &[
        "ZooKeeper srvr of every server, and a session of its own",
        "Consul /v1/agent/self and /v1/operator/raft/configuration?stale of every server, and a consistent read",
        "https://etcd.io/docs/v3.6/op-guide/failures/#majority-failure",
        "etcd contrib/mixin/alerts: etcdInsufficientMembers (critical)",
    ],
    rules: &[Rule::Common(judge)],
};

fn judge(facts: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    let quorum = quorum::assess(facts);
    match quorum.state {
        QuorumState::Lost => Outcome::found(
            Hit::new(Severity::Critical, "{why}. No write can succeed.")
                .with("why", quorum.why)
                .with("voters", quorum.voters)
                .with("needed", quorum.needed)
                .with("serving", quorum.serving),
        ),
        QuorumState::Unknown => Outcome::undecided(quorum.why, Severity::Critical),
        _ => Outcome::Clear(vec![("serving", Value::from(quorum.serving)), ("voters", quorum.voters.into())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, row, undecided};
    use crate::facts::{Observed, QuorumRead, TroubleKind};

    #[test]
    fn a_majority_must_answer_and_have_a_leader() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &cluster(3).down("n2"), &[]);
        row(&CHECK, &cluster(3).down("n2").down("n3"), &[Severity::Critical]);
        row(&CHECK, &cluster(5).down("n2").down("n3"), &[]);
        row(&CHECK, &cluster(3).leaderless(), &[Severity::Critical]);
    }

    #[test]
    fn a_served_quorum_read_proves_a_quorum_we_cannot_see() {
        let mut facts =
            cluster(3).trouble("n2", TroubleKind::ConnectTimeout).trouble("n3", TroubleKind::ConnectTimeout);
        facts.member_mut("n1").quorum_read = Observed::Known(QuorumRead::Served { ms: 1.0 });
        row(&CHECK, &facts, &[]);
    }

    #[test]
    fn too_many_proven_down_is_lost_whoever_else_may_live() {
        row(&CHECK, &cluster(3).down("n1").down("n2").down("n3"), &[Severity::Critical]);
        let silent = |kind| cluster(3).down("n1").down("n2").trouble("n3", kind);
        row(&CHECK, &silent(TroubleKind::ConnectTimeout), &[Severity::Critical]);
        row(&CHECK, &silent(TroubleKind::Unauthenticated), &[Severity::Critical]);
        row(&CHECK, &silent(TroubleKind::NoAnswer), &[Severity::Critical]);
    }

    #[test]
    fn voters_beyond_our_reach_may_serve_each_other() {
        let with = |kind| cluster(3).trouble("n2", kind).trouble("n3", kind);
        undecided(&CHECK, &with(TroubleKind::ConnectTimeout), Severity::Critical);
        undecided(&CHECK, &with(TroubleKind::WrongCa), Severity::Critical);
        // A process that takes the connection and says nothing is hung, where others do answer us.
        row(&CHECK, &with(TroubleKind::NoAnswer), &[Severity::Critical]);
        undecided(
            &CHECK,
            &with(TroubleKind::NoAnswer).trouble("n1", TroubleKind::NoAnswer),
            Severity::Critical,
        );
        undecided(&CHECK, &with(TroubleKind::ConnectTimeout).down("n1"), Severity::Critical);
    }

    /// As when the deadline was too short for two of three: the third has just heard of its leader.
    #[test]
    fn whom_a_leader_still_reaches_proves_that_the_silent_live() {
        let mut facts = cluster(3).trouble("n1", TroubleKind::NoAnswer).trouble("n3", TroubleKind::NoAnswer);
        facts.member_mut("n2").leader = Observed::Known(Some("1".into()));
        facts.member_mut("n2").quorum_read = Observed::Known(QuorumRead::Failed {
            why: "no answer within the deadline".into(),
            after_ms: 9.0,
            refused: false,
        });
        undecided(&CHECK, &facts, Severity::Critical);
    }

    /// A leader takes itself for one until an election timeout has passed; that its read waited in vain tells more.
    #[test]
    fn a_leader_alone_proves_nothing_by_naming_itself() {
        let alone = |after_ms| {
            let mut facts =
                cluster(3).trouble("n2", TroubleKind::NoAnswer).trouble("n3", TroubleKind::NoAnswer);
            facts.member_mut("n1").leader = Observed::Known(Some("1".into()));
            facts.member_mut("n1").quorum_read =
                Observed::Known(QuorumRead::Failed { why: "no answer".into(), after_ms, refused: false });
            facts
        };
        row(&CHECK, &alone(260.0), &[Severity::Critical]);
        undecided(&CHECK, &alone(9.0), Severity::Critical);
    }

    #[test]
    fn a_read_that_nobody_refused_is_no_proof() {
        let read = |refused| {
            let mut facts = cluster(3);
            for name in ["n1", "n2", "n3"] {
                facts.member_mut(name).quorum_read =
                    Observed::Known(QuorumRead::Failed { why: "in a test".into(), after_ms: 12.0, refused });
            }
            facts
        };
        undecided(&CHECK, &read(false), Severity::Critical);
        row(&CHECK, &read(true), &[Severity::Critical]);
    }
}
