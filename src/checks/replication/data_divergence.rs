use crate::facts::{ASKED_ONLY_BY_DEEP, CommonFacts, EtcdFacts, HashComparison, MemberHash, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "data-divergence",
    family: Family::Replication,
    question: "Do all members hold the same data?",
    why: "Replication compares logs, not data: a member whose store was damaged or swapped goes on answering its own \
          version of the keys.",
    remedy: "Take a snapshot of every member, then replace the one that differs from the majority: remove it, empty \
             its data directory, add it again as a learner.",
    runbook: Some("data-divergence"),
    thresholds: &[],
    sources: &[
        "ZooKeeper mntr: digest_mismatches_count",
        "https://etcd.io/docs/v3.6/op-guide/data_corruption/",
        "etcd server/etcdserver/corrupt.go: hashes compare only at one revision and one compaction revision",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(super::zxids::divergence)],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let comparison = match &etcd.hashes {
        Observed::Known(comparison) => comparison,
        Observed::Unknown(why) if why == ASKED_ONLY_BY_DEEP => {
            return Outcome::NotApplicable(why.clone());
        }
        Observed::Unknown(why) => {
            return Outcome::undecided(format!("the members' hashes: {why}"), Severity::Critical);
        }
    };
    if facts.voters().count() == 1 {
        return Outcome::NotApplicable("one voter has nobody to be compared with".into());
    }
    compare(comparison, facts)
}

fn compare(comparison: &HashComparison, facts: &CommonFacts) -> Outcome {
    let mut tally = Tally::new();
    let mut gaps = 0;
    for voter in facts.voters().filter(|m| m.reachable) {
        let why = match comparison.members.get(&voter.id) {
            Some(Observed::Known(_)) => continue,
            Some(Observed::Unknown(why)) => why.as_str(),
            None => "it answered too late to be asked",
        };
        gaps += 1;
        tally.gap(voter.label(), format!("its hash: {why}"), Severity::Critical);
    }
    let known: Vec<(String, MemberHash)> =
        comparison.members.iter().filter_map(|(id, hash)| Some((label(facts, id), *hash.known()?))).collect();
    let mut groups: BTreeMap<i64, Vec<(&str, u32)>> = BTreeMap::new();
    for (label, hash) in &known {
        groups.entry(hash.compact_revision).or_default().push((label, hash.hash));
    }
    if groups.len() > 1 {
        let at: Vec<String> = known.iter().map(|(l, h)| format!("{l} {}", h.compact_revision)).collect();
        let missing = format!(
            "whether all hold the same data: they were at different compaction revisions while being hashed ({})",
            at.join(", ")
        );
        tally.gap(None, missing, Severity::Critical);
    } else if known.len() < 2 && gaps == 0 {
        tally.gap(
            None,
            "whether all hold the same data: fewer than two hashes were given",
            Severity::Critical,
        );
    }
    for group in groups.values() {
        if let Some(hit) = differ(group, comparison.revision, facts.voters().count()) {
            tally.hit(hit);
        }
    }
    tally.evidence("revision", comparison.revision);
    tally.evidence("members_compared", known.len());
    tally.outcome()
}

/// Only a majority of all voters with one hash says who is wrong.
fn differ(group: &[(&str, u32)], revision: u64, voters: usize) -> Option<Hit> {
    let mut holders: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (label, hash) in group {
        holders.entry(*hash).or_default().push(label);
    }
    if holders.len() < 2 {
        return None;
    }
    let claims: Vec<String> =
        holders.iter().map(|(hash, who)| format!("{} {hash:08x}", who.join(" and "))).collect();
    let right =
        holders.iter().find(|(_, who)| who.len() >= crate::quorum::needed(voters)).map(|(hash, _)| *hash);
    let Some(right) = right else {
        let says = "members hold different data at revision {revision} ({claims}), and no majority says whose is right";
        return Some(
            Hit::new(Severity::Critical, says)
                .with("revision", revision)
                .with("claims", claims)
                .remedy(
                    "Take a snapshot of every member before anything else; compare them with `quorate snapshot diff` \
                     and decide which data to keep.",
                ),
        );
    };
    let wrong: Vec<String> =
        group.iter().filter(|(_, hash)| *hash != right).map(|(label, _)| (*label).to_owned()).collect();
    let says = "at revision {revision} it holds other data than the majority ({claims})";
    let hit = Hit::new(Severity::Critical, says).with("revision", revision).with("claims", claims);
    Some(hit.on(wrong.join(", ")))
}

fn label(facts: &CommonFacts, id: &str) -> String {
    facts.member(id).map_or_else(|| id.to_owned(), crate::facts::Member::label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn hashed(hashes: &[Option<(u32, i64)>]) -> Sample {
        let mut facts = cluster(hashes.len());
        let members = hashes
            .iter()
            .enumerate()
            .map(|(at, hash)| {
                let hash = hash.map(|(hash, compact_revision)| MemberHash { hash, compact_revision });
                ((at + 1).to_string(), Observed::or_unknown(hash, "no answer"))
            })
            .collect();
        facts.native_mut().hashes = Observed::Known(HashComparison { revision: 1000, members });
        facts
    }

    #[test]
    fn equal_hashes_at_one_compaction_revision() {
        row(&CHECK, &hashed(&[Some((7, 5)), Some((7, 5)), Some((7, 5))]), &[]);
        let outcome = hashed(&[Some((7, 5)), Some((8, 5)), Some((7, 5))]).run(&CHECK);
        let Outcome::Judged { hits, .. } = outcome else { unreachable!("{outcome:?}") };
        assert_eq!(hits.iter().map(|h| h.member.as_deref()).collect::<Vec<_>>(), [Some("n2")]);
    }

    #[test]
    fn without_a_majority_nobody_is_the_culprit() {
        let outcome = hashed(&[Some((7, 5)), Some((8, 5))]).run(&CHECK);
        let Outcome::Judged { hits, .. } = outcome else { unreachable!("{outcome:?}") };
        assert_eq!(hits.iter().map(|h| h.member.clone()).collect::<Vec<_>>(), [None]);
        assert_eq!(hits[0].severity, Severity::Critical);
    }

    #[test]
    fn what_cannot_be_compared_is_unknown_not_equal() {
        undecided(&CHECK, &hashed(&[Some((7, 5)), Some((9, 6)), Some((7, 5))]), Severity::Critical);
        undecided(&CHECK, &hashed(&[Some((7, 5)), None, Some((7, 5))]), Severity::Critical);
        undecided(&CHECK, &hashed(&[Some((7, 5)), None, None]), Severity::Critical);
        let mut refused = cluster(3);
        refused.native_mut().hashes = Observed::unknown("no voter answered");
        undecided(&CHECK, &refused, Severity::Critical);
    }

    #[test]
    fn asked_only_when_asked() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
        assert!(matches!(hashed(&[Some((7, 5))]).run(&CHECK), Outcome::NotApplicable(_)));
    }
}
