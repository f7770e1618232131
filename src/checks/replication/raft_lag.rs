use super::zxids;
use crate::checks::agents::nobody;
use crate::facts::{
    CommonFacts, ConsulFacts, EtcdFacts, EtcdMember, EtcdStatus, Member, Observed, RaftProgress, ServerHealth,
};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
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

const TRAILING_WARN: Threshold = Threshold {
    key: "raft_trailing_warn",
    default: Limit::Count(250.0),
    source: "Consul autopilot: MaxTrailingLogs = 250, above which a server is unhealthy",
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
    thresholds: &[APPLY_WARN, APPLY_CRITICAL, BEHIND, TRAILING_WARN, zxids::LAG_WARN, zxids::LAG_CRITICAL],
    sources: &[
        "ZooKeeper srvr: Zxid of every server",
        "Consul /v1/agent/self: Stats.raft.last_log_index, applied_index, fsm_pending; autopilot types.go isHealthy",
        "etcd Maintenance/Status: raftIndex and raftAppliedIndex",
        "etcd /debug/vars of the leader: raft.status.progress",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(zxids::lag), Rule::Consul(judge_consul)],
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

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let limit = policy.get(&TRAILING_WARN);
    let mut tally = Tally::new();
    let (mut asked, mut largest) = (0_usize, 0);
    let leader = consul.leader(facts).and_then(|(leader, native)| Some((leader, native.raft.known()?)));
    for (member, native) in consul.answered(facts).filter(|(member, _)| member.voter) {
        let raft = match &native.raft {
            Observed::Known(raft) => raft,
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("how far it is: {why}"), Severity::Warning);
                continue;
            }
        };
        asked += 1;
        let unapplied = raft.commit_index.saturating_sub(raft.applied_index);
        if unapplied as f64 > limit {
            let says = "{lag} committed log entries are not applied ({pending} wait for the state machine)";
            let hit =
                Hit::new(Severity::Warning, says).with("lag", unapplied).with("pending", raft.fsm_pending);
            tally.hit(hit.remedy(CATCH_UP).on(member.label()));
        }
        if let Some((leads, head)) = &leader
            && leads.id != member.id
        {
            let behind = head.last_log_index.saturating_sub(raft.last_log_index);
            largest = largest.max(behind);
            if behind as f64 > limit {
                let says =
                    "it is {lag} log entries behind the leader, over {limit}: it may need a whole snapshot";
                let hit = Hit::new(Severity::Warning, says).with("lag", behind).with("limit", limit as u64);
                tally.hit(hit.remedy(CATCH_UP).on(member.label()));
            }
        }
    }
    for (member, health) in unhealthy(consul, facts) {
        tally.hit(unhealthy_hit(consul, health).on(member.label()));
    }
    if asked == 0 {
        return nobody(Severity::Warning);
    }
    tally.evidence("largest_lag", largest);
    tally.outcome()
}

const CATCH_UP: &str = "Look at the disk and CPU of the server that is behind and at its link to the leader: `quorate check --only \
                      wal-fsync,commit-latency,raft-saturation`.";

/// Voters that answer, and that autopilot on the leader calls unhealthy all the same.
fn unhealthy<'a>(
    consul: &'a ConsulFacts,
    facts: &'a CommonFacts,
) -> impl Iterator<Item = (&'a Member, &'a ServerHealth)> {
    let servers = consul.health.known().map(|health| &health.servers);
    servers.into_iter().flatten().filter_map(|(id, health)| {
        let member = facts.member(id).filter(|m| m.reachable && m.voter)?;
        // Right after an election the leader has not asked everybody yet.
        let lasting = health.stable_seconds.is_some_and(|seconds| seconds * 1000.0 >= settled_ms(consul));
        (!health.healthy && lasting).then_some((member, health))
    })
}

/// How long autopilot itself waits until it believes in a server's health.
fn settled_ms(consul: &ConsulFacts) -> f64 {
    consul.autopilot.known().and_then(|config| config.stabilization_ms).unwrap_or(10_000.0)
}

fn unhealthy_hit(consul: &ConsulFacts, health: &ServerHealth) -> Hit {
    let limit = consul.autopilot.known().and_then(|config| config.last_contact_ms);
    let says = match (health.last_contact_ms, limit) {
        (Some(contact), Some(limit)) if contact > limit => {
            "autopilot calls it unhealthy: it heard of the leader {contact} ago, over {limit}"
        }
        (None, _) => "autopilot calls it unhealthy: it has not heard of the leader",
        _ => "autopilot calls it unhealthy; its last log entry is {index}, of term {term}",
    };
    Hit::new(Severity::Warning, says)
        .with("contact", Value::Millis(health.last_contact_ms.unwrap_or_default()))
        .with("limit", Value::Millis(limit.unwrap_or_default()))
        .with("index", health.last_index)
        .with("term", health.last_term)
        .remedy(CATCH_UP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, servers, undecided};

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

    fn health(sample: &mut Sample, id: &str, change: fn(&mut crate::facts::ServerHealth)) {
        if let Observed::Known(health) = &mut sample.consul_facts_mut().health {
            change(health.servers.get_mut(id).expect("is there"));
        }
    }

    #[test]
    fn behind_and_unapplied() {
        row(&CHECK, &servers(3), &[]);
        let mut behind = servers(3);
        behind.raft_mut("n2").last_log_index = 749;
        row(&CHECK, &behind, &[Severity::Warning]);
        let mut unapplied = servers(3);
        unapplied.raft_mut("n2").applied_index = 700;
        row(&CHECK, &unapplied, &[Severity::Warning]);
        let mut sick = servers(3);
        health(&mut sick, "3", |h| (h.healthy, h.last_contact_ms) = (false, Some(900.0)));
        row(&CHECK, &sick, &[Severity::Warning]);
    }
}
