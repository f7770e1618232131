//! What no real server can be made to do at a given moment: not to answer, and to have done it or not.

use super::*;
use crate::backend::membership::Joining;
use crate::backend::{Backend, Looking};
use crate::checks::testing::{Sample, cluster};
use crate::facts::BackendKind;
use crate::membership::plan;
use crate::target::{Target, TlsFiles};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

/// A cluster that answers every question for a change by the script.
struct Scripted {
    facts: Facts,
    answers: RefCell<VecDeque<Result<(), Setback>>>,
    /// What the cluster shows afterwards.
    members: Members,
    asked: RefCell<usize>,
}

impl Scripted {
    fn next(&self) -> Result<(), Setback> {
        *self.asked.borrow_mut() += 1;
        self.answers.borrow_mut().pop_front().expect("a further answer in the script")
    }
}

impl Backend for Scripted {
    fn kind(&self) -> BackendKind {
        BackendKind::Etcd
    }

    fn observe<'a>(&'a self, _: &'a crate::backend::Ask) -> Looking<'a, Facts> {
        Box::pin(async { self.facts.clone() })
    }
}

type Asked<'a, T> = Looking<'a, Result<T, Setback>>;

impl Membership for Scripted {
    fn list<'a>(&'a self, _: &'a str, _: Deadline) -> Looking<'a, Result<Members, Trouble>> {
        Box::pin(async { Ok(self.members.clone()) })
    }

    fn add<'a>(&'a self, _: &'a Consent, _: &'a str, _: NewMember<'a>, _: Deadline) -> Asked<'a, String> {
        Box::pin(async { self.next().map(|()| String::new()) })
    }

    fn remove<'a>(&'a self, _: &'a Consent, _: &'a str, _: &'a str, _: Deadline) -> Asked<'a, ()> {
        Box::pin(async { self.next() })
    }

    fn promote<'a>(&'a self, _: &'a Consent, _: &'a str, _: &'a str, _: Deadline) -> Asked<'a, ()> {
        Box::pin(async { self.next() })
    }

    fn move_leader<'a>(&'a self, _: &'a Consent, _: &'a str, _: &'a str, _: Deadline) -> Asked<'a, ()> {
        Box::pin(async { self.next() })
    }

    fn caught_up(&self, _: &Facts, _: &str) -> Option<String> {
        None
    }

    fn joining(&self, _: &Members, _: &str, _: &[String]) -> Joining {
        Joining { arguments: Vec::new(), environment: BTreeMap::new(), remember: Vec::new() }
    }
}

fn world() -> World {
    World {
        env: BTreeMap::new(),
        cwd: std::path::PathBuf::new(),
        stdout_terminal: false,
        stderr_terminal: false,
        width: None,
    }
}

/// Carries out the changes; what came of each, and how the command ends.
fn run(
    facts: &Sample,
    changes: &[Change],
    answers: Vec<Result<(), Setback>>,
    members: Members,
) -> (Vec<Outcome>, usize, Result<(), Failure>) {
    let facts = facts.0.clone();
    let planned = plan(&facts.common, changes);
    let mut report = ChangeReport::new(facts.taken_at, &facts, &planned, false);
    let door = Scripted {
        facts: facts.clone(),
        answers: RefCell::new(answers.into()),
        members,
        asked: RefCell::new(0),
    };
    let target = Target {
        name: "sample".into(),
        backend: BackendKind::Etcd,
        endpoints: Vec::new(),
        tls: TlsFiles::default(),
        auth: None,
        kubernetes_prefix: None,
        members: BTreeMap::new(),
    };
    let backend = Scripted {
        facts: facts.clone(),
        answers: RefCell::default(),
        members: Members::new(),
        asked: RefCell::new(0),
    };
    let subject = Subject { target, backend: Box::new(backend), facts };
    let question = Question { what: "", word: "x", yes: true };
    let consent = Consent::obtain(question, |_| Ok(None)).expect("consent");
    let (timeout, settle) = (Duration::from_millis(700), Duration::from_millis(400));
    let world = world();
    let work = Work { subject: &subject, door: &door, consent: &consent, timeout, settle, world: &world };
    let done = block_on(work.all(&mut report)).expect("a runtime");
    (report.steps.iter().map(|s| s.outcome).collect(), *door.asked.borrow(), done)
}

fn members(ids: &[&str]) -> Members {
    let all = cluster(5).0.common.members_as_listed();
    ids.iter().map(|id| ((*id).to_owned(), all[*id].clone())).collect()
}

fn remove(id: &str) -> Change {
    Change::Remove { id: id.into() }
}

fn silence() -> Result<(), Setback> {
    Err(Setback::InDoubt(Trouble::new(TroubleKind::NoAnswer, "no answer within the deadline")))
}

fn later() -> Result<(), Setback> {
    Err(Setback::NotYet("unhealthy cluster".into()))
}

#[test]
fn a_change_without_an_answer_is_what_the_cluster_says() {
    let (outcomes, asked, done) = run(&cluster(3), &[remove("3")], vec![silence()], members(&["1", "2"]));
    assert!(done.is_ok(), "{done:?}");
    assert_eq!((outcomes, asked), (vec![Outcome::Done], 1));

    let (outcomes, asked, done) =
        run(&cluster(3), &[remove("3")], vec![silence()], members(&["1", "2", "3"]));
    let failure = done.expect_err("in doubt");
    assert_eq!((outcomes, asked), (vec![Outcome::InDoubt], 1), "a change is never asked for twice");
    assert_eq!(failure.kind, Kind::Failed);
    assert!(failure.message.contains("in doubt") && failure.hints[0].contains("member list"), "{failure:?}");
}

#[test]
fn a_yes_that_cannot_be_seen_is_no_success() {
    let (outcomes, _, done) = run(&cluster(3), &[remove("3")], vec![Ok(())], members(&["1", "2", "3"]));
    assert!(done.is_err());
    assert_eq!(outcomes, [Outcome::InDoubt]);
}

#[test]
fn a_server_that_is_not_ready_is_asked_again_until_the_time_is_up() {
    let answers = vec![later(), later(), Ok(())];
    let (outcomes, asked, done) = run(&cluster(3), &[remove("3")], answers, members(&["1", "2"]));
    assert!(done.is_ok(), "{done:?}");
    assert_eq!((outcomes, asked), (vec![Outcome::Done], 3));

    let answers = (0..20).map(|_| later()).collect();
    let (outcomes, asked, done) = run(&cluster(3), &[remove("3")], answers, members(&["1", "2", "3"]));
    let failure = done.expect_err("not ready");
    assert_eq!((outcomes, failure.kind), (vec![Outcome::Refused], Kind::Refused));
    assert!(asked > 1 && failure.message.contains("nothing was changed"), "{asked} {failure:?}");
}

#[test]
fn what_the_server_refuses_is_not_asked_again() {
    let answers = vec![Err(Setback::Refused("too many learner members in cluster".into()))];
    let (outcomes, asked, done) = run(&cluster(3), &[remove("3")], answers, members(&["1", "2", "3"]));
    assert_eq!((outcomes, asked), (vec![Outcome::Refused], 1));
    assert_eq!(done.expect_err("refused").kind, Kind::Refused);
}

#[test]
fn half_a_replacement_says_how_to_go_on() {
    let url = vec!["https://10.0.0.9:2380".to_owned()];
    let add = Change::Add { name: Some("n9".into()), peer_urls: url, learner: true };
    let answers = vec![Ok(()), Err(Setback::Refused("too many learner members in cluster".into()))];
    let sample = cluster(3).down("n3");
    let (outcomes, _, done) = run(&sample, &[remove("3"), add], answers, members(&["1", "2"]));
    // The script goes on showing the dead one, beside which nothing may be added: the removal stands all the same.
    assert_eq!(outcomes, [Outcome::Done, Outcome::Refused]);
    let failure = done.expect_err("half done");
    assert_eq!(failure.kind, Kind::Resumable);
    let hint = failure.hints.last().expect("a hint");
    assert!(hint.contains("quorate member add sample n9 --peer-urls https://10.0.0.9:2380"), "{hint}");
}
