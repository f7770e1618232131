//! Every size, every kind of change, with as many dead as it bears.

use super::*;
use crate::checks::testing::{Sample, cluster};
use crate::facts::TroubleKind;
use crate::membership::{meant, plan};

fn new(learner: bool) -> Change {
    let peer_urls = vec!["https://10.0.0.99:2380".into()];
    Change::Add { name: Some("n99".into()), peer_urls, learner }
}

fn remove_it(id: &str) -> Change {
    Change::Remove { id: id.into() }
}

fn promote_it(id: &str) -> Change {
    Change::Promote { id: id.into() }
}

/// `n` voters of which the last `dead` are down.
fn with_dead(n: usize, dead: usize) -> Sample {
    (n - dead + 1..=n).fold(cluster(n), |sample, at| sample.down(&format!("n{at}")))
}

/// `n` voters, the last `dead` of them down, and a learner after them.
fn with_learner(n: usize, dead: usize) -> Sample {
    let mut sample = cluster(n + 1);
    let learner = format!("n{}", n + 1);
    sample.member_mut(&learner).voter = false;
    sample.member_mut(&learner).role = Role::Learner;
    (n - dead + 1..=n).fold(sample, |sample, at| sample.down(&format!("n{at}")))
}

fn judge(sample: &Sample, change: &Change) -> Forecast {
    forecast(&sample.0.common, change)
}

#[track_caller]
fn allowed(sample: &Sample, change: &Change) -> Vec<String> {
    match judge(sample, change).verdict {
        Verdict::Allowed { notes } => notes,
        other => unreachable!("{change:?} must be allowed: {other:?}"),
    }
}

#[track_caller]
fn refused(sample: &Sample, change: &Change) -> (String, String) {
    match judge(sample, change).verdict {
        Verdict::Refused { why, instead } => (why, instead),
        other => unreachable!("{change:?} must be refused: {other:?}"),
    }
}

/// voters, dead; then whether a voter, a learner may be added, a live one removed, a dead one removed, a learner
/// promoted.
const TABLE: &[(usize, usize, bool, bool, bool, bool, bool)] = &[
    (1, 0, false, true, false, false, true),
    (2, 0, true, true, true, false, true),
    (2, 1, false, false, false, false, false),
    (3, 0, true, true, true, false, true),
    (3, 1, false, false, false, true, false),
    (3, 2, false, false, false, false, false),
    (4, 0, true, true, true, false, true),
    (4, 1, false, true, true, true, true),
    (4, 2, false, false, false, false, false),
    (5, 0, true, true, true, false, true),
    (5, 1, false, true, true, true, true),
    (5, 2, false, false, false, true, false),
    (5, 3, false, false, false, false, false),
    (6, 0, true, true, true, false, true),
    (6, 1, true, true, true, true, true),
    (6, 2, false, true, true, true, true),
    (6, 3, false, false, false, false, false),
    (7, 0, true, true, true, false, true),
    (7, 1, true, true, true, true, true),
    (7, 2, false, true, true, true, true),
    (7, 3, false, false, false, true, false),
    (7, 4, false, false, false, false, false),
];

#[test]
fn sizes_one_to_seven() {
    for &(n, dead, voter, learner, live, gone, promoted) in TABLE {
        let sample = with_dead(n, dead);
        let may = |sample: &Sample, change: &Change| {
            let forecast = judge(sample, change);
            matches!(forecast.verdict, Verdict::Allowed { .. })
        };
        let at = format!("{n} voters, {dead} dead");
        assert_eq!(may(&sample, &new(false)), voter, "{at}: add a voter");
        assert_eq!(may(&sample, &new(true)), learner, "{at}: add a learner");
        assert_eq!(may(&sample, &remove_it("1")), live, "{at}: remove one that serves");
        if dead > 0 {
            assert_eq!(may(&sample, &remove_it(&n.to_string())), gone, "{at}: remove a dead one");
        }
        let learning = with_learner(n, dead);
        assert_eq!(may(&learning, &promote_it(&(n + 1).to_string())), promoted, "{at}: promote");
    }
}

#[test]
fn what_is_allowed_never_takes_away_a_quorum() {
    for &(n, dead, ..) in TABLE {
        for sample in [with_dead(n, dead), with_learner(n, dead)] {
            let ids: Vec<String> = sample.0.common.members.iter().map(|m| m.id.clone()).collect();
            let changes =
                ids.iter().flat_map(|id| [remove_it(id), promote_it(id)]).chain([new(true), new(false)]);
            for change in changes {
                let forecast = judge(&sample, &change);
                let fits = forecast.before.margin >= 0 && forecast.after.margin >= 0;
                let allowed = matches!(forecast.verdict, Verdict::Allowed { .. });
                assert!(fits || !allowed, "{n} voters, {dead} dead: {change:?}: {forecast:?}");
            }
        }
    }
}

#[test]
fn the_arithmetic_is_shown() {
    let forecast = judge(&cluster(3), &new(false));
    let (before, after) = (forecast.before, forecast.after);
    assert_eq!(
        (before.voters, before.needed, before.started, before.serving, before.margin),
        (3, 2, 3, 3, 1)
    );
    assert_eq!((after.voters, after.needed, after.started, after.serving, after.margin), (4, 3, 3, 3, 0));
    let forecast = judge(&with_dead(3, 1), &remove_it("3"));
    assert_eq!((forecast.after.voters, forecast.after.serving, forecast.after.margin), (2, 2, 0));
    let forecast = judge(&cluster(3), &new(true));
    assert_eq!((forecast.after.voters, forecast.after.learners, forecast.after.margin), (3, 1, 1));
    let forecast = judge(&with_learner(2, 0), &promote_it("3"));
    assert_eq!((forecast.before.margin, forecast.after.voters, forecast.after.margin), (0, 3, 1));
}

#[test]
fn a_refusal_says_what_to_do_instead() {
    let (why, instead) = refused(&with_dead(3, 1), &new(true));
    assert!(why.contains("n3 does not serve") && why.contains("3 of 4"), "{why}");
    assert!(instead.contains("quorate member remove n3"), "{instead}");
    let (why, instead) = refused(&with_dead(3, 1), &remove_it("2"));
    assert!(why.contains("2 of 2") && instead.contains("Remove n3 first"), "{why} {instead}");
    let (why, instead) = refused(&with_dead(3, 2), &remove_it("3"));
    assert!(why.contains("quorum is lost") && instead.contains("recover"), "{why} {instead}");
    let (why, instead) = refused(&cluster(1), &new(false));
    assert!(why.contains("every write would stop") && instead.contains("learner"), "{why} {instead}");
    let (why, _) = refused(&cluster(1), &remove_it("1"));
    assert!(why.contains("last voter"), "{why}");
}

#[test]
fn where_too_little_is_seen_nothing_is_changed() {
    let unseen = with_dead(3, 1).trouble("n1", TroubleKind::ConnectTimeout);
    let unseen = unseen.trouble("n2", TroubleKind::ConnectTimeout);
    for change in [new(true), remove_it("3"), Change::MoveLeader { id: "2".into() }] {
        let (why, _) = refused(&unseen, &change);
        assert!(why.contains("cannot be told"), "{why}");
    }
}

#[test]
fn one_at_a_time() {
    for voter in [true, false] {
        let mut sample = cluster(5);
        *sample.member_mut("n5") = Member {
            id: "5".into(),
            voter,
            peer_urls: vec!["https://10.0.0.5:2380".into()],
            ..Member::default()
        };
        let (why, instead) = refused(&sample, &new(true));
        assert!(why.contains("never started") && instead.contains("One at a time"), "{why}");
        allowed(&sample, &remove_it("5"));
        if !voter {
            let (why, _) = refused(&sample, &promote_it("5"));
            assert!(why.contains("never started"), "{why}");
        }
    }
    let notes = allowed(&with_learner(3, 0), &new(true));
    assert!(notes.iter().any(|n| n.contains("--max-learners")), "{notes:?}");
}

#[test]
fn nobody_shares_an_address_or_a_name() {
    let url = |url: &str| Change::Add { name: Some("x".into()), peer_urls: vec![url.into()], learner: true };
    for taken in ["https://10.0.0.2:2380", "https://10.0.0.2:2380/", "HTTPS://10.0.0.2:2380"] {
        let (why, instead) = refused(&cluster(3), &url(taken));
        assert!(why.contains("belongs to n2") && instead.contains("replace"), "{why}");
    }
    let named =
        Change::Add { name: Some("n2".into()), peer_urls: vec!["https://x:2380".into()], learner: true };
    assert!(refused(&cluster(3), &named).0.contains("called n2 already"));
}

#[test]
fn a_leader_hands_over_before_it_goes() {
    let forecast = judge(&cluster(3), &remove_it("1"));
    assert!(matches!(&forecast.first, Some(Change::MoveLeader { id }) if id != "1"), "{forecast:?}");
    assert!(allowed(&cluster(3), &remove_it("1"))[0].contains("It leads"));
    assert_eq!(judge(&cluster(3), &remove_it("2")).first, None);
    assert_eq!(judge(&cluster(1), &remove_it("1")).first, None);
}

#[test]
fn leadership_goes_only_to_a_voter_that_serves() {
    let to = |id: &str| Change::MoveLeader { id: id.into() };
    allowed(&cluster(3), &to("2"));
    assert!(matches!(judge(&cluster(3), &to("1")).verdict, Verdict::Nothing { .. }));
    assert!(refused(&with_dead(3, 1), &to("3")).0.contains("does not serve"));
    assert!(refused(&with_learner(3, 0), &to("4")).0.contains("no vote"));
    assert!(refused(&cluster(3), &to("77")).0.contains("no member"));
}

#[test]
fn notes_tell_what_a_size_means() {
    let says = |sample: &Sample, change: &Change, word: &str| {
        let notes = allowed(sample, change);
        assert!(notes.iter().any(|note| note.contains(word)), "{word}: {notes:?}");
    };
    says(&cluster(3), &new(false), "4 voters bear no more failures than 3");
    says(&cluster(7), &new(false), "every write waits for 5");
    says(&cluster(3), &remove_it("3"), "Do not stay at 2");
    says(&cluster(3), &remove_it("3"), "the next failure stops all writes");
    says(&cluster(2), &remove_it("2"), "A single voter is no cluster");
    says(&with_learner(1, 0), &promote_it("2"), "Do not stay at 2");
    says(&with_dead(3, 1), &remove_it("3"), "empty data directory");
    says(&with_dead(7, 1), &new(false), "n7 does not serve, and still counts");
    assert!(matches!(judge(&cluster(3), &promote_it("2")).verdict, Verdict::Nothing { .. }));
    assert!(refused(&with_learner(3, 0).down("n4"), &promote_it("4")).0.contains("does not answer"));
}

#[test]
fn a_replacement_is_judged_step_by_step() {
    let sample = with_dead(3, 1);
    allowed(&sample, &remove_it("3"));
    let without =
        Sample(crate::facts::Facts { common: imagine(&sample.0.common, &remove_it("3")), ..sample.0 });
    let same_place = vec!["https://10.0.0.3:2380".to_owned()];
    allowed(&without, &Change::Add { name: Some("n3".into()), peer_urls: same_place, learner: true });
}

#[test]
fn a_word_means_a_name_or_an_id() {
    let mut sample = cluster(3);
    sample.member_mut("n3").id = "8211f1d0f64f3269".into();
    let ids = |sample: &Sample, word: &str| {
        meant(&sample.0.common, word).iter().map(|m| m.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&sample, "n2"), ["2"]);
    assert_eq!(ids(&sample, "0x8211F1D0F64F3269"), ["8211f1d0f64f3269"]);
    assert!(ids(&sample, "").is_empty() && ids(&sample, "0").is_empty() && ids(&sample, "n9").is_empty());
    sample.member_mut("n3").name = "n2".into();
    assert_eq!(ids(&sample, "n2").len(), 2, "two of one name: neither is meant");
    sample.member_mut("n1").name = "2".into();
    assert_eq!(ids(&sample, "2").len(), 2, "one by its name, one by its id");
}

#[test]
fn a_plan_judges_each_change_after_those_before_it() {
    let sample = cluster(3);
    let back = Change::Add {
        name: Some("n1".into()),
        peer_urls: vec!["https://10.0.0.1:2380".into()],
        learner: true,
    };
    let planned = plan(&sample.0.common, &[remove_it("1"), back]);
    let kinds: Vec<&str> = planned
        .iter()
        .map(|p| match p.change {
            Change::MoveLeader { .. } => "lead",
            Change::Remove { .. } => "remove",
            Change::Add { .. } => "add",
            Change::Promote { .. } => "promote",
        })
        .collect();
    assert_eq!(kinds, ["lead", "remove", "add"]);
    assert!(planned.iter().all(|p| matches!(p.forecast.verdict, Verdict::Allowed { .. })), "{planned:#?}");
    assert_eq!((planned[2].forecast.before.voters, planned[2].forecast.after.learners), (2, 1));
}
