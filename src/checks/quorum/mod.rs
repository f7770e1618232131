//! Majority, leader, sizing.

mod autopilot;
mod standalone_server;
mod observers;
pub(super) mod before_restart;
mod even_voters;
mod leader_agreement;
mod learner_stuck;
mod linearizable_read;
mod quorum_lost;
mod quorum_margin;
mod redundancy_zones;
mod single_voter;
mod too_many_voters;
mod unstarted_member;
mod zone_spread;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[
    &quorum_lost::CHECK,
    &quorum_margin::CHECK,
    &leader_agreement::CHECK,
    &linearizable_read::CHECK,
    &even_voters::CHECK,
    &single_voter::CHECK,
    &too_many_voters::CHECK,
    &zone_spread::CHECK,
    &unstarted_member::CHECK,
    &learner_stuck::CHECK,
    &autopilot::CHECK,
    &redundancy_zones::CHECK,
    &standalone_server::CHECK,
    &before_restart::CHECK,
];
