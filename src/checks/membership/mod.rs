//! Who is in.

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[];
