//! What each scenario does, from the fault to the last look.

mod stuck_quorum;

use super::oracle::Write;
use super::scenario::Kind;
use super::stage::{Broken, Stage};

/// Plays a scenario; what its writers remember. What it finds is kept in the stage.
pub(super) async fn play(kind: Kind, stage: &Stage<'_>, writes: &mut Vec<Write>) -> Result<(), Broken> {
    match kind {
        Kind::StuckQuorum => stuck_quorum::play(stage, writes).await,
        _ => Err(Broken("not yet".into())),
    }
}
