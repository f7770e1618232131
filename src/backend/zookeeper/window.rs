//! Over which time something happened: since the previous run's look at the same process, else since it started.

use crate::facts::{Observed, SyncLatency, Window, ZookeeperMetrics, ZookeeperWindow};

/// Milliseconds since the start, as `uptime` tells; `None` on versions and pages without it.
fn uptime_ms(metrics: &ZookeeperMetrics) -> Option<f64> {
    metrics.numbers.get("uptime").copied()
}

fn seconds_between(now: &ZookeeperMetrics, then: &ZookeeperMetrics) -> f64 {
    now.read_at.duration_since(then.read_at).as_secs_f64()
}

/// Whether both looks were at one process: it has been up at least as long as the time between them, or it has looked for
/// a leader since, which begins its uptime anew. A counter that went down was reset, which is as good as a restart.
fn comparable(now: &ZookeeperMetrics, then: &ZookeeperMetrics) -> bool {
    let apart = seconds_between(now, then);
    let up = uptime_ms(now).is_some_and(|up| up / 1000.0 + 1.0 >= apart);
    let fell = |names: &[&str]| names.iter().any(|name| now.numbers.get(*name) < then.numbers.get(*name));
    let looked = now.numbers.get("looking_count") > then.numbers.get("looking_count");
    let lived = !fell(&["fsynctime_cnt", "looking_count", "election_time_cnt", "election_time_sum"]);
    apart > 0.0 && lived && if up { !fell(&["packets_received"]) } else { looked }
}

/// How the numbers grew.
pub(super) fn grown(
    now: &ZookeeperMetrics,
    then: Option<&ZookeeperMetrics>,
    measured: bool,
) -> Observed<ZookeeperWindow> {
    let Some(then) = then else { return Observed::unknown("there is no earlier look to compare with") };
    if !comparable(now, then) {
        return Observed::unknown("the server has restarted since the earlier look");
    }
    let seconds = seconds_between(now, then);
    // Some are the process's and some its role's, which a new election begins anew: what fell is no growth.
    let grown = now.numbers.iter().filter_map(|(name, value)| {
        let growth = value - then.numbers.get(name)?;
        (growth >= 0.0).then(|| (name.clone(), growth))
    });
    Observed::Known(ZookeeperWindow {
        window: if measured { Window::Measured { seconds } } else { Window::SinceLastRun { seconds } },
        grown: grown.collect(),
    })
}

/// Fewer samples than this make no 99th percentile.
const ENOUGH: f64 = 100.0;

/// What can be said of the time that the log takes to reach the disk. The servers tell count, sum and slowest, in whole
/// milliseconds: at most one sample in a hundred is longer than a hundred times the mean, and none than the slowest.
pub(super) fn log_sync(
    metrics: &ZookeeperMetrics,
    window: &Observed<ZookeeperWindow>,
) -> Observed<SyncLatency> {
    let number = |name: &str| metrics.numbers.get(name).copied();
    let (Some(count), Some(sum)) = (number("fsynctime_cnt"), number("fsynctime_sum")) else {
        return Observed::unknown(
            "this version does not tell how long its log takes to reach the disk (3.6 and later do)",
        );
    };
    let in_window = window
        .known()
        .and_then(|w| Some((w.window, *w.grown.get("fsynctime_cnt")?, *w.grown.get("fsynctime_sum")?)));
    let since_start = (Window::SinceStart { seconds: uptime_ms(metrics).map(|ms| ms / 1000.0) }, count, sum);
    let (window, count, sum) = in_window.filter(|(_, count, _)| *count >= ENOUGH).unwrap_or(since_start);
    if count <= 0.0 {
        return Observed::unknown("nothing was written to the log yet");
    }
    let mean_ms = sum / count;
    let by_mean = 100.0 * (mean_ms + 1.0);
    let slowest = number("fsynctime_max").map(|max| max + 1.0);
    Observed::Known(SyncLatency {
        p99_low_ms: if count < ENOUGH { slowest.map_or(0.0, |s| s - 1.0) } else { 0.0 },
        p99_high_ms: Some(slowest.map_or(by_mean, |slowest| slowest.min(by_mean))),
        slowest_only: count < ENOUGH,
        samples: count as u64,
        mean_ms,
        over_100ms: 0.0,
        window,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: &str, pairs: &[(&str, f64)]) -> ZookeeperMetrics {
        ZookeeperMetrics {
            source: "mntr".into(),
            read_at: at.parse().expect("a time"),
            numbers: pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        }
    }

    #[test]
    fn a_restart_is_no_window() {
        let then = look("2026-11-24T12:00:00Z", &[("uptime", 1e6), ("fsynctime_cnt", 10.0)]);
        let now = look("2026-11-24T12:01:00Z", &[("uptime", 1.06e6), ("fsynctime_cnt", 12.0)]);
        let window = grown(&now, Some(&then), false);
        assert_eq!(window.known().map(|w| w.grown["fsynctime_cnt"]), Some(2.0));
        let restarted = look("2026-11-24T12:01:00Z", &[("uptime", 5e3), ("fsynctime_cnt", 12.0)]);
        assert!(grown(&restarted, Some(&then), false).known().is_none());
        assert!(grown(&now, None, false).known().is_none());
    }

    #[test]
    fn an_election_is_no_restart() {
        let then = look(
            "2026-11-24T12:00:00Z",
            &[("uptime", 1e6), ("looking_count", 1.0), ("fsynctime_cnt", 10.0), ("packets_received", 90.0)],
        );
        let now = |looked, synced| {
            let pairs = [
                ("uptime", 5e3),
                ("looking_count", looked),
                ("fsynctime_cnt", synced),
                ("packets_received", 2.0),
            ];
            look("2026-11-24T12:01:00Z", &pairs)
        };
        let window = grown(&now(2.0, 12.0), Some(&then), false);
        let window = window.known().expect("one process");
        assert_eq!((window.grown["looking_count"], window.grown.get("packets_received")), (1.0, None));
        assert!(grown(&now(1.0, 12.0), Some(&then), false).known().is_none());
        assert!(grown(&now(2.0, 3.0), Some(&then), false).known().is_none());
    }

    #[test]
    fn bounds_hold_whatever_the_samples_were() {
        let of = |pairs: &[(&str, f64)]| log_sync(&look("2026-11-24T12:00:00Z", pairs), &Observed::default());
        let few = of(&[("fsynctime_cnt", 4.0), ("fsynctime_sum", 6.0), ("fsynctime_max", 3.0)]);
        let few = few.known().expect("told");
        assert!(few.slowest_only && few.p99_low_ms == 3.0 && few.p99_high_ms == Some(4.0));
        let many = of(&[("fsynctime_cnt", 1000.0), ("fsynctime_sum", 500.0), ("fsynctime_max", 900.0)]);
        assert_eq!(many.known().and_then(|l| l.p99_high_ms), Some(150.0));
        assert!(of(&[("znode_count", 4.0)]).why().is_some_and(|why| why.contains("3.6")));
    }
}
