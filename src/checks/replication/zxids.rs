//! The questions of this family, asked of ZooKeeper: transactions are counted by zxid, an epoch and a counter.

use crate::checks::servers::{above, each_with_numbers, grown, number, on};
use crate::facts::{CommonFacts, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Hit, Outcome, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

pub(super) const LAG_WARN: Threshold = Threshold {
    key: "zxid_lag_warn",
    default: Limit::Count(200.0),
    source: "zk_shell's chkzk: outlier above 200 transactions",
};
pub(super) const LAG_CRITICAL: Threshold = Threshold {
    key: "zxid_lag_critical",
    default: Limit::Count(500.0),
    source: "ZooKeeper zookeeper.commitLogCount = 500: a server further behind may need a whole snapshot",
};
pub(super) const OUTSTANDING: Threshold = Threshold {
    key: "outstanding_requests_warn",
    default: Limit::Count(20.0),
    source: "ZooKeeper contrib/monitoring services.cfg: zk_outstanding_requests, warning at 20",
};
pub(super) const PENDING_SYNCS: Threshold = Threshold {
    key: "pending_syncs_warn",
    default: Limit::Count(10.0),
    source: "zabbix template \"Zookeeper by HTTP\": {$ZOOKEEPER.PENDING_SYNCS.MAX.WARN} = 10",
};

/// raft-lag: how far servers are behind the leader.
pub(super) fn lag(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    let Some(head) = zookeeper.serving().map(|(_, srvr)| srvr.zxid).max() else {
        return Outcome::undecided("no server serves", Severity::Critical);
    };
    let mut largest = 0;
    let mut tally = Tally::new();
    for (member, srvr) in zookeeper.serving().filter(|(_, srvr)| srvr.mode != "standalone") {
        if srvr.zxid >> 32 != head >> 32 {
            // In the first transaction of an epoch every server takes the epoch up.
            tally.hit(
                on(member, Severity::Warning, "it is in epoch {epoch} and others are in {newest}: it follows another leader, or has not yet caught up")
                    .with("epoch", srvr.zxid >> 32)
                    .with("newest", head >> 32),
            );
            continue;
        }
        let lag = head - srvr.zxid;
        largest = largest.max(lag);
        if let Some(hit) = behind(member, lag, srvr.zxid, policy) {
            tally.hit(hit);
        }
    }
    for (member, srvr) in zookeeper.serving().filter(|(_, srvr)| srvr.mode == "leader") {
        out_of_step(zookeeper, member, srvr.zxid, &mut tally);
    }
    tally.evidence("largest_lag", largest);
    tally.outcome()
}

fn behind(member: &ZookeeperMember, lag: u64, zxid: u64, policy: &Policy) -> Option<Hit> {
    let severity = above(lag as f64, policy.get(&LAG_WARN), policy.get(&LAG_CRITICAL))?;
    let moved = member.zxid_before.known().is_some_and(|before| zxid > *before);
    let severity = if moved { Severity::Warning } else { severity };
    let says = if moved {
        "it is {lag} transactions behind and catching up"
    } else {
        "it is {lag} transactions behind and did not move between two looks"
    };
    Some(on(member, severity, says).with("lag", lag))
}

/// The leader's own count of followers in step.
fn out_of_step(zookeeper: &ZookeeperFacts, leader: &ZookeeperMember, _: u64, tally: &mut Tally) {
    let (Some(synced), Some(quorum)) = (leader.metric("synced_followers"), leader.metric("quorum_size"))
    else {
        return;
    };
    let following = zookeeper.serving().filter(|(_, srvr)| srvr.mode == "follower").count() as f64;
    if synced < (quorum - 1.0).min(following) {
        tally.hit(
            on(
                leader,
                Severity::Warning,
                "the leader counts {synced} followers in step, and {following} answer as followers",
            )
            .with("synced", synced as u64)
            .with("following", following as u64),
        );
    }
}

/// leader-churn: elections since the earlier look.
pub(super) fn churn(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    each_with_numbers(zookeeper, Severity::Warning, |member, tally| {
        let Some(before) =
            number(member, "looking_count", "how often it looked for a leader", Severity::Warning, tally)
        else {
            return;
        };
        // The first search is that of its start.
        let (searches, during) = match (grown(member, "looking_count"), member.window.known()) {
            (Some(grown), Some(window)) => (grown, window.window.label()),
            _ => ((before - 1.0).max(0.0), "since start"),
        };
        let limit = if during == "since start" { 4.0 } else { 1.0 };
        if searches >= limit {
            let says =
                "it looked for a new leader {searches} times ({during}): writes stop for each election";
            tally.hit(
                on(member, Severity::Warning, says).with("searches", searches as u64).with("during", during),
            );
        }
    })
}

/// data-divergence: the servers compare a digest of the tree with the leader's, after every transaction (3.6 and later).
pub(super) fn divergence(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    each_with_numbers(zookeeper, Severity::Warning, |member, tally| {
        let what = "whether its data differ from the leader's";
        // Not published: then nothing says that they differ, either.
        let Some(count) = number(member, "digest_mismatches_count", what, Severity::Warning, tally) else {
            return;
        };
        if count > 0.0 {
            let says = "its data differed from the leader's after {count} transactions";
            tally.hit(on(member, Severity::Critical, says).with("count", count as u64));
        }
    })
}

/// proposals: what waits.
pub(super) fn waiting(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    let serving = zookeeper.serving().count();
    if serving == 0 {
        return Outcome::undecided("no server serves", Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, srvr) in zookeeper.serving() {
        match srvr.outstanding {
            Some(waiting) if waiting as f64 >= policy.get(&OUTSTANDING) => tally.hit(
                on(member, Severity::Warning, "{waiting} requests were waiting when it was asked")
                    .with("waiting", waiting),
            ),
            Some(waiting) => tally.nearest(waiting as f64, vec![("most_waiting", waiting.into())]),
            None => tally.gap(member.label(), "srvr did not tell how many requests wait", Severity::Warning),
        }
        if let Some(pending) = member.metric("pending_syncs").filter(|p| *p >= policy.get(&PENDING_SYNCS)) {
            let says = "{pending} syncs wait for followers";
            tally.hit(on(member, Severity::Warning, says).with("pending", Value::Number(pending)));
        }
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::{data_divergence, proposals, raft_lag};
    use super::*;
    use crate::checks::testing::{ensemble, row, undecided};

    #[test]
    fn a_lag_that_does_not_move_is_worse() {
        let late = |by: u64, moved: u64| {
            let mut sample = ensemble(3);
            let zxid = sample.srvr_mut("n3").zxid - by;
            sample.srvr_mut("n3").zxid = zxid;
            sample.zookeeper_mut("n3").zxid_before = crate::facts::Observed::Known(zxid - moved);
            sample
        };
        for (by, moved, expected) in [
            (0, 0, vec![]),
            (199, 0, vec![]),
            (200, 0, vec![Severity::Warning]),
            (500, 0, vec![Severity::Critical]),
            (500, 5, vec![Severity::Warning]),
        ] {
            row(&raft_lag::CHECK, &late(by, moved), &expected);
        }
        row(&raft_lag::CHECK, &late(1 << 32, 0), &[Severity::Warning]);
    }

    #[test]
    fn a_digest_that_differs_is_critical_and_none_is_unknown() {
        let mut sample = ensemble(3);
        sample.numbers_mut("n2").insert("digest_mismatches_count".into(), 2.0);
        row(&data_divergence::CHECK, &sample, &[Severity::Critical]);
        sample.numbers_mut("n2").remove("digest_mismatches_count");
        undecided(&data_divergence::CHECK, &sample, Severity::Warning);
    }

    #[test]
    fn waiting_requests() {
        let mut sample = ensemble(3);
        row(&proposals::CHECK, &sample, &[]);
        sample.srvr_mut("n1").outstanding = Some(20);
        row(&proposals::CHECK, &sample, &[Severity::Warning]);
    }
}
