//! What is kept for the day on which all is lost, and whether it was tried.

mod drill_overdue;
mod snapshot_age;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[&snapshot_age::CHECK, &drill_overdue::CHECK];
