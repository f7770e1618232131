//! Releases and clocks.

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[];
