use crate::facts::{BackendKind, CommonFacts, Facts, Member, NativeFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::{Limit, Policy, Threshold};
use crate::quorum::{self, QuorumState};
use jiff::Timestamp;

const IN_STEP: Threshold = Threshold {
    key: "restart_lag_most",
    default: Limit::Count(1000.0),
    source: "our own: a voter further behind cannot take part at once, as raft-lag's warning says",
};

pub(in crate::checks) const CHECK: Check = Check {
    slug: "before-restart",
    family: Family::Quorum,
    question: "May this member be restarted now?",
    why: "A restart takes a voter away for a moment. The others must be a majority, and in step, or every write stops; a \
          rolling restart that does not wait for the last member to catch up loses the quorum at the next one.",
    remedy: "Bring the missing voters back and wait until they have caught up, then ask again.",
    runbook: Some("rolling-upgrade"),
    thresholds: &[IN_STEP],
    sources: &["asked by `quorate check --before-restart MEMBER`; exit code 4: it must not be restarted"],
    rules: &[Rule::Common(not_asked)],
};

fn not_asked(_: &CommonFacts, _: &Policy, _: Timestamp) -> Outcome {
    Outcome::NotApplicable("asked only by --before-restart".into())
}

/// The member of this name, id or address.
pub(in crate::checks) fn named<'a>(facts: &'a Facts, name: &str) -> Option<&'a Member> {
    let members = || facts.common.members.iter();
    let same_place = |url: &str| url == name || url.split_once("://").is_some_and(|(_, rest)| rest == name);
    members()
        .find(|m| m.name == name)
        .or_else(|| members().find(|m| !m.id.is_empty() && m.id == name))
        .or_else(|| members().find(|m| m.endpoint.as_deref().is_some_and(same_place)))
}

/// Judges the restart of one member. A finding that is critical forbids it; a warning allows it with care.
pub(in crate::checks) fn judge(facts: &Facts, member: &Member, policy: &Policy) -> Outcome {
    let quorum = quorum::assess(&facts.common);
    let label = member.label();
    let refuse = |says| Outcome::found(Hit::new(Severity::Critical, says).on(label.clone()));
    match quorum.state {
        _ if !member.reachable && quorum.state != QuorumState::Unknown => {
            return Outcome::Clear(vec![(
                "it",
                "does not answer now: its restart takes nothing away".into(),
            )]);
        }
        QuorumState::Unknown => return Outcome::undecided(quorum.why, Severity::Critical),
        QuorumState::Lost => {
            return refuse(
                "quorum is lost, and it is one of those that still answer: start the lost ones first",
            );
        }
        _ if !member.voter => return Outcome::Clear(vec![("it", "has no vote".into())]),
        _ if quorum.voters == 1 => {
            return refuse(
                "it is the only voter: nothing is served while it restarts. If that is meant, restart it",
            );
        }
        _ => {}
    }
    let others: Vec<&Member> = facts.common.voters().filter(|m| m.id != member.id && m.reachable).collect();
    let most = policy.get(&IN_STEP);
    let late: Vec<String> = others
        .iter()
        .filter(|m| behind(facts, m).is_none_or(|lag| lag as f64 > most))
        .map(|m| m.label())
        .collect();
    let follows = |m: &&&Member| {
        quorum.leader.is_none() || m.leader.known().and_then(Option::as_ref) == quorum.leader.as_ref()
    };
    let in_step: Vec<&Member> =
        others.iter().filter(|m| !late.contains(&m.label())).filter(follows).copied().collect();
    let enough = quorum::suffices(&facts.common, in_step.iter().copied());
    let in_step = in_step.len();
    let numbers = |hit: Hit| {
        hit.with("in_step", in_step)
            .with("voters", quorum.voters)
            .with("needed", quorum.needed)
            .with("asks", facts.common.votes.asks(quorum.voters))
            .on(label.clone())
    };
    if !enough {
        let says = match late.is_empty() {
            true => {
                "without it {in_step} of the {voters} voters would serve, and {asks}: every write would stop"
            }
            false => {
                "without it {in_step} of {voters} voters are in step ({late} not), and {asks}: every \
                      write would stop"
            }
        };
        return Outcome::found(numbers(Hit::new(Severity::Critical, says)).with("late", late));
    }
    if quorum.leader.as_ref() == Some(&member.id) {
        let says = "it leads: writes stop for an election when it goes. {in_step} other voters of {voters} are in step, \
                    and {asks}";
        return Outcome::found(
            numbers(Hit::new(Severity::Warning, says))
                .remedy(match facts.common.backend {
                    BackendKind::Etcd => "Restart it last; hand the leadership over first: `quorate member lead TARGET OTHER`.",
                    BackendKind::Zookeeper => "Restart it last: the others elect a leader when it goes.",
                    BackendKind::Consul => "Restart it last; from 1.16 on hand the leadership over first: `consul operator raft transfer-leader`.",
                }),
        );
    }
    Outcome::Clear(vec![
        ("in_step_without_it", Value::from(in_step)),
        ("needed", quorum.needed.into()),
        ("voters", quorum.voters.into()),
    ])
}

/// How many entries or transactions a member is behind the one that has applied most; `None` when nobody told, or when
/// Consul's autopilot calls it unhealthy.
fn behind(facts: &Facts, member: &Member) -> Option<u64> {
    let told: Vec<(&String, u64)> = match &facts.native {
        NativeFacts::Etcd(etcd) => {
            etcd.answering(&facts.common).map(|(m, status)| (&m.id, status.raft_applied)).collect()
        }
        NativeFacts::Zookeeper(zookeeper) => {
            zookeeper.members.iter().filter_map(|m| Some((&m.id, *m.zxid.known()?))).collect()
        }
        NativeFacts::Consul(consul) => {
            // Autopilot also looks at the log's last entry and term, and at when it heard of the leader.
            let healthy = |id: &String| {
                consul.health.known().and_then(|health| health.servers.get(id)).is_none_or(|s| s.healthy)
            };
            let applied = consul.members.iter().filter_map(|m| Some((&m.id, *m.applied_index.known()?)));
            applied.filter(|(id, _)| healthy(id)).collect()
        }
    };
    let own = told.iter().find(|(id, _)| **id == member.id).map(|(_, applied)| *applied)?;
    told.iter().map(|(_, applied)| *applied).max().map(|most| most.saturating_sub(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, ensemble, servers};
    use crate::facts::Observed;

    fn verdict(sample: &Sample, name: &str) -> Option<Severity> {
        let member = named(&sample.0, name).expect("a member");
        match judge(&sample.0, member, &Policy::default()) {
            Outcome::Judged { hits, gaps } => {
                hits.iter().map(|h| h.severity).max().or_else(|| gaps.iter().map(|_| Severity::Info).max())
            }
            _ => None,
        }
    }

    #[test]
    fn a_follower_of_three_may_and_the_leader_with_care() {
        for sample in [cluster(3), ensemble(3), servers(3)] {
            assert_eq!(verdict(&sample, "n2"), None);
            assert_eq!(verdict(&sample, "n1"), Some(Severity::Warning), "the leader");
        }
    }

    #[test]
    fn with_one_voter_gone_no_other_of_three_may_and_the_gone_one_may() {
        for sample in [cluster(3).down("n3"), ensemble(3).down("n3"), servers(3).down("n3")] {
            assert_eq!(verdict(&sample, "n2"), Some(Severity::Critical));
            assert_eq!(verdict(&sample, "n3"), None);
        }
        assert_eq!(verdict(&cluster(5).down("n3"), "n2"), None, "five tolerate two");
        assert_eq!(verdict(&cluster(2), "n2"), Some(Severity::Critical));
        assert_eq!(verdict(&ensemble(1), "n1"), Some(Severity::Critical));
    }

    #[test]
    fn a_voter_that_is_late_does_not_count() {
        let mut sample = ensemble(3);
        let zxid = sample.srvr_mut("n3").zxid - 5000;
        sample.zookeeper_mut("n3").zxid = Observed::Known(zxid);
        assert_eq!(verdict(&sample, "n2"), Some(Severity::Critical));
        let mut sample = servers(3);
        if let Observed::Known(health) = &mut sample.consul_facts_mut().health {
            health.servers.get_mut("3").expect("is there").healthy = false;
        }
        assert_eq!(verdict(&sample, "n2"), Some(Severity::Critical), "autopilot does not trust n3");
        let mut sample = cluster(3);
        sample.status_mut("n3").raft_applied -= 1050;
        assert_eq!(verdict(&sample, "n2"), Some(Severity::Critical));
    }
}
