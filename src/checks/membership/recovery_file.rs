use crate::checks::consul::membership;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "recovery-file",
    family: Family::Membership,
    question: "Has no file been left behind that forces a membership?",
    why: "A peers.json is read and deleted at the next start. One that stays, because it was \
          written for a start that did not come or could not be deleted, throws out whoever joined \
          since.",
    remedy: "Read it, keep a copy elsewhere, and take it out of raft/ before that server starts \
          again.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "https://developer.hashicorp.com/consul/docs/manage/disaster-recovery (peers.json)",
        "Consul agent/consul/server.go setupRaft",
    ],
    rules: &[Rule::Consul(membership::recovery_file)],
};
