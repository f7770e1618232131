//! What ZooKeeper's files hold, as plain data.

use crate::facts::{Soundness, StoredDamage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Files of one server, read completely once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZookeeperFiles {
    /// Path as it was given.
    pub path: String,
    /// `sound` or `damaged`.
    pub verdict: Soundness,
    /// Everything that is wrong, each with its place; the first ones.
    pub damages: Vec<StoredDamage>,
    /// How many more there are.
    pub more_damages: u64,
}
