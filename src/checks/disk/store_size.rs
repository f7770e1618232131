use crate::checks::servers::on;
use crate::facts::{CommonFacts, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const NODES: Threshold = Threshold {
    key: "znodes_warn",
    default: Limit::Count(1_000_000.0),
    source: "zookeeperMonitor.md: ZnodeTooMuch, znode_count > 1000000",
};
const BYTES: Threshold = Threshold {
    key: "znode_bytes_warn",
    default: Limit::Bytes(1 << 30),
    source: "zookeeperMonitor.md: DataSizeTooLarge, approximate_data_size > 1 GiB",
};
const WATCHES: Threshold = Threshold {
    key: "watches_warn",
    default: Limit::Count(10_000.0),
    source: "zookeeperMonitor.md: WatchCountTooMuch, watch_count > 10000",
};

pub(super) const CHECK: Check = Check {
    slug: "store-size",
    family: Family::Disk,
    question: "Is the tree small enough for memory, snapshots and a new member's synchronisation?",
    why: "Every server holds the whole tree in its heap, writes it into each snapshot, and sends it to a member that \
          comes back; a tree that cannot be sent within initLimit ticks keeps that member out for ever.",
    remedy: "Find what grows (`du` of a snapshot, or znode counts by parent) and have its owner remove it; raise -Xmx \
             and initLimit before the tree outgrows them.",
    runbook: None,
    thresholds: &[NODES, BYTES, WATCHES],
    sources: &["zookeeperMonitor.md, alert rules"],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    if zookeeper.serving().next().is_none() {
        return Outcome::undecided("no server serves", Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, srvr) in zookeeper.serving() {
        let nodes = srvr.nodes.unwrap_or_default();
        if nodes as f64 > policy.get(&NODES) {
            tally.hit(on(member, Severity::Warning, "it holds {nodes} znodes").with("nodes", nodes));
        }
        if let Some(bytes) = member.metric("approximate_data_size").filter(|b| *b > policy.get(&BYTES)) {
            tally.hit(
                on(member, Severity::Warning, "its tree holds {bytes}")
                    .with("bytes", Value::Bytes(bytes as u64)),
            );
        }
        if let Some(watches) = member.metric("watch_count").filter(|w| *w > policy.get(&WATCHES)) {
            tally.hit(
                on(member, Severity::Warning, "{watches} watches are set on it")
                    .with("watches", watches as u64),
            );
        }
        tally.nearest(nodes as f64, vec![("znodes", nodes.into())]);
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn sizes() {
        let mut sample = ensemble(3);
        row(&CHECK, &sample, &[]);
        sample.srvr_mut("n1").nodes = Some(1_000_001);
        sample.numbers_mut("n2").insert("approximate_data_size".into(), 2e9);
        sample.numbers_mut("n3").insert("watch_count".into(), 10_001.0);
        row(&CHECK, &sample, &[Severity::Warning; 3]);
    }
}
