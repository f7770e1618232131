use super::zxids;
use crate::checks::consul;
use crate::facts::{CommonFacts, EtcdFacts, EtcdMember, EtcdStatus, Member, RaftProgress};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::{Limit, Policy, Threshold};

const APPLY_WARN: Threshold = Threshold {
    key: "apply_lag_warn",
    default: Limit::Count(1000.0),
    source: "our own; etcd documentation: healthy members are \"within a few thousands\"",
};
const APPLY_CRITICAL: Threshold = Threshold {
    key: "apply_lag_critical",
    default: Limit::Count(5000.0),
    source: "etcd server/etcdserver/v3_server.go: maxGapBetweenApplyAndCommitIndex = 5000, then \"too many requests\"",
};
const BEHIND: Threshold = Threshold {
    key: "replication_lag_warn",
    default: Limit::Count(5000.0),
    source: "etcd server/etcdserver/server.go: DefaultSnapshotCatchUpEntries = 5000, then a snapshot is sent",
};

pub(super) const CHECK: Check = Check {
    slug: "raft-lag",
    family: Family::Replication,
    question: "Does every voter have the log, and has it applied what is committed?",
    why: "A voter that is behind answers old data to serializable reads, and when it is needed for a majority every \
          write waits for it. Too far behind, it needs a whole snapshot.",
    remedy: "Look at the disk and CPU of the member that is behind and at its link to the leader: `quorate check \
             --only wal-fsync,backend-commit,peer-network`.",
    runbook: None,
    thresholds: &[
        APPLY_WARN,
        APPLY_CRITICAL,
        BEHIND,
        consul::replication::TRAILING_WARN,
        zxids::LAG_WARN,
        zxids::LAG_CRITICAL,
    ],
    sources: &[
        "etcd Maintenance/Status: raftIndex and raftAppliedIndex",
        "etcd /debug/vars of the leader: raft.status.progress",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(zxids::lag), Rule::Consul(consul::replication::lag)],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut asked = 0;
    let mut largest = 0;
    for (member, native, status) in etcd.answered(facts).filter(|(member, _, _)| member.voter) {
        asked += 1;
        let lag = if only_on_paper(etcd, facts, member, status) { 0 } else { apply_lag(status) };
        match applying(lag, native, policy) {
            Some(hit) => tally.hit(hit.on(member.label())),
            None => largest = largest.max(lag),
        }
        if let Some(hit) = behind_leader(etcd, facts, member, status, policy.get(&BEHIND)) {
            tally.hit(hit.on(member.label()));
        }
    }
    if asked == 0 {
        return Outcome::undecided("no voter answered", Severity::Critical);
    }
    tally.evidence("largest_apply_lag", largest);
    tally.outcome()
}

/// Committed entries that are not applied yet.
fn apply_lag(status: &EtcdStatus) -> u64 {
    status.raft_index.saturating_sub(status.raft_applied)
}

/// After a member received a snapshot, its Status goes on telling the applied index from before until the next write:
/// one that is at the leader's revision has everything.
fn only_on_paper(etcd: &EtcdFacts, facts: &CommonFacts, member: &Member, status: &EtcdStatus) -> bool {
    etcd.leader(facts)
        .is_some_and(|(leader, _, leads)| leader.id != member.id && status.revision >= leads.revision)
}

fn applying(lag: u64, native: &EtcdMember, policy: &Policy) -> Option<Hit> {
    if lag as f64 <= policy.get(&APPLY_WARN) {
        return None;
    }
    let later = native.status_again.known().map(apply_lag);
    let stuck = later.is_none_or(|later| later >= lag);
    let severity = if lag as f64 > policy.get(&APPLY_CRITICAL) && stuck {
        Severity::Critical
    } else {
        Severity::Warning
    };
    let says = match later {
        Some(later) if later < lag => {
            "{lag} committed log entries are not applied yet, {later} a moment later"
        }
        Some(_) => "{lag} committed log entries are not applied, and no fewer a moment later",
        None => "{lag} committed log entries are not applied",
    };
    let hit = Hit::new(severity, says).with("lag", lag);
    Some(match later {
        Some(later) => hit.with("later", later),
        None => hit,
    })
}

/// By the leader's own bookkeeping where it can be read, else by what either knows to be committed.
fn behind_leader(
    etcd: &EtcdFacts,
    facts: &CommonFacts,
    member: &Member,
    status: &EtcdStatus,
    limit: f64,
) -> Option<Hit> {
    let (leader, native, leads) = etcd.leader(facts)?;
    if leader.id == member.id {
        return None;
    }
    let progress = native.vars.known().map(|vars| &vars.progress);
    match progress.and_then(|p| Some((p.get(&member.id)?, p.get(&leader.id)?.matched))) {
        Some((progress, head)) => by_progress(progress, head, limit),
        None => behind(leads.raft_index.saturating_sub(status.raft_index), limit),
    }
}

fn by_progress(progress: &RaftProgress, head: u64, limit: f64) -> Option<Hit> {
    let lag = head.saturating_sub(progress.matched);
    if progress.state == "StateReplicate" {
        return behind(lag, limit);
    }
    let says = match progress.state.as_str() {
        "StateSnapshot" => {
            "it is receiving a whole snapshot from the leader: it was {lag} log entries behind"
        }
        _ => "the leader does not know how far it is ({state}): it confirmed all but {lag} log entries",
    };
    Some(Hit::new(Severity::Warning, says).with("state", progress.state.as_str()).with("lag", lag))
}

fn behind(lag: u64, limit: f64) -> Option<Hit> {
    let hit = Hit::new(
        Severity::Warning,
        "it is {lag} log entries behind the leader: it may need a whole snapshot to catch up",
    );
    (lag as f64 > limit).then(|| hit.with("lag", lag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::Observed;

    fn applied(now: u64, again: u64) -> Sample {
        let mut facts = cluster(3);
        facts.status_mut("n2").raft_index = 11_100;
        facts.status_mut("n2").raft_applied = now;
        facts.status_mut("n2").revision = 500;
        let mut later = facts.status_mut("n2").clone();
        later.raft_applied = again;
        facts.etcd_mut("n2").status_again = Observed::Known(later);
        facts
    }

    fn progress(matched: u64, state: &str) -> Sample {
        let mut facts = cluster(3);
        let vars = facts.vars_mut("n1");
        vars.progress.insert("1".into(), RaftProgress { matched: 11_100, ..replicating() });
        vars.progress.insert("2".into(), RaftProgress { matched: 11_100, ..replicating() });
        vars.progress.insert("3".into(), RaftProgress { matched, next: 0, state: state.into() });
        facts
    }

    fn replicating() -> RaftProgress {
        RaftProgress { state: "StateReplicate".into(), ..RaftProgress::default() }
    }

    #[test]
    fn a_backlog_is_critical_only_while_it_does_not_shrink() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &applied(10_100, 10_100), &[]);
        row(&CHECK, &applied(10_099, 10_099), &[Severity::Warning]);
        row(&CHECK, &applied(6_099, 6_099), &[Severity::Critical]);
        row(&CHECK, &applied(6_099, 8_000), &[Severity::Warning]);
        let mut one_look = applied(6_099, 0);
        one_look.etcd_mut("n2").status_again = Observed::unknown("no answer");
        row(&CHECK, &one_look, &[Severity::Critical]);
    }

    #[test]
    fn an_old_applied_index_at_the_leaders_revision_is_a_snapshot_just_received() {
        let mut facts = applied(100, 100);
        facts.status_mut("n2").revision = facts.status_mut("n1").revision;
        row(&CHECK, &facts, &[]);
        // the leader itself is measured by its index alone
        let mut leads = cluster(3);
        leads.status_mut("n1").raft_index = 11_100;
        row(&CHECK, &leads, &[Severity::Warning]);
    }

    #[test]
    fn a_voter_is_behind_by_the_leaders_book() {
        row(&CHECK, &progress(6_100, "StateReplicate"), &[]);
        row(&CHECK, &progress(6_099, "StateReplicate"), &[Severity::Warning]);
        row(&CHECK, &progress(11_100, "StateProbe"), &[Severity::Warning]);
        row(&CHECK, &progress(0, "StateSnapshot"), &[Severity::Warning]);
        // its absence is quorum-margin's finding
        row(&CHECK, &progress(0, "StateProbe").down("n3"), &[]);
    }

    #[test]
    fn without_the_book_the_committed_indexes_tell() {
        let mut facts = cluster(3);
        facts.etcd_mut("n1").vars = Observed::unknown("HTTP status 404");
        row(&CHECK, &facts, &[]);
        facts.status_mut("n1").raft_index = 9_000;
        facts.status_mut("n1").raft_applied = 9_000;
        row(&CHECK, &facts, &[Severity::Warning, Severity::Warning]);
    }

    #[test]
    fn nobody_answered() {
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }
}
