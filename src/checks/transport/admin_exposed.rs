use super::sockets::{of_kind, unless_loopback};
use crate::checks::consul;
use crate::facts::{CommonFacts, EtcdFacts, Listener, ListenerKind, Member};
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
        "etcd embed/etcd.go serveMetrics",
        "https://etcd.io/docs/v3.6/op-guide/configuration/ (--enable-pprof)",
    ],
    rules: &[
        Rule::Etcd(judge),
        Rule::Zookeeper(super::admin_server::judge),
        Rule::Consul(consul::settings::exposed),
    ],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{cluster, listener, row};
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
}
