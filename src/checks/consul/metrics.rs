//! What only metrics tell: refused requests, certificates of the mesh, the licence.

use super::log::unread;
use super::nobody;
use crate::facts::{CommonFacts, ConsulFacts, Observed};
use crate::finding::{Hit, Outcome, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

/// `rpc-limits`: no requests were refused or lost in the last interval.
pub(in crate::checks) fn limits(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, "refused requests", &mut tally);
        let count = |name: &str| {
            native.metrics.known().and_then(|m| m.counters.get(name)).copied().unwrap_or_default() as u64
        };
        let exceeded = count("rpc.rate_limit.exceeded") + count("client.rpc.exceeded");
        let failed = count("client.rpc.failed");
        if exceeded > 0 {
            let says = "{exceeded} requests were over the limit of RPC requests in the last 10 s";
            tally.hit(Hit::new(Severity::Warning, says).with("exceeded", exceeded).on(member.label()));
        }
        if failed > 0 {
            let says = "{failed} of its own requests to other servers failed in the last 10 s";
            tally.hit(Hit::new(Severity::Warning, says).with("failed", failed).on(member.label()));
        }
    }
    tally.outcome()
}

pub(in crate::checks) const MESH_WARN: Threshold = Threshold {
    key: "mesh_ca_days_warn",
    default: Limit::Days(30.0),
    source: "Consul's telemetry.certificate defaults: warning at 30 days, critical at 7",
};

pub(in crate::checks) const MESH_CRITICAL: Threshold = Threshold {
    key: "mesh_ca_days_critical",
    default: Limit::Days(7.0),
    source: "Consul's telemetry.certificate defaults: warning at 30 days, critical at 7",
};

/// `mesh-ca`: the service mesh's root is valid for a good while, and certificates are renewed.
pub(in crate::checks) fn mesh(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let roots = match &consul.roots {
        Observed::Known(roots) => roots,
        Observed::Unknown(why) if why.contains("Connect must be enabled") => {
            return Outcome::NotApplicable("there is no service mesh".into());
        }
        Observed::Unknown(why) => {
            return Outcome::undecided(format!("the mesh's root certificates: {why}"), Severity::Warning);
        }
    };
    let mut tally = Tally::new();
    let active: Vec<_> = roots.iter().filter(|root| root.active).collect();
    if active.len() > 1 {
        let says = "{roots} root certificates are active at once";
        tally.hit(Hit::new(Severity::Warning, says).with("roots", active.len()));
    }
    for root in active {
        let Some(days) = root.days_left else { continue };
        let severity = match days {
            _ if days < policy.get(&MESH_CRITICAL) => Some(Severity::Critical),
            _ if days < policy.get(&MESH_WARN) => Some(Severity::Warning),
            _ => None,
        };
        let values =
            vec![("root", Value::from(root.name.as_str())), ("days", Value::Days(days.floor() as i64))];
        match severity {
            Some(severity) => {
                let mut hit = Hit::new(severity, "the mesh's root certificate {root} has {days} left");
                hit.values = values;
                tally.hit(hit);
            }
            None => tally.nearest(-days, values),
        }
    }
    for (member, native) in consul.answered(facts) {
        let failures = native
            .metrics
            .known()
            .and_then(|m| m.counters.get("leaf-certs.cert.renewal_failure"))
            .copied()
            .unwrap_or_default();
        if failures > 0.0 {
            let says = "{failures} certificates of services could not be renewed in the last 10 s";
            tally.hit(Hit::new(Severity::Warning, says).with("failures", failures as u64).on(member.label()));
        }
    }
    tally.outcome()
}

pub(in crate::checks) const LICENCE_WARN: Threshold = Threshold {
    key: "licence_days_warn",
    default: Limit::Days(14.0),
    source: "netdata health.d/consul.conf: warning at 14 days, critical at 7",
};

pub(in crate::checks) const LICENCE_CRITICAL: Threshold = Threshold {
    key: "licence_days_critical",
    default: Limit::Days(7.0),
    source: "netdata health.d/consul.conf: warning at 14 days, critical at 7",
};

/// `licence`: Enterprise's runs for a good while.
pub(in crate::checks) fn licence(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
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
    use super::super::testing::servers;
    use crate::checks::find;
    use crate::checks::testing::{row, undecided};
    use crate::facts::{MeshRoot, Observed};
    use crate::finding::{Outcome, Severity};

    #[test]
    fn refused_and_failed_requests() {
        let check = find("rpc-limits").expect("is there");
        row(check, &servers(3), &[]);
        for name in ["rpc.rate_limit.exceeded", "client.rpc.exceeded", "client.rpc.failed"] {
            let mut sample = servers(3);
            sample.interval_mut("n2").counters.insert(name.into(), 3.0);
            row(check, &sample, &[Severity::Warning]);
        }
    }

    #[test]
    fn the_meshs_root() {
        let check = find("mesh-ca").expect("is there");
        row(check, &servers(3), &[]);
        let with = |days_left| {
            let mut sample = servers(3);
            let root =
                MeshRoot { name: "root".into(), active: true, not_after: None, days_left: Some(days_left) };
            sample.consul_facts_mut().roots = Observed::Known(vec![root]);
            sample
        };
        row(check, &with(30.5), &[]);
        row(check, &with(29.0), &[Severity::Warning]);
        row(check, &with(6.0), &[Severity::Critical]);
        let mut unread = servers(3);
        unread.consul_facts_mut().roots = Observed::unknown("no answer");
        undecided(check, &unread, Severity::Warning);
        unread.consul_facts_mut().roots =
            Observed::unknown("server-error: Connect must be enabled in order to …");
        assert!(matches!(unread.run(check), Outcome::NotApplicable(_)));
    }

    #[test]
    fn enterprises_licence() {
        let check = find("licence").expect("is there");
        assert!(matches!(servers(3).run(check), Outcome::NotApplicable(_)));
        let with = |days: f64| {
            let mut sample = servers(3);
            sample.interval_mut("n1").gauges.insert("system.licenseExpiration".into(), days * 24.0);
            sample
        };
        row(check, &with(15.0), &[]);
        row(check, &with(13.0), &[Severity::Warning]);
        row(check, &with(3.0), &[Severity::Critical]);
    }
}
