//! Which of several copies is the one to recover from, and what may be lost with it. Pure.
//!
//! Raft's own order decides: the greater term of the last entry, then the greater index. Size, time and revision say
//! nothing. A write is acknowledged when `needed` of `n` voters have it on disk, so one of the copies has every
//! acknowledged write exactly if `n - needed + 1` voters' disks are among them; then the best one has all of them, for
//! nobody can have become leader without them.

use super::entry::EntryFacts;
use super::facts::{CopyFacts, EntryMark, LastIndex, Span, Verdict};
use crate::quorum::needed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Copies in order, and what is lost with the best.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ranking {
    /// Best first. Those whose last entry is not known, or whose content is damaged, come last.
    pub order: Vec<Ranked>,
    /// Voters of the cluster, as the best copy knows them; `null` when nothing tells.
    pub voters: Option<usize>,
    /// How many of them make a majority.
    pub needed: Option<usize>,
    /// How many of them have a whole log among the copies.
    pub disks: usize,
    /// Whether these are a majority: then their members can simply be started.
    pub majority: bool,
    /// The highest index that any copy knows to be committed.
    pub commit: u64,
    /// What may be lost.
    pub loss: Loss,
    /// Entries of the best copy that are not in its database, oldest first.
    pub entries_at_risk: Vec<AtRisk>,
    /// How many there are beyond `entries_at_risk`.
    pub entries_more: u64,
}

/// A copy and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ranked {
    /// Position among the copies given, from 0.
    pub copy: usize,
    /// Its path.
    pub path: String,
    /// Hex member id; `null` for a copy without a log.
    pub member: Option<String>,
    /// The member's name.
    pub name: Option<String>,
    /// The last entry it holds.
    pub last: Option<LastIndex>,
    /// Index that it knows to be committed.
    pub commit: Option<u64>,
    /// Index that its database has applied.
    pub applied: Option<u64>,
    /// Whether it counts as a voter's disk.
    pub counts: bool,
    /// Why it does not.
    pub why_not: Option<String>,
    /// Whether its content is damaged.
    pub damaged: bool,
    /// Last entries of it that the best copy does not have: by raft's rules they were never committed.
    pub not_in_best: Option<Span>,
    /// Last entries of a damaged copy that are behind the end of the best one: they may have been acknowledged.
    pub beyond_best: Option<Span>,
}

/// What may be lost with the best copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Loss {
    /// Every acknowledged write is in the best copy.
    Lossless {
        /// Why that is certain.
        why: String,
    },
    /// Acknowledged writes may be on lost disks only.
    AtRisk {
        /// Which ones, and why.
        why: String,
        /// The last entry that is here. What was acknowledged behind it is lost.
        after: LastIndex,
    },
    /// Nothing says how many voters there are.
    Unknown {
        /// What is missing.
        why: String,
    },
}

/// An entry of the best copy that a copy of its database alone loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AtRisk {
    /// What must happen for it not to be lost.
    pub fate: Fate,
    /// Copies of voters that hold it.
    pub holders: usize,
    /// The entry.
    pub entry: EntryFacts,
}

/// What is known of an entry that is not in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Committed, and this copy knows it: a server that starts on it applies the entry.
    Replayed,
    /// Committed by what another copy knows: a server that starts on this copy alone does not apply the entry.
    KnownElsewhere,
    /// A majority may have had it, so a client may have been told that it is safe.
    PossiblyAcknowledged,
    /// Too few can have had it: no client was told that it is safe.
    NeverAcknowledged,
}

/// Why copies cannot be ranked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RankError {
    /// None was given.
    #[error("there is no copy to rank")]
    Nothing,
    /// They are of several clusters.
    #[error("the copies are of different clusters: {}", told(.0))]
    DifferentClusters(Vec<(String, String)>),
    /// Two copies hold different committed entries.
    #[error(
        "{first} and {second} contradict each other: both call entry {index} committed and hold different ones; they are \
         of two clusters with one identity"
    )]
    Contradiction {
        /// A path.
        first: String,
        /// Another.
        second: String,
        /// Where they part.
        index: u64,
    },
}

fn told(copies: &[(String, String)]) -> String {
    copies.iter().map(|(path, cluster)| format!("{path} is of {cluster}")).collect::<Vec<_>>().join(", ")
}

/// Ranks copies of one cluster. `voters` is how many voters it has, when that is known better than the copies know it.
///
/// # Errors
/// The copies are not of one cluster.
pub fn rank(copies: &[CopyFacts], voters: Option<usize>) -> Result<Ranking, RankError> {
    one_cluster(copies)?;
    let mut order: Vec<usize> = (0..copies.len()).collect();
    // stable: equal copies keep the order in which they were given, whole ones stand before damaged ones
    order.sort_by_key(|at| Reverse((copies[*at].verdict() != Verdict::Damaged, copies[*at].last())));
    let best = &copies[*order.first().ok_or(RankError::Nothing)?];
    contradictions(copies)?;

    let electorates = electorates(best);
    let newest = electorates.last().filter(|voters| !voters.is_empty());
    let count = voters.or(newest.map(BTreeSet::len));
    let whole = whole_disks(copies);
    let disks = count_disks(&whole, newest);
    let commit = copies.iter().map(known_commit).max().unwrap_or(0);
    let mut ranking = Ranking {
        order: order.iter().map(|at| ranked(*at, copies, best, newest)).collect(),
        voters: count,
        needed: count.map(needed),
        disks,
        majority: count.is_some_and(|count| disks >= needed(count)),
        commit,
        loss: loss(best, count, disks, voters.is_none().then_some((&electorates, &whole))),
        entries_at_risk: Vec::new(),
        entries_more: 0,
    };
    if let Some(log) = &best.log {
        let held = |entry: &EntryFacts| holders(copies, newest, entry);
        ranking.entries_at_risk =
            log.tail.entries.iter().map(|entry| at_risk(entry, held(entry), &ranking)).collect();
        ranking.entries_more = log.tail.more;
    }
    Ok(ranking)
}

fn one_cluster(copies: &[CopyFacts]) -> Result<(), RankError> {
    let ids: BTreeSet<&String> =
        copies.iter().filter_map(|c| c.identity.as_ref().map(|i| &i.cluster)).collect();
    let members = |copy: &CopyFacts| -> BTreeSet<String> {
        copy.membership
            .members
            .iter()
            .map(|member| member.id.clone())
            .chain(copy.membership.removed.clone())
            .collect()
    };
    // a copy without a log says no cluster id: then its members tell
    let first = copies.first().map(members).unwrap_or_default();
    let stranger = |copy: &CopyFacts| {
        let these = members(copy);
        !these.is_empty() && !first.is_empty() && these.is_disjoint(&first)
    };
    if ids.len() > 1 || copies.iter().any(stranger) {
        let name = |copy: &CopyFacts| match &copy.identity {
            Some(identity) => format!("cluster {}", identity.cluster),
            None => format!("members {}", members(copy).into_iter().collect::<Vec<_>>().join(", ")),
        };
        return Err(RankError::DifferentClusters(copies.iter().map(|c| (c.path.clone(), name(c))).collect()));
    }
    Ok(())
}

/// What a copy knows to be committed: its log's commit, and whatever it has applied.
fn known_commit(copy: &CopyFacts) -> u64 {
    let applied = copy.database.as_ref().and_then(|database| database.consistent_index).unwrap_or(0);
    copy.log.as_ref().map_or(0, |log| log.commit).max(applied)
}

/// The highest index at which two logs hold the same entry; `None` when the parts that are there do not overlap.
fn parting(one: &CopyFacts, other: &CopyFacts) -> Option<u64> {
    let (a, b) = (one.log.as_ref()?, other.log.as_ref()?);
    let start = a.first?.max(b.first?);
    let end = a.last?.index.min(b.last?.index);
    // two logs that agree at an index agree in all before it, so the first agreement from behind is the place
    (start..=end)
        .rev()
        .find(|index| one.term_at(*index).is_some() && one.term_at(*index) == other.term_at(*index))
}

fn contradictions(copies: &[CopyFacts]) -> Result<(), RankError> {
    for (at, one) in copies.iter().enumerate() {
        for other in &copies[at + 1..] {
            let both = known_commit(one).min(known_commit(other));
            let (Some(a), Some(b)) = (&one.log, &other.log) else { continue };
            let (Some(first), Some(last)) = (a.first.max(b.first), a.last.min(b.last)) else { continue };
            let checked =
                both.min(last.index).min(a.last.map_or(0, |l| l.index)).min(b.last.map_or(0, |l| l.index));
            let terms = (one.term_at(checked), other.term_at(checked));
            if checked >= first
                && let (Some(mine), Some(theirs)) = terms
                && mine != theirs
            {
                let index = parting(one, other).map_or(first, |same| same + 1);
                return Err(RankError::Contradiction {
                    first: one.path.clone(),
                    second: other.path.clone(),
                    index,
                });
            }
        }
    }
    Ok(())
}

/// The sets of voters that counted, or may have, from what the best copy has applied to the end of its log.
fn electorates(best: &CopyFacts) -> Vec<BTreeSet<String>> {
    let mut voters: BTreeSet<String> = best.voters().into_iter().collect();
    let mut all = vec![voters.clone()];
    let applied = best.database.is_some();
    let open = |mark| mark == EntryMark::Uncertain || applied && mark == EntryMark::Committed;
    for change in best.membership.history.iter().filter(|change| open(change.mark)) {
        match change.change.as_str() {
            "add" | "promote" => voters.insert(change.member.clone()),
            "remove" => voters.remove(&change.member),
            _ => false,
        };
        all.push(voters.clone());
    }
    all
}

/// Members with a whole log among the copies.
fn whole_disks(copies: &[CopyFacts]) -> BTreeSet<String> {
    let whole = copies.iter().filter(|copy| unfit(copy).is_none());
    whole.filter_map(|copy| copy.identity.as_ref().map(|identity| identity.member.clone())).collect()
}

fn count_disks(whole: &BTreeSet<String>, voters: Option<&BTreeSet<String>>) -> usize {
    voters.map_or(whole.len(), |voters| whole.intersection(voters).count())
}

/// Why a copy says nothing about what its member had on disk.
fn unfit(copy: &CopyFacts) -> Option<&'static str> {
    if copy.log.is_none() {
        Some("it has no log")
    } else if copy.verdict() == Verdict::Damaged {
        Some("it is damaged")
    } else if copy.gaps.iter().any(|gap| gap.what.contains("log")) {
        Some("its log could not be read")
    } else if copy.notes.iter().any(|note| note.kind == "self-removed") {
        Some("its member was removed")
    } else {
        None
    }
}

fn ranked(at: usize, copies: &[CopyFacts], best: &CopyFacts, voters: Option<&BTreeSet<String>>) -> Ranked {
    let copy = &copies[at];
    let member = copy.identity.as_ref().map(|identity| identity.member.clone());
    let votes = voters.is_none_or(|voters| member.as_ref().is_some_and(|member| voters.contains(member)));
    let twin = |other: &CopyFacts| other.identity == copy.identity && unfit(other).is_none();
    let why_not = match unfit(copy) {
        Some(why) => Some(why.to_owned()),
        None if !votes => Some("its member does not vote".to_owned()),
        None if copies[..at].iter().any(twin) => Some("another copy of the same member counts".to_owned()),
        None => None,
    };
    let last = copy.last();
    let differing = copy.log.as_ref().and(last).and_then(|last| {
        let same = parting(copy, best)?;
        (same < last.index).then_some(Span { first: same + 1, last: last.index })
    });
    // only damage puts a copy that reaches further behind the best one
    let (not_in_best, beyond_best) = if last > best.last() { (None, differing) } else { (differing, None) };
    Ranked {
        copy: at,
        path: copy.path.clone(),
        member,
        name: copy.name.clone(),
        last,
        commit: copy.log.as_ref().map(|log| log.commit),
        applied: copy.database.as_ref().and_then(|database| database.consistent_index),
        counts: why_not.is_none(),
        why_not,
        damaged: copy.verdict() == Verdict::Damaged,
        not_in_best,
        beyond_best,
    }
}

type Sets<'a> = (&'a Vec<BTreeSet<String>>, &'a BTreeSet<String>);

/// `sets`: every electorate that may have counted, and the members whose disks are here; absent when the number of
/// voters was given.
fn loss(best: &CopyFacts, count: Option<usize>, disks: usize, sets: Option<Sets<'_>>) -> Loss {
    let Some(count) = count else {
        let why = "the copies do not say who votes; say how many voters there are with --voters";
        return Loss::Unknown { why: why.to_owned() };
    };
    let enough = |count: usize, disks: usize| disks + needed(count) > count;
    let always = sets.is_none_or(|(all, whole)| {
        all.iter().all(|voters| enough(voters.len(), whole.intersection(voters).count()))
    });
    let wanted = count + 1 - needed(count);
    match best.last() {
        Some(_) if enough(count, disks) && always => Loss::Lossless {
            why: format!(
                "disks of {disks} of {count} voters are here and {wanted} suffice: each acknowledged write is on {} disks, so the \
                 best copy has all of them",
                needed(count)
            ),
        },
        Some(after) => Loss::AtRisk {
            why: if enough(count, disks) {
                format!(
                    "the membership was changing, and with one of the memberships that may have counted {disks} disks are too \
                     few: what was acknowledged behind entry {} of term {} may be lost",
                    after.index, after.term
                )
            } else {
                format!(
                    "disks of {disks} of {count} voters are here and {wanted} are needed to be certain: what was acknowledged \
                     behind entry {} of term {} is lost with the other disks",
                    after.index, after.term
                )
            },
            after,
        },
        None => Loss::Unknown { why: "the best copy does not say what its last entry is".to_owned() },
    }
}

/// Voters' copies that hold this very entry, each member once.
fn holders(copies: &[CopyFacts], voters: Option<&BTreeSet<String>>, entry: &EntryFacts) -> usize {
    let holds = |copy: &&CopyFacts| copy.term_at(entry.index) == Some(entry.term);
    let members: BTreeSet<&String> =
        copies.iter().filter(holds).filter_map(|copy| copy.identity.as_ref().map(|i| &i.member)).collect();
    members.into_iter().filter(|member| voters.is_none_or(|voters| voters.contains(*member))).count()
}

fn at_risk(entry: &EntryFacts, holders: usize, ranking: &Ranking) -> AtRisk {
    let lost = ranking.voters.map(|count| count.saturating_sub(ranking.disks));
    let possible = match (lost, ranking.needed) {
        (Some(lost), Some(needed)) => holders + lost >= needed,
        _ => true,
    };
    let fate = if entry.mark == EntryMark::Committed {
        Fate::Replayed
    } else if entry.index <= ranking.commit {
        Fate::KnownElsewhere
    } else if possible {
        Fate::PossiblyAcknowledged
    } else {
        Fate::NeverAcknowledged
    };
    AtRisk { fate, holders, entry: entry.clone() }
}

#[cfg(test)]
mod tests;
