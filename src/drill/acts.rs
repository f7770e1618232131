//! What several scenarios do: load, loss, recovery, judgement.

use super::oracle::{self, Write};
use super::recovery::{Ended, seed_of};
use super::report::{Held, Recovery};
use super::stage::{Broken, PATIENCE, Stage};
use super::writer::{Load, PREFIX};
use crate::checks::{self, Selection};
use crate::facts::{Facts, Member};
use crate::finding::{Finding, Severity, Status};
use crate::policy::Policy;
use crate::quorum::{self, Quorum, QuorumState};
use crate::transport::Deadline;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Clients that write at once.
const WRITERS: usize = 4;

/// Fewer acknowledged writes before the fault prove little.
const ENOUGH: usize = 200;

/// Reading back is tried again for this long: members that only just joined may not answer at once.
const READ_BACK: Duration = Duration::from_secs(20);

/// What is expected of a recovery.
pub(super) const END: &str = "the recovery comes to its end";

/// The acceptance command of the user may take this long.
const ACCEPTANCE: Duration = Duration::from_secs(600);

impl Stage<'_> {
    /// The fewest members whose loss is the loss of the quorum, the first ones of these; and those that are left.
    pub(super) fn majority<'m>(&self, members: &'m [String]) -> (&'m [String], &'m [String]) {
        members.split_at(members.len() - quorum::needed(members.len()) + 1)
    }

    /// Writers through these members, once they have written enough.
    pub(super) async fn load(&self, through: &[String]) -> Result<Load, Broken> {
        let mut sessions = Vec::new();
        for at in 0..WRITERS {
            sessions.push(self.session(&through[at % through.len()]).await?);
        }
        let load = Load::start(sessions, 0, self.timeline.clock());
        self.say(&format!("{WRITERS} writers write through {}", through.join(", ")));
        let written = self.timeline.during("load", load.until(ENOUGH, Deadline::after(PATIENCE))).await;
        let acknowledged = load.acknowledged();
        if !written {
            return Err(Broken(format!("only {acknowledged} writes were acknowledged before the fault")));
        }
        Ok(load)
    }

    /// What the survivor acknowledged it has applied: with writers through it nothing may be lost, whoever else had it.
    /// What others alone acknowledged no recovery brings back; the plan says so. Loses the quorum and recovers.
    pub(super) async fn lose_and_recover(
        &self,
        members: &[String],
    ) -> Result<(Load, Option<Recovery>), Broken> {
        let (dead, left) = self.majority(members);
        let load = self.load(&left[..1]).await?;
        let fault = self.lose_quorum(dead).await?;
        let recovery = self.recover_and_wait(dead, fault, &load).await?;
        Ok((load, recovery))
    }

    /// Loses members for good, and waits until that is seen. When the fault was complete.
    pub(super) async fn lose_quorum(&self, dead: &[String]) -> Result<u64, Broken> {
        let what = format!("{} lost for good", dead.join(" and "));
        self.lose(dead)?;
        let fault = self.timeline.moment(&what);
        self.say(&format!("{what}: processes killed, disks taken away"));
        self.timeline.during("detect", self.stuck()).await?;
        let detected = self.timeline.clock().ms() - fault;
        self.kept.borrow_mut().times.detected_ms = Some(detected);
        self.must("the loss of the quorum is seen", true, format!("{detected} ms after the fault"));
        Ok(fault)
    }

    /// Waits until the loss of the quorum is seen.
    pub(super) async fn stuck(&self) -> Result<(), Broken> {
        // Who is left believes in the old leader for an election timeout, and `recover` does nothing while it does.
        let led = |member: &&Member| matches!(member.leader.known(), Some(Some(_)));
        let stuck = |facts: &Facts, quorum: &Quorum| {
            quorum.state == QuorumState::Lost && facts.common.reachable().filter(led).count() == 0
        };
        match self.until(Deadline::after(PATIENCE), stuck).await {
            (.., true) => Ok(()),
            (_, quorum, false) => Err(Broken(format!("the quorum is not lost: {}", quorum.why))),
        }
    }

    /// Whose data the plan would use.
    pub(super) async fn seed(&self, dead: &[String]) -> Result<String, Broken> {
        let runs = self.evidence.dir().join("recovery");
        let plan = self.command.plan(&self.target, dead, &runs).await;
        let plan = plan.map_err(|refused| Broken(format!("no plan: {}", refused.why)))?;
        Ok(seed_of(&plan))
    }

    /// Recovers, waits for the full size, and demands what must hold then. `None`: it did not come to its end.
    pub(super) async fn recover_and_wait(
        &self,
        dead: &[String],
        fault: u64,
        load: &Load,
    ) -> Result<Option<Recovery>, Broken> {
        let recovery = match self.recover(dead).await? {
            Ended::Recovered(recovery) => recovery,
            Ended::Refused(refused) => {
                self.must(END, false, format!("refused: {}", refused.why));
                return Ok(None);
            }
            Ended::Stopped(why) => {
                self.must(END, false, why);
                return Ok(None);
            }
        };
        self.recovered(&recovery, fault, load).await;
        Ok(Some(recovery))
    }

    /// Waits for the full size after a recovery, and demands what must hold then.
    pub(super) async fn recovered(&self, recovery: &Recovery, fault: u64, load: &Load) {
        self.must(END, true, format!("{} of {} steps", recovery.steps_done, recovery.steps));
        let facts = self.whole_again(fault).await;
        self.service(fault, load).await;
        self.another_cluster(recovery, &facts);
    }

    /// Waits for the full size.
    pub(super) async fn whole_again(&self, fault: u64) -> Facts {
        let (facts, quorum, whole) = self.timeline.during("whole", self.whole(self.order.nodes)).await;
        let what = format!("all {} members vote and serve again", self.order.nodes);
        self.must(&what, whole, quorum.why);
        if whole {
            let at = self.timeline.moment("the cluster is whole");
            self.kept.borrow_mut().times.whole_ms = Some(at - fault);
        }
        facts
    }

    /// When clients could write again, which nobody restarted.
    pub(super) async fn service(&self, fault: u64, load: &Load) {
        let now = load.next_acknowledged(Deadline::after(PATIENCE)).await;
        let first = load.acknowledged_after(fault).filter(|_| now.is_some());
        let limit = self.order.max_outage.as_millis() as u64;
        let what = format!("clients write again, at most {} s after the fault", limit / 1000);
        match first {
            None => self.must(&what, false, "no write was acknowledged any more"),
            Some(at) => {
                let outage = at.saturating_sub(fault);
                self.kept.borrow_mut().times.service_ms = Some(outage);
                self.must(&what, outage <= limit, format!("after {outage} ms, and nobody restarted them"));
            }
        }
    }

    fn another_cluster(&self, recovery: &Recovery, facts: &Facts) {
        let ids = &facts.common.cluster_ids;
        let new = recovery.new_cluster.as_ref();
        self.must(
            "the new cluster has an id of its own, which the old members cannot join",
            ids.len() == 1 && ids.first() == new && new != Some(&recovery.old_cluster),
            format!("{} before, {} now", recovery.old_cluster, ids.join(" and ")),
        );
    }

    /// Lets the user's own command look, ends the writers, reads every key back, and judges. `through`: members, of
    /// which one is asked.
    pub(super) async fn judge(
        &self,
        load: Load,
        through: &[String],
        writes: &mut Vec<Write>,
    ) -> Result<(), Broken> {
        load.pause().await;
        self.acceptance().await?;
        let began = self.timeline.clock().ms();
        writes.extend(load.end().await);
        // Each writer's stay in its order.
        writes.sort_by_key(|write| write.ended_ms);
        let found = self.read_back(through).await;
        self.timeline.phase("judge", began);
        const LOST: &str = "no acknowledged write is lost, and nothing deleted comes back";
        match found {
            Err(why) => self.expect(LOST, Held::Unseen, format!("the keys cannot be read back: {why}")),
            Ok(found) => self.verdict_on(&found, writes, LOST),
        }
        Ok(())
    }

    fn verdict_on(&self, found: &BTreeMap<String, String>, writes: &[Write], what: &str) {
        let judged = oracle::judge(writes, found);
        let counted = format!(
            "{} acknowledged, {} lost, {} resurrected, {} invented, {} in doubt of which {} were done",
            judged.acknowledged,
            judged.lost,
            judged.resurrected,
            judged.invented,
            judged.in_doubt,
            judged.in_doubt_done
        );
        self.must(what, judged.nothing_lost(), counted);
        let backwards = format!("{} times", judged.backwards);
        self.must(
            "the cluster's history never goes backwards for a client",
            judged.backwards == 0,
            backwards,
        );
        self.kept.borrow_mut().writes = Some(judged);
    }

    /// Every key, as a quorum has it.
    async fn read_back(&self, through: &[String]) -> Result<BTreeMap<String, String>, String> {
        let deadline = Deadline::after(READ_BACK);
        let mut why = "nobody was asked".to_owned();
        while !deadline.left().is_zero() {
            for member in through {
                let mut session = self.session(member).await.map_err(|broken| broken.0)?;
                match session.read(PREFIX, deadline.within(Duration::from_secs(5))).await {
                    Ok(found) => return Ok(found),
                    Err(trouble) => why = trouble.to_string(),
                }
            }
        }
        Err(why)
    }

    /// The user's own command, against the recovered cluster.
    async fn acceptance(&self) -> Result<(), Broken> {
        let Some(command) = &self.order.verify_with else { return Ok(()) };
        let lab = self.lab()?;
        let mut child = tokio::process::Command::new("sh");
        child.arg("-c").arg(command).kill_on_drop(true).stdin(std::process::Stdio::null());
        child.env("QUORATE_CONFIG", &lab.config).env("QUORATE_DRILL_ENDPOINTS", lab.endpoints().join(","));
        let limit = Deadline::after(ACCEPTANCE);
        let ran = self.timeline.during("verify-with", limit.run(child.output())).await;
        const WHAT: &str = "the command of --verify-with is content";
        match ran {
            None => self.must(WHAT, false, format!("no end after {} s", ACCEPTANCE.as_secs())),
            Some(Err(error)) => self.must(WHAT, false, format!("cannot run sh: {error}")),
            Some(Ok(output)) => {
                self.must(WHAT, output.status.success(), output.status.to_string());
                let told = [output.stdout, output.stderr].concat();
                self.evidence.write("verify-with.log", &told)?;
            }
        }
        Ok(())
    }

    /// What `check` says.
    pub(super) fn findings(&self, facts: &Facts) -> Vec<Finding> {
        checks::evaluate(facts, &Policy::default(), &[], &Selection::default())
    }

    /// What `check` finds critical, by check and member.
    fn critical(&self, facts: &Facts) -> BTreeSet<String> {
        let findings = self.findings(facts);
        let critical =
            findings.iter().filter(|f| f.status == Status::Fail && f.severity == Some(Severity::Critical));
        let name = |finding: &Finding| match &finding.member {
            Some(member) => format!("{} on {member}", finding.check.slug),
            None => finding.check.slug.to_owned(),
        };
        critical.map(name).collect()
    }

    /// Keeps what is critical before anything is done: a lab is no hardened cluster.
    pub(super) fn before(&self, facts: &Facts) {
        self.kept.borrow_mut().critical_before = self.critical(facts);
    }

    /// In the end `check` must find nothing critical that was not so before. Members that only just came back may need
    /// a moment.
    pub(super) async fn nothing_new_critical(&self) {
        let deadline = Deadline::after(READ_BACK);
        let new = loop {
            let now = self.critical(&self.look().await);
            let new: Vec<String> = now.difference(&self.kept.borrow().critical_before).cloned().collect();
            if new.is_empty() || deadline.left().is_zero() {
                break new;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let found = if new.is_empty() { "nothing".to_owned() } else { new.join(", ") };
        self.must("`check` finds nothing critical in the end that was not so before", new.is_empty(), found);
    }
}
