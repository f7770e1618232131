//! Latency as servers publish it: cumulative histograms. What can honestly be said of a percentile is two bucket bounds.

use serde::{Deserialize, Serialize};

/// Over which time counters and histograms were counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// Since the server started; recent trouble may be diluted.
    SinceStart {
        /// Uptime in seconds, where the server tells.
        seconds: Option<f64>,
    },
    /// Since quorate last looked and saved the counters.
    SinceLastRun {
        /// Length in seconds.
        seconds: f64,
    },
    /// The last interval that the server itself counted.
    LastInterval {
        /// Length in seconds.
        seconds: f64,
    },
    /// Between two looks of this run (`--window`).
    Measured {
        /// Length in seconds.
        seconds: f64,
    },
}

impl Window {
    /// Length in seconds, where known.
    pub fn seconds(self) -> Option<f64> {
        match self {
            Window::SinceStart { seconds } => seconds,
            Window::SinceLastRun { seconds }
            | Window::LastInterval { seconds }
            | Window::Measured { seconds } => Some(seconds),
        }
    }

    /// As tables and JSON say it.
    pub fn label(self) -> &'static str {
        match self {
            Window::SinceStart { .. } => "since start",
            Window::SinceLastRun { .. } => "since last run",
            Window::LastInterval { .. } => "last interval",
            Window::Measured { .. } => "measured now",
        }
    }
}

/// A cumulative histogram: how many samples were at most each bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Histogram {
    /// Upper bounds in seconds, ascending, without +Inf, with the cumulative count.
    pub buckets: Vec<(f64, f64)>,
    /// All samples (+Inf).
    pub count: f64,
    /// Sum in seconds.
    pub sum: f64,
}

impl Histogram {
    /// What happened between `earlier` and `self`; `None` when the server restarted in between (a count went down)
    /// or the bounds differ.
    pub fn since(&self, earlier: &Histogram) -> Option<Histogram> {
        let same_bounds = self.buckets.len() == earlier.buckets.len()
            && self.buckets.iter().zip(&earlier.buckets).all(|(a, b)| a.0 == b.0);
        let went_down = self.count < earlier.count
            || self.buckets.iter().zip(&earlier.buckets).any(|(now, then)| now.1 < then.1);
        if !same_bounds || went_down {
            return None;
        }
        Some(Histogram {
            buckets: self
                .buckets
                .iter()
                .zip(&earlier.buckets)
                .map(|(now, then)| (now.0, now.1 - then.1))
                .collect(),
            count: self.count - earlier.count,
            sum: self.sum - earlier.sum,
        })
    }

    /// The bucket that holds quantile `q`, as (lower, upper) in seconds; the upper bound is `None` in +Inf.
    /// `None` when there are no samples.
    pub fn quantile_bounds(&self, q: f64) -> Option<(f64, Option<f64>)> {
        if self.count <= 0.0 {
            return None;
        }
        let rank = q * self.count;
        let mut low = 0.0;
        for &(bound, cumulative) in &self.buckets {
            if cumulative >= rank {
                return Some((low, Some(bound)));
            }
            low = bound;
        }
        Some((low, None))
    }
}

/// What can be said of a sync latency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SyncLatency {
    /// At least this many milliseconds at the 99th percentile (below it with fewer than 100 samples: the slowest).
    pub p99_low_ms: f64,
    /// At most this many milliseconds; `None` when the slowest bucket has no upper bound.
    pub p99_high_ms: Option<f64>,
    /// Whether the bounds are of the slowest sample, because fewer than 100 samples make no percentile.
    pub slowest_only: bool,
    /// Number of samples.
    pub samples: u64,
    /// Mean in milliseconds.
    pub mean_ms: f64,
    /// Share of samples slower than the first bucket bound at or above 100 ms, 0 to 1.
    pub over_100ms: f64,
    /// Over which time.
    pub window: Window,
}

impl SyncLatency {
    /// Reads a histogram; `None` when it has no samples.
    pub fn from_histogram(histogram: &Histogram, window: Window) -> Option<SyncLatency> {
        // With fewer than 100 samples a 99th percentile is the maximum; say the maximum instead.
        let slowest_only = histogram.count < 100.0;
        let (low, high) = histogram.quantile_bounds(if slowest_only { 1.0 } else { 0.99 })?;
        let at_100ms = histogram.buckets.iter().find(|b| b.0 >= 0.1).map_or(histogram.count, |b| b.1);
        Some(SyncLatency {
            p99_low_ms: low * 1000.0,
            p99_high_ms: high.map(|h| h * 1000.0),
            slowest_only,
            samples: histogram.count as u64,
            mean_ms: histogram.sum / histogram.count * 1000.0,
            over_100ms: (histogram.count - at_100ms) / histogram.count,
            window,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(buckets: &[(f64, f64)], count: f64) -> Histogram {
        Histogram { buckets: buckets.to_vec(), count, sum: 1.0 }
    }

    #[test]
    fn quantile_names_the_bucket_not_a_number() {
        let h = histogram(&[(0.001, 900.0), (0.002, 989.0), (0.004, 991.0), (0.008, 1000.0)], 1000.0);
        assert_eq!(h.quantile_bounds(0.99), Some((0.002, Some(0.004))));
        assert_eq!(histogram(&[(0.001, 0.0)], 0.0).quantile_bounds(0.99), None);
        assert_eq!(histogram(&[(0.001, 1.0)], 200.0).quantile_bounds(0.99), Some((0.001, None)));
    }

    #[test]
    fn a_restart_between_two_looks_is_not_a_window() {
        let before = histogram(&[(0.001, 10.0)], 12.0);
        let after = histogram(&[(0.001, 3.0)], 3.0);
        assert_eq!(after.since(&before), None);
        let later = histogram(&[(0.001, 15.0)], 20.0);
        assert_eq!(later.since(&before).map(|h| h.count), Some(8.0));
    }

    #[test]
    fn few_samples_give_the_slowest_not_a_percentile() {
        let h = histogram(&[(0.001, 49.0), (0.002, 49.0), (0.004, 50.0)], 50.0);
        let latency =
            SyncLatency::from_histogram(&h, Window::SinceStart { seconds: None }).expect("has samples");
        assert!(latency.slowest_only);
        assert_eq!((latency.p99_low_ms, latency.p99_high_ms), (2.0, Some(4.0)));
    }
}
