//! Stored data.

mod data_dir_permissions;
mod encryption_at_rest;
mod snapshot_secrets;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] =
    &[&encryption_at_rest::CHECK, &data_dir_permissions::CHECK, &snapshot_secrets::CHECK];
