use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "data-dir-permissions",
    family: Family::AtRest,
    question: "Can only the server's own user read its data and its secrets?",
    why: "Whoever may read a snapshot or a log reads every znode past its ACL, and the hashes of passwords in the ACLs; \
          whoever reads a key store or a zoo.cfg with passwords can be a server.",
    remedy: "Take the rights of others away: chmod o= on the directory and the files that are named, and set umask 027 (or \
             UMask=0027 in the unit) for what the server writes next.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "zookeeperAdmin.md: \"The data stored in these files is not encrypted\"",
        "ZooKeeper DigestAuthenticationProvider: ACLs hold SHA-1 digests without salt",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.here) {
        return Outcome::undecided(format!("the servers' disks: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| match &member.here {
        Observed::Known(here) if here.exposed.is_empty() => {}
        Observed::Known(here) => tally.hit(
            on(member, Severity::Warning, "every user of its machine can read {files}")
                .with("files", here.exposed.clone()),
        ),
        Observed::Unknown(why) => {
            tally.gap(member.label(), format!("its disks: {why}"), Severity::Warning);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row, undecided};

    #[test]
    fn what_everybody_can_read_is_named() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.here_mut("n1").exposed = vec!["/var/lib/zk/version-2/snapshot.0".into()];
        row(&CHECK, &sample, &[Severity::Warning]);
        let mut far = ensemble(3);
        for name in ["n1", "n2", "n3"] {
            far.zookeeper_mut(name).here = Observed::unknown("elsewhere");
        }
        undecided(&CHECK, &far, Severity::Warning);
    }
}
