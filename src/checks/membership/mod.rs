//! Who is in.

mod ensembles;
mod advertised_urls;
mod bootstrap_expect;
mod duplicate_identity;
mod gossip_membership;
mod membership_drift;
mod peer_urls;
mod recovery_file;
pub(super) mod split_brain;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[
    &membership_drift::CHECK,
    &peer_urls::CHECK,
    &advertised_urls::CHECK,
    &duplicate_identity::CHECK,
    &split_brain::CHECK,
    &gossip_membership::CHECK,
    &bootstrap_expect::CHECK,
    &recovery_file::CHECK,
];
