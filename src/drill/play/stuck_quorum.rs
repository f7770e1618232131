//! A majority is lost for good, with the leader and with their disks; the cluster is recovered.

use super::super::oracle::Write;
use super::super::stage::{Broken, Stage};

pub(in crate::drill) async fn play(stage: &Stage<'_>, writes: &mut Vec<Write>) -> Result<(), Broken> {
    let members = stage.leader_first().await?;
    let (load, _) = stage.lose_and_recover(&members).await?;
    stage.nothing_new_critical().await;
    stage.judge(load, stage.majority(&members).1, writes).await
}
