use super::super::facts::{
    Change, CopyKind, DamageFacts, DatabaseFacts, Identity, LogFacts, MemberFacts, Tail, TermRun,
};
use super::*;
use proptest::prelude::*;

/// A copy of member `id` of a cluster of `voters`, whose log has these terms from index 1.
fn copy(id: usize, voters: usize, terms: &[u64], commit: u64, applied: u64) -> CopyFacts {
    let mut copy =
        CopyFacts { path: format!("m{id}"), kind: CopyKind::DataDirectory, ..CopyFacts::default() };
    copy.identity = Some(Identity { member: id.to_string(), cluster: "c".to_owned() });
    copy.membership.members = (1..=voters)
        .map(|id| MemberFacts { id: id.to_string(), voter: true, ..MemberFacts::default() })
        .collect();
    copy.database = Some(DatabaseFacts { consistent_index: Some(applied), ..DatabaseFacts::default() });
    let mut runs: Vec<TermRun> = Vec::new();
    for (at, term) in terms.iter().enumerate() {
        if runs.last().is_none_or(|run| run.term != *term) {
            runs.push(TermRun { first: at as u64 + 1, term: *term });
        }
    }
    let index = terms.len() as u64;
    let entries = (applied + 1..=index).map(|at| EntryFacts {
        index: at,
        term: terms[at as usize - 1],
        mark: if at <= commit { EntryMark::Committed } else { EntryMark::Uncertain },
        kind: "put".to_owned(),
        says: format!("put k{at}"),
        keys: Vec::new(),
        bytes: 1,
    });
    copy.log = Some(LogFacts {
        first: Some(1),
        last: terms.last().map(|term| LastIndex { term: *term, index }),
        commit,
        terms: runs,
        tail: Tail { entries: entries.collect(), ..Tail::default() },
        ..LogFacts::default()
    });
    copy
}

fn order(ranking: &Ranking) -> Vec<&str> {
    ranking.order.iter().map(|ranked| ranked.path.as_str()).collect()
}

fn fates(ranking: &Ranking) -> Vec<(u64, Fate)> {
    ranking.entries_at_risk.iter().map(|risk| (risk.entry.index, risk.fate)).collect()
}

#[test]
fn the_term_decides_before_the_index() {
    let copies = [copy(1, 5, &[1, 1, 1, 1, 1, 1], 2, 2), copy(2, 5, &[1, 1, 2], 2, 2)];
    let ranking = rank(&copies, None).expect("one cluster");
    assert_eq!(order(&ranking), ["m2", "m1"]);
    assert_eq!(ranking.order[1].not_in_best, Some(Span { first: 3, last: 6 }));
    assert_eq!((ranking.voters, ranking.needed, ranking.disks), (Some(5), Some(3), 2));
    assert!(matches!(ranking.loss, Loss::AtRisk { after: LastIndex { term: 2, index: 3 }, .. }));
}

#[test]
fn enough_disks_lose_nothing() {
    for (voters, survivors, lossless) in
        [(1, 1, true), (3, 1, false), (3, 2, true), (4, 2, true), (5, 2, false), (5, 3, true), (6, 3, true)]
    {
        let copies: Vec<_> = (1..=survivors).map(|id| copy(id, voters, &[1, 1], 2, 2)).collect();
        let ranking = rank(&copies, None).expect("one cluster");
        assert_eq!(matches!(ranking.loss, Loss::Lossless { .. }), lossless, "{survivors} of {voters}");
        assert_eq!(ranking.majority, survivors >= needed(voters), "{survivors} of {voters}");
    }
}

#[test]
fn a_damaged_copy_is_last_and_does_not_count() {
    let mut broken = copy(1, 3, &[1, 1, 9], 2, 2);
    broken.damage.push(DamageFacts { file: "f".into(), place: "p".into(), what: "w".into() });
    let ranking = rank(&[broken, copy(2, 3, &[1, 1], 2, 2)], None).expect("one cluster");
    assert_eq!(order(&ranking), ["m2", "m1"]);
    assert_eq!((ranking.disks, ranking.order[1].why_not.as_deref()), (1, Some("it is damaged")));
    let (never, beyond) = (ranking.order[1].not_in_best, ranking.order[1].beyond_best);
    assert_eq!((never, beyond), (None, Some(Span { first: 3, last: 3 })));
}

#[test]
fn a_member_counts_once_and_a_learner_not() {
    let twice = [copy(1, 3, &[1, 1], 2, 2), copy(1, 3, &[1], 1, 1)];
    assert_eq!(rank(&twice, None).expect("one cluster").disks, 1);
    let mut learner = copy(4, 3, &[1, 1, 1], 2, 2);
    learner.membership.members.push(MemberFacts { id: "4".to_owned(), ..MemberFacts::default() });
    let ranking = rank(&[copy(1, 3, &[1, 1], 2, 2), learner], None).expect("one cluster");
    assert_eq!(order(&ranking), ["m4", "m1"], "its log is as good as any");
    assert_eq!((ranking.voters, ranking.disks), (Some(3), 1));
}

#[test]
fn a_copy_without_a_log_is_ranked_by_what_it_applied() {
    let mut bare = copy(1, 3, &[1, 1, 1], 3, 3);
    (bare.log, bare.identity) = (None, None);
    let database = bare.database.as_mut().expect("a database");
    database.term = Some(1);
    let ranking = rank(&[copy(2, 3, &[1, 1], 2, 2), bare], None).expect("one cluster");
    assert_eq!(order(&ranking), ["m1", "m2"]);
    assert_eq!((ranking.disks, ranking.commit), (1, 3));
}

#[test]
fn fates_of_entries_follow_from_all_copies() {
    // five voters, three disks: entry 3 replays, 4 is known to be committed by the second, 5 is on two, 6 on one
    let best = copy(1, 5, &[1, 1, 1, 1, 1, 1], 3, 2);
    let copies = [best, copy(2, 5, &[1, 1, 1, 1, 1], 4, 2), copy(3, 5, &[1, 1, 1, 1], 3, 3)];
    let ranking = rank(&copies, None).expect("one cluster");
    let expected = [(3, Fate::Replayed), (4, Fate::KnownElsewhere), (5, Fate::PossiblyAcknowledged)];
    assert_eq!(fates(&ranking)[..3], expected);
    assert_eq!(fates(&ranking)[3], (6, Fate::PossiblyAcknowledged), "it and both lost ones are three");
    // with a fourth disk one lost voter is too few for an entry that only the best has
    let four = [&copies[..], &[copy(4, 5, &[1, 1, 1, 1], 3, 3)]].concat();
    assert_eq!(fates(&rank(&four, None).expect("one cluster"))[3], (6, Fate::NeverAcknowledged));
}

#[test]
fn a_change_of_membership_in_the_tail_counts_both_ways() {
    // two of three are enough; with the fourth voter that may have been added they are not
    let mut best = copy(1, 3, &[1, 1, 1], 2, 2);
    let change = Change {
        index: 3,
        term: 1,
        mark: EntryMark::Uncertain,
        change: "add".to_owned(),
        member: "4".to_owned(),
        name: None,
        peer_urls: Vec::new(),
    };
    let others = [copy(2, 3, &[1, 1], 2, 2)];
    let with = |best: &CopyFacts| rank(&[best.clone(), others[0].clone()], None).expect("one cluster");
    assert!(matches!(with(&best).loss, Loss::Lossless { .. }));
    best.membership.history.push(change.clone());
    assert!(matches!(with(&best).loss, Loss::Lossless { .. }), "two of four are half, which is enough");
    best.membership.history.push(Change { member: "5".to_owned(), ..change });
    assert!(matches!(with(&best).loss, Loss::AtRisk { .. }));
}

#[test]
fn other_clusters_and_contradictions_are_refused() {
    let mut other = copy(2, 3, &[1], 1, 1);
    other.identity = Some(Identity { member: "2".to_owned(), cluster: "d".to_owned() });
    let error = rank(&[copy(1, 3, &[1], 1, 1), other], None).expect_err("two clusters");
    assert!(error.to_string().contains("m1 is of cluster c, m2 is of cluster d"), "{error}");
    let mut bare = copy(2, 3, &[1], 1, 1);
    (bare.log, bare.identity) = (None, None);
    bare.membership.members = vec![MemberFacts { id: "9".to_owned(), ..MemberFacts::default() }];
    assert!(rank(&[copy(1, 3, &[1], 1, 1), bare], None).is_err());
    let split = rank(&[copy(1, 3, &[1, 2, 2], 3, 3), copy(2, 3, &[1, 3, 3, 3], 3, 3)], None);
    assert_eq!(
        split,
        Err(RankError::Contradiction { first: "m1".to_owned(), second: "m2".to_owned(), index: 2 })
    );
    assert_eq!(rank(&[], None), Err(RankError::Nothing));
}

#[test]
fn without_members_the_number_of_voters_is_asked_for() {
    let mut log_only = copy(1, 0, &[1, 1], 2, 2);
    log_only.database = None;
    let copies = [log_only];
    assert!(matches!(rank(&copies, None).expect("one").loss, Loss::Unknown { .. }));
    assert!(matches!(rank(&copies, Some(3)).expect("one").loss, Loss::AtRisk { .. }));
    assert!(matches!(rank(&copies, Some(1)).expect("one").loss, Loss::Lossless { .. }));
}

proptest! {
    /// A little raft: one leader after the other appends and replicates; whatever a majority has of the leader's own
    /// term is committed. When enough disks survive, the best of them has every committed entry.
    #[test]
    fn the_best_of_enough_disks_has_everything(
        voters in 1usize..6,
        rounds in proptest::collection::vec((0usize..6, proptest::collection::vec(0usize..6, 0..6), 0usize..4), 1..12),
        survivors in proptest::collection::btree_set(0usize..6, 1..6),
    ) {
        let mut logs: Vec<Vec<u64>> = vec![Vec::new(); voters];
        let mut committed: Vec<u64> = Vec::new();
        for (at, (leader, reached, appended)) in rounds.into_iter().enumerate() {
            let (leader, term) = (leader % voters, at as u64 + 1);
            let key = |log: &Vec<u64>| (log.last().copied(), log.len());
            let electors: BTreeSet<usize> =
                (0..voters).filter(|voter| key(&logs[*voter]) <= key(&logs[leader])).collect();
            if electors.len() < needed(voters) {
                continue;
            }
            logs[leader].extend(std::iter::repeat_n(term, appended));
            let followers: BTreeSet<usize> = reached.into_iter().map(|follower| follower % voters).chain([leader]).collect();
            for follower in &followers {
                logs[*follower] = logs[leader].clone();
            }
            if followers.len() >= needed(voters) && logs[leader].last() == Some(&term) {
                committed = logs[leader].clone();
            }
        }
        let survivors: BTreeSet<usize> = survivors.into_iter().map(|survivor| survivor % voters).collect();
        let copies: Vec<CopyFacts> =
            survivors.iter().map(|at| copy(at + 1, voters, &logs[*at], 0, 0)).collect();
        let ranking = rank(&copies, None).expect("one cluster");
        let best = &logs[survivors.iter().copied().nth(ranking.order[0].copy).expect("one of them")];
        if matches!(ranking.loss, Loss::Lossless { .. }) {
            prop_assert!(best.len() >= committed.len() && best[..committed.len()] == committed[..]);
            let never = ranking.entries_at_risk.iter().filter(|risk| risk.fate == Fate::NeverAcknowledged);
            prop_assert!(never.into_iter().all(|risk| risk.entry.index > committed.len() as u64));
        }
        prop_assert_eq!(survivors.len() > voters - needed(voters) && best.last().is_some(),
            matches!(ranking.loss, Loss::Lossless { .. }));
    }
}
