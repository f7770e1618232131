//! The lost members come back with their old disks after the recovery: all of them at addresses of their own, then one
//! at its old address, where its successor was.

use super::super::oracle::Write;
use super::super::report::Recovery;
use super::super::stage::{Broken, PATIENCE, Stage, lost};
use super::super::writer::{Load, PREFIX};
use crate::finding::Status;
use crate::lab::{self, LabError};
use crate::transport::Deadline;
use std::path::Path;
use std::time::Duration;

/// How long returned members are watched: several election timeouts of every system.
const WATCH: Duration = Duration::from_secs(6);

/// A write to a returned member is given up after this long.
const TRY: Duration = Duration::from_secs(1);

pub(in crate::drill) async fn play(stage: &Stage<'_>, writes: &mut Vec<Write>) -> Result<(), Broken> {
    let members = stage.leader_first().await?;
    let (dead, left) = stage.majority(&members);
    let (load, recovery) = stage.lose_and_recover(&members).await?;
    if let Some(recovery) = recovery {
        elsewhere(stage, dead, &recovery).await?;
        at_home(stage, &dead[0], &recovery, &load).await?;
        let (_, quorum, whole) = stage.whole(stage.order.nodes).await;
        stage.must("with the old members gone again all members serve", whole, quorum.why);
    }
    stage.nothing_new_critical().await;
    stage.judge(load, left, writes).await
}

/// All old members run at once: where they could outvote somebody, they would.
async fn elsewhere(stage: &Stage<'_>, dead: &[String], recovery: &Recovery) -> Result<(), Broken> {
    let mut returned = Vec::new();
    for name in dead {
        let old = format!("{name}-old");
        let mut control = stage.control()?;
        control.adopt(2, |lab, ports| {
            let member = lab.member(name)?;
            Ok(stage.ground.elsewhere(member, &old, &lost(&member.data_dir), ports))
        })?;
        returned.push(old);
    }
    let before = stage.term().await?;
    stage.start(&returned).await?;
    stage.timeline.moment("old members run elsewhere");
    stage.say(&format!("{} run beside the new cluster, with their old disks", returned.join(" and ")));
    let watch = stage.timeline.during("return", refuse_writes(stage, &returned)).await?;
    let running: Vec<&str> = {
        let lab = stage.lab()?;
        let runs = |name: &&String| lab.member(name).is_ok_and(|member| member.pid.is_some());
        returned.iter().filter(runs).map(String::as_str).collect()
    };
    stage.must("old members that run elsewhere serve no write", watch.served == 0, watch.said());
    stage.say(&format!("{} of {} still run", running.len(), returned.len()));
    undisturbed(stage, recovery, before).await?;
    stage.control()?.kill(&returned, lab::KILL)?;
    Ok(())
}

/// The old member runs in the place of its successor, as a machine does whose old image was put back.
async fn at_home(stage: &Stage<'_>, name: &String, recovery: &Recovery, load: &Load) -> Result<(), Broken> {
    let one = std::slice::from_ref(name);
    let dir = stage.lab()?.member(name)?.data_dir.clone();
    let new = dir.with_extension("new");
    stage.control()?.kill(one, lab::KILL)?;
    swap(&dir, &new, &lost(&dir))?;
    stage.start(one).await?;
    stage.timeline.moment(&format!("old {name} in the place of the new"));
    stage.say(&format!("{name} runs with its old disk at its own address"));
    let began = stage.timeline.clock().ms();
    let (facts, _, found) = stage
        .until(Deadline::after(PATIENCE), |facts, _| {
            stage.findings(facts).iter().any(|f| f.check.slug == "split-brain" && f.status == Status::Fail)
        })
        .await;
    let said = stage.findings(&facts).into_iter().find(|f| f.check.slug == "split-brain");
    let said = said.map_or_else(String::new, |finding| finding.summary);
    stage.must(
        "`check` finds the old cluster's member",
        found && said.contains(&recovery.old_cluster),
        format!("split-brain: {said}"),
    );
    let watch = refuse_writes(stage, one).await?;
    stage.timeline.phase("return", began);
    stage.must("an old member in its old place serves no write", watch.served == 0, watch.said());
    let others = load.next_acknowledged(Deadline::after(PATIENCE)).await;
    let said = others.map_or("no write was acknowledged any more", |_| "clients' writes are acknowledged");
    stage.must("the new cluster goes on meanwhile", others.is_some(), said);
    members_unchanged(stage, recovery).await;
    stage.control()?.kill(one, lab::KILL)?;
    swap(&dir, &lost(&dir), &new)?;
    stage.start(one).await
}

/// `dir` goes to `aside`, `from` takes its place.
fn swap(dir: &Path, aside: &Path, from: &Path) -> Result<(), Broken> {
    std::fs::rename(dir, aside)?;
    std::fs::rename(from, dir)?;
    Ok(())
}

/// What clients got of returned members.
#[derive(Default)]
struct Watched {
    tried: u32,
    served: u32,
    last: String,
}

impl Watched {
    fn said(&self) -> String {
        format!("{} of {} writes served; {}", self.served, self.tried, self.last)
    }
}

/// Writes to them again and again, to a key that the oracle does not know.
async fn refuse_writes(stage: &Stage<'_>, names: &[String]) -> Result<Watched, Broken> {
    let mut sessions = Vec::new();
    for name in names {
        sessions.push(stage.session(name).await?);
    }
    let (mut watched, until) = (Watched::default(), Deadline::after(WATCH));
    let key = PREFIX.replace('/', "-returned/");
    while !until.left().is_zero() {
        for session in &mut sessions {
            watched.tried += 1;
            match session.put(&key, "must not be", Deadline::after(TRY)).await {
                Ok(_) => watched.served += 1,
                Err(error) => watched.last = format!("the last one: {}", error.trouble()),
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(watched)
}

/// The new cluster has the same leader's term and the same members.
async fn undisturbed(stage: &Stage<'_>, recovery: &Recovery, before: u64) -> Result<(), Broken> {
    let after = stage.term().await?;
    stage.must(
        "they cannot outvote: nobody in the new cluster had to elect again",
        after == before,
        format!("term {before}, then {after}"),
    );
    members_unchanged(stage, recovery).await;
    Ok(())
}

async fn members_unchanged(stage: &Stage<'_>, recovery: &Recovery) {
    let facts = stage.look().await;
    let (ids, members) = (&facts.common.cluster_ids, facts.common.members.len());
    stage.must(
        "they do not join: the new cluster has its own members and no other",
        ids.first() == recovery.new_cluster.as_ref() && members == stage.order.nodes,
        format!("{members} members of cluster {}", ids.first().map_or("?", String::as_str)),
    );
}

impl Stage<'_> {
    /// Starts members of the lab without waiting for them.
    pub(super) async fn start(&self, names: &[String]) -> Result<(), Broken> {
        let mut control = self.control()?;
        let started: Result<_, LabError> = control.start(names, None, &mut |_| {}).await;
        started.map(drop).map_err(Broken::from)
    }

    /// The highest term that a member is in.
    async fn term(&self) -> Result<u64, Broken> {
        let facts = self.look().await;
        let terms = facts.common.members.iter().filter_map(|member| member.term.known().copied());
        terms.max().ok_or_else(|| Broken("no member tells its term".into()))
    }
}
