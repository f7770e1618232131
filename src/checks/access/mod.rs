//! Who may do what.

mod open_acls;
mod sessions;
mod auth;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[&auth::CHECK, &open_acls::CHECK];
