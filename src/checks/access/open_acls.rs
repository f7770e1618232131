use crate::facts::{CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "open-acls",
    family: Family::Access,
    question: "Is the root of the tree closed to strangers?",
    why: "A new ensemble's root is open to everybody: whoever opens a session may create and delete znodes below it. \
          ACLs are not inherited: each znode has its own.",
    remedy: "Set the root's ACL (`setAcl / …` in zkCli) once every client authenticates, and the ACLs of what it holds.",
    runbook: None,
    thresholds: &[],
    sources: &["zookeeperProgrammers.md: access control using ACLs"],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    match &zookeeper.root_open {
        Observed::Known(true) => Outcome::found(Hit::new(
            Severity::Info,
            "the root's ACL is world:anyone with every right: whoever opens a session may create and delete below it",
        )),
        Observed::Known(false) => Outcome::clear(),
        Observed::Unknown(why) => Outcome::undecided(format!("the root's ACL: {why}"), Severity::Info),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn the_root() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.ensemble_mut().root_open = Observed::Known(true);
        row(&CHECK, &sample, &[Severity::Info]);
    }
}
