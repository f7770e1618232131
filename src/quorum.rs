//! Quorum arithmetic. Pure numbers in, numbers and one verdict out; everything that decides about quorum uses this file.

use crate::facts::{CommonFacts, Member, MembershipSource, Observed, QuorumRead};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// How many must agree.
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
/// A quorum read that was served proves a quorum, whatever else is unreachable from here. Without one, fewer answering
/// voters than needed, or no leader, means it is lost — unless what we did not see may simply be out of our reach.
pub fn assess(facts: &CommonFacts) -> Quorum {
    let voters = facts.voters().count();
    let leader = agreed_leader(facts);
    // A voter that answers us but has lost its leader, while others have one, takes no part: it is cut off from them.
    let takes_part = |m: &&Member| m.reachable && (leader.is_none() || m.leader != Observed::Known(None));
    let serving = facts.voters().filter(takes_part).count();
    let needed = needed(voters);
    let verdict = |state, failures_until_stuck, why: String| Quorum {
        state,
        voters,
        needed,
        serving,
        failures_until_stuck,
        leader: leader.clone(),
        why,
    };
    if voters == 0 {
        let why = facts.membership.why().unwrap_or("no voter is known").to_owned();
        return verdict(QuorumState::Unknown, None, why);
    }
    let served =
        facts.members.iter().any(|m| matches!(m.quorum_read.known(), Some(QuorumRead::Served { .. })));
    let led = leader.as_ref().is_some_and(|id| facts.voters().any(|m| m.reachable && &m.id == id));
    let read_failed =
        facts.voters().any(|m| matches!(m.quorum_read.known(), Some(QuorumRead::Failed { .. })));
    if served || (serving >= needed && led && !read_failed) {
        return serving_verdict(voters, needed, serving, served, verdict);
    }
    if serving >= needed {
        let why = match &leader {
            None => format!("{serving} of {voters} voters answer, but none of them has a leader"),
            Some(_) => format!("{serving} of {voters} voters answer, but no quorum read succeeds"),
        };
        return verdict(QuorumState::Lost, Some(0), why);
    }
    if serving == 0 {
        return unreachable_verdict(facts, voters, verdict);
    }
    let nobody_leads = facts.voters().filter(|m| m.reachable).all(|m| m.leader == Observed::Known(None));
    if read_failed || nobody_leads {
        let verb = if serving == 1 { "answers" } else { "answer" };
        return verdict(
            QuorumState::Lost,
            Some(0),
            format!("{serving} of {voters} voters {verb}; {needed} are needed"),
        );
    }
    let why =
        format!("{serving} of {voters} voters can be reached from here, and no quorum read could be tried");
    verdict(QuorumState::Unknown, None, why)
}

fn serving_verdict(
    voters: usize,
    needed: usize,
    serving: usize,
    served: bool,
    verdict: impl Fn(QuorumState, Option<usize>, String) -> Quorum,
) -> Quorum {
    if serving == voters {
        let margin = tolerance(voters);
        return verdict(QuorumState::Healthy, Some(margin), format!("all {voters} voters serve"));
    }
    if serving < needed && served {
        let why = format!(
            "a quorum read succeeds, so at least {needed} voters serve each other, but only {serving} of {voters} \
             can be reached from here"
        );
        return verdict(QuorumState::Degraded, None, why);
    }
    let margin = serving - needed;
    let why = format!("{serving} of {voters} voters serve; {needed} are needed");
    let state = if margin == 0 { QuorumState::AtRisk } else { QuorumState::Degraded };
    verdict(state, Some(margin), why)
}

/// Nobody answered. That is lost only if every known voter's machine said itself that nothing listens there.
fn unreachable_verdict(
    facts: &CommonFacts,
    voters: usize,
    verdict: impl Fn(QuorumState, Option<usize>, String) -> Quorum,
) -> Quorum {
    let proven_down = facts.voters().all(|m| m.trouble.as_ref().is_some_and(|t| t.kind.proves_down()));
    let source = match facts.membership.known() {
        Some(MembershipSource::Declared) => "declared",
        Some(MembershipSource::Remembered { .. }) => "remembered",
        _ => "known",
    };
    if proven_down {
        let why = format!("none of the {voters} {source} voters runs: every one refuses connections");
        return verdict(QuorumState::Lost, Some(0), why);
    }
    verdict(
        QuorumState::Unknown,
        None,
        format!("none of the {voters} {source} voters can be reached from here"),
    )
}

/// The leader that most reachable voters name.
fn agreed_leader(facts: &CommonFacts) -> Option<String> {
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for member in facts.members.iter().filter(|m| m.reachable) {
        if let Some(Some(leader)) = member.leader.known() {
            *votes.entry(leader.as_str()).or_default() += 1;
        }
    }
    votes.into_iter().max_by_key(|(_, count)| *count).map(|(id, _)| id.to_owned())
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
