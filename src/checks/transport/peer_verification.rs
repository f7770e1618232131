use crate::checks::consul::settings;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "peer-verification",
    family: Family::Transport,
    question: "Do the members verify whom they talk to?",
    why: "Encryption without verification protects from listeners only: whoever has any certificate \
          of the CA, or none, can pose as a server and receive everything.",
    remedy: "Set tls.internal_rpc.verify_outgoing and verify_server_hostname = true; servers need a \
          certificate for server.DATACENTER.DOMAIN.",
    runbook: None,
    thresholds: &[],
    sources: &["https://developer.hashicorp.com/consul/docs/security/encryption/mtls"],
    rules: &[Rule::Consul(settings::verification)],
};
