use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "recovery-file",
    family: Family::Membership,
    question: "Has no file been left behind that forces a membership?",
    why: "A peers.json is read and deleted at the next start. One that stays, because it was \
          written for a start that did not come or could not be deleted, throws out whoever joined \
          since.",
    remedy: "Read it, keep a copy elsewhere, and take it out of raft/ before that server starts \
          again.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "https://developer.hashicorp.com/consul/docs/manage/disaster-recovery (peers.json)",
        "Consul agent/consul/server.go setupRaft",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut looked = 0_usize;
    for (member, native) in consul.answered(facts) {
        match native.peers_json.known() {
            Some(true) => {
                let says = "raft/peers.json lies in its data directory: at its next start it forces that membership, whoever \
                            has joined since";
                tally.hit(Hit::new(Severity::Critical, says).on(member.label()));
            }
            Some(false) => looked += 1,
            None => {}
        }
    }
    match tally.outcome() {
        Outcome::Clear(_) if looked == 0 => Outcome::NotApplicable(
            "no server's disk can be seen from here (members.NAME.host = { local = true })".into(),
        ),
        Outcome::Clear(_) => Outcome::Clear(vec![("directories", looked.into())]),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};
    use crate::facts::Observed;

    #[test]
    fn a_file_that_forces_a_membership() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        let mut sample = servers(3);
        sample.consul_mut("n1").peers_json = Observed::Known(false);
        row(&CHECK, &sample, &[]);
        sample.consul_mut("n2").peers_json = Observed::Known(true);
        row(&CHECK, &sample, &[Severity::Critical]);
    }
}
