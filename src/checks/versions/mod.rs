//! Releases and clocks.

mod zookeeper;
mod clock_skew;
pub(super) mod release;
mod upgrade_gate;
mod version_known_bug;
mod version_skew;
mod version_unsupported;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[
    &version_skew::CHECK,
    &version_unsupported::CHECK,
    &version_known_bug::CHECK,
    &clock_skew::CHECK,
    &upgrade_gate::CHECK,
];
