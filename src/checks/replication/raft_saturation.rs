use crate::checks::consul::replication;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "raft-saturation",
    family: Family::Replication,
    question: "Has raft time to spare on every member?",
    why: "Elections, heartbeats and commits wait for one thread each: busy most of the time, they \
          come late.",
    remedy: "Give the server faster CPUs, or less to do: fewer blocking queries, fewer changes of \
          health checks.",
    runbook: None,
    thresholds: &[replication::SATURATION_WARN],
    sources: &[
        "Consul telemetry reference: consul.raft.thread.main.saturation, consul.raft.thread.fsm.saturation",
    ],
    rules: &[Rule::Consul(replication::saturation)],
};
