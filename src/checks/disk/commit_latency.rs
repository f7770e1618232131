use crate::checks::consul::log;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "commit-latency",
    family: Family::Disk,
    question: "Does the leader get its entries to a majority fast enough?",
    why: "Every write waits until a majority has it on its disks: this is what the disks and the \
          network cost together.",
    remedy: "Look at the disks of the servers and at the network between them: `quorate check \
          --only wal-fsync,raft-lag`, `quorate probe commit TARGET`.",
    runbook: None,
    thresholds: &[log::COMMIT_WARN],
    sources: &["Consul telemetry reference: consul.raft.commitTime"],
    rules: &[Rule::Consul(log::commit)],
};
