//! Who may do what.

mod auth;
mod gossip_encryption;
mod open_acls;
mod quorum_auth;
mod sessions;
mod token_rights;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] =
    &[&auth::CHECK, &open_acls::CHECK, &gossip_encryption::CHECK, &token_rights::CHECK, &quorum_auth::CHECK];
