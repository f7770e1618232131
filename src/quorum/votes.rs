//! Which sets of voters are a quorum: a majority, or what a ZooKeeper with groups and weights takes for one.

use super::needed;
use crate::facts::VoteRule;
use std::collections::{BTreeMap, BTreeSet};

impl VoteRule {
    /// Whether these voters, of `voters` in all, are a quorum.
    pub fn is_quorum(&self, voters: usize, present: &BTreeSet<&str>) -> bool {
        match self {
            VoteRule::Majority => present.len() >= needed(voters),
            VoteRule::Groups(groups) => held(groups, present).count() > counted(groups) / 2,
        }
    }

    /// Size of the smallest quorum.
    pub fn fewest(&self, voters: usize) -> usize {
        match self {
            VoteRule::Majority => needed(voters),
            VoteRule::Groups(groups) => {
                let costs = groups.iter().filter_map(|group| cheapest(group.values(), 0, group));
                smallest(costs.collect(), counted(groups) / 2 + 1)
            }
        }
    }

    /// How many of the present may fail, whichever they are, while the rest is a quorum; `None` when they are none.
    pub fn spare(&self, voters: usize, present: &BTreeSet<&str>) -> Option<usize> {
        if !self.is_quorum(voters, present) {
            return None;
        }
        Some(match self {
            VoteRule::Majority => present.len() - needed(voters),
            VoteRule::Groups(groups) => {
                let losses: Vec<usize> = held(groups, present).map(|group| losses(group, present)).collect();
                let too_many = losses.len() - counted(groups) / 2;
                smallest(losses, too_many) - 1
            }
        })
    }

    /// What is needed, for the end of a sentence.
    pub fn asks(&self, voters: usize) -> String {
        match self {
            VoteRule::Majority => format!("{} are needed", needed(voters)),
            VoteRule::Groups(groups) => {
                let all = counted(groups);
                format!("{} of {all} groups are needed, each with more than half of its weight", all / 2 + 1)
            }
        }
    }
}

type Group = BTreeMap<String, u64>;

fn weight(group: &Group) -> u64 {
    group.values().sum()
}

/// Groups without any weight do not count.
fn counted(groups: &[Group]) -> usize {
    groups.iter().filter(|group| weight(group) > 0).count()
}

/// Groups of which more than half of the weight is present: half is rounded down, as the server does.
fn held<'a>(groups: &'a [Group], present: &BTreeSet<&str>) -> impl Iterator<Item = &'a Group> {
    groups.iter().filter(|group| there(group, present) > weight(group) / 2)
}

fn there(group: &Group, present: &BTreeSet<&str>) -> u64 {
    group.iter().filter(|(id, _)| present.contains(id.as_str())).map(|(_, weight)| weight).sum()
}

/// How few members, the heaviest first, bring a group from `from` to more than half of its weight.
fn cheapest<'a>(weights: impl Iterator<Item = &'a u64>, from: u64, group: &Group) -> Option<usize> {
    let mut weights: Vec<u64> = weights.copied().collect();
    weights.sort_unstable_by(|a, b| b.cmp(a));
    let mut sum = from;
    weights
        .iter()
        .position(|weight| {
            sum += weight;
            sum > self::weight(group) / 2
        })
        .map(|at| at + 1)
}

/// How few of the present members, the heaviest first, take a group's majority with them.
fn losses(group: &Group, present: &BTreeSet<&str>) -> usize {
    let mut weights: Vec<u64> =
        group.iter().filter(|(id, _)| present.contains(id.as_str())).map(|(_, weight)| *weight).collect();
    weights.sort_unstable_by(|a, b| b.cmp(a));
    let mut left = there(group, present);
    let mut lost = 0;
    for heaviest in weights {
        if left <= weight(group) / 2 {
            break;
        }
        left -= heaviest;
        lost += 1;
    }
    lost
}

/// Sum of the `count` smallest.
fn smallest(mut numbers: Vec<usize>, count: usize) -> usize {
    numbers.sort_unstable();
    numbers.iter().take(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn groups(text: &[&[(&str, u64)]]) -> VoteRule {
        let group = |members: &&[(&str, u64)]| {
            members.iter().map(|(id, weight)| ((*id).to_owned(), *weight)).collect::<Group>()
        };
        VoteRule::Groups(text.iter().map(group).collect())
    }

    /// As in zookeeperHierarchicalQuorums.md, and one with groups of one.
    #[test]
    fn groups_are_no_majority() {
        let rule = groups(&[&[("1", 1), ("2", 1), ("3", 1)], &[("4", 1)], &[("5", 1)]]);
        let of = |ids: &[&'static str]| rule.is_quorum(5, &ids.iter().copied().collect());
        assert!(!of(&["1", "2", "3"]), "three of five are one group of three");
        assert!(of(&["4", "5"]), "two of five are two groups of three");
        let spare = |ids: &[&'static str]| rule.spare(5, &ids.iter().copied().collect());
        assert_eq!(spare(&["1", "2", "3", "4", "5"]), Some(1));
        assert_eq!(
            (spare(&["4", "5"]), spare(&["1", "2", "4"]), spare(&["1", "4"])),
            (Some(0), Some(0), None)
        );
        assert_eq!(rule.fewest(5), 2);
        let nine = groups(&[
            &[("1", 1), ("2", 1), ("3", 1)],
            &[("4", 1), ("5", 1), ("6", 1)],
            &[("7", 1), ("8", 1), ("9", 1)],
        ]);
        let all = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].into_iter().collect();
        assert_eq!((nine.fewest(9), nine.spare(9, &all)), (4, Some(3)));
        assert_eq!(nine.asks(9), "2 of 3 groups are needed, each with more than half of its weight");
    }

    #[test]
    fn a_group_without_weight_does_not_count() {
        let rule = groups(&[&[("1", 3), ("2", 1)], &[("3", 0)]]);
        let of = |ids: &[&'static str]| rule.is_quorum(3, &ids.iter().copied().collect());
        assert!(of(&["1"]) && !of(&["2", "3"]));
        assert_eq!((rule.fewest(3), rule.spare(3, &["1", "2", "3"].into_iter().collect())), (1, Some(0)));
    }

    fn any_groups() -> impl Strategy<Value = Vec<Group>> {
        let group = prop::collection::vec(0u64..4, 1..4);
        prop::collection::vec(group, 1..4).prop_map(|groups| {
            let mut id = 0;
            let mut named = |weight: u64| {
                id += 1;
                (id.to_string(), weight)
            };
            groups.into_iter().map(|weights| weights.into_iter().map(&mut named).collect()).collect()
        })
    }

    proptest! {
        /// The counts against every subset there is.
        #[test]
        fn counts_are_those_of_all_subsets(groups in any_groups()) {
            let ids: Vec<String> = groups.iter().flat_map(|g| g.keys().cloned()).collect();
            let all: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
            let rule = VoteRule::Groups(groups);
            let subsets: Vec<BTreeSet<&str>> = (0u32..1 << ids.len())
                .map(|bits| ids.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, id)| id.as_str()).collect())
                .collect();
            let quorate = |set: &&BTreeSet<&str>| rule.is_quorum(ids.len(), set);
            if let Some(fewest) = subsets.iter().filter(quorate).map(BTreeSet::len).min() {
                prop_assert_eq!(rule.fewest(ids.len()), fewest);
            }
            if let Some(spare) = rule.spare(ids.len(), &all) {
                let stuck = subsets.iter().filter(|set| !quorate(set)).map(|set| ids.len() - set.len()).min();
                prop_assert_eq!(Some(spare + 1), stuck);
            }
        }

        #[test]
        fn a_majority_is_counted_as_ever(voters in 1usize..20, present in 0usize..20) {
            let ids: Vec<String> = (0..present.min(voters)).map(|id| id.to_string()).collect();
            let present: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
            let spare = VoteRule::Majority.spare(voters, &present);
            prop_assert_eq!(spare, present.len().checked_sub(needed(voters)));
        }
    }
}
