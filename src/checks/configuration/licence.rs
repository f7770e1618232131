use crate::checks::consul::metrics;
use crate::finding::{Check, Family, Rule};

pub(super) const CHECK: Check = Check {
    slug: "licence",
    family: Family::Configuration,
    question: "Does Enterprise's licence run for a good while?",
    why: "After its end servers of Enterprise do not start any more.",
    remedy: "Get a new licence and set license_path, or CONSUL_LICENSE.",
    runbook: None,
    thresholds: &[metrics::LICENCE_WARN, metrics::LICENCE_CRITICAL],
    sources: &["Consul telemetry reference: consul.system.licenseExpiration"],
    rules: &[Rule::Consul(metrics::licence)],
};
