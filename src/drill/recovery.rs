//! The recovery inside a drill: planned and carried out by the code of `quorate recover`, timed phase by phase.

use super::report::Recovery;
use super::stage::{Broken, Refused, Said, Stage};
use crate::recover::executor::{Event, Executor};
use crate::recover::journal::{self, FileTape, Journal, Progress, Record};
use crate::recover::plan::{Becomes, Loss, Plan};

/// How a recovery ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Every step is done.
    Recovered(Recovery),
    /// There is no plan.
    Refused(Refused),
    /// It stopped on the way; why.
    Stopped(String),
}

impl Stage<'_> {
    /// Plans and recovers. `dead`: members that are vouched for, as a person does who knows that they burned down.
    pub(super) async fn recover(&self, dead: &[String]) -> Result<Ended, Broken> {
        let runs = self.evidence.dir().join("recovery");
        let planned = self.command.plan(&self.target, dead, &runs);
        let plan = match self.timeline.during("plan", planned).await {
            Ok(plan) => plan,
            Err(refused) => return Ok(Ended::Refused(refused)),
        };
        let dir = runs.join(&plan.run_id);
        let tape = FileTape::lock(&dir)?;
        crate::private::write(&dir.join("plan.json"), &serde_json::to_vec_pretty(&plan)?)?;
        let mut journal = Journal::of(&plan, Box::new(tape), (self.now)())?;
        let begun = Record::Begun { verb: "run".into(), consent: "drill".into() };
        journal.append(begun, (self.now)())?;
        let hands = self.ground.hands(&plan, &self.target).map_err(Broken)?;
        let mut since = self.timeline.clock().ms();
        let mut emit = |event: Event| {
            self.time(&plan, &event, &mut since);
            (self.say)(Said::Step(&plan, &event));
        };
        let outcome = Executor {
            plan: &plan,
            hands: hands.as_ref(),
            journal: &mut journal,
            clock: &self.now,
            emit: &mut emit,
            // Who interrupts a drill wants it gone: its cluster is thrown away with it.
            cancelled: &|| false,
        }
        .run(self.consent)
        .await;
        let stopped = outcome.err().map(|stop| stop.to_string());
        let recovery = summary(&plan, &journal, stopped.clone());
        self.kept.borrow_mut().recoveries.push(recovery.clone());
        Ok(match stopped {
            None => Ended::Recovered(recovery),
            Some(why) => Ended::Stopped(why),
        })
    }

    /// A phase reaches from the end of the step before it to the end of its last step: looks count too.
    fn time(&self, plan: &Plan, event: &Event, since: &mut u64) {
        let (Event::Done { step, .. } | Event::AlreadyTrue { step } | Event::Failed { step, .. }) = event
        else {
            return;
        };
        if let Some(step) = plan.step(step) {
            self.timeline.phase(step.phase.name(), *since);
            *since = self.timeline.clock().ms();
        }
    }
}

/// The member whose data a plan uses.
pub(super) fn seed_of(plan: &Plan) -> String {
    let seed = plan.members.iter().find(|member| member.becomes == Becomes::Seed);
    seed.map_or_else(String::new, |member| member.name.clone())
}

fn summary(plan: &Plan, journal: &Journal, stopped: Option<String>) -> Recovery {
    let done =
        plan.steps.iter().filter(|step| journal::progress(journal.lines(), &step.id) == Progress::Done);
    Recovery {
        run_id: plan.run_id.clone(),
        plan: plan.hash.clone(),
        loss: match &plan.loss {
            Loss::Lossless { why } => format!("none: {why}"),
            Loss::AtRisk { why, .. } => format!("possible: {why}"),
        },
        seed: seed_of(plan),
        old_cluster: plan.cluster_id.clone(),
        new_cluster: plan.new_cluster_id.clone(),
        steps_done: done.count() as u64,
        steps: plan.steps.len() as u64,
        stopped,
    }
}
