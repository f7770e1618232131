//! A majority is lost for good, with the leader and with their disks; the cluster is recovered.

use super::super::oracle::Write;
use super::super::stage::{Broken, Stage};

pub(in crate::drill) async fn play(stage: &Stage<'_>, writes: &mut Vec<Write>) -> Result<(), Broken> {
    let members = stage.leader_first().await?;
    let (dead, left) = stage.majority(&members);
    // What the survivor acknowledged it has applied: nothing of it may be lost, whoever else had it.
    let load = stage.load(&left[..1]).await?;
    let fault = stage.lose_quorum(dead).await?;
    let recovered = stage.recover_and_wait(dead, fault, &load).await;
    stage.judge(load, left, writes).await?;
    recovered.map(drop)
}
