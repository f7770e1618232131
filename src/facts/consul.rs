//! What only Consul has, in its own words.

use super::Observed;
use serde::{Deserialize, Serialize};

/// Everything Consul's servers told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ConsulFacts {
    /// One for each address that was asked.
    pub members: Vec<ConsulMember>,
}

/// What one server told of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct ConsulMember {
    /// Its node id, as in the common facts; empty when it did not tell.
    pub id: String,
    /// The address that was asked.
    pub endpoint: String,
    /// Index of the last log entry it has applied.
    pub applied_index: Observed<u64>,
}
