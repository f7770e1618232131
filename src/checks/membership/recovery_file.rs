use crate::facts::{CommonFacts, ConsulFacts, ConsulFiles};
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
    rules: &[Rule::Consul(judge), Rule::ConsulFile(judge_file)],
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

fn judge_file(files: &ConsulFiles, _: &Policy) -> Outcome {
    match &files.data_dir {
        None => Outcome::NotApplicable("it is no data directory".into()),
        Some(dir) if dir.peers_json => Outcome::found(Hit::new(
            Severity::Critical,
            "raft/peers.json lies in it: at the next start of the server it forces that membership, whoever has joined since",
        )),
        Some(_) => Outcome::clear(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};
    use crate::facts::{ConsulDataDir, FileFacts, Observed};

    #[test]
    fn a_file_that_forces_a_membership() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        let mut sample = servers(3);
        sample.consul_mut("n1").peers_json = Observed::Known(false);
        row(&CHECK, &sample, &[]);
        sample.consul_mut("n2").peers_json = Observed::Known(true);
        row(&CHECK, &sample, &[Severity::Critical]);
    }

    #[test]
    fn a_data_directory_without_its_server() {
        let run = |data_dir| {
            let files = ConsulFiles { data_dir, ..ConsulFiles::default() };
            CHECK.run_on_file(&FileFacts::Consul(Box::new(files)), &Policy::default()).expect("is judged")
        };
        assert!(matches!(run(None), Outcome::NotApplicable(_)));
        assert!(matches!(run(Some(ConsulDataDir::default())), Outcome::Clear(_)));
        let left = run(Some(ConsulDataDir { peers_json: true, ..ConsulDataDir::default() }));
        let Outcome::Judged { hits, .. } = left else { unreachable!("found") };
        assert_eq!(hits[0].severity, Severity::Critical);
    }
}
