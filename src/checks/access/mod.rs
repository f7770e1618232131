//! Who may do what.

mod auth;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[&auth::CHECK];
