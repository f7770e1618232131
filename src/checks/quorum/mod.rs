//! Majority, leader, sizing.

mod leader_agreement;
mod quorum_lost;
mod quorum_margin;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[&quorum_lost::CHECK, &quorum_margin::CHECK, &leader_agreement::CHECK];
