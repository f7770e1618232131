use crate::facts::{CommonFacts, ConsulFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const MESH_WARN: Threshold = Threshold {
    key: "mesh_ca_days_warn",
    default: Limit::Days(30.0),
    source: "Consul's telemetry.certificate defaults: warning at 30 days, critical at 7",
};

const MESH_CRITICAL: Threshold = Threshold {
    key: "mesh_ca_days_critical",
    default: Limit::Days(7.0),
    source: "Consul's telemetry.certificate defaults: warning at 30 days, critical at 7",
};

pub(super) const CHECK: Check = Check {
    slug: "mesh-ca",
    family: Family::Transport,
    question: "Is the service mesh's certificate authority good for a while?",
    why: "When it ends, no service of the mesh can prove who it is, and none can talk to another.",
    remedy: "Rotate it: `consul connect ca set-config`; services get new certificates by \
          themselves.",
    runbook: Some("expired-certificates"),
    thresholds: &[MESH_WARN, MESH_CRITICAL],
    sources: &["Consul API reference: /v1/connect/ca/roots"],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers, undecided};
    use crate::facts::MeshRoot;

    #[test]
    fn the_meshs_root() {
        row(&CHECK, &servers(3), &[]);
        let with = |days_left| {
            let mut sample = servers(3);
            let root =
                MeshRoot { name: "root".into(), active: true, not_after: None, days_left: Some(days_left) };
            sample.consul_facts_mut().roots = Observed::Known(vec![root]);
            sample
        };
        row(&CHECK, &with(30.5), &[]);
        row(&CHECK, &with(29.0), &[Severity::Warning]);
        row(&CHECK, &with(6.0), &[Severity::Critical]);
        let mut unread = servers(3);
        unread.consul_facts_mut().roots = Observed::unknown("no answer");
        undecided(&CHECK, &unread, Severity::Warning);
        unread.consul_facts_mut().roots =
            Observed::unknown("server-error: Connect must be enabled in order to …");
        assert!(matches!(unread.run(&CHECK), Outcome::NotApplicable(_)));
    }
}
