//! Over which time something happened: between two looks of this run, else since the previous run's look, else since
//! the server started. Whatever is said of a window names it.

use super::look::Rest;
use super::pages;
use crate::backend::Ask;
use crate::facts::*;
use crate::transport::Deadline;
use crate::transport::http::Http;
use futures_util::future::join_all;
use std::time::Duration;

/// Fewer samples than this make no 99th percentile: then the time since the server's start says more.
const ENOUGH_SAMPLES: f64 = 100.0;

/// Reads every member's metrics a second time, `apart` after the first. `deadline` began at `ask.now`.
pub(super) async fn look_again(
    rests: &mut [Rest],
    apart: Duration,
    http: &Http,
    ask: &Ask,
    deadline: Deadline,
) {
    let looks = rests.iter_mut().map(|rest| async move {
        let Some(first) = rest.metrics.known().cloned() else { return };
        let since_first =
            deadline.elapsed_ms() / 1000.0 - first.read_at.duration_since(ask.now).as_secs_f64();
        tokio::time::sleep(apart.saturating_sub(Duration::from_secs_f64(since_first.max(0.0)))).await;
        rest.metrics = pages::metrics(&rest.metrics_url, http, ask, deadline).await;
        rest.earlier = Some(first);
    });
    join_all(looks).await;
}

/// An earlier look at the process that answers now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earlier<'a> {
    metrics: &'a EtcdMetrics,
    window: Window,
}

impl<'a> Earlier<'a> {
    /// The first look of this run, else the previous run's; `None` when the process has restarted since: then only
    /// its own start is left to count from.
    pub(super) fn of(
        now: &EtcdMetrics,
        first: Option<&'a EtcdMetrics>,
        last_run: Option<&'a EtcdMetrics>,
    ) -> Option<Earlier<'a>> {
        let metrics = first.or(last_run).filter(|then| same_process(now, then))?;
        let seconds = read_at(now) - read_at(metrics);
        let window =
            if first.is_some() { Window::Measured { seconds } } else { Window::SinceLastRun { seconds } };
        (seconds > 0.0).then_some(Earlier { metrics, window })
    }
}

fn same_process(now: &EtcdMetrics, then: &EtcdMetrics) -> bool {
    match (now.process_start_seconds, then.process_start_seconds) {
        (Some(a), Some(b)) => (a - b).abs() < 1.0,
        _ => false,
    }
}

fn read_at(metrics: &EtcdMetrics) -> f64 {
    metrics.read_at.as_millisecond() as f64 / 1000.0
}

fn since_start(now: &EtcdMetrics) -> Window {
    Window::SinceStart { seconds: now.process_start_seconds.map(|start| read_at(now) - start) }
}

/// How the counters grew since the earlier look, else since the server's start.
pub(super) fn grown(now: &EtcdMetrics, earlier: Option<&Earlier<'_>>) -> EtcdWindow {
    let base = earlier.map(|e| e.metrics.counters.clone()).unwrap_or_default();
    let grown = |now: Option<f64>, then: Option<f64>| now.map(|n| (n - then.unwrap_or(0.0)).max(0.0));
    let (a, b) = (&now.counters, &base);
    EtcdWindow {
        window: earlier.map_or_else(|| since_start(now), |e| e.window),
        grown: EtcdCounters {
            leader_changes: grown(a.leader_changes, b.leader_changes),
            proposals_failed: grown(a.proposals_failed, b.proposals_failed),
            heartbeat_failures: grown(a.heartbeat_failures, b.heartbeat_failures),
            slow_reads: grown(a.slow_reads, b.slow_reads),
            failed_reads: grown(a.failed_reads, b.failed_reads),
            slow_applies: grown(a.slow_applies, b.slow_applies),
            peer_sent_failures: grown(a.peer_sent_failures, b.peer_sent_failures),
        },
        peer_sent_failures: now
            .peer_sent_failures
            .iter()
            .map(|(peer, failed)| {
                let then = earlier.and_then(|e| e.metrics.peer_sent_failures.get(peer)).copied();
                (peer.clone(), (failed - then.unwrap_or(0.0)).max(0.0))
            })
            .collect(),
        peer_rtt: now
            .peer_rtt
            .iter()
            .filter_map(|(peer, histogram)| {
                let then = earlier.and_then(|e| e.metrics.peer_rtt.get(peer));
                let grown = then.map_or_else(|| Some(histogram.clone()), |t| histogram.since(t))?;
                Some((peer.clone(), grown))
            })
            .collect(),
    }
}

/// Which histogram.
pub(super) type Pick = fn(&EtcdMetrics) -> Option<&Histogram>;

/// A latency since the earlier look if it has enough samples, else since the server's start.
pub(super) fn latency(now: &EtcdMetrics, earlier: Option<&Earlier<'_>>, pick: Pick) -> Observed<SyncLatency> {
    let Some(all) = pick(now) else {
        return Observed::unknown("this version publishes no such metric");
    };
    let recent = earlier.and_then(|e| {
        let grown = all.since(pick(e.metrics)?)?;
        let enough = grown.count >= ENOUGH_SAMPLES;
        enough.then(|| SyncLatency::from_histogram(&grown, e.window)).flatten()
    });
    let latency = recent.or_else(|| SyncLatency::from_histogram(all, since_start(now)));
    Observed::or_unknown(latency, "nothing was synced yet")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metrics read `at` seconds after a start at 1000 s, with fast fsyncs (1 ms bucket) and slow ones (8 ms bucket).
    fn metrics(at: i64, fast: f64, slow: f64) -> EtcdMetrics {
        let all = fast + slow;
        EtcdMetrics {
            process_start_seconds: Some(1000.0),
            read_at: jiff::Timestamp::from_second(1000 + at).expect("a valid time"),
            counters: EtcdCounters { leader_changes: Some(fast), ..EtcdCounters::default() },
            wal_fsync: Some(Histogram {
                buckets: vec![(0.001, fast), (0.008, all)],
                count: all,
                sum: all / 1000.0,
            }),
            ..EtcdMetrics::default()
        }
    }

    fn fsync(now: &EtcdMetrics, earlier: Option<&Earlier<'_>>) -> SyncLatency {
        *latency(now, earlier, |m| m.wal_fsync.as_ref()).known().expect("has samples")
    }

    #[test]
    fn this_runs_first_look_is_preferred_to_the_previous_run() {
        let (last, first, now) = (metrics(10, 1.0, 0.0), metrics(50, 5.0, 0.0), metrics(60, 7.0, 0.0));
        let measured = Earlier::of(&now, Some(&first), Some(&last)).expect("the same process");
        assert_eq!(grown(&now, Some(&measured)).window, Window::Measured { seconds: 10.0 });
        assert_eq!(grown(&now, Some(&measured)).grown.leader_changes, Some(2.0));
        let since = Earlier::of(&now, None, Some(&last)).expect("the same process");
        assert_eq!(grown(&now, Some(&since)).window, Window::SinceLastRun { seconds: 50.0 });
        assert_eq!(grown(&now, None).window, Window::SinceStart { seconds: Some(60.0) });
    }

    #[test]
    fn a_restart_between_two_looks_counts_from_the_start() {
        let first = EtcdMetrics { process_start_seconds: Some(500.0), ..metrics(50, 9.0, 0.0) };
        let now = metrics(60, 3.0, 0.0);
        assert!(Earlier::of(&now, Some(&first), None).is_none());
        assert!(Earlier::of(&metrics(40, 1.0, 0.0), None, Some(&metrics(50, 1.0, 0.0))).is_none());
    }

    #[test]
    fn a_window_of_few_samples_gives_way_to_the_time_since_start() {
        let (then, busy, idle) =
            (metrics(10, 10_000.0, 0.0), metrics(20, 10_000.0, 200.0), metrics(20, 10_000.0, 50.0));
        let latency = fsync(&busy, Earlier::of(&busy, Some(&then), None).as_ref());
        assert_eq!(
            (latency.p99_low_ms, latency.samples, latency.window),
            (1.0, 200, Window::Measured { seconds: 10.0 })
        );
        let latency = fsync(&idle, Earlier::of(&idle, Some(&then), None).as_ref());
        assert_eq!(
            (latency.p99_low_ms, latency.samples, latency.window),
            (0.0, 10_050, Window::SinceStart { seconds: Some(20.0) })
        );
    }
}
