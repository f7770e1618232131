//! The documents of `quorate inspect`.

use super::entry::EntryFacts;
use super::facts::{CopyFacts, Verdict};
use super::rank::Ranking;
use crate::facts::{ConsulFiles, ZookeeperFiles};
use schemars::JsonSchema;
use serde::Serialize;

/// Result of `quorate inspect`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct InspectReport {
    /// `quorate.inspect/v1`.
    pub schema: &'static str,
    /// When it was read, RFC 3339 UTC.
    pub taken_at: String,
    /// Whether it is whole.
    pub verdict: Verdict,
    /// What is in it.
    #[serde(flatten)]
    pub copy: CopyFacts,
}

impl InspectReport {
    /// Makes the document.
    pub fn new(copy: CopyFacts, taken_at: jiff::Timestamp) -> InspectReport {
        let verdict = copy.verdict();
        InspectReport {
            schema: "quorate.inspect/v1",
            taken_at: crate::report::rfc3339(taken_at),
            verdict,
            copy,
        }
    }
}

/// A line of `quorate inspect --log -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LogLine {
    /// `quorate.inspect-log/v1`.
    pub schema: &'static str,
    /// The entry.
    #[serde(flatten)]
    pub entry: EntryFacts,
    /// Log file that it stands in: its number, hex.
    pub segment: String,
    /// Offset in that file.
    pub offset: u64,
}

/// Result of `quorate inspect --survivors`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SurvivorsReport {
    /// `quorate.inspect-survivors/v1`.
    pub schema: &'static str,
    /// When they were read, RFC 3339 UTC.
    pub taken_at: String,
    /// The order, and what may be lost.
    #[serde(flatten)]
    pub ranking: Ranking,
    /// What is in each, in the order in which they were given.
    pub copies: Vec<CopyFacts>,
}

impl SurvivorsReport {
    /// Makes the document.
    pub fn new(ranking: Ranking, copies: Vec<CopyFacts>, taken_at: jiff::Timestamp) -> SurvivorsReport {
        let schema = "quorate.inspect-survivors/v1";
        SurvivorsReport { schema, taken_at: crate::report::rfc3339(taken_at), ranking, copies }
    }
}

/// Result of `quorate inspect` on files of ZooKeeper.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ZookeeperFilesReport {
    /// `quorate.inspect-zookeeper/v1`.
    pub schema: &'static str,
    /// What they hold.
    #[serde(flatten)]
    pub files: ZookeeperFiles,
}

impl ZookeeperFilesReport {
    /// Makes the document.
    pub fn new(files: ZookeeperFiles) -> ZookeeperFilesReport {
        ZookeeperFilesReport { schema: "quorate.inspect-zookeeper/v1", files }
    }
}

/// Result of `quorate inspect` on files of Consul.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConsulFilesReport {
    /// `quorate.inspect-consul/v1`.
    pub schema: &'static str,
    /// What they hold.
    #[serde(flatten)]
    pub files: ConsulFiles,
}

impl ConsulFilesReport {
    /// Makes the document.
    pub fn new(files: ConsulFiles) -> ConsulFilesReport {
        ConsulFilesReport { schema: "quorate.inspect-consul/v1", files }
    }
}
