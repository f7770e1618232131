//! Runs that are cut, killed and lied to at every place: all of them must come to the same end.

use super::executor::{Executor, Hands, Stop, Truth};
use super::journal::{Journal, Progress};
use super::plan::Plan;
use super::rehearse::{could_run, rehearse};
use super::testing::{MemoryTape, Mishap, Model, OLD, World, consent, plan};
use jiff::Timestamp;
use std::path::Path;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(work)
}

/// One process at work on the journal. `lives`: how many steps it may begin before it is asked to stop.
fn process(plan: &Plan, model: &Model, tape: &MemoryTape, back: bool, lives: usize) -> Result<(), Stop> {
    let mut journal = Journal::of(plan, Box::new(tape.clone()), Timestamp::UNIX_EPOCH)?;
    let began = model.acted();
    let mut executor = Executor {
        plan,
        hands: model,
        journal: &mut journal,
        clock: &|| Timestamp::UNIX_EPOCH,
        emit: &mut |_| {},
        cancelled: &|| model.acted() - began >= lives,
    };
    let consent = consent();
    block_on(async { if back { executor.rollback(&consent).await } else { executor.run(&consent).await } })
}

fn run(plan: &Plan, model: &Model, tape: &MemoryTape) -> Result<(), Stop> {
    process(plan, model, tape, false, usize::MAX)
}

/// How it ends when nothing happens.
fn undisturbed() -> (World, MemoryTape, usize) {
    let (plan, model, tape) = (plan(), Model::new(World::stuck(), None), MemoryTape::default());
    run(&plan, &model, &tape).expect("recovers");
    let world = model.world.borrow().clone();
    (world, tape, model.acted())
}

#[test]
fn the_plan_recovers_and_every_effect_stays_to_its_end() {
    let plan = plan();
    let (world, _, _) = undisturbed();
    assert!(world.running.len() == 3 && world.listed.len() == 2 && !world.key);
    assert_eq!(world.paths[Path::new("/data/n1.quorate-r1")], OLD, "the old data is kept");
    let model = Model::new(world, None);
    for step in &plan.steps {
        assert!(!step.effect.is_empty(), "{} shows nothing", step.id);
        for condition in &step.effect {
            let holds = block_on(model.holds(condition));
            assert_eq!(holds, Truth::Yes, "{}: {condition:?} holds to the end", step.id);
        }
    }
}

#[test]
fn a_lost_request_or_answer_at_any_call_ends_the_same() {
    let (wanted, _, actions) = undisturbed();
    let plan = plan();
    for number in 0..actions {
        for mishap in [Mishap::RequestLost(number), Mishap::AnswerLost(number)] {
            let (model, tape) = (Model::new(World::stuck(), Some(mishap)), MemoryTape::default());
            if run(&plan, &model, &tape).is_err() {
                run(&plan, &model, &tape).expect("resumes");
            }
            assert_eq!(*model.world.borrow(), wanted, "{mishap:?}");
        }
    }
}

#[test]
fn a_journal_cut_at_any_byte_ends_the_same() {
    let (wanted, tape, _) = undisturbed();
    let bytes = tape.bytes();
    let plan = plan();
    // The journal's own test cuts at every byte: a torn line is as if it had not been written. Here the cuts are those
    // that leave another past.
    let ends = (1..=bytes.len()).filter(|at| bytes[at - 1] == b'\n');
    for length in [0].into_iter().chain(ends.flat_map(|end| [end - 1, end, end + 9])) {
        let length = length.min(bytes.len());
        let (model, tape) = (Model::new(wanted.clone(), None), MemoryTape::holding(&bytes[..length]));
        run(&plan, &model, &tape).expect("resumes");
        assert_eq!(*model.world.borrow(), wanted, "cut at {length}");
        assert_eq!(model.acted(), 0, "nothing is done twice, cut at {length}");
    }
}

#[test]
fn a_kill_between_any_two_records_ends_the_same() {
    let (wanted, _, _) = undisturbed();
    let plan = plan();
    let steps = plan.steps.len();
    for lives in 1..=steps {
        let (model, tape) = (Model::new(World::stuck(), None), MemoryTape::default());
        let cut = process(&plan, &model, &tape, false, lives);
        assert!(lives == steps || matches!(cut, Err(Stop::Cancelled { .. })));
        // The last record did not reach the disk, as when it dies right before it writes.
        let bytes = tape.bytes();
        let ends: Vec<usize> = (1..bytes.len()).filter(|at| bytes[at - 1] == b'\n').collect();
        for end in ends {
            let model = Model::new(model.world.borrow().clone(), None);
            run(&plan, &model, &MemoryTape::holding(&bytes[..end])).expect("resumes");
            assert_eq!(*model.world.borrow(), wanted, "killed after {lives} steps, {end} bytes kept");
        }
    }
}

#[test]
fn going_back_from_anywhere_before_a_client_writes_restores_what_was() {
    let before = World::stuck();
    let plan = plan();
    for lives in 1..=plan.steps.len() {
        let (model, tape) = (Model::new(before.clone(), None), MemoryTape::default());
        let _ = process(&plan, &model, &tape, false, lives);
        process(&plan, &model, &tape, true, usize::MAX).expect("goes back");
        let after = model.world.borrow();
        assert_eq!(after.running, before.running, "after {lives} steps");
        assert_eq!(after.held, before.held, "what did not run may start as before, after {lives} steps");
        for (path, what) in &before.paths {
            assert_eq!(after.paths.get(path), Some(what), "{} after {lives} steps", path.display());
        }
        drop(after);
        assert!(matches!(run(&plan, &model, &tape), Err(Stop::WentBack)));
    }
}

#[test]
fn there_is_no_way_back_once_a_client_has_written() {
    let plan = plan();
    let start = plan.steps.iter().position(|step| step.id.ends_with("start-n1")).expect("a step");
    for lives in 1..=plan.steps.len() {
        let (model, tape) = (Model::new(World::stuck(), None), MemoryTape::default());
        let _ = process(&plan, &model, &tape, false, lives);
        // Before it is started nobody can write to it.
        model.world.borrow_mut().client_writes = u64::from(lives > start);
        let world = model.world.borrow().clone();
        let back = process(&plan, &model, &tape, true, usize::MAX);
        assert_eq!(matches!(back, Err(Stop::NoReturn { .. })), lives > start, "after {lives} steps");
        if lives > start {
            assert_eq!(*model.world.borrow(), world, "nothing is touched");
        }
    }
}

#[test]
fn what_somebody_undid_is_not_done_again() {
    let plan = plan();
    let (world, tape, _) = undisturbed();
    let model = Model::new(world, None);
    model.world.borrow_mut().listed.clear();
    let stopped = run(&plan, &model, &tape);
    assert!(matches!(stopped, Err(Stop::Regressed { .. })), "{stopped:?}");
    assert_eq!(model.acted(), 0);
}

#[test]
fn a_precondition_that_does_not_hold_stops_before_anything_is_done() {
    let plan = plan();
    let mut world = World::stuck();
    // Somebody started n2 with its old data after the plan was made.
    world.running.insert("/data/n2".into());
    let (model, tape) = (Model::new(world, None), MemoryTape::default());
    // The fence stops it again; what cannot be stopped would stop the run.
    run(&plan, &model, &tape).expect("fenced and recovered");
    let journal = Journal::open(Box::new(tape)).expect("opens");
    let fence = plan.steps.iter().find(|step| step.id.ends_with("fence-n2")).expect("a step");
    assert_eq!(journal.progress(&fence.id), Progress::Done);
}

#[test]
fn a_rehearsal_changes_nothing_and_finds_the_plan_fit() {
    let plan = plan();
    let model = Model::new(World::stuck(), None);
    let rehearsed = block_on(rehearse(&plan, &model));
    assert!(could_run(&rehearsed), "{rehearsed:?}");
    assert_eq!((model.acted(), &*model.world.borrow()), (0, &World::stuck()));
}
