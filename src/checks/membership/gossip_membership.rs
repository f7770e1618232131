use crate::checks::consul::gossip;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "gossip-membership",
    family: Family::Membership,
    question: "Do consensus and gossip know the same servers?",
    why: "A voter that gossip does not know counts for the majority and cannot be reached; a server \
          that raft does not count has no copy of the data.",
    remedy: "Remove a voter that is gone: `consul operator raft remove-peer -id=ID`, while a quorum \
          serves.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "Consul agent/consul/operator_raft_endpoint.go: a peer that serf does not know is \"(unknown)\"",
        "hashicorp/consul issues 2782 and 3151",
    ],
    rules: &[Rule::Consul(gossip::membership)],
};
