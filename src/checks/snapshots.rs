//! What the rules on Consul's files have in common: they judge the snapshot.

use crate::facts::{ConsulFiles, ConsulSnapshot};
use crate::finding::{Outcome, Severity};

/// The snapshot; or what to say where there is none. What could not be read may have held the worst.
pub(super) fn snapshot(files: &ConsulFiles, at_worst: Severity) -> Result<&ConsulSnapshot, Outcome> {
    match (&files.snapshot, files.unread.first()) {
        (Some(snapshot), _) => Ok(snapshot),
        (None, Some(unread)) => Err(Outcome::undecided(format!("its snapshot: {unread}"), at_worst)),
        (None, None) => Err(Outcome::NotApplicable("there is no snapshot in it".into())),
    }
}
