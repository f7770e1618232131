//! Stored data.

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[];
