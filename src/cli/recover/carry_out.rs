//! Carrying a plan out, going on with one, going back.

use super::made::{Made, hands, target};
use super::places::Places;
use super::{OnArgs, RunArgs};
use crate::cli::failure::{Failure, Kind};
use crate::cli::{Global, World, block_on};
use crate::consent::{Consent, Question};
use crate::private;
use crate::recover::action::RealHands;
use crate::recover::executor::{Event, Executor, Stop};
use crate::recover::journal::{self, FILE, FileTape, Journal, JournalError, Record, plan_of};
use crate::recover::plan::Plan;
use crate::render;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the beginning.
    Run,
    /// From where it was.
    Resume,
    /// Back.
    Rollback,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Run => "run",
            Way::Resume => "resume",
            Way::Rollback => "rollback",
        }
    }
}

/// Asks, writes the plan down, and begins.
pub(super) fn begin(made: &Made, args: &RunArgs, places: &Places, world: &World) -> Result<u8, Failure> {
    let yes = args.yes;
    let consent = ask(&made.plan, Way::Run, yes, world)?;
    let dir = places.run_dir(&made.plan.run_id);
    let tape = FileTape::lock(&dir).map_err(journal_failure)?;
    let text = serde_json::to_vec_pretty(&made.plan).map_err(|error| Failure::failed(error.to_string()))?;
    private::write(&dir.join("plan.json"), &text)?;
    let journal = Journal::of(&made.plan, Box::new(tape), world.now()).map_err(journal_failure)?;
    let hands = hands(&made.plan, &made.target, args.limits.limits())?;
    let work = Work { plan: &made.plan, hands: &hands, target: &made.target.name, way: Way::Run, yes };
    work.carry_out(journal, &consent, places, world)
}

/// Goes on with a run, or back.
pub(super) fn go_on(args: &OnArgs, way: Way, global: &Global, world: &World) -> Result<u8, Failure> {
    let target = target(&args.target, global, world)?;
    let places = Places::of(world)?;
    let run = match &args.run {
        Some(run) => run.clone(),
        None => match places.unfinished(|_| true)?.as_slice() {
            [(run, _)] => run.clone(),
            [] => return Err(Failure::usage("no run is unfinished").hint("see `quorate recover status`")),
            several => {
                return Err(Failure::usage(format!("{} runs are unfinished", several.len())).hint(format!(
                    "name one with --run: {}",
                    several.iter().map(|(run, _)| run.as_str()).collect::<Vec<_>>().join(", ")
                )));
            }
        },
    };
    let dir = places.run_dir(&run);
    if !dir.join(FILE).is_file() {
        return Err(Failure::usage(format!("there is no run {run}")).hint("see `quorate recover status`"));
    }
    let tape = FileTape::lock(&dir).map_err(|error| match (&error, journal::read(&dir.join(FILE))) {
        (JournalError::Busy, Ok(lines)) => {
            let busy = plan_of(&lines).and_then(|plan| places.busy(&run, plan, &target.name));
            busy.unwrap_or_else(|| journal_failure(error))
        }
        _ => journal_failure(error),
    })?;
    let journal = Journal::open(Box::new(tape)).map_err(journal_failure)?;
    let plan = journal.plan().cloned().ok_or_else(|| journal_failure(JournalError::Empty))?;
    if plan.cluster != target.name {
        return Err(Failure::refused(format!(
            "run {run} is of cluster {}, not {}",
            plan.cluster, target.name
        ))
        .hint(format!("quorate recover {} {} --run {run}", way.name(), plan.cluster)));
    }
    let _cluster = places.lock_cluster(&plan.cluster_id)?;
    let consent = ask(&plan, way, args.yes, world)?;
    let hands = hands(&plan, &target, args.limits.limits())?;
    let work = Work { plan: &plan, hands: &hands, target: &target.name, way, yes: args.yes };
    work.carry_out(journal, &consent, &places, world)
}

fn ask(plan: &Plan, way: Way, yes: bool, world: &World) -> Result<Consent, Failure> {
    let what = match way {
        Way::Run => format!("This stops the old cluster {} and makes a new one of it.", plan.cluster),
        Way::Resume => format!("This goes on with run {} of {}.", plan.run_id, plan.cluster),
        Way::Rollback => format!("This undoes run {} of {}.", plan.run_id, plan.cluster),
    };
    let question = Question { what: &what, word: &plan.cluster_id, yes };
    Consent::obtain(question, |prompt| world.ask(prompt)).map_err(|denied| {
        Failure::refused(denied.to_string()).hint("type the id of the cluster, or give --yes")
    })
}

struct Work<'a> {
    plan: &'a Plan,
    hands: &'a RealHands,
    target: &'a str,
    way: Way,
    yes: bool,
}

impl Work<'_> {
    fn carry_out(
        &self,
        mut journal: Journal,
        consent: &Consent,
        places: &Places,
        world: &World,
    ) -> Result<u8, Failure> {
        let how = if self.yes { "--yes" } else { "typed" };
        let begun = Record::Begun { verb: self.way.name().into(), consent: how.into() };
        journal.append(begun, world.now()).map_err(|error| self.unwritten(error))?;
        let mut emit = |event: Event| {
            if let Some(line) = render::recover::progress_line(self.plan, &event) {
                world.tell(&line);
            }
        };
        let cancelled = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&cancelled);
        let clock = || world.now();
        let ended = block_on(async {
            // Ctrl-C is looked at between steps; a second one ends the process, which can be resumed all the same.
            tokio::spawn(async move {
                if tokio::signal::ctrl_c().await.is_ok() {
                    asked.store(true, Ordering::Relaxed);
                }
            });
            let mut executor = Executor {
                plan: self.plan,
                hands: self.hands,
                journal: &mut journal,
                clock: &clock,
                emit: &mut emit,
                cancelled: &|| cancelled.load(Ordering::Relaxed),
            };
            match self.way {
                Way::Run | Way::Resume => executor.run(consent).await,
                Way::Rollback => executor.rollback(consent).await,
            }
        })?;
        match ended {
            Ok(()) => {
                let (left, unseen) = block_on(self.hands.left_behind(self.plan))?;
                let record = Record::LeftBehind { left, unseen };
                journal.append(record, world.now()).map_err(journal_failure)?;
                self.end(&journal, places, world)
            }
            Err(stop) => Err(self.stopped(stop, &mut journal, world)),
        }
    }

    fn end(&self, journal: &Journal, places: &Places, world: &World) -> Result<u8, Failure> {
        let dir = places.run_dir(&self.plan.run_id);
        let mut report = Vec::new();
        render::recover::write_report(journal.lines(), &mut report)?;
        private::write(&dir.join("report.md"), &report)?;
        let mut text = match self.way {
            Way::Run | Way::Resume => format!(
                "{} is recovered: cluster {}.\n",
                self.plan.cluster,
                self.plan.new_cluster_id.as_deref().unwrap_or("")
            ),
            Way::Rollback => format!("{} is as it was before run {}.\n", self.plan.cluster, self.plan.run_id),
        };
        let aside = render::recover::set_aside(journal.lines());
        if !aside.is_empty() {
            text.push_str("Set aside, nothing was deleted; once it is not needed any more:\n");
        }
        for left in aside {
            text.push_str(&format!("  {}\n", render::recover::removal(self.plan, &left)));
        }
        for why in render::recover::unseen(journal.lines()) {
            text.push_str(&format!("There may be more, which could not be looked at: {why}\n"));
        }
        text.push_str(&format!("Report: {}\n", dir.join("report.md").display()));
        world.print(render::escape_lines(&text).as_bytes())?;
        Ok(0)
    }

    /// Nothing is done of which there would be no record.
    fn unwritten(&self, error: JournalError) -> Failure {
        if !matches!(error, JournalError::Io { .. }) {
            return journal_failure(error);
        }
        let on = |verb: &str| format!("quorate recover {verb} {} --run {}", self.target, self.plan.run_id);
        let message = format!("{error}; without a record of it nothing more is done");
        Failure { kind: Kind::Resumable, message, hints: vec![] }
            .hint(format!("make room, or repair the disk; then go on: {}", on("resume")))
            .hint(format!("or go back: {}", on("rollback")))
    }

    fn stopped(&self, stop: Stop, journal: &mut Journal, world: &World) -> Failure {
        let untouched = !journal.lines().iter().any(|line| matches!(line.record, Record::Started { .. }));
        if untouched && self.way != Way::Rollback && !matches!(stop, Stop::WentBack | Stop::Journal(_)) {
            // Nothing was done: this run is over, and the next plan begins afresh.
            let over = journal.append(Record::RolledBack, world.now());
            let failure = Failure::refused(format!("{stop}; nothing was changed"));
            return if over.is_ok() { failure.hint("make a new plan") } else { failure };
        }
        let on = |verb: &str| format!("quorate recover {verb} {} --run {}", self.target, self.plan.run_id);
        match stop {
            Stop::Journal(error) => self.unwritten(error),
            Stop::WentBack => Failure::refused(stop.to_string()),
            Stop::NoReturn { .. } => {
                Failure::refused(stop.to_string()).hint(format!("go on instead: {}", on("resume")))
            }
            Stop::UndoFailed { .. } => {
                Failure { kind: Kind::Resumable, message: stop.to_string(), hints: vec![] }
                    .hint(format!("once it is repaired: {}", on("rollback")))
            }
            other => {
                let failure = Failure { kind: Kind::Resumable, message: other.to_string(), hints: vec![] };
                let failure = if self.way == Way::Rollback {
                    failure
                } else {
                    failure.hint(format!("once it is repaired: {}", on("resume")))
                };
                failure.hint(format!("or go back: {}", on("rollback")))
            }
        }
    }
}

pub(super) fn journal_failure(error: JournalError) -> Failure {
    match error {
        JournalError::Busy | JournalError::Damaged { .. } | JournalError::OtherPlan { .. } => {
            Failure::refused(error.to_string())
        }
        JournalError::Empty => Failure::usage(error.to_string()).hint("make a plan: quorate recover run"),
        JournalError::Io { .. } => Failure::failed(error.to_string()),
    }
}
