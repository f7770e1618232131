//! Latency, space, quotas.

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[];
