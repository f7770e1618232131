//! What is kept for the day on which all is lost, and whether it was tried.

mod drill_overdue;
mod snapshot_age;
mod snapshot_restorable;
mod vault_storage;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] =
    &[&snapshot_age::CHECK, &snapshot_restorable::CHECK, &vault_storage::CHECK, &drill_overdue::CHECK];
