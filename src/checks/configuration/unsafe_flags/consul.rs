//! unsafe-flags, asked of Consul: what its agents tell of their configuration.

use crate::checks::agents::{loopback_only, nobody, with_settings};
use crate::facts::{CommonFacts, ConsulFacts, ConsulSettings, Member};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

/// A setting that endangers data, quorum or machine.
struct Danger {
    says: &'static str,
    /// Severity where others can write over the API, and where only the machine itself can.
    severity: (Severity, Severity),
    wrong: fn(&ConsulSettings) -> bool,
    remedy: &'static str,
}

const DANGERS: &[Danger] = &[
    Danger {
        says: "it runs in development mode: nothing is written to a disk, and a restart loses everything",
        severity: (Severity::Critical, Severity::Critical),
        wrong: |s| s.dev_mode,
        remedy: "Start it without -dev, with a data_dir.",
    },
    Danger {
        says: "scripts may be registered as checks over the network (enable_script_checks): whoever may write services runs \
               commands on the machine",
        severity: (Severity::Critical, Severity::Warning),
        wrong: |s| s.remote_script_checks,
        remedy: "Replace enable_script_checks by enable_local_script_checks, or take it out.",
    },
    Danger {
        says: "scripts may be checks (enable_local_script_checks) while access controls are off",
        severity: (Severity::Warning, Severity::Info),
        wrong: |s| s.local_script_checks && !s.remote_script_checks && s.acls_enabled == Some(false),
        remedy: "Turn access controls on, or take enable_local_script_checks out.",
    },
    Danger {
        says: "`consul exec` is allowed (disable_remote_exec = false): who may write keys under _rexec runs commands on every \
               machine",
        severity: (Severity::Critical, Severity::Warning),
        wrong: |s| !s.remote_exec_disabled,
        remedy: "Take disable_remote_exec = false out of its configuration.",
    },
    Danger {
        says: "everybody may write over HTTP (allow_write_http_from holds a network of all addresses): the setting has no effect",
        severity: (Severity::Warning, Severity::Info),
        wrong: |s| s.allow_write_http_from.iter().any(|network| network.ends_with("/0")),
        remedy: "Name only the networks that may write in allow_write_http_from, such as 127.0.0.0/8.",
    },
    Danger {
        says: "a stop by SIGTERM removes it from the membership (leave_on_terminate): servers that stop together shrink the \
               cluster to nothing",
        severity: (Severity::Warning, Severity::Warning),
        wrong: |s| s.leave_on_terminate,
        remedy: "Set leave_on_terminate = false on servers, except where an operator of Kubernetes replaces them one by one.",
    },
];

pub(super) fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let seen = with_settings(consul, facts, Severity::Critical, &mut tally);
    for danger in DANGERS {
        let wrong: Vec<&(&Member, &ConsulSettings)> =
            seen.iter().filter(|(_, settings)| (danger.wrong)(settings)).collect();
        if wrong.is_empty() {
            continue;
        }
        let labels: Vec<String> = wrong.iter().map(|(member, _)| member.label()).collect();
        let open = wrong.iter().any(|(member, settings)| {
            !loopback_only(std::iter::once(*member)) && !writes_from_loopback_only(settings)
        });
        let severity = if open { danger.severity.0 } else { danger.severity.1 };
        tally.hit(Hit::new(severity, danger.says).remedy(danger.remedy).on(labels.join(", ")));
    }
    alike(&seen, &mut tally);
    tally.evidence("servers_read", seen.len());
    tally.outcome()
}

/// Whether whoever comes from elsewhere may only read (allow_write_http_from), which Consul's security model advises where
/// scripts are checks.
fn writes_from_loopback_only(settings: &ConsulSettings) -> bool {
    let loopback = |network: &String| network.starts_with("127.") || network.starts_with("::1/");
    !settings.allow_write_http_from.is_empty() && settings.allow_write_http_from.iter().all(loopback)
}

/// Servers that wait differently long depose each other's leaders.
fn alike(seen: &[(&Member, &ConsulSettings)], tally: &mut Tally) {
    let mut timings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (member, settings) in seen {
        if let Some(heartbeat) = settings.heartbeat_ms {
            timings.entry(format!("{heartbeat} ms")).or_default().push(member.label());
        }
    }
    if timings.len() > 1 {
        let each: Vec<String> =
            timings.iter().map(|(time, who)| format!("{time} on {}", who.join(", "))).collect();
        let says = "the servers' heartbeat timeouts differ (raft_multiplier): {each}";
        let hit = Hit::new(Severity::Warning, says).with("each", each);
        tally.hit(hit.remedy("Start all servers with the same performance.raft_multiplier."));
    }
}

#[cfg(test)]
mod tests {
    use super::super::CHECK;
    use crate::checks::testing::{row, servers, undecided};
    use crate::facts::{ConsulSettings, Observed};
    use crate::finding::Severity;

    #[test]
    fn each_danger_is_found() {
        row(&CHECK, &servers(3), &[]);
        type Change = fn(&mut ConsulSettings);
        let changes: [(Change, Severity); 6] = [
            (|s| s.dev_mode = true, Severity::Critical),
            (|s| s.remote_script_checks = true, Severity::Critical),
            (|s| (s.local_script_checks, s.acls_enabled) = (true, Some(false)), Severity::Warning),
            (|s| s.remote_exec_disabled = false, Severity::Critical),
            (|s| s.leave_on_terminate = true, Severity::Warning),
            (|s| s.heartbeat_ms = Some(5000.0), Severity::Warning),
        ];
        for (change, severity) in changes {
            let mut sample = servers(3);
            change(sample.settings_mut("n2"));
            row(&CHECK, &sample, &[severity]);
        }
        let mut untold = servers(3);
        untold.consul_mut("n1").settings = Observed::unknown("permission-denied");
        undecided(&CHECK, &untold, Severity::Critical);
    }

    #[test]
    fn who_may_write_over_http() {
        let mut sample = servers(3);
        sample.settings_mut("n1").remote_script_checks = true;
        sample.settings_mut("n1").allow_write_http_from = vec!["127.0.0.0/8".into(), "::1/128".into()];
        row(&CHECK, &sample, &[Severity::Warning]);
        sample.settings_mut("n1").allow_write_http_from.push("10.0.0.0/8".into());
        row(&CHECK, &sample, &[Severity::Critical]);
        sample.settings_mut("n1").allow_write_http_from = vec!["0.0.0.0/0".into()];
        row(&CHECK, &sample, &[Severity::Critical, Severity::Warning]);
    }

    #[test]
    fn what_is_critical_to_others_is_a_warning_on_loopback() {
        let mut sample = servers(1);
        sample.settings_mut("n1").remote_script_checks = true;
        sample.member_mut("n1").listeners[0].loopback = true;
        row(&CHECK, &sample, &[Severity::Warning]);
    }
}
