//! How the servers were started.

use super::{loopback_only, nobody, with_settings};
use crate::facts::{CommonFacts, ConsulFacts, ConsulSettings, ListenerKind, Member};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

/// A setting that endangers data, quorum or machine.
struct Danger {
    says: &'static str,
    /// Severity where others can reach the API, and where only the machine itself can.
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
        says: "a stop by SIGTERM removes it from the membership (leave_on_terminate): servers that stop together shrink the \
               cluster to nothing",
        severity: (Severity::Warning, Severity::Warning),
        wrong: |s| s.leave_on_terminate,
        remedy: "Set leave_on_terminate = false on servers, except where an operator of Kubernetes replaces them one by one.",
    },
];

/// `unsafe-flags`.
pub(in crate::checks) fn dangers(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let seen = with_settings(consul, facts, Severity::Critical, &mut tally);
    for danger in DANGERS {
        let members: Vec<&Member> =
            seen.iter().filter(|(_, settings)| (danger.wrong)(settings)).map(|(member, _)| *member).collect();
        if members.is_empty() {
            continue;
        }
        let labels: Vec<String> = members.iter().map(|m| m.label()).collect();
        let severity = if loopback_only(members.into_iter()) { danger.severity.1 } else { danger.severity.0 };
        tally.hit(Hit::new(severity, danger.says).remedy(danger.remedy).on(labels.join(", ")));
    }
    alike(&seen, &mut tally);
    tally.evidence("servers_read", seen.len());
    tally.outcome()
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

/// `peer-verification`: whoever poses as a server has a server's certificate.
pub(in crate::checks) fn verification(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let (mut outgoing, mut names, mut nameless) = (Vec::new(), Vec::new(), Vec::new());
    let mut judged = 0_usize;
    for (member, settings) in with_settings(consul, facts, Severity::Critical, &mut tally) {
        let leaves: Vec<_> = member
            .listeners
            .iter()
            .filter(|l| l.kind == ListenerKind::Peer)
            .filter_map(|l| l.chain.known()?.first())
            .collect();
        let uses_tls =
            !leaves.is_empty() || [settings.verify_incoming, settings.verify_outgoing].contains(&Some(true));
        if !uses_tls {
            continue;
        }
        judged += 1;
        match (settings.verify_outgoing, settings.verify_server_hostname) {
            (Some(false), Some(false)) => outgoing.push(member.label()),
            (_, Some(false)) => names.push(member.label()),
            (_, Some(true)) => {
                if leaves.iter().any(|leaf| !leaf.names.contains(&settings.server_name)) {
                    nameless.push((member.label(), settings.server_name.clone()));
                }
            }
            (_, None) => tally.gap(member.label(), "whether it verifies servers' names", Severity::Critical),
        }
    }
    if !outgoing.is_empty() {
        let says = "it does not verify whom it connects to (verify_outgoing is off): anybody in between may pose as a server";
        tally.hit(Hit::new(Severity::Critical, says).on(outgoing.join(", ")));
    }
    if !names.is_empty() {
        let says = "it does not verify servers' names (verify_server_hostname is off): any agent's certificate may pose as a \
                    server, and receive all data";
        tally.hit(Hit::new(Severity::Critical, says).on(names.join(", ")));
    }
    for (member, name) in nameless {
        let says = "its certificate does not name {name}, which those that verify servers' names demand";
        tally.hit(Hit::new(Severity::Critical, says).with("name", name).on(member));
    }
    match tally.outcome() {
        Outcome::Clear(_) if judged == 0 => {
            Outcome::NotApplicable("the servers do not speak TLS with each other: see peer-tls".into())
        }
        outcome => outcome,
    }
}

/// `admin-exposed`: the web UI and profiling are out of strangers' reach.
pub(in crate::checks) fn exposed(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Warning);
    }
    let mut tally = Tally::new();
    for (member, settings) in with_settings(consul, facts, Severity::Warning, &mut tally) {
        if loopback_only(std::iter::once(member)) {
            continue;
        }
        let open =
            settings.acls_enabled == Some(false) || settings.acl_default_policy.as_deref() == Some("allow");
        if settings.ui && open {
            let says = "the web UI is served beyond this machine, and no access control limits it";
            tally.hit(Hit::new(Severity::Warning, says).remedy(EXPOSED).on(member.label()));
        }
        if settings.enable_debug {
            let says = "profiling (/debug/pprof) is on (enable_debug)";
            let severity = if open { Severity::Warning } else { Severity::Info };
            tally.hit(Hit::new(severity, says).remedy("Set enable_debug = false.").on(member.label()));
        }
    }
    tally.outcome()
}

const EXPOSED: &str = "Turn access controls on, or serve the UI from agents that only operators reach.";

#[cfg(test)]
mod tests {
    use super::super::testing::servers;
    use crate::checks::find;
    use crate::checks::testing::{row, undecided};
    use crate::facts::{ConsulSettings, Observed};
    use crate::finding::{Outcome, Severity};

    #[test]
    fn each_danger_is_found() {
        let check = find("unsafe-flags").expect("is there");
        row(check, &servers(3), &[]);
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
            row(check, &sample, &[severity]);
        }
        let mut untold = servers(3);
        untold.consul_mut("n1").settings = Observed::unknown("permission-denied");
        undecided(check, &untold, Severity::Critical);
    }

    #[test]
    fn what_is_critical_to_others_is_a_warning_on_loopback() {
        let check = find("unsafe-flags").expect("is there");
        let mut sample = servers(1);
        sample.settings_mut("n1").remote_script_checks = true;
        sample.member_mut("n1").listeners[0].loopback = true;
        row(check, &sample, &[Severity::Warning]);
    }

    #[test]
    fn whom_servers_take_for_a_server() {
        let check = find("peer-verification").expect("is there");
        row(check, &servers(3), &[]);
        let mut off = servers(3);
        off.settings_mut("n1").verify_server_hostname = Some(false);
        row(check, &off, &[Severity::Critical]);
        let mut nameless = servers(3);
        nameless.settings_mut("n1").server_name = "server.dc2.consul".into();
        row(check, &nameless, &[Severity::Critical]);
        let mut plain = servers(1);
        plain.settings_mut("n1").verify_incoming = Some(false);
        plain.settings_mut("n1").verify_outgoing = Some(false);
        plain.member_mut("n1").listeners[1].chain = Observed::Known(Vec::new());
        assert!(matches!(plain.run(check), Outcome::NotApplicable(_)));
    }

    #[test]
    fn an_open_ui() {
        let check = find("admin-exposed").expect("is there");
        row(check, &servers(3), &[]);
        let mut ui = servers(3);
        ui.settings_mut("n1").ui = true;
        row(check, &ui, &[]);
        ui.settings_mut("n1").acls_enabled = Some(false);
        row(check, &ui, &[Severity::Warning]);
        let mut debug = servers(3);
        debug.settings_mut("n1").enable_debug = true;
        row(check, &debug, &[Severity::Info]);
    }
}
