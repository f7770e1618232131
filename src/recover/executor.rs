//! The only code that changes a cluster: it takes the steps of a plan in order and believes what it sees, not what a
//! call answered.
//!
//! | journal | effect visible | do |
//! |---|---|---|
//! | done | yes | skip |
//! | not started, in doubt, failed | yes | record done |
//! | done | no | stop: somebody undid it |
//! | not started, in doubt, failed | no | check the preconditions, act, demand the effect |
//!
//! What cannot be seen is never taken for either: the run stops and can be resumed. Cancelling is looked at between
//! steps only.

use super::describe;
use super::journal::{self, Journal, JournalError, Progress, Record};
use super::plan::{Action, Condition, Plan, Step, Undo};
use crate::backend::Looking;
use crate::consent::Consent;
use crate::transport::Deadline;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// How long the effect of a step that was begun before is waited for until it is said that it cannot be seen, or is no more.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long it is waited for that a command of a process that was killed comes to its end.
const REST: Duration = Duration::from_secs(120);

/// What looks and acts: the real one asks hosts and servers, a test's one a model.
pub trait Hands {
    /// Whether something is so. Changes nothing.
    fn holds<'a>(&'a self, condition: &'a Condition) -> Looking<'a, Truth>;

    /// Does it. An error says only that nobody knows it was done.
    fn perform<'a>(&'a self, action: &'a Action, consent: &'a Consent) -> Looking<'a, Result<(), String>>;

    /// Whether nothing that an earlier process began for this action is still at work.
    fn at_rest<'a>(&'a self, action: &'a Action) -> Looking<'a, Truth>;

    /// Waits a moment before the next look; whether there is time for one.
    fn wait<'a>(&'a self, deadline: Deadline) -> Looking<'a, bool>;
}

/// What a look gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Truth {
    /// It is so.
    Yes,
    /// It is not so; what is, as a lower-case phrase.
    No(String),
    /// It could not be seen; why, as a lower-case phrase.
    Unknown(String),
}

/// What happens, as it happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A step was done before.
    Skipped {
        /// Its id.
        step: String,
    },
    /// A step's effect is there without this process having acted.
    AlreadyTrue {
        /// Its id.
        step: String,
    },
    /// A step begins.
    Started {
        /// Its id.
        step: String,
    },
    /// A step's effect was seen.
    Done {
        /// Its id.
        step: String,
        /// Milliseconds it took.
        took_ms: u64,
    },
    /// A step failed, or its undoing did.
    Failed {
        /// Its id.
        step: String,
        /// Why.
        why: String,
    },
    /// A step is being undone.
    Undoing {
        /// Its id.
        step: String,
    },
    /// A step was undone.
    Undone {
        /// Its id.
        step: String,
    },
}

/// Why a run ended before its end. All of it can be resumed, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// What was done is not so any more.
    #[error("step {step} was done, and somebody undid it: {why}")]
    Regressed {
        /// Id of the step.
        step: String,
        /// What is not so.
        why: String,
    },
    /// A precondition does not hold: nothing of the step was done.
    #[error("step {step} was not begun, because it is not so that {what}: {why}")]
    NotAsPlanned {
        /// Id of the step.
        step: String,
        /// What should be so.
        what: String,
        /// What is.
        why: String,
    },
    /// Something could not be seen.
    #[error("at step {step} it cannot be seen whether {what}: {why}")]
    CannotSee {
        /// Id of the step.
        step: String,
        /// Whether what is so.
        what: String,
        /// Why not.
        why: String,
    },
    /// The action failed.
    #[error("step {step} failed: {why}")]
    Failed {
        /// Id of the step.
        step: String,
        /// Why.
        why: String,
    },
    /// Somebody asked to stop.
    #[error("stopped before step {step}")]
    Cancelled {
        /// Id of the next step.
        step: String,
    },
    /// This run went back: it cannot go on.
    #[error("this run was rolled back: make a new plan")]
    WentBack,
    /// Going back would lose what clients have written, or cannot be proven not to.
    #[error("it cannot be rolled back over step {step}: {why}")]
    NoReturn {
        /// Id of the step.
        step: String,
        /// Why.
        why: String,
    },
    /// Something that an earlier process began goes on.
    #[error("step {step} is still at work, though the process that began it is gone: {why}")]
    AtWork {
        /// Id of the step.
        step: String,
        /// What is seen of it.
        why: String,
    },
    /// Undoing a step failed.
    #[error("step {step} could not be undone: {why}")]
    UndoFailed {
        /// Id of the step.
        step: String,
        /// Why.
        why: String,
    },
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// One process at work on a plan.
pub struct Executor<'a> {
    /// The plan of the journal.
    pub plan: &'a Plan,
    /// What looks and acts.
    pub hands: &'a dyn Hands,
    /// Where it is recorded.
    pub journal: &'a mut Journal,
    /// The wall clock.
    pub clock: &'a dyn Fn() -> Timestamp,
    /// Told of everything that happens.
    pub emit: &'a mut dyn FnMut(Event),
    /// Whether somebody asked to stop.
    pub cancelled: &'a dyn Fn() -> bool,
}

impl Executor<'_> {
    /// Takes every step that is not done. The first run and every resumption are the same.
    pub async fn run(&mut self, consent: &Consent) -> Result<(), Stop> {
        if journal::is_rolled_back(self.journal.lines()) {
            return Err(Stop::WentBack);
        }
        for step in &self.plan.steps {
            if (self.cancelled)() {
                return Err(Stop::Cancelled { step: step.id.clone() });
            }
            self.step(step, consent).await?;
        }
        if !journal::is_over(self.journal.lines()) {
            self.record(Record::Finished)?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step, consent: &Consent) -> Result<(), Stop> {
        let began = Deadline::after(Duration::ZERO);
        let id = || step.id.clone();
        let progress = self.journal.progress(&step.id);
        let done = progress == Progress::Done;
        match (done, self.look_again(step, progress).await?) {
            (true, None) => (self.emit)(Event::Skipped { step: id() }),
            (false, None) => {
                self.record(Record::Done { step: id(), already: true, took_ms: 0 })?;
                (self.emit)(Event::AlreadyTrue { step: id() });
            }
            (true, Some(not)) => return Err(Stop::Regressed { step: id(), why: not.why }),
            (false, Some(_)) => {
                if let Some(not) = self.look(step, &step.pre).await? {
                    return Err(Stop::NotAsPlanned { step: id(), what: not.what, why: not.why });
                }
                self.record(Record::Started { step: id() })?;
                (self.emit)(Event::Started { step: id() });
                self.act(step, consent).await?;
                let took_ms = began.elapsed_ms() as u64;
                self.record(Record::Done { step: id(), already: false, took_ms })?;
                (self.emit)(Event::Done { step: id(), took_ms });
            }
        }
        Ok(())
    }

    /// Looks at the effect. What an earlier process began may still be on its way: a server that starts cannot be seen
    /// for a moment, and one that did serve may be between two leaders. What was done is given the time to show again.
    async fn look_again(&self, step: &Step, progress: Progress) -> Result<Option<Not>, Stop> {
        let patience = Deadline::after(Duration::from_secs(u64::from(step.settle_s)).min(PATIENCE));
        loop {
            let seen = self.look(step, &step.effect).await;
            let wait = match &seen {
                Err(_) => progress != Progress::NotStarted,
                Ok(Some(_)) => progress == Progress::Done,
                Ok(None) => false,
            };
            if !wait || step.settle_s == 0 || !self.hands.wait(patience).await {
                return seen;
            }
        }
    }

    /// Acts and demands the effect. An action that answers with an error may have been done all the same.
    async fn act(&mut self, step: &Step, consent: &Consent) -> Result<(), Stop> {
        let answer = self.hands.perform(&step.action, consent).await;
        let settled = Deadline::after(Duration::from_secs(u64::from(step.settle_s)));
        loop {
            let not = match (self.look(step, &step.effect).await, &answer) {
                (Ok(None), _) => return Ok(()),
                // A server that is being started may not let itself be seen yet.
                (Err(unseen), Ok(())) if step.settle_s > 0 => unseen.to_string(),
                (Err(unseen), _) => return Err(self.failed(step, unseen.to_string())?),
                (Ok(Some(not)), Ok(())) => {
                    format!("it was done, and it is not so that {}: {}", not.what, not.why)
                }
                (Ok(Some(_)), Err(why)) => return Err(self.failed(step, why.clone())?),
            };
            if step.settle_s == 0 || !self.hands.wait(settled).await {
                return Err(self.failed(step, not)?);
            }
        }
    }

    fn failed(&mut self, step: &Step, why: String) -> Result<Stop, Stop> {
        self.record(Record::Failed { step: step.id.clone(), why: why.clone() })?;
        (self.emit)(Event::Failed { step: step.id.clone(), why: why.clone() });
        Ok(Stop::Failed { step: step.id.clone(), why })
    }

    /// Undoes, last first, what was done or may have been.
    pub async fn rollback(&mut self, consent: &Consent) -> Result<(), Stop> {
        let plan = self.plan;
        let touched = |journal: &Journal, step: &Step| {
            !matches!(journal.progress(&step.id), Progress::NotStarted | Progress::Undone)
        };
        let steps: Vec<&Step> = plan.steps.iter().rev().filter(|step| touched(self.journal, step)).collect();
        if !journal::is_rolled_back(self.journal.lines()) {
            for step in &steps {
                self.may_go_back(step).await?;
            }
        }
        for step in steps {
            self.undo(step, consent).await?;
        }
        if !self.journal.lines().iter().any(|line| line.record == Record::RolledBack) {
            self.record(Record::RolledBack)?;
        }
        Ok(())
    }

    /// A command outlives the process that gave it: what it does in the end is not to come after what is done here.
    async fn until_at_rest(&self, step: &Step) -> Result<(), Stop> {
        let patience = Deadline::after(REST);
        loop {
            let why = match self.hands.at_rest(&step.action).await {
                Truth::Yes => return Ok(()),
                Truth::No(why) | Truth::Unknown(why) => why,
            };
            if !self.hands.wait(patience).await {
                return Err(Stop::AtWork { step: step.id.clone(), why });
            }
        }
    }

    async fn may_go_back(&self, step: &Step) -> Result<(), Stop> {
        let no = |why: String| Err(Stop::NoReturn { step: step.id.clone(), why });
        if let Undo::Impossible(why) = &step.undo {
            return no(why.clone());
        }
        // A rename that never happened, for this run was killed before it: there is nothing to go back over.
        if let Undo::By { action, effect } = &step.undo
            && matches!(**action, Action::Rename { .. })
            && self.look(step, effect).await?.is_none()
        {
            return Ok(());
        }
        for condition in &step.undo_pre {
            match self.hands.holds(condition).await {
                Truth::Yes => {}
                Truth::No(why) | Truth::Unknown(why) => return no(why),
            }
        }
        Ok(())
    }

    async fn undo(&mut self, step: &Step, consent: &Consent) -> Result<(), Stop> {
        let id = || step.id.clone();
        let Undo::By { action, effect } = &step.undo else { return Ok(()) };
        let in_doubt = self.journal.progress(&step.id) != Progress::Done;
        if in_doubt {
            self.until_at_rest(step).await?;
        }
        // A server that runs may all the same be kept from being started again.
        let is_held = in_doubt && matches!(**action, Action::StartService { .. });
        if !is_held && self.look(step, effect).await?.is_none() {
            return Ok(self.record(Record::Undone { step: id() })?);
        }
        for condition in &step.undo_pre {
            if let Truth::No(why) = self.hands.holds(condition).await {
                self.record(Record::Stays { step: id(), why: why.clone() })?;
                return Err(Stop::NoReturn { step: id(), why });
            }
        }
        self.record(Record::Undoing { step: id() })?;
        (self.emit)(Event::Undoing { step: id() });
        let answer = self.hands.perform(action, consent).await;
        let settled = Deadline::after(Duration::from_secs(u64::from(step.settle_s)));
        while let Some(not) = self.look(step, effect).await? {
            if answer.is_err() || step.settle_s == 0 || !self.hands.wait(settled).await {
                let why = answer.err().unwrap_or(not.why);
                self.record(Record::UndoFailed { step: id(), why: why.clone() })?;
                (self.emit)(Event::Failed { step: id(), why: why.clone() });
                return Err(Stop::UndoFailed { step: id(), why });
            }
        }
        self.record(Record::Undone { step: id() })?;
        (self.emit)(Event::Undone { step: id() });
        Ok(())
    }

    /// The first of the conditions that does not hold.
    async fn look(&self, step: &Step, conditions: &[Condition]) -> Result<Option<Not>, Stop> {
        for condition in conditions {
            let what = || describe::condition(condition);
            match self.hands.holds(condition).await {
                Truth::Yes => {}
                Truth::No(why) => return Ok(Some(Not { what: what(), why })),
                Truth::Unknown(why) => {
                    return Err(Stop::CannotSee { step: step.id.clone(), what: what(), why });
                }
            }
        }
        Ok(None)
    }

    fn record(&mut self, record: Record) -> Result<(), JournalError> {
        let now = (self.clock)();
        self.journal.append(record, now)
    }
}

/// A condition that does not hold.
struct Not {
    what: String,
    why: String,
}
