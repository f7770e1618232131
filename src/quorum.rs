//! Quorum arithmetic. Pure numbers in, numbers and one verdict out; everything that decides about quorum uses this file.

mod votes;

use crate::facts::{
    BackendKind, CommonFacts, Member, MembershipSource, Observed, QuorumRead, TroubleKind, VoteRule,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many of `voters` must agree: a strict majority. 0 voters need 1, so that an empty cluster is never quorate.
pub fn needed(voters: usize) -> usize {
    voters / 2 + 1
}

/// How many of `voters` may fail while the rest still has a majority.
pub fn tolerance(voters: usize) -> usize {
    voters.saturating_sub(needed(voters))
}

/// Whether the loss of the largest zone leaves a majority. Zones map name to number of voters in it.
pub fn survives_any_zone(zones: &BTreeMap<String, usize>) -> bool {
    let voters: usize = zones.values().sum();
    zones.values().all(|in_zone| voters - in_zone >= needed(voters))
}

/// How a cluster stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QuorumState {
    /// Every voter serves.
    Healthy,
    /// Serving, some voter missing.
    Degraded,
    /// Serving, one more loss is fatal, and the size should tolerate more.
    AtRisk,
    /// No write can succeed.
    Lost,
    /// Not enough could be seen.
    Unknown,
}

impl QuorumState {
    /// The word of the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            QuorumState::Healthy => "healthy",
            QuorumState::Degraded => "degraded",
            QuorumState::AtRisk => "at-risk",
            QuorumState::Lost => "lost",
            QuorumState::Unknown => "unknown",
        }
    }
}

/// The verdict on quorum with its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    /// The verdict.
    pub state: QuorumState,
    /// Voters in the membership.
    pub voters: usize,
    /// How many must agree; where votes are grouped, how many at least.
    pub needed: usize,
    /// Voters that answered us and, where there is a leader, see it.
    pub serving: usize,
    /// How many more voters may fail before writes stop; `None` when the state is unknown.
    pub failures_until_stuck: Option<usize>,
    /// Hex id of the leader that most voters see.
    pub leader: Option<String>,
    /// Why the state is what it is, as a sentence fragment.
    pub why: String,
}

/// Judges quorum from what was seen.
///
/// A quorum read that was served proves a quorum, whatever else is unreachable from here. Without one, quorum is lost
/// when too few voters are left even if every one that we could not judge serves; when a majority answers us but has
/// no leader; or when a majority refuses the read. Everything else is unknown.
pub fn assess(facts: &CommonFacts) -> Quorum {
    let seen = Seen::of(facts);
    let (state, failures_until_stuck, why) = judge(facts, &seen);
    let leader = if state == QuorumState::Lost { None } else { seen.leader };
    Quorum {
        state,
        voters: seen.voters,
        needed: seen.needed,
        serving: seen.serving,
        failures_until_stuck,
        leader,
        why,
    }
}

/// Whether these voters alone could go on: whoever is left when others stop.
pub fn suffices<'a>(facts: &'a CommonFacts, left: impl Iterator<Item = &'a Member>) -> bool {
    let left: BTreeSet<&str> = left.filter(|m| m.voter).map(|m| m.id.as_str()).collect();
    facts.votes.is_quorum(facts.voters().count(), &left)
}

/// The voters, counted by what can be said of them.
struct Seen<'a> {
    facts: &'a CommonFacts,
    voters: usize,
    needed: usize,
    /// Answer us.
    answering: usize,
    /// Answer us and, where there is a leader, follow it: one that does not is cut off from the others.
    serving: usize,
    /// Whether those are a quorum.
    answering_suffice: bool,
    serving_suffice: bool,
    /// Whether those would be one that answer us, or did not and may yet serve the others.
    may_suffice: bool,
    /// Prove that their process is gone.
    down: usize,
    leader: Option<String>,
}

impl<'a> Seen<'a> {
    fn of(facts: &'a CommonFacts) -> Seen<'a> {
        let leader = agreed_leader(facts);
        let follows = |m: &&Member| follows(facts, m, leader.as_deref());
        let voters = facts.voters().count();
        let answering = || facts.voters().filter(|m| m.reachable);
        let serving = || answering().filter(follows);
        let gone = |by: fn(TroubleKind) -> bool| {
            facts.voters().filter(|m| m.trouble.as_ref().is_some_and(|t| by(t.kind))).count()
        };
        let down = gone(TroubleKind::proves_down);
        // Silence counts only where somebody else's answer shows that our own network carries answers, and where
        // nothing shows that a quorum lived a moment ago.
        let lately = facts.voters().any(had_a_quorum_lately);
        let silence_counts = answering().count() + down > 0 && !lately;
        // A ZooKeeper hangs up on whoever has too many connections open (maxClientCnxns), and serves the others.
        let alive = |kind| facts.backend == BackendKind::Zookeeper && kind == TroubleKind::EmptyReply;
        let out = |m: &&Member| {
            let trouble = m.trouble.as_ref().map(|t| t.kind).filter(|_| !m.reachable);
            trouble
                .is_some_and(|kind| kind.proves_down() || silence_counts && kind.means_hung() && !alive(kind))
        };
        Seen {
            facts,
            voters,
            needed: facts.votes.fewest(voters),
            answering: answering().count(),
            serving: serving().count(),
            answering_suffice: suffices(facts, answering()),
            serving_suffice: suffices(facts, serving()),
            may_suffice: suffices(facts, facts.voters().filter(|m| !out(m))),
            down,
            leader: leader.clone(),
        }
    }
}

/// Whether it sees the leader that most see; where it does not tell, nothing says that it does not. After an election
/// that ended between two answers (who leads was asked before, the read was served after) only what served counts.
fn follows(facts: &CommonFacts, member: &Member, leader: Option<&str>) -> bool {
    let served = |m: &Member| matches!(m.quorum_read.known(), Some(QuorumRead::Served { .. }));
    match (&member.leader, leader) {
        (Observed::Known(seen), Some(agreed)) => seen.as_deref() == Some(agreed),
        (Observed::Known(None), None) if facts.voters().any(served) => served(member),
        _ => true,
    }
}

/// A read that waited this long in vain at a leader found no majority: heartbeats go out every 100 ms by default.
const IN_VAIN_MS: f64 = 200.0;

/// A follower that names its leader has heard of it within an election timeout. A leader names itself for as long, so
/// what counts there is whether its read has waited for the others.
fn had_a_quorum_lately(member: &Member) -> bool {
    let waited =
        |read: &QuorumRead| matches!(read, QuorumRead::Failed { after_ms, .. } if *after_ms >= IN_VAIN_MS);
    match member.leader.known() {
        Some(Some(leader)) if member.reachable && *leader == member.id => {
            !member.quorum_read.known().is_some_and(waited)
        }
        Some(Some(_)) => member.reachable,
        _ => false,
    }
}

fn judge(facts: &CommonFacts, seen: &Seen) -> (QuorumState, Option<usize>, String) {
    let &Seen { voters, answering, serving_suffice, .. } = seen;
    let asks = asks(facts, voters);
    if voters == 0 {
        let why = facts.membership.why().unwrap_or("no voter is known").to_owned();
        return (QuorumState::Unknown, None, why);
    }
    let reads = || facts.voters().filter_map(|m| m.quorum_read.known());
    let served = reads().any(|read| matches!(read, QuorumRead::Served { .. }));
    let refused = reads().any(|read| matches!(read, QuorumRead::Failed { refused: true, .. }));
    let untried = reads().next().is_none();
    let led = seen.leader.as_ref().is_some_and(|id| facts.voters().any(|m| m.reachable && &m.id == id));
    if served || (serving_suffice && led && untried) {
        return serving_verdict(seen, served);
    }
    let answer = if answering == 1 { "answers" } else { "answer" };
    if seen.answering_suffice {
        let heard = format!("{answering} of {voters} voters {answer}");
        return if seen.leader.is_none() {
            (
                QuorumState::Lost,
                Some(0),
                format!(
                    "{heard}, but none of them has a leader; if an election is under way, look again in a moment"
                ),
            )
        } else if !serving_suffice {
            (QuorumState::Unknown, None, format!("{heard}, but they do not follow one leader"))
        } else if refused {
            (QuorumState::Lost, Some(0), format!("{heard}, but they refuse every quorum read"))
        } else {
            (QuorumState::Unknown, None, format!("{heard}, but no quorum read was answered in time"))
        };
    }
    if seen.may_suffice {
        return (QuorumState::Unknown, None, beyond_reach(facts, seen));
    }
    let why = if answering == 0 && seen.down == voters {
        format!("none of the {voters} {} voters runs: every one refuses connections", source(facts))
    } else if answering == 0 {
        format!("none of the {voters} {} voters answers, and {asks}", source(facts))
    } else {
        format!("{answering} of {voters} voters {answer}; {asks}")
    };
    (QuorumState::Lost, Some(0), why)
}

fn serving_verdict(seen: &Seen, served: bool) -> (QuorumState, Option<usize>, String) {
    let &Seen { facts, voters, needed, serving, serving_suffice, .. } = seen;
    let serves = |m: &&Member| m.reachable && follows(facts, m, seen.leader.as_deref());
    let ids: BTreeSet<&str> = facts.voters().filter(serves).map(|m| m.id.as_str()).collect();
    let margin = facts.votes.spare(voters, &ids);
    if serving == voters {
        let why =
            if voters == 1 { "the only voter serves".into() } else { format!("all {voters} voters serve") };
        return (QuorumState::Healthy, Some(margin.unwrap_or(0)), why);
    }
    if !serving_suffice && served {
        let seen =
            if serving < seen.answering { "are seen to take part" } else { "can be reached from here" };
        let why = format!(
            "a quorum read succeeds, so at least {needed} voters serve each other, but only {serving} of {voters} {seen}"
        );
        return (QuorumState::Degraded, None, why);
    }
    let margin = margin.unwrap_or(0);
    let why = format!("{serving} of {voters} voters serve; {}", asks(facts, voters));
    let state = if margin == 0 { QuorumState::AtRisk } else { QuorumState::Degraded };
    (state, Some(margin), why)
}

/// Too few answer, but those that we could not reach may serve each other.
fn beyond_reach(facts: &CommonFacts, seen: &Seen) -> String {
    let &Seen { voters, answering, .. } = seen;
    if answering == 0 {
        return format!("none of the {voters} {} voters can be reached from here", source(facts));
    }
    format!(
        "only {answering} of {voters} voters can be reached from here; the others may serve each other, and {}",
        asks(facts, voters)
    )
}

/// How many must agree; and that nobody told so, where a ZooKeeper may have groups that decide instead. Addresses that
/// are declared are all that is known then: a list of servers has their ports for each other, too.
fn asks(facts: &CommonFacts, voters: usize) -> String {
    let asks = facts.votes.asks(voters);
    let addresses_only = matches!(facts.membership.known(), Some(MembershipSource::Declared))
        && facts.voters().all(|member| member.peer_urls.is_empty());
    if facts.backend == BackendKind::Zookeeper && facts.votes == VoteRule::Majority && addresses_only {
        format!("{asks}, if a majority decides: no server tells whether the ensemble has groups or an oracle")
    } else {
        asks
    }
}

/// Where the list of voters comes from, as a word.
fn source(facts: &CommonFacts) -> &'static str {
    match facts.membership.known() {
        Some(MembershipSource::Declared) => "declared",
        Some(MembershipSource::Remembered { .. }) => "remembered",
        _ => "known",
    }
}

/// The leader that most reachable members name; of as many, the one of the later term.
fn agreed_leader(facts: &CommonFacts) -> Option<String> {
    let mut votes: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for member in facts.members.iter().filter(|m| m.reachable) {
        if let Some(Some(leader)) = member.leader.known() {
            let (count, term) = votes.entry(leader.as_str()).or_default();
            *count += 1;
            *term = (*term).max(member.term.known().copied().unwrap_or(0));
        }
    }
    votes.into_iter().max_by_key(|(_, votes)| *votes).map(|(id, _)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn majorities() {
        let table = [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2), (6, 4, 2), (7, 4, 3), (9, 5, 4)];
        for (voters, majority, may_fail) in table {
            assert_eq!((needed(voters), tolerance(voters)), (majority, may_fail), "{voters} voters");
        }
        assert_eq!((needed(0), tolerance(0)), (1, 0), "no cluster is no quorum");
    }

    #[test]
    fn two_zones_never_survive_the_loss_of_either() {
        let zones =
            |counts: &[usize]| counts.iter().enumerate().map(|(z, n)| (format!("z{z}"), *n)).collect();
        assert!(survives_any_zone(&zones(&[1, 1, 1])));
        assert!(survives_any_zone(&zones(&[2, 2, 1])));
        assert!(!survives_any_zone(&zones(&[2, 1])));
        assert!(!survives_any_zone(&zones(&[3, 1, 1])));
        assert!(!survives_any_zone(&zones(&[3])));
    }

    proptest! {
        #[test]
        fn two_majorities_always_meet(voters in 1usize..1000) {
            prop_assert!(2 * needed(voters) > voters);
            prop_assert_eq!(needed(voters) + tolerance(voters), voters);
            prop_assert!(tolerance(2 * voters) == tolerance(2 * voters - 1), "one more to an odd number buys nothing");
        }
    }
}
