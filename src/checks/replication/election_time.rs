use crate::checks::servers::{each_with_numbers, number, on};
use crate::facts::{CommonFacts, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Outcome, Rule, Severity, Value};
use crate::policy::{Limit, Policy, Threshold};

const WARN: Threshold = Threshold {
    key: "election_time_warn",
    default: Limit::Millis(2000.0),
    source: "our own: an election among servers that reach each other takes a few tenths of a second",
};
const CRITICAL: Threshold = Threshold {
    key: "election_time_critical",
    default: Limit::Millis(20_000.0),
    source: "our own: initLimit × tickTime of conf/zoo_sample.cfg, 10 × 2000 ms",
};

pub(super) const CHECK: Check = Check {
    slug: "election-time",
    family: Family::Replication,
    question: "When the servers look for a leader, do they soon serve again?",
    why: "Nothing is written until a leader is found and a majority follows it. A voter that cannot be reached, or a name \
          that does not resolve, makes every election wait for a timeout.",
    remedy: "Ask which voter the others wait for: names must resolve and ports 2888 and 3888 answer or refuse at once \
             (zookeeper.cnxTimeout, 5 s for each that does neither). Where the election is short and the rest is long, \
             servers synchronise for long: look at the disk and at the size of the data.",
    runbook: Some("slow-cluster"),
    thresholds: &[WARN, CRITICAL],
    sources: &[
        "ZooKeeper ServerMetrics: election_time (3.6 and later), unavailable_time (3.7 and later)",
        "zookeeperAdmin.md: zookeeper.cnxTimeout, initLimit",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    each_with_numbers(zookeeper, Severity::Warning, |member, tally| {
        let what = "how long it was without a leader";
        if number(member, "election_time_cnt", what, Severity::Warning, tally).is_none() {
            return;
        }
        let Some(waits) = Waits::of(member) else {
            return tally.nearest(-1.0, vec![("elections", "none but that of its start".into())]);
        };
        // One server that was cut off waits alone; while the one that leads now waited, nobody was served.
        let leads = member.srvr.known().is_some_and(|srvr| srvr.mode == "leader");
        let fatal = leads && waits.recent && waits.mean_ms >= policy.get(&CRITICAL);
        if waits.mean_ms >= policy.get(&WARN) {
            let severity = if fatal { Severity::Critical } else { Severity::Warning };
            let says = "it {state} for {mean} on average, {times} times ({during}); the elections themselves took {election}";
            tally.hit(
                on(member, severity, says)
                    .with("state", waits.state)
                    .with("mean", Value::Millis(waits.mean_ms))
                    .with("times", waits.times)
                    .with("during", waits.during)
                    .with("election", Value::Millis(waits.election_ms)),
            );
        }
        tally.nearest(waits.mean_ms, vec![("longest_mean", Value::Millis(waits.mean_ms))]);
    })
}

/// What its waits for a leader came to.
struct Waits {
    state: &'static str,
    mean_ms: f64,
    /// Of that, until a leader was chosen.
    election_ms: f64,
    times: u64,
    during: &'static str,
    /// Whether the window is one of this program's, and not all of the server's life.
    recent: bool,
}

impl Waits {
    /// `None` where nothing is known to have happened but the first election, which waits for the others' machines to
    /// boot and says nothing of the ensemble.
    fn of(member: &ZookeeperMember) -> Option<Waits> {
        let election = Sum::of(member, "election_time")?;
        let (state, whole) = match Sum::of(member, "unavailable_time") {
            Some(whole) => ("did not serve", whole),
            None => ("looked for a leader", Sum { ..election }),
        };
        Some(Waits {
            state,
            mean_ms: whole.total_ms / whole.times,
            election_ms: election.total_ms / election.times,
            times: whole.times as u64,
            during: whole.during,
            recent: whole.recent,
        })
    }
}

/// A summary of times: over the window when there is one, else since the start without the longest.
#[derive(Clone, Copy)]
struct Sum {
    times: f64,
    total_ms: f64,
    during: &'static str,
    recent: bool,
}

impl Sum {
    fn of(member: &ZookeeperMember, name: &str) -> Option<Sum> {
        let part = |part: &str| format!("{name}_{part}");
        if let Some(window) = member.window.known() {
            let grown = |part: String| window.grown.get(&part).copied();
            let (times, total_ms) = (grown(part("cnt"))?, grown(part("sum"))?);
            let during = window.window.label();
            return (times >= 1.0).then_some(Sum { times, total_ms, during, recent: true });
        }
        // The provider for Prometheus tells no longest one: then that of the start cannot be put aside.
        let number = |part: String| member.metric(&part);
        let (times, total_ms) = (number(part("cnt"))? - 1.0, number(part("sum"))? - number(part("max"))?);
        (times >= 1.0).then_some(Sum {
            times,
            total_ms,
            during: "since start, the longest put aside",
            recent: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, ensemble, row, undecided};
    use crate::facts::{Observed, Window, ZookeeperWindow};

    fn since_start(count: f64, sum: f64, max: f64) -> Sample {
        let mut sample = ensemble(3);
        for name in ["election_time", "unavailable_time"] {
            let parts = [("cnt", count), ("sum", sum), ("max", max)];
            let numbers = parts.map(|(part, value)| (format!("{name}_{part}"), value));
            sample.numbers_mut("n1").extend(numbers);
        }
        sample
    }

    fn lately(member: &str, count: f64, sum: f64) -> Sample {
        let mut sample = ensemble(3);
        let grown = ["election_time", "unavailable_time"]
            .iter()
            .flat_map(|name| [(format!("{name}_cnt"), count), (format!("{name}_sum"), sum)]);
        sample.zookeeper_mut(member).window = Observed::Known(ZookeeperWindow {
            window: Window::SinceLastRun { seconds: 60.0 },
            grown: grown.collect(),
        });
        sample
    }

    #[test]
    fn the_first_election_waits_for_machines_to_boot() {
        row(&CHECK, &ensemble(3), &[]);
        row(&CHECK, &since_start(1.0, 600_000.0, 600_000.0), &[]);
        row(&CHECK, &since_start(3.0, 603_800.0, 600_000.0), &[]);
        row(&CHECK, &since_start(3.0, 604_000.0, 600_000.0), &[Severity::Warning]);
        // However long: it may be of last year.
        row(&CHECK, &since_start(2.0, 900_000.0, 600_000.0), &[Severity::Warning]);
    }

    #[test]
    fn what_happened_lately_counts_most_where_the_leader_waited() {
        row(&CHECK, &lately("n1", 0.0, 0.0), &[]);
        row(&CHECK, &lately("n1", 2.0, 3_900.0), &[]);
        row(&CHECK, &lately("n1", 2.0, 4_000.0), &[Severity::Warning]);
        row(&CHECK, &lately("n1", 1.0, 20_000.0), &[Severity::Critical]);
        row(&CHECK, &lately("n2", 1.0, 20_000.0), &[Severity::Warning]);
        let mut old = ensemble(1);
        old.numbers_mut("n1").remove("election_time_cnt");
        undecided(&CHECK, &old, Severity::Warning);
    }
}
