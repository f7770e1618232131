//! Of two copies that are left, the one that would have been used loses a page.

use super::super::acts::END;
use super::super::oracle::Write;
use super::super::recovery::Ended;
use super::super::stage::{Broken, Stage};
use std::time::Duration;

/// What is expected of the damaged copy.
const NOT_USED: &str = "the damaged copy does not become the new cluster";

/// Longer than a heartbeat, with which followers learn what is committed.
const QUIET: Duration = Duration::from_millis(500);

pub(in crate::drill) async fn play(stage: &Stage<'_>, writes: &mut Vec<Write>) -> Result<(), Broken> {
    let members = stage.leader_first().await?;
    let (dead, left) = stage.majority(&members);
    let load = stage.load(left).await?;
    // Both copies are to hold everything: what is drilled is which one is used, not how far each goes.
    load.pause().await;
    tokio::time::sleep(QUIET).await;
    let fault = stage.lose_quorum(dead).await?;
    load.go_on();
    let tempting = stage.seed(dead).await?;
    let member = stage.lab()?.member(&tempting)?.clone();
    let spoiled = stage.ground.spoil(&member).map_err(Broken)?;
    stage.say(&format!("{tempting} would have been used: {spoiled}"));
    stage.timeline.moment(&format!("{tempting} loses a page"));
    let mut lost = dead.to_vec();
    let recovery = match stage.recover(dead).await? {
        Ended::Recovered(recovery) => {
            let used = format!("the data of {} was used", recovery.seed);
            stage.must(NOT_USED, recovery.seed != tempting, used);
            Some(recovery)
        }
        Ended::Refused(refused) => refuse(stage, &refused.why, &tempting, &mut lost).await?,
        Ended::Stopped(why) => refuse(stage, &why, &tempting, &mut lost).await?,
    };
    if let Some(recovery) = recovery {
        stage.recovered(&recovery, fault, &load).await;
    }
    let healthy: Vec<String> = left.iter().filter(|name| **name != tempting).cloned().collect();
    stage.nothing_new_critical().await;
    stage.judge(load, &healthy, writes).await
}

/// The tool says that the copy is damaged. Whoever reads that gives it up, and recovers from the other one.
async fn refuse(
    stage: &Stage<'_>,
    why: &str,
    tempting: &str,
    lost: &mut Vec<String>,
) -> Result<Option<super::super::report::Recovery>, Broken> {
    stage.must(NOT_USED, true, format!("refused: {why}"));
    let damaged = [tempting.to_owned()];
    stage.lose(&damaged)?;
    stage.timeline.moment(&format!("{tempting} is given up"));
    lost.extend(damaged);
    stage.stuck().await?;
    match stage.recover(lost).await? {
        Ended::Recovered(recovery) => Ok(Some(recovery)),
        Ended::Refused(refused) => {
            stage.must(END, false, format!("refused: {}", refused.why));
            Ok(None)
        }
        Ended::Stopped(why) => {
            stage.must(END, false, why);
            Ok(None)
        }
    }
}
