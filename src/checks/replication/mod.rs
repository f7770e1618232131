//! Lag, divergence, churn.

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[];
