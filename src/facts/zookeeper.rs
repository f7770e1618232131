//! What only ZooKeeper has, in its own words.

use super::Observed;
use serde::{Deserialize, Serialize};

/// Everything ZooKeeper's servers told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperFacts {
    /// One for each address that was asked.
    pub members: Vec<ZookeeperMember>,
}

/// What one server told of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ZookeeperMember {
    /// Its `myid` in decimal, as in the common facts; empty when it did not tell.
    pub id: String,
    /// The address that was asked.
    pub endpoint: String,
    /// The last transaction it has applied: epoch in the upper, counter in the lower 32 bits.
    pub zxid: Observed<u64>,
}
