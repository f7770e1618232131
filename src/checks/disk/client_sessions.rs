use crate::checks::servers::{each_with_numbers, number, on};
use crate::facts::{CommonFacts, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
use crate::policy::{Limit, Policy, Threshold};

const EXPIRED: Threshold = Threshold {
    key: "sessions_expired_per_15m",
    default: Limit::Count(20.0),
    source: "our own: a client that ends without closing its session is one; twenty at once are no accident",
};
const DROPPED: Threshold = Threshold {
    key: "connections_dropped_per_15m",
    default: Limit::Count(100.0),
    source: "our own: connections that break are opened again, which costs a server the more the more clients it has",
};

/// The thresholds' span in seconds.
const SPAN: f64 = 900.0;

pub(super) const CHECK: Check = Check {
    slug: "client-sessions",
    family: Family::Disk,
    question: "Do clients keep their sessions and connections?",
    why: "With a session its ephemeral znodes go, and with them locks, leaders and registrations of those who use \
          ZooKeeper for these. Many at once mean that the servers, the clients' machines or the network stood still.",
    remedy: "Compare the times with pauses of the JVM, on both sides, and with the disk's fsync: `quorate check --only \
             jvm,wal-fsync,leader-churn`. Session timeouts below a few seconds expire at every pause.",
    runbook: Some("slow-cluster"),
    thresholds: &[EXPIRED, DROPPED],
    sources: &["ZooKeeper ServerMetrics: stale_sessions_expired, connection_drop_count (3.6 and later)"],
    rules: &[Rule::Zookeeper(judge)],
};

/// Counters, their limit, and what they say.
const COUNTERS: [(&str, &Threshold, &str); 2] = [
    ("stale_sessions_expired", &EXPIRED, "{count} sessions expired ({during}); {sessions} are open"),
    (
        "connection_drop_count",
        &DROPPED,
        "{count} connections of clients broke ({during}); {sessions} sessions are open",
    ),
];

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    each_with_numbers(zookeeper, Severity::Warning, |member, tally| {
        for (name, limit, says) in COUNTERS {
            let what = "what became of its clients' sessions";
            let Some(total) = number(member, name, what, Severity::Warning, tally) else { return };
            // All that happened since the start tells nothing of now, and is no rate.
            let Some((count, during, in_span)) = lately(member, name) else {
                tally.nearest(-1.0, vec![(name, (total as u64).into()), ("window", "since start".into())]);
                continue;
            };
            if in_span >= policy.get(limit) {
                let sessions = member.metric("global_sessions").unwrap_or_default() as u64;
                tally.hit(
                    on(member, Severity::Warning, says)
                        .with("count", count as u64)
                        .with("during", during)
                        .with("sessions", sessions),
                );
            }
            tally.nearest(in_span, vec![(name, (count as u64).into()), ("window", during.into())]);
        }
    })
}

/// How much a counter grew, in which time, and how much that is in the span of the thresholds at most.
fn lately(member: &ZookeeperMember, name: &str) -> Option<(f64, &'static str, f64)> {
    let window = member.window.known()?;
    let count = window.grown.get(name).copied()?;
    let seconds = window.window.seconds().unwrap_or(SPAN).max(SPAN);
    Some((count, window.window.label(), count * SPAN / seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, ensemble, row, undecided};
    use crate::facts::{Observed, Window, ZookeeperWindow};

    fn grown(name: &str, count: f64, seconds: f64) -> Sample {
        let mut sample = ensemble(3);
        sample.zookeeper_mut("n1").window = Observed::Known(ZookeeperWindow {
            window: Window::SinceLastRun { seconds },
            grown: [(name.to_owned(), count)].into(),
        });
        sample
    }

    #[test]
    fn many_at_once_and_only_lately() {
        row(&CHECK, &ensemble(3), &[]);
        row(&CHECK, &grown("stale_sessions_expired", 19.0, 60.0), &[]);
        row(&CHECK, &grown("stale_sessions_expired", 20.0, 60.0), &[Severity::Warning]);
        row(&CHECK, &grown("stale_sessions_expired", 79.0, 3600.0), &[]);
        row(&CHECK, &grown("stale_sessions_expired", 80.0, 3600.0), &[Severity::Warning]);
        row(&CHECK, &grown("connection_drop_count", 99.0, 60.0), &[]);
        row(&CHECK, &grown("connection_drop_count", 100.0, 60.0), &[Severity::Warning]);
        let mut sample = ensemble(3);
        sample.numbers_mut("n1").insert("stale_sessions_expired".into(), 1e6);
        row(&CHECK, &sample, &[]);
        sample.numbers_mut("n1").remove("stale_sessions_expired");
        undecided(&CHECK, &sample, Severity::Warning);
    }
}
