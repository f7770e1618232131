//! Recovery drills, as the evidence that is kept of them tells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the evidence of one system's drills says. Absent where none is kept on this machine: drills are played on one
/// machine, and a cluster is checked from many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillFacts {
    /// Directory of the evidence.
    pub dir: String,
    /// The scenario that counts.
    pub scenario: String,
    /// The last drill of it that came to a verdict; `None` when there was none.
    pub last: Option<LastDrill>,
    /// What of the evidence is not as it was left, as a phrase: then none of it counts.
    pub broken: Option<String>,
}

/// A drill that came to a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastDrill {
    /// Its id.
    pub id: String,
    /// Whether it passed.
    pub passed: bool,
    /// When it began.
    pub began_at: Timestamp,
}
