use super::sockets::{of_kind, unless_loopback};
use crate::checks::agents::{loopback_only, nobody, with_settings};
use crate::facts::{CommonFacts, ConsulFacts, EtcdFacts, Listener, ListenerKind, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "admin-exposed",
    family: Family::Transport,
    question: "Are metrics and profiling out of strangers' reach?",
    why: "An http:// metrics listener is open to everyone even where clients need certificates; profiling lets whoever \
          reaches it slow the member down and read its memory layout.",
    remedy: "Bind --listen-metrics-urls to loopback or an address that only the scraper reaches; run without \
             --enable-pprof.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper AdminServer /commands",
        "Consul /v1/agent/self: UIConfig, EnableDebug, and who can reach the API",
        "etcd embed/etcd.go serveMetrics",
        "https://etcd.io/docs/v3.6/op-guide/configuration/ (--enable-pprof)",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(super::admin_server::judge), Rule::Consul(judge_consul)],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    let mut tally = Tally::new();
    for member in facts.reachable() {
        let open: Vec<&Listener> = of_kind(member, ListenerKind::Metrics)
            .filter(|l| l.plaintext.known() == Some(&true) && !l.loopback)
            .collect();
        if !open.is_empty() {
            let addresses: Vec<String> = open.iter().map(|l| l.address.clone()).collect();
            tally.hit(
                Hit::new(Severity::Warning, "the metrics listener is open to everyone, without TLS")
                    .with("listeners", addresses)
                    .on(member.label()),
            );
        }
        if profiles(etcd, member) {
            judge_profiling(member, &mut tally);
        }
    }
    tally.outcome()
}

fn profiles(etcd: &EtcdFacts, member: &Member) -> bool {
    let vars = etcd.members.iter().find(|m| m.id == member.id).and_then(|m| m.vars.known());
    vars.and_then(|vars| vars.flag("enable-pprof")).is_some_and(|value| value != "false")
}

fn judge_profiling(member: &Member, tally: &mut Tally) {
    let clients: Vec<&Listener> = of_kind(member, ListenerKind::Client).collect();
    let open: Vec<&&Listener> = clients.iter().filter(|l| l.anonymous.known() == Some(&true)).collect();
    if !open.is_empty() {
        let addresses: Vec<String> = open.iter().map(|l| l.address.clone()).collect();
        tally.hit(
            Hit::new(
                unless_loopback(open.iter().all(|l| l.loopback)),
                "profiling (/debug/pprof) is on and open to everyone",
            )
            .with("listeners", addresses)
            .on(member.label()),
        );
    }
    for (listener, why) in clients.iter().filter_map(|l| Some((l, l.anonymous.why()?))) {
        let missing = format!("whether profiling on {} is open to everyone: {why}", listener.address);
        tally.gap(member.label(), missing, unless_loopback(listener.loopback));
    }
}

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
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
    use super::*;
    use crate::checks::testing::{cluster, listener, row, servers};
    use crate::facts::Observed;

    #[test]
    fn an_open_metrics_listener_warns_beyond_loopback() {
        row(&CHECK, &cluster(3), &[]);
        let mut open = cluster(1);
        let mut metrics = listener("1", ListenerKind::Metrics, 2381);
        metrics.plaintext = Observed::Known(true);
        open.member_mut("n1").listeners.push(metrics);
        row(&CHECK, &open, &[Severity::Warning]);
        open.member_mut("n1").listeners[2].loopback = true;
        row(&CHECK, &open, &[]);
    }

    #[test]
    fn profiling_matters_when_strangers_reach_it() {
        let mut profiling = cluster(1);
        profiling.vars_mut("n1").cmdline.push("--enable-pprof".into());
        row(&CHECK, &profiling, &[]);
        profiling.member_mut("n1").listeners[0].anonymous = Observed::Known(true);
        row(&CHECK, &profiling, &[Severity::Critical]);
        profiling.member_mut("n1").listeners[0].loopback = true;
        row(&CHECK, &profiling, &[Severity::Warning]);
        profiling.vars_mut("n1").cmdline.push("--enable-pprof=false".into());
        row(&CHECK, &profiling, &[]);
    }

    #[test]
    fn an_open_ui() {
        row(&CHECK, &servers(3), &[]);
        let mut ui = servers(3);
        ui.settings_mut("n1").ui = true;
        row(&CHECK, &ui, &[]);
        ui.settings_mut("n1").acls_enabled = Some(false);
        row(&CHECK, &ui, &[Severity::Warning]);
        let mut debug = servers(3);
        debug.settings_mut("n1").enable_debug = true;
        row(&CHECK, &debug, &[Severity::Info]);
    }
}
