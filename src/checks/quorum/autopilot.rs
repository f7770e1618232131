use crate::checks::consul::membership;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "autopilot",
    family: Family::Quorum,
    question: "May autopilot remove what is dead, and never too much?",
    why: "A dead server that is not removed goes on counting for the majority; one that is removed \
          too soon makes the cluster smaller than it was built to be.",
    remedy: "See `consul operator autopilot get-config`.",
    runbook: None,
    thresholds: &[],
    sources: &["Consul autopilot: reconcile.go removes dead servers, never below MinQuorum"],
    rules: &[Rule::Consul(membership::autopilot)],
};
