//! Lag, divergence, churn.

mod election_time;
mod zxid_rollover;
mod zxids;
mod data_divergence;
mod heartbeats;
mod leader_churn;
mod peer_network;
mod proposals;
mod raft_lag;
mod raft_saturation;
mod restore_window;
mod revision_divergence;
mod window;

use crate::finding::Check;

pub(super) const CHECKS: &[&Check] = &[
    &raft_lag::CHECK,
    &revision_divergence::CHECK,
    &data_divergence::CHECK,
    &leader_churn::CHECK,
    &proposals::CHECK,
    &heartbeats::CHECK,
    &peer_network::CHECK,
    &restore_window::CHECK,
    &raft_saturation::CHECK,
    &zxid_rollover::CHECK,
    &election_time::CHECK,
];
