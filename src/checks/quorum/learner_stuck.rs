use crate::facts::{CommonFacts, ConsulFacts, EtcdFacts, Member, Observed, RaftProgress};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const READY: Threshold = Threshold {
    key: "learner_ready",
    default: Limit::Percent(90.0),
    source: "etcd server/etcdserver/server.go: readyPercentThreshold = 0.9 of the leader's match",
};

const NON_VOTER_WARN: Threshold = Threshold {
    key: "non_voter_for_warn",
    default: Limit::Millis(60_000.0),
    source: "our own: six times autopilot's ServerStabilizationTime of 10 s, after which a healthy server votes",
};

pub(super) const CHECK: Check = Check {
    slug: "learner-stuck",
    family: Family::Quorum,
    question: "Does every learner keep up, so that it can be promoted?",
    why: "A learner that does not catch up can never be promoted, and while it is there no other learner can be added \
          (one at a time by default).",
    remedy: "Look at the learner's log and its link to the leader; if it cannot catch up, remove it and add it again \
             with an empty data directory.",
    runbook: Some("replace-member"),
    thresholds: &[READY, NON_VOTER_WARN],
    sources: &[
        "ZooKeeper srvr: Mode observer",
        "Consul /v1/operator/autopilot/health: StableSince and ServerStabilizationTime",
        "https://etcd.io/docs/v3.6/learning/design-learner/",
        "k3s evicts a learner that makes no progress for 5 minutes",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(super::observers::judge), Rule::Consul(judge_consul)],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.members.is_empty() {
        let why = facts.membership.why().unwrap_or("the member list is empty");
        return Outcome::undecided(format!("whether there is a learner: {why}"), Severity::Warning);
    }
    let mut tally = Tally::new();
    let mut learners = facts.members.iter().filter(|m| !m.voter && m.started).peekable();
    if learners.peek().is_none() {
        return Outcome::NotApplicable("no learner has started".into());
    }
    for learner in learners {
        judge_one(etcd, facts, learner, policy.get(&READY), &mut tally);
    }
    tally.outcome()
}

fn judge_one(etcd: &EtcdFacts, facts: &CommonFacts, learner: &Member, ready: f64, tally: &mut Tally) {
    if !learner.reachable {
        let trouble = learner.trouble.as_ref().map_or("no answer", |t| t.kind.name());
        let hit =
            Hit::new(Severity::Warning, "the learner does not answer ({trouble})").with("trouble", trouble);
        return tally.hit(hit.on(learner.label()));
    }
    let Some((leader, native, leader_status)) = etcd.leader(facts) else {
        let missing = "how far it is: the leader, who keeps track of it, did not answer";
        return tally.gap(learner.label(), missing, Severity::Warning);
    };
    let progress = native.vars.known().map(|vars| &vars.progress);
    let tracked = progress.and_then(|p| Some((p.get(&learner.id)?, p.get(&leader.id)?.matched)));
    let own_index = etcd.answered(facts).find(|(m, _, _)| m.id == learner.id).map(|(_, _, s)| s.raft_index);
    match (tracked, own_index) {
        (Some((progress, leads)), _) => tally.hit(by_progress(learner, progress, leads, ready)),
        // Without the leader's own view, what the learner knows to be committed tells as much.
        (None, Some(index)) => {
            let progress = RaftProgress { matched: index, next: index + 1, state: "StateReplicate".into() };
            tally.hit(by_progress(learner, &progress, leader_status.raft_index, ready));
        }
        (None, None) => tally.gap(learner.label(), "how far it is: nobody told", Severity::Warning),
    }
}

fn by_progress(learner: &Member, progress: &RaftProgress, leads: u64, ready: f64) -> Hit {
    let percent = if leads == 0 { 100.0 } else { progress.matched as f64 / leads as f64 * 100.0 };
    let (severity, says) = if progress.state != "StateReplicate" {
        (
            Severity::Warning,
            "the learner is not replicating ({state}): it has {matched} of {leads} log entries",
        )
    } else if percent < ready {
        (
            Severity::Warning,
            "the learner has {matched} of {leads} log entries ({percent}); it can be promoted from {ready} on",
        )
    } else {
        (
            Severity::Info,
            "the learner has caught up and can be promoted; until then no other learner can be added (unless \
             --max-learners allows more)",
        )
    };
    let hit = Hit::new(severity, says)
        .with("state", progress.state.as_str())
        .with("matched", progress.matched)
        .with("leads", leads)
        .with("percent", Value::Percent(percent))
        .with("ready", Value::Percent(ready));
    let hit = if severity == Severity::Info {
        hit.remedy("Promote it with `quorate member promote`, or leave it if it is meant to stay a learner.")
    } else {
        hit
    };
    hit.on(learner.label())
}

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, servers, undecided};

    fn learner(matched: u64, state: &str) -> Sample {
        let mut facts = cluster(4);
        facts.member_mut("n4").voter = false;
        facts.status_mut("n4").learner = true;
        let progress = RaftProgress { matched, next: matched + 1, state: state.into() };
        facts.vars_mut("n1").progress.insert("4".into(), progress);
        facts
    }

    #[test]
    fn judged_by_the_leaders_view_of_it() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
        row(&CHECK, &learner(1100, "StateReplicate"), &[Severity::Info]);
        row(&CHECK, &learner(990, "StateReplicate"), &[Severity::Info]);
        row(&CHECK, &learner(900, "StateReplicate"), &[Severity::Warning]);
        row(&CHECK, &learner(1100, "StateSnapshot"), &[Severity::Warning]);
        row(&CHECK, &learner(0, "StateProbe"), &[Severity::Warning]);
        row(&CHECK, &learner(1100, "StateReplicate").down("n4"), &[Severity::Warning]);
    }

    #[test]
    fn without_the_leaders_view_its_own_index_tells() {
        let mut facts = learner(0, "StateProbe");
        facts.etcd_mut("n1").vars = Observed::unknown("HTTP status 404");
        row(&CHECK, &facts, &[Severity::Info]);
        facts.status_mut("n4").raft_index = 10;
        row(&CHECK, &facts, &[Severity::Warning]);
    }

    #[test]
    fn without_a_leader_nobody_can_tell() {
        undecided(&CHECK, &learner(1100, "StateReplicate").down("n1"), Severity::Warning);
        undecided(&CHECK, &cluster(0), Severity::Warning);
        let mut unstarted = learner(0, "StateProbe");
        unstarted.member_mut("n4").started = false;
        assert!(matches!(unstarted.run(&CHECK), Outcome::NotApplicable(_)));
    }

    #[test]
    fn who_does_not_vote() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        let waiting = |healthy: bool, seconds: f64| {
            let mut sample = servers(4);
            sample.member_mut("n4").voter = false;
            if let Observed::Known(health) = &mut sample.consul_facts_mut().health {
                let server = health.servers.get_mut("4").expect("is there");
                (server.healthy, server.stable_seconds) = (healthy, Some(seconds));
            }
            sample
        };
        row(&CHECK, &waiting(true, 5.0), &[Severity::Info]);
        row(&CHECK, &waiting(true, 90.0), &[Severity::Warning]);
        row(&CHECK, &waiting(false, 5.0), &[Severity::Warning]);
        let mut replica = waiting(true, 900.0);
        replica.settings_mut("n4").read_replica = true;
        assert!(matches!(replica.run(&CHECK), Outcome::NotApplicable(_)));
        let mut leaderless = waiting(true, 5.0);
        leaderless.consul_facts_mut().health = Observed::unknown("no leader");
        undecided(&CHECK, &leaderless, Severity::Warning);
    }
}
