//! TLS on every listener.

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[];
