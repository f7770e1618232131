//! Who is in.

mod ensembles;
mod advertised_urls;
mod duplicate_identity;
mod membership_drift;
mod peer_urls;
mod split_brain;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[
    &membership_drift::CHECK,
    &peer_urls::CHECK,
    &advertised_urls::CHECK,
    &duplicate_identity::CHECK,
    &split_brain::CHECK,
];
