use crate::checks::consul::metrics;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "mesh-ca",
    family: Family::Transport,
    question: "Is the service mesh's certificate authority good for a while?",
    why: "When it ends, no service of the mesh can prove who it is, and none can talk to another.",
    remedy: "Rotate it: `consul connect ca set-config`; services get new certificates by \
          themselves.",
    runbook: None,
    thresholds: &[metrics::MESH_WARN, metrics::MESH_CRITICAL],
    sources: &["Consul API reference: /v1/connect/ca/roots"],
    rules: &[Rule::Consul(metrics::mesh)],
};
