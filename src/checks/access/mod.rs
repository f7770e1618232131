//! Who may do what.

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[];
