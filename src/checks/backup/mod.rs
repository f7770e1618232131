//! Whether it could be recovered.

mod drill_overdue;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[&drill_overdue::CHECK];
