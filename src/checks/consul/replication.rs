//! How far each server is, and whether the leader stays.

use super::log::unread;
use super::nobody;
use crate::facts::{CommonFacts, ConsulFacts, ConsulMember, Member, Observed, ServerHealth};
use crate::finding::{Hit, Outcome, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

pub(in crate::checks) const TRAILING_WARN: Threshold = Threshold {
    key: "raft_trailing_warn",
    default: Limit::Count(250.0),
    source: "Consul autopilot: MaxTrailingLogs = 250, above which a server is unhealthy",
};

pub(in crate::checks) const NON_VOTER_WARN: Threshold = Threshold {
    key: "non_voter_for_warn",
    default: Limit::Millis(60_000.0),
    source: "our own: six times autopilot's ServerStabilizationTime of 10 s, after which a healthy server votes",
};

/// `raft-lag`.
pub(in crate::checks) fn lag(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
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
            tally.hit(hit.remedy(BEHIND).on(member.label()));
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
                tally.hit(hit.remedy(BEHIND).on(member.label()));
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

const BEHIND: &str = "Look at the disk and CPU of the server that is behind and at its link to the leader: `quorate check --only \
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
        .remedy(BEHIND)
}

/// `learner-stuck`: a server that does not vote becomes a voter, unless it is a read replica.
pub(in crate::checks) fn non_voters(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.members.is_empty() {
        let why = facts.membership.why().unwrap_or("the configuration names nobody");
        return Outcome::undecided(format!("whether there is a non-voter: {why}"), Severity::Warning);
    }
    let replica = |member: &Member| {
        let told = consul.member(&member.id).and_then(|m| m.settings.known()).map(|s| s.read_replica);
        let pools = consul.members.iter().filter_map(|m| m.gossip.known());
        told == Some(true) || pools.flatten().any(|server| server.id == member.id && server.read_replica)
    };
    let waiting: Vec<&Member> = facts.members.iter().filter(|m| !m.voter && !replica(m)).collect();
    if waiting.is_empty() {
        return Outcome::NotApplicable("every server votes, or is a read replica".into());
    }
    let limit = policy.get(&NON_VOTER_WARN);
    let mut tally = Tally::new();
    for member in waiting {
        let health = match &consul.health {
            Observed::Known(health) => health.servers.get(&member.id),
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("why it does not vote: {why}"), Severity::Warning);
                continue;
            }
        };
        let stable_ms = health.and_then(|h| h.stable_seconds).unwrap_or_default() * 1000.0;
        let (severity, says) = match health {
            Some(health) if health.healthy && stable_ms <= limit => (
                Severity::Info,
                "it does not vote yet: autopilot makes it a voter when it has been healthy for a while",
            ),
            Some(health) if health.healthy => {
                (Severity::Warning, "it has been healthy for {stable}, and still does not vote")
            }
            Some(_) => (Severity::Warning, "it does not vote, and autopilot calls it unhealthy"),
            None => (Severity::Warning, "it does not vote, and autopilot does not know it"),
        };
        let hit = Hit::new(severity, says).with("stable", Value::Millis(stable_ms));
        tally.hit(hit.remedy("Look at its log, its disk and its link to the leader.").on(member.label()));
    }
    tally.outcome()
}

/// `leader-churn`: elections in the last interval.
pub(in crate::checks) fn churn(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, "elections", &mut tally);
        let count = |name: &str| {
            native.metrics.known().and_then(|m| m.counters.get(name)).copied().unwrap_or_default() as u64
        };
        let (candidate, lost) =
            (count("raft.state.candidate"), count("raft.transition.leader_lease_timeout"));
        // The first election gives a cluster its first leader.
        let first = native.raft.known().is_some_and(|raft| raft.term <= FIRST_TERM);
        if lost > 0 {
            let says = "it lost its leadership {lost} times in the last 10 s: it did not hear from a majority in time";
            tally.hit(Hit::new(Severity::Warning, says).with("lost", lost).remedy(CHURN).on(member.label()));
        } else if candidate > 0 && !first {
            let severity = if candidate > 1 { Severity::Warning } else { Severity::Info };
            let says = "it stood for election {times} times in the last 10 s";
            tally.hit(Hit::new(severity, says).with("times", candidate).remedy(CHURN).on(member.label()));
        }
    }
    let term = consul.leader(facts).and_then(|(_, native)| Some(native.raft.known()?.term));
    if let Some(term) = term {
        tally.evidence("term", term);
    }
    tally.outcome()
}

/// A cluster's first leader is elected in term 2: entries of bootstrapping are of term 1.
const FIRST_TERM: u64 = 2;

const CHURN: &str = "Look at the disk and CPU of the leader and at the network between the RPC ports; raft_multiplier = 1 needs \
                     both to be good.";

pub(in crate::checks) const RESTORE_FACTOR: Threshold = Threshold {
    key: "restore_window_warn",
    default: Limit::Count(2.0),
    source: "Consul telemetry reference: keep the oldest log entry at least twice as old as a restore takes",
};

/// `restore-window`: a server that restores a snapshot still finds the entries after it on the leader.
pub(in crate::checks) fn restore(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let Some((leader, native)) = consul.leader(facts) else {
        return Outcome::undecided("how old the leader's log is: no leader answered", Severity::Warning);
    };
    let mut tally = Tally::new();
    unread(leader, native, "how old its log is", &mut tally);
    let age = gauge(native, "raft.leader.oldestLogAge").filter(|age| *age > 0.0);
    let restores = consul.answered(facts).filter_map(|(member, native)| {
        Some((member, gauge(native, "raft.fsm.lastRestoreDuration").filter(|ms| *ms > 0.0)?))
    });
    let Some((slowest, restore)) = restores.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return match tally.outcome() {
            Outcome::Clear(_) => Outcome::NotApplicable("no server has restored a snapshot".into()),
            outcome => outcome,
        };
    };
    let Some(age) = age else {
        return match tally.outcome() {
            Outcome::Clear(_) => Outcome::NotApplicable("the leader has not cut its log yet".into()),
            outcome => outcome,
        };
    };
    if age < restore * policy.get(&RESTORE_FACTOR) {
        let severity = if age < restore { Severity::Critical } else { Severity::Warning };
        let says = "the leader keeps log entries for {age} only, and a restore on {server} took {restore}: a server that \
                    restarts may never catch up";
        let hit = Hit::new(severity, says)
            .with("age", Value::Millis(age))
            .with("restore", Value::Millis(restore))
            .with("server", slowest.label());
        tally.hit(hit.on(leader.label()));
    }
    tally.evidence("oldest_entry", Value::Millis(age));
    tally.evidence("restore", Value::Millis(restore));
    tally.outcome()
}

fn gauge(native: &ConsulMember, name: &str) -> Option<f64> {
    native.metrics.known()?.gauges.get(name).copied()
}

pub(in crate::checks) const SATURATION_WARN: Threshold = Threshold {
    key: "raft_saturation_warn",
    default: Limit::Percent(50.0),
    source: "Consul telemetry reference: raft's threads should not be busy more than half of the time",
};

/// `raft-saturation`: how busy raft's threads are (1.13+).
pub(in crate::checks) fn saturation(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, "how busy its raft is", &mut tally);
        for thread in ["main", "fsm"] {
            let name = format!("raft.thread.{thread}.saturation");
            let Some(sample) = native.metrics.known().and_then(|m| m.samples.get(&name)) else { continue };
            let busy = sample.mean * 100.0;
            let values = vec![("thread", Value::from(thread)), ("busy", Value::Percent(busy))];
            if busy > policy.get(&SATURATION_WARN) {
                let says = "raft's {thread} thread was busy for {busy} of the last 10 s: elections and commits wait for it";
                let mut hit = Hit::new(Severity::Warning, says);
                hit.values = values;
                tally.hit(hit.on(member.label()));
            } else {
                tally.nearest(busy, values);
            }
        }
    }
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{sampled, servers};
    use crate::checks::find;
    use crate::checks::testing::{Sample, row, undecided};
    use crate::facts::Observed;
    use crate::finding::{Outcome, Severity};

    fn health(sample: &mut Sample, id: &str, change: fn(&mut crate::facts::ServerHealth)) {
        if let Observed::Known(health) = &mut sample.consul_facts_mut().health {
            change(health.servers.get_mut(id).expect("is there"));
        }
    }

    #[test]
    fn behind_and_unapplied() {
        let check = find("raft-lag").expect("is there");
        row(check, &servers(3), &[]);
        let mut behind = servers(3);
        behind.raft_mut("n2").last_log_index = 749;
        row(check, &behind, &[Severity::Warning]);
        let mut unapplied = servers(3);
        unapplied.raft_mut("n2").applied_index = 700;
        row(check, &unapplied, &[Severity::Warning]);
        let mut sick = servers(3);
        health(&mut sick, "3", |h| (h.healthy, h.last_contact_ms) = (false, Some(900.0)));
        row(check, &sick, &[Severity::Warning]);
    }

    #[test]
    fn who_does_not_vote() {
        let check = find("learner-stuck").expect("is there");
        assert!(matches!(servers(3).run(check), Outcome::NotApplicable(_)));
        let waiting = |healthy: bool, seconds: f64| {
            let mut sample = servers(4);
            sample.member_mut("n4").voter = false;
            if let Observed::Known(health) = &mut sample.consul_facts_mut().health {
                let server = health.servers.get_mut("4").expect("is there");
                (server.healthy, server.stable_seconds) = (healthy, Some(seconds));
            }
            sample
        };
        row(check, &waiting(true, 5.0), &[Severity::Info]);
        row(check, &waiting(true, 90.0), &[Severity::Warning]);
        row(check, &waiting(false, 5.0), &[Severity::Warning]);
        let mut replica = waiting(true, 900.0);
        replica.settings_mut("n4").read_replica = true;
        assert!(matches!(replica.run(check), Outcome::NotApplicable(_)));
        let mut leaderless = waiting(true, 5.0);
        leaderless.consul_facts_mut().health = Observed::unknown("no leader");
        undecided(check, &leaderless, Severity::Warning);
    }

    #[test]
    fn elections_in_the_last_interval() {
        let check = find("leader-churn").expect("is there");
        row(check, &servers(3), &[]);
        let stood = |times: f64, term| {
            let mut sample = servers(3);
            sample.interval_mut("n2").counters.insert("raft.state.candidate".into(), times);
            sample.raft_mut("n2").term = term;
            sample
        };
        row(check, &stood(1.0, 2), &[]);
        row(check, &stood(1.0, 7), &[Severity::Info]);
        row(check, &stood(3.0, 7), &[Severity::Warning]);
        let mut lost = servers(3);
        lost.interval_mut("n1").counters.insert("raft.transition.leader_lease_timeout".into(), 1.0);
        row(check, &lost, &[Severity::Warning]);
    }

    #[test]
    fn a_restore_that_takes_longer_than_the_log_reaches_back() {
        let check = find("restore-window").expect("is there");
        assert!(matches!(servers(3).run(check), Outcome::NotApplicable(_)));
        let with = |age: f64, restore: f64| {
            let mut sample = servers(3);
            sample.interval_mut("n1").gauges.insert("raft.leader.oldestLogAge".into(), age);
            sample.interval_mut("n2").gauges.insert("raft.fsm.lastRestoreDuration".into(), restore);
            sample
        };
        row(check, &with(60_000.0, 20_000.0), &[]);
        row(check, &with(30_000.0, 20_000.0), &[Severity::Warning]);
        row(check, &with(10_000.0, 20_000.0), &[Severity::Critical]);
    }

    #[test]
    fn busy_threads() {
        let check = find("raft-saturation").expect("is there");
        row(check, &servers(3), &[]);
        let mut busy = servers(3);
        busy.interval_mut("n1").samples.insert("raft.thread.fsm.saturation".into(), sampled(0.6, 0.9));
        row(check, &busy, &[Severity::Warning]);
    }
}
