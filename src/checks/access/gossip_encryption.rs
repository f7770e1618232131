use crate::checks::consul::gossip;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "gossip-encryption",
    family: Family::Access,
    question: "Is gossip encrypted, with one key on every node?",
    why: "Whoever reaches an unencrypted gossip port joins the pool: it reads who is there, \
          declares others dead, and can pose as a server.",
    remedy: "Make a key with `consul keygen` and roll it out: encrypt with encrypt_verify_incoming \
          and _outgoing false first, then true.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "https://developer.hashicorp.com/consul/docs/security/encryption",
        "Consul agent/consul keyring.go: the option encrypt is ignored once the keyring file exists",
    ],
    rules: &[Rule::Consul(gossip::encryption)],
};
