//! From changes to a changed cluster: judged, shown, consented to, asked for again and again until the servers are
//! ready, and then looked for in the cluster. What was asked without an answer is in doubt: only the cluster knows.

use super::change::HowArgs;
use super::{LOOK, Subject, look};
use crate::backend::membership::{Members, Membership, NewMember, Setback};
use crate::cli::failure::{Failure, Kind};
use crate::cli::probe::interruption;
use crate::cli::{Global, Shape, World, block_on, style};
use crate::consent::{Consent, Question};
use crate::facts::{Facts, Role, Trouble, TroubleKind};
use crate::membership::{self, Change, Verdict};
use crate::render::{self, escape};
use crate::report::membership::{ChangeReport, Outcome, StartReport, StepReport};
use crate::transport::Deadline;
use std::time::Duration;

/// What the user ordered.
pub(super) struct Order<'a> {
    /// In this order.
    pub(super) changes: &'a [Change],
    /// What must be typed to confirm.
    pub(super) word: &'a str,
    pub(super) how: &'a HowArgs,
}

/// One call may take as long as the server itself waits for a proposal (etcd: 5 s and two election timeouts), and more.
const CALL: Duration = Duration::from_secs(10);

/// Between two questions to a server that is not ready.
pub(super) const PAUSE: Duration = Duration::from_millis(300);

/// A progress line for the same reason comes no more often.
const REMIND: Duration = Duration::from_secs(5);

/// For how long a change without an answer is looked for.
const SETTLE: Duration = Duration::from_secs(10);

/// A server that still refuses after this, twice etcd's health interval, while a voter is down, refuses because of it.
const BECAUSE_OF_THE_DEAD: Duration = Duration::from_secs(10);

pub(super) fn carry_out(
    subject: &Subject,
    order: &Order<'_>,
    global: &Global,
    world: &World,
) -> Result<u8, Failure> {
    let Some(door) = subject.backend.membership() else {
        let name = subject.target.backend.name();
        return Err(Failure::usage(format!("quorate cannot change the membership of {name}")));
    };
    let facts = &subject.facts;
    let planned = membership::plan(&facts.common, order.changes);
    let mut report = ChangeReport::new(facts.taken_at, facts, &planned, order.how.dry_run);
    if order.how.dry_run && report.refusal().is_none() {
        report.start = start(door, order.changes, &facts.common.members_as_listed());
    }
    let table = order.how.output == Shape::Table;
    if table {
        print(world, |out| render::write_plan(&report, style(global, world), out))?;
    }
    let done = match report.refusal() {
        Some((why, instead)) => Err(Failure::refused(why).hint(instead)),
        None if order.how.dry_run || nothing_to_do(&report) => Ok(()),
        None => Consent::obtain(question(order), |prompt| world.ask(prompt)).map_err(Failure::from).and_then(
            |consent| {
                let work = Work {
                    subject,
                    door,
                    consent: &consent,
                    timeout: order.how.timeout,
                    settle: SETTLE,
                    world,
                };
                block_on(work.all(&mut report))?
            },
        ),
    };
    print(world, |out| match order.how.output {
        Shape::Table => render::write_outcome(&report, style(global, world), out),
        Shape::Json => render::write_json(&report, out),
    })?;
    done.map(|()| 0)
}

fn question<'a>(order: &Order<'a>) -> Question<'a> {
    Question { what: "This changes who is a member, as shown above.", word: order.word, yes: order.how.yes }
}

fn print(world: &World, write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    world.print(&bytes).map_err(Failure::from)
}

fn nothing_to_do(report: &ChangeReport) -> bool {
    report.steps.iter().all(|step| step.outcome == Outcome::Nothing)
}

fn start(door: &dyn Membership, changes: &[Change], members: &Members) -> Option<StartReport> {
    let mut members = members.clone();
    for change in changes {
        match change {
            Change::Remove { id } => drop(members.remove(id)),
            Change::Add { name, peer_urls, .. } => {
                let joining = door.joining(&members, name.as_deref().unwrap_or_default(), peer_urls);
                let (arguments, environment, remember) =
                    (joining.arguments, joining.environment, joining.remember);
                return Some(StartReport { arguments, environment, remember });
            }
            Change::Promote { .. } | Change::MoveLeader { .. } => {}
        }
    }
    None
}

struct Work<'a> {
    subject: &'a Subject,
    door: &'a dyn Membership,
    consent: &'a Consent,
    timeout: Duration,
    /// For how long a change without an answer is looked for.
    settle: Duration,
    world: &'a World,
}

/// How asking for one change ended, when it did not end well.
struct Stop {
    outcome: Outcome,
    failure: Failure,
}

impl Stop {
    fn new(outcome: Outcome, failure: Failure) -> Stop {
        Stop { outcome, failure }
    }
}

impl Work<'_> {
    async fn all(&self, report: &mut ChangeReport) -> Result<(), Failure> {
        let mut changed = false;
        for at in 0..report.steps.len() {
            let began = Deadline::after(Duration::ZERO);
            let step = &mut report.steps[at];
            if step.outcome == Outcome::Nothing {
                continue;
            }
            match self.one(step).await {
                Ok(members) => {
                    step.took_ms = Some(began.elapsed_ms());
                    changed |=
                        step.outcome == Outcome::Done && !matches!(step.change, Change::MoveLeader { .. });
                    if matches!(step.change, Change::Add { .. }) {
                        report.start = start(self.door, std::slice::from_ref(&step.change), &members);
                    }
                }
                Err(stop) => {
                    step.took_ms = Some(began.elapsed_ms());
                    step.outcome = stop.outcome;
                    step.why = Some(stop.failure.message.clone());
                    return Err(if changed { self.half_done(step, stop.failure) } else { stop.failure });
                }
            }
        }
        Ok(())
    }

    /// The dead member is gone and its replacement is not there yet.
    fn half_done(&self, step: &StepReport, failure: Failure) -> Failure {
        let Change::Add { name: Some(name), peer_urls, .. } = &step.change else { return failure };
        let (cluster, urls) = (&self.subject.target.name, peer_urls.join(","));
        Failure {
            kind: Kind::Resumable,
            message: format!("removed, but its replacement is not added: {}", failure.message),
            hints: failure.hints,
        }
        .hint(format!("go on with `quorate member add {cluster} {name} --peer-urls {urls}`"))
    }

    /// Asks until it is done; then who is a member.
    async fn one(&self, step: &mut StepReport) -> Result<Members, Stop> {
        let deadline = Deadline::after(self.timeout);
        let mut waiting = Waiting::default();
        loop {
            let facts = self.subject.backend.observe(&look(self.world)).await;
            let (then, now) = (&self.subject.facts.common.cluster_ids, &facts.common.cluster_ids);
            if !now.is_empty() && now != then {
                let failure = Failure::refused("the endpoints do not lead to the same cluster any more");
                return Err(Stop::new(Outcome::Refused, failure));
            }
            // The cluster may have changed while a person thought, or while its servers made us wait.
            match membership::forecast(&facts.common, &step.change).verdict {
                Verdict::Allowed { .. } => {}
                Verdict::Nothing { .. } => {
                    step.outcome = Outcome::Done;
                    return Ok(facts.common.members_as_listed());
                }
                Verdict::Refused { why, instead } => {
                    return Err(Stop::new(Outcome::Refused, Failure::refused(why).hint(instead)));
                }
            }
            let through = through(&facts)?;
            let setback = match self.ask(&step.change, &through).await {
                Ok(id) => return self.confirm(step, &through, id).await,
                Err(setback) => setback,
            };
            let why = match setback {
                Setback::InDoubt(trouble) => return self.settle(step, &through, &trouble).await,
                Setback::Refused(why) => {
                    let failure = Failure::refused(format!("the server refuses: {why}; nothing was changed"));
                    return Err(Stop::new(Outcome::Refused, failure));
                }
                Setback::NotAsked(trouble) if credentials(&trouble) => {
                    let failure = Failure::failed(format!("{through}: {trouble}; nothing was changed")).hint(
                        "log in with --user and --password-file, or give a client certificate: it takes root",
                    );
                    return Err(Stop::new(Outcome::Failed, failure));
                }
                Setback::NotAsked(trouble) => format!("{through}: {trouble}"),
                Setback::NotYet(why) => self.not_yet(step, &facts, why, deadline)?,
            };
            waiting.tell(&why, self.progress(step, &facts), self.world);
            self.pause(deadline, &why).await?;
        }
    }

    /// What the server says while it is not ready; ends the waiting where it would never end.
    fn not_yet(
        &self,
        step: &StepReport,
        facts: &Facts,
        why: String,
        deadline: Deadline,
    ) -> Result<String, Stop> {
        let dead = facts.common.voters().find(|m| !m.reachable).map(|m| m.label());
        let waited = self.timeout.saturating_sub(deadline.left());
        match dead {
            Some(dead) if matches!(step.change, Change::Add { .. }) && waited > BECAUSE_OF_THE_DEAD => {
                let failure = Failure::refused(format!(
                    "the server refuses: {why}, and {dead} is down; nothing was changed"
                ));
                Err(Stop::new(
                    Outcome::Refused,
                    failure.hint(format!("start {dead}, or remove it first: `quorate member remove {dead}`")),
                ))
            }
            _ => Ok(why),
        }
    }

    fn progress(&self, step: &StepReport, facts: &Facts) -> Option<String> {
        match &step.change {
            Change::Promote { id } => self.door.caught_up(facts, id),
            _ => None,
        }
    }

    /// Waits a little; ends when the time is up, or when the user wants to stop.
    async fn pause(&self, deadline: Deadline, why: &str) -> Result<(), Stop> {
        if deadline.left().is_zero() {
            let waited = humantime::format_duration(self.timeout);
            let failure = Failure::refused(format!("not ready within {waited}: {why}; nothing was changed"));
            return Err(Stop::new(Outcome::Refused, failure.hint("give it more time with --timeout")));
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => Ok(()),
            Ok(()) = interruption() => {
                let failure = Failure::failed("interrupted while waiting; nothing was changed");
                Err(Stop::new(Outcome::Failed, failure))
            }
        }
    }

    async fn ask(&self, change: &Change, through: &str) -> Result<Option<String>, Setback> {
        let (door, consent, deadline) = (self.door, self.consent, Deadline::after(CALL));
        match change {
            Change::Add { peer_urls, learner, .. } => {
                let member = NewMember { peer_urls, learner: *learner };
                return door.add(consent, through, member, deadline).await.map(Some);
            }
            Change::Remove { id } => door.remove(consent, through, id, deadline).await?,
            Change::Promote { id } => door.promote(consent, through, id, deadline).await?,
            Change::MoveLeader { id } => door.move_leader(consent, through, id, deadline).await?,
        }
        Ok(None)
    }

    /// The server said yes: the cluster must show it.
    async fn confirm(
        &self,
        step: &mut StepReport,
        through: &str,
        id: Option<String>,
    ) -> Result<Members, Stop> {
        step.id = id.filter(|id| !id.is_empty()).or_else(|| step.id.take());
        match self.find(step, through).await {
            Some(members) => Ok(members),
            None => {
                let failure =
                    Failure::failed("the server said yes, but the change cannot be seen in the cluster");
                Err(Stop::new(Outcome::InDoubt, failure.hint(self.look_again())))
            }
        }
    }

    /// No answer came: what the cluster says is what is true.
    async fn settle(&self, step: &mut StepReport, through: &str, trouble: &Trouble) -> Result<Members, Stop> {
        self.world.tell(&format!(
            "no clear answer ({}): looking whether it was done",
            escape(&trouble.to_string())
        ));
        match self.find(step, through).await {
            Some(members) => Ok(members),
            None => {
                let failure = Failure::failed(format!(
                    "in doubt: {trouble}; the change cannot be seen in the cluster so far, but it may still come"
                ));
                Err(Stop::new(Outcome::InDoubt, failure.hint(self.look_again())))
            }
        }
    }

    fn look_again(&self) -> String {
        format!("look again before you repeat it: `quorate member list {}`", self.subject.target.name)
    }

    /// Looks until the cluster shows the change, and no longer than `settle`.
    async fn find(&self, step: &mut StepReport, through: &str) -> Option<Members> {
        let deadline = Deadline::after(self.settle);
        while !deadline.left().is_zero() {
            if let Some((members, id)) = self.shown(&step.change, through, deadline).await {
                step.id = id.or_else(|| step.id.take());
                step.outcome = Outcome::Done;
                return Some(members);
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// Who is a member, and whom the change was about, when the cluster shows it.
    async fn shown(
        &self,
        change: &Change,
        through: &str,
        deadline: Deadline,
    ) -> Option<(Members, Option<String>)> {
        if let Change::MoveLeader { id } = change {
            let facts = self.subject.backend.observe(&look(self.world)).await;
            let leads = facts.common.member(id).is_some_and(|m| m.role == Role::Leader);
            return leads.then(|| (facts.common.members_as_listed(), None));
        }
        let members = self.list(through, deadline).await?;
        let id = match change {
            Change::Add { peer_urls, .. } => Some(
                members.iter().find(|(_, m)| m.peer_urls.iter().any(|u| peer_urls.contains(u)))?.0.clone(),
            ),
            Change::Remove { id } => (!members.contains_key(id)).then_some(None)?,
            Change::Promote { id } => members.get(id).is_some_and(|m| m.voter).then_some(None)?,
            Change::MoveLeader { .. } => None,
        };
        Some((members, id))
    }

    /// From the member that was asked, and from another when that one is silent.
    async fn list(&self, through: &str, deadline: Deadline) -> Option<Members> {
        if let Ok(members) = self.door.list(through, deadline.within(LOOK)).await {
            return Some(members);
        }
        let facts = self.subject.backend.observe(&look(self.world)).await;
        let other = self::through(&facts).ok()?;
        self.door.list(&other, deadline.within(LOOK)).await.ok()
    }
}

/// Which member is asked: the leader, for only it knows all progress; else any voter that serves.
fn through(facts: &Facts) -> Result<String, Stop> {
    let answers = || facts.common.reachable().filter(|m| m.voter && m.endpoint.is_some());
    let member = answers().find(|m| m.role == Role::Leader).or_else(|| answers().next());
    member.and_then(|m| m.endpoint.clone()).ok_or_else(|| {
        Stop::new(Outcome::Failed, Failure::failed("no voter can be reached from here; nothing was changed"))
    })
}

fn credentials(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::Unauthenticated | TroubleKind::PermissionDenied)
}

/// Tells people why nothing happens: at once when the reason changes, else now and then.
#[derive(Default)]
struct Waiting {
    last: Option<(String, Deadline)>,
}

impl Waiting {
    fn tell(&mut self, why: &str, progress: Option<String>, world: &World) {
        if self.last.as_ref().is_some_and(|(last, until)| last == why && !until.left().is_zero()) {
            return;
        }
        let progress = progress.map_or_else(String::new, |progress| format!("; {progress}"));
        world.tell(&format!("waiting: {}", escape(&format!("{why}{progress}"))));
        self.last = Some((why.to_owned(), Deadline::after(REMIND)));
    }
}

#[cfg(test)]
mod tests;
