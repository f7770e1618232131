use crate::checks::consul::metrics;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "rpc-limits",
    family: Family::Configuration,
    question: "Were no requests refused or lost between the members?",
    why: "Requests over the limit and requests that fail are what clients see as errors, before \
          anything else does.",
    remedy: "Look at who asks so much (consul.rpc.request by method), raise limits.rpc_rate and \
          rpc_max_burst, or look at the network.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "Consul telemetry reference: consul.rpc.rate_limit.exceeded, consul.client.rpc.exceeded, consul.client.rpc.failed",
    ],
    rules: &[Rule::Consul(metrics::limits)],
};
