//! Stored data.

mod encryption_at_rest;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[&encryption_at_rest::CHECK];
