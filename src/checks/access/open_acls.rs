use crate::checks::consul::access;
use crate::facts::{CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "open-acls",
    family: Family::Access,
    question: "Is nothing that matters open to whoever asks without credentials?",
    why: "A rule for everybody, made for convenience or left from the beginning, opens what access controls are there to \
          protect. What it opens is asked for, not only read from settings.",
    remedy: "Take away what everybody may do: in ZooKeeper set the root's ACL (`setAcl / …` in zkCli) once every client \
             authenticates, and those of what it holds, for ACLs are not inherited; in Consul take the rule from the \
             anonymous token (`consul acl token read -id anonymous`).",
    runbook: None,
    thresholds: &[],
    sources: &[
        "zookeeperProgrammers.md: access control using ACLs",
        "https://developer.hashicorp.com/consul/docs/security/acl/tokens#anonymous-token",
    ],
    rules: &[Rule::Zookeeper(judge), Rule::Consul(access::anonymous)],
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
