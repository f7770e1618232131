use crate::checks::agents::{nobody, unread};
use crate::facts::{CommonFacts, ConsulFacts, ConsulMember};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const USED_WARN: Threshold = Threshold {
    key: "memory_used_warn",
    default: Limit::Percent(90.0),
    source: "Consul telemetry, alerts: consul.runtime.sys_bytes over 90 % of the machine's memory",
};
const PAUSE_WARN: Threshold = Threshold {
    key: "gc_pause_warn",
    default: Limit::Millis(2000.0),
    source: "Consul telemetry, alerts: garbage collection pauses over 2 s in a minute",
};
const PAUSE_CRITICAL: Threshold = Threshold {
    key: "gc_pause_critical",
    default: Limit::Millis(5000.0),
    source: "Consul telemetry, alerts: garbage collection pauses over 5 s in a minute",
};

/// Intervals of ten seconds in the minute of which the thresholds are.
const IN_A_MINUTE: f64 = 6.0;

pub(super) const CHECK: Check = Check {
    slug: "memory",
    family: Family::Disk,
    question: "Has every server memory to spare, and does it not stand still to find some?",
    why: "A server holds the whole catalog and every key in memory, and needs more while it restores a snapshot. What has no \
          memory left is killed, or pauses so long that the leader loses its lease.",
    remedy: "Give the machines more memory, one at a time, and find what grows: `quorate snapshot save` and `consul snapshot \
             inspect -kvdetails FILE` on it.",
    runbook: None,
    thresholds: &[USED_WARN, PAUSE_WARN, PAUSE_CRITICAL],
    sources: &[
        "https://developer.hashicorp.com/consul/docs/monitor/alerts: consul.runtime.sys_bytes, consul.runtime.gc_pause_ns",
        "/proc/meminfo, on members with host = { local = true } in the config file",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    for (member, native) in consul.answered(facts) {
        unread(member, native, &mut tally);
        for hit in [used(native, policy, &mut tally), pauses(native, policy)].into_iter().flatten() {
            tally.hit(hit.on(member.label()));
        }
    }
    tally.outcome()
}

/// What the process has of the system, against what its machine has.
fn used(native: &ConsulMember, policy: &Policy, tally: &mut Tally) -> Option<Hit> {
    let total = *native.here.known()?.memory.known()?;
    let used = native.metrics.known()?.gauges.get("runtime.sys_bytes").copied()?;
    let percent = used / total.max(1) as f64 * 100.0;
    let values = vec![
        ("used", Value::Bytes(used as u64)),
        ("total", Value::Bytes(total)),
        ("percent", Value::Percent(percent)),
    ];
    if percent <= policy.get(&USED_WARN) {
        tally.nearest(percent, values);
        return None;
    }
    let mut hit =
        Hit::new(Severity::Warning, "it takes {used} of the {total} of memory that its machine has");
    hit.values = values;
    Some(hit)
}

/// How long it stood still in the last interval, as if every interval of a minute were like it.
fn pauses(native: &ConsulMember, policy: &Policy) -> Option<Hit> {
    let pauses = native.metrics.known()?.samples.get("runtime.gc_pause_ns")?;
    let paused = pauses.mean * pauses.count as f64 / 1e6;
    let severity = match paused * IN_A_MINUTE {
        minute if minute > policy.get(&PAUSE_CRITICAL) => Severity::Critical,
        minute if minute > policy.get(&PAUSE_WARN) => Severity::Warning,
        _ => return None,
    };
    let says = "it stood still for {paused} of the last 10 s to collect garbage ({count} times, {longest} the longest)";
    let hit = Hit::new(severity, says)
        .with("paused", Value::Millis(paused))
        .with("count", pauses.count)
        .with("longest", Value::Millis(pauses.max / 1e6));
    Some(hit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, row, servers, undecided};
    use crate::facts::{Observed, Sampled};

    fn paused(each_ms: f64) -> Sample {
        let mut sample = servers(3);
        let pauses = Sampled { count: 2, min: 0.0, mean: each_ms * 1e6, max: each_ms * 1e6 };
        sample.interval_mut("n2").samples.insert("runtime.gc_pause_ns".into(), pauses);
        sample
    }

    fn used(bytes: f64) -> Sample {
        let mut sample = servers(3);
        sample.here_mut_of("n2").memory = Observed::Known(1000);
        sample.interval_mut("n2").gauges.insert("runtime.sys_bytes".into(), bytes);
        sample
    }

    #[test]
    fn memory_and_pauses() {
        row(&CHECK, &servers(3), &[]);
        row(&CHECK, &used(900.0), &[]);
        row(&CHECK, &used(901.0), &[Severity::Warning]);
        // 2 s in a minute are 333 ms in ten seconds.
        row(&CHECK, &paused(166.0), &[]);
        row(&CHECK, &paused(167.0), &[Severity::Warning]);
        row(&CHECK, &paused(417.0), &[Severity::Critical]);
        let mut unread = servers(3);
        unread.consul_mut("n1").metrics = Observed::unknown("permission denied");
        undecided(&CHECK, &unread, Severity::Warning);
    }
}
