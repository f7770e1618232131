//! What is kept for the day on which all is lost.

mod snapshot_age;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[&snapshot_age::CHECK];
