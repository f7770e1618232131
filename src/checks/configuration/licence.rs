use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::{Limit, Policy, Threshold};

const LICENCE_WARN: Threshold = Threshold {
    key: "licence_days_warn",
    default: Limit::Days(14.0),
    source: "netdata health.d/consul.conf: warning at 14 days, critical at 7",
};

const LICENCE_CRITICAL: Threshold = Threshold {
    key: "licence_days_critical",
    default: Limit::Days(7.0),
    source: "netdata health.d/consul.conf: warning at 14 days, critical at 7",
};

pub(super) const CHECK: Check = Check {
    slug: "licence",
    family: Family::Configuration,
    question: "Does Enterprise's licence run for a good while?",
    why: "After its end servers of Enterprise do not start any more.",
    remedy: "Get a new licence and set license_path, or CONSUL_LICENSE.",
    runbook: Some("expired-certificates"),
    thresholds: &[LICENCE_WARN, LICENCE_CRITICAL],
    sources: &["Consul telemetry reference: consul.system.licenseExpiration"],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let hours = consul
        .answered(facts)
        .filter_map(|(_, native)| native.metrics.known()?.gauges.get("system.licenseExpiration").copied());
    let Some(days) = hours.map(|hours| hours / 24.0).min_by(f64::total_cmp) else {
        return Outcome::NotApplicable("no server tells of a licence".into());
    };
    let left = Value::Days(days.floor() as i64);
    let severity = match days {
        _ if days < policy.get(&LICENCE_CRITICAL) => Severity::Critical,
        _ if days < policy.get(&LICENCE_WARN) => Severity::Warning,
        _ => return Outcome::Clear(vec![("left", left)]),
    };
    Outcome::found(Hit::new(severity, "the licence has {left} left").with("left", left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};

    #[test]
    fn enterprises_licence() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        let with = |days: f64| {
            let mut sample = servers(3);
            sample.interval_mut("n1").gauges.insert("system.licenseExpiration".into(), days * 24.0);
            sample
        };
        row(&CHECK, &with(15.0), &[]);
        row(&CHECK, &with(13.0), &[Severity::Warning]);
        row(&CHECK, &with(3.0), &[Severity::Critical]);
    }
}
