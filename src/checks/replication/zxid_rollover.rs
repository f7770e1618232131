use crate::checks::servers::{above, on};
use crate::facts::{CommonFacts, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "zxid_counter_warn",
    default: Limit::Percent(75.0),
    source: "our own: time to plan a restart of the leader",
};
const CRITICAL: Threshold = Threshold {
    key: "zxid_counter_critical",
    default: Limit::Percent(93.75),
    source: "our own: 0xF0000000 of 0xFFFFFFFF",
};

pub(super) const CHECK: Check = Check {
    slug: "zxid-rollover",
    family: Family::Replication,
    question: "Is the epoch's transaction counter far from its end?",
    why: "The counter has 32 bits. At its end the leader gives up and forces an election in the middle of the load that \
          brought it there.",
    remedy: "Restart the leader in a quiet hour: a new epoch begins at 0.",
    runbook: None,
    thresholds: &[WARN, CRITICAL],
    sources: &["ZOOKEEPER-1277", "ZooKeeper Leader.propose: zxid & 0xffffffff == 0xffffffff"],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    let Some((member, srvr)) = zookeeper.serving().max_by_key(|(_, srvr)| srvr.zxid) else {
        return Outcome::undecided("no server serves", Severity::Critical);
    };
    let counter = srvr.zxid & 0xffff_ffff;
    let percent = counter as f64 / f64::from(u32::MAX) * 100.0;
    let mut tally = Tally::new();
    if let Some(severity) = above(percent, policy.get(&WARN), policy.get(&CRITICAL)) {
        let says =
            "{percent} of the epoch's transactions are used up ({counter}); at the end the leader steps down";
        tally.hit(
            on(member, severity, says).with("percent", Value::Percent(percent)).with("counter", counter),
        );
    }
    tally.evidence("used", Value::Percent(percent));
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn the_end_is_seen_from_afar() {
        for (counter, expected) in [
            (0xBFFF_0000_u64, vec![]),
            (0xC000_0001, vec![Severity::Warning]),
            (0xF000_0001, vec![Severity::Critical]),
        ] {
            let mut sample = ensemble(3);
            sample.srvr_mut("n1").zxid = (1 << 32) | counter;
            row(&CHECK, &sample, &expected);
        }
    }
}
