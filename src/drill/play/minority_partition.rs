//! The leader is cut off from the others.

use super::super::oracle::{Change, Outcome, Write};
use super::super::stage::{Broken, PATIENCE, Stage};
use super::super::writer::PREFIX;
use crate::backend::keys::NotDone;
use crate::facts::TroubleKind;
use crate::quorum::QuorumState;
use crate::transport::Deadline;
use std::time::Duration;

/// A write to the minority is given up after this long: far beyond the servers' own limits, so that it is they who say
/// no. etcd's is five seconds and two election timeouts.
const ANSWER: Duration = Duration::from_secs(20);

/// Writes to the minority, one after the other.
const TRIES: u64 = 5;

/// The writer to the minority, which is none of the load's.
const OUTSIDER: usize = 100;

pub(in crate::drill) async fn play(stage: &Stage<'_>, writes: &mut Vec<Write>) -> Result<(), Broken> {
    let members = stage.leader_first().await?;
    let (minority, majority) = members.split_at(1);
    let load = stage.load(majority).await?;
    let groups = format!("{}|{}", minority.join(","), majority.join(","));
    stage.control()?.partition(&groups)?;
    let cut = stage.timeline.moment(&format!("{} is cut off", minority[0]));
    stage.say(&format!("{} is cut off from {}", minority[0], majority.join(" and ")));
    let (refused, ()) = futures_util::future::join(refusals(stage, &minority[0]), async {
        let served =
            stage.timeline.during("failover", load.next_acknowledged(Deadline::after(PATIENCE))).await;
        let said = served.map_or("no write was acknowledged any more", |_| "writes are acknowledged");
        stage.must("the majority goes on writing", served.is_some(), said);
    })
    .await;
    stage.timeline.phase("refuse", cut);
    stage.kept.borrow_mut().times.service_ms = load.acknowledged_after(cut).map(|at| at - cut);
    let refused = refused?;
    judge_refusals(stage, &refused);
    writes.extend(refused);
    let facts = stage.look().await;
    let quorum = crate::quorum::assess(&facts.common);
    stage.must("`check` does not call it healthy", quorum.state != QuorumState::Healthy, quorum.why);
    stage.control()?.heal()?;
    let healed = stage.timeline.moment("the link is back");
    let (_, quorum, whole) = stage.timeline.during("heal", stage.whole(members.len())).await;
    stage.must("all members serve again, and nobody had to help", whole, quorum.why);
    stage.measure("whole after the link is back", (stage.timeline.clock().ms() - healed) as f64, "ms");
    stage.nothing_new_critical().await;
    stage.judge(load, &members, writes).await
}

/// Writes to the member that is cut off, each to a key of its own.
async fn refusals(stage: &Stage<'_>, member: &str) -> Result<Vec<Write>, Broken> {
    let (mut session, clock) = (stage.session(member).await?, stage.timeline.clock());
    let mut tried = Vec::new();
    for at in 0..TRIES {
        let (key, value) = (format!("{PREFIX}minority/{at}"), format!("minority-{at}"));
        let began_ms = clock.ms();
        let outcome = match session.put(&key, &value, Deadline::after(ANSWER)).await {
            Ok(position) => Outcome::Acknowledged { position },
            Err(NotDone::NeverSent(_)) => Outcome::NeverSent,
            Err(NotDone::InDoubt(trouble)) if trouble.kind == TroubleKind::NoAnswer => {
                Outcome::InDoubt { why: format!("no answer: {}", trouble.detail) }
            }
            Err(NotDone::InDoubt(trouble)) => Outcome::InDoubt { why: trouble.detail },
        };
        let change = Change::Put(value);
        tried.push(Write { writer: OUTSIDER, key, change, began_ms, ended_ms: clock.ms(), outcome });
        stage.say(&format!("write {} of {TRIES} to the minority: {}", at + 1, said(tried.last())));
    }
    Ok(tried)
}

fn said(write: Option<&Write>) -> String {
    let Some(write) = write else { return String::new() };
    let took = write.ended_ms - write.began_ms;
    match &write.outcome {
        Outcome::Acknowledged { .. } => format!("acknowledged after {took} ms"),
        Outcome::NeverSent => format!("not sent after {took} ms"),
        Outcome::InDoubt { why } => format!("after {took} ms: {why}"),
    }
}

fn judge_refusals(stage: &Stage<'_>, tried: &[Write]) {
    let served = tried.iter().filter(|write| write.acknowledged()).count();
    stage.must("the minority acknowledges no write", served == 0, format!("{served} of {}", tried.len()));
    let took = |write: &Write| write.ended_ms - write.began_ms;
    let limit = ANSWER.as_millis() as u64;
    let silent = tried.iter().filter(|write| took(write) >= limit).count();
    let what =
        format!("the minority itself says no, and leaves no client waiting for {} s", ANSWER.as_secs());
    stage.must(&what, silent == 0, tried.iter().map(|w| said(Some(w))).collect::<Vec<_>>().join("; "));
    let slowest = tried.iter().map(took).max().unwrap_or(0);
    let fastest = tried.iter().map(took).min().unwrap_or(0);
    stage.measure("slowest refusal", slowest as f64, "ms");
    stage.measure("fastest refusal", fastest as f64, "ms");
}
