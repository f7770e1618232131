mod files;

use crate::checks::agents::{exposure, nobody};
use crate::facts::{CommonFacts, ConsulFacts, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
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
    rules: &[Rule::Zookeeper(judge), Rule::Consul(judge_consul), Rule::ZookeeperFile(files::judge)],
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

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let (mut keys, mut nodes, mut judged) = (Vec::new(), Vec::new(), 0_usize);
    for (member, native) in consul.answered(facts) {
        let denies = native.settings.known().is_none_or(|settings| {
            settings.acls_enabled != Some(false) && settings.acl_default_policy.as_deref() != Some("allow")
        });
        if !denies {
            continue;
        }
        judged += 1;
        match &native.anonymous {
            Observed::Known(anonymous) if anonymous.keys => keys.push(member),
            Observed::Known(anonymous) if anonymous.nodes => nodes.push(member.label()),
            Observed::Known(_) => {}
            Observed::Unknown(why) => {
                let missing = format!("what it lets be read without a token: {why}");
                tally.gap(member.label(), missing, exposure(std::iter::once(member)));
            }
        }
    }
    if judged == 0 {
        return Outcome::NotApplicable("access controls are off, or allow by default: see auth".into());
    }
    if !keys.is_empty() {
        let labels: Vec<String> = keys.iter().map(|m| m.label()).collect();
        let hit =
            Hit::new(exposure(keys.into_iter()), "keys can be read without a token: a request was made");
        tally.hit(hit.on(labels.join(", ")));
    }
    if !nodes.is_empty() {
        let says = "nodes can be read without a token, as DNS needs it";
        tally.hit(Hit::new(Severity::Info, says).on(nodes.join(", ")));
    }
    tally.evidence("asked_without_a_token", judged);
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row, servers, undecided};
    use crate::facts::AnonymousAccess;

    #[test]
    fn the_root() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.ensemble_mut().root_open = Observed::Known(true);
        row(&CHECK, &sample, &[Severity::Info]);
    }

    #[test]
    fn what_a_stranger_reads_is_proven() {
        row(&CHECK, &servers(3), &[]);
        let mut keys = servers(3);
        keys.consul_mut("n1").anonymous = Observed::Known(AnonymousAccess { keys: true, nodes: false });
        keys.member_mut("n1").listeners[0].anonymous = Observed::Known(true);
        row(&CHECK, &keys, &[Severity::Critical]);
        let mut nodes = servers(3);
        nodes.consul_mut("n1").anonymous = Observed::Known(AnonymousAccess { keys: false, nodes: true });
        row(&CHECK, &nodes, &[Severity::Info]);
        let mut unseen = servers(3);
        unseen.consul_mut("n1").anonymous = Observed::unknown("no answer");
        undecided(&CHECK, &unseen, Severity::Warning);
    }
}
