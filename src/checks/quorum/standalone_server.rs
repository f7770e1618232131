use crate::facts::{CommonFacts, ZookeeperFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "standalone-server",
    family: Family::Quorum,
    question: "Does no server run alone where an ensemble is expected?",
    why: "With one server line (or none) in its zoo.cfg ZooKeeper starts in standalone mode without a word: it serves \
          its own history beside the ensemble's, and its transactions reuse numbers that the others have used.",
    remedy: "Stop it before clients write to it; give it the same server.N lines as the others and its own myid; keep \
             its data directory, and let it start with an empty one.",
    runbook: Some("membership-drift"),
    thresholds: &[],
    sources: &[
        "ZooKeeper QuorumPeerConfig.isDistributed, standaloneEnabled (zookeeperAdmin.md)",
        "ZooKeeper ZooKeeperServer.loadData: standalone mode does not begin a new epoch",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let modes: Vec<(String, &str)> =
        zookeeper.serving().map(|(member, srvr)| (member.label(), srvr.mode.as_str())).collect();
    let alone: Vec<String> =
        modes.iter().filter(|(_, mode)| *mode == "standalone").map(|(label, _)| label.clone()).collect();
    if modes.is_empty() {
        return match zookeeper.answering().next() {
            // A standalone server always serves.
            Some(_) => Outcome::clear(),
            None => Outcome::undecided("no member answered", Severity::Critical),
        };
    }
    if alone.is_empty() {
        return Outcome::Clear(vec![("servers", Value::from(modes.len()))]);
    }
    if zookeeper.addresses_given < 2 && modes.len() == 1 {
        return Outcome::NotApplicable(
            "one server was asked for, and it runs alone: see single-voter".into(),
        );
    }
    let says = match alone.len() {
        1 => "{alone} runs standalone, in no ensemble, and {expected} servers were to be one",
        _ => "{alone} run standalone, each for itself, and {expected} servers were to be one ensemble",
    };
    Outcome::found(
        Hit::new(Severity::Critical, says)
            .with("alone", alone)
            .with("expected", zookeeper.addresses_given.max(modes.len())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn a_server_alone_is_wrong_only_where_more_are_expected() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.srvr_mut("n3").mode = "standalone".into();
        row(&CHECK, &sample, &[Severity::Critical]);
        let mut one = ensemble(1);
        one.srvr_mut("n1").mode = "standalone".into();
        row(&CHECK, &one, &[]);
    }
}
