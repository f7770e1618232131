use crate::checks::consul::replication;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "restore-window",
    family: Family::Replication,
    question: "Does the log reach back further than a restore takes?",
    why: "A server that restarts restores its snapshot and then needs the entries after it. Where \
          the leader has thrown them away by then, it gets a snapshot again, and again.",
    remedy: "Raise raft_trailing_logs (reloadable since 1.10) until the oldest entry is twice as \
          old as a restore takes.",
    runbook: None,
    thresholds: &[replication::RESTORE_FACTOR],
    sources: &[
        "Consul telemetry reference: consul.raft.leader.oldestLogAge, consul.raft.fsm.lastRestoreDuration",
    ],
    rules: &[Rule::Consul(replication::restore)],
};
