use crate::checks::consul::membership;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "bootstrap-expect",
    family: Family::Membership,
    question: "Do all servers agree on how a new cluster is founded?",
    why: "Servers that lost their data found a cluster when as many as they expect have met: \
          different numbers keep them from it, or make two.",
    remedy: "Write the same bootstrap_expect into the configuration of every server.",
    runbook: None,
    thresholds: &[],
    sources: &["Consul agent/consul/server_serf.go maybeBootstrap"],
    rules: &[Rule::Consul(membership::expectations)],
};
