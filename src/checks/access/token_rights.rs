use crate::checks::consul::access;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "token-rights",
    family: Family::Access,
    question: "May quorate ask everything that its checks need?",
    why: "What the token may not ask is not seen, and what is not seen is not judged.",
    remedy: "Give the token operator = \"read\", keyring = \"read\", agent_prefix \"\" and node_prefix \"\" \
          { policy = \"read\" }.",
    runbook: None,
    thresholds: &[],
    sources: &["Consul API reference: the permission that each endpoint needs"],
    rules: &[Rule::Consul(access::rights)],
};
