//! What each scenario does, from the fault to the last look.

mod corrupt_survivor;
mod dead_return;
mod minority_partition;
mod slow_disk;
mod stuck_quorum;

use super::oracle::Write;
use super::scenario::Kind;
use super::stage::{Broken, Stage};

pub(super) use slow_disk::strace;

/// Plays a scenario; `writes` is what its writers remember in the end. What it finds is kept in the stage.
pub(super) async fn play(kind: Kind, stage: &Stage<'_>, writes: &mut Vec<Write>) -> Result<(), Broken> {
    match kind {
        Kind::StuckQuorum => stuck_quorum::play(stage, writes).await,
        Kind::DeadReturn => dead_return::play(stage, writes).await,
        Kind::CorruptSurvivor => corrupt_survivor::play(stage, writes).await,
        Kind::MinorityPartition => minority_partition::play(stage, writes).await,
        Kind::SlowDisk => slow_disk::play(stage, writes).await,
    }
}
