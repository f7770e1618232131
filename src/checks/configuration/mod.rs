//! How the servers were started.

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[];
