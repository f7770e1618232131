use crate::checks::consul::access;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "open-acls",
    family: Family::Access,
    question: "Is nothing that matters open to whoever asks without credentials?",
    why: "A rule for everybody, made for convenience, opens what access controls are there to \
          protect. What it opens is asked for, not only read from settings.",
    remedy: "Take the rule away from the anonymous token: `consul acl token read -id anonymous`.",
    runbook: None,
    thresholds: &[],
    sources: &["https://developer.hashicorp.com/consul/docs/security/acl/tokens#anonymous-token"],
    rules: &[Rule::Consul(access::anonymous)],
};
