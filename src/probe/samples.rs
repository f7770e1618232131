//! Latencies that we measured ourselves: every sample is kept, so percentiles are exact.

use schemars::JsonSchema;
use serde::Serialize;

/// Upper bounds of the histogram's buckets in milliseconds: etcd's own (1, 2, 4 … 8192; `ExponentialBuckets(0.001, 2,
/// 14)` of `etcd_disk_wal_fsync_duration_seconds`), continued below one millisecond.
const BOUNDS_MS: [f64; 18] = [
    0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0,
    4096.0, 8192.0,
];

/// Durations in milliseconds, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    sorted: Vec<f64>,
}

/// What there is to say about a set of durations. Percentiles are nearest-rank: each is a duration that occurred.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Latency {
    /// The fastest, in milliseconds.
    pub min_ms: f64,
    /// Arithmetic mean, in milliseconds.
    pub mean_ms: f64,
    /// Half of them took no longer.
    pub p50_ms: f64,
    /// 90 % took no longer.
    pub p90_ms: f64,
    /// 99 % took no longer; of fewer than 100 samples it is the slowest.
    pub p99_ms: f64,
    /// 99.9 % took no longer; of fewer than 1000 samples it is the slowest.
    pub p99_9_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// How many samples took longer than one bound and no longer than the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Bucket {
    /// Longer than this many milliseconds.
    pub above_ms: f64,
    /// At most this many milliseconds; `null` for the last.
    pub up_to_ms: Option<f64>,
    /// How many.
    pub count: u64,
}

impl Samples {
    /// Takes durations in milliseconds; `None` when there are none.
    pub fn new(mut durations: Vec<f64>) -> Option<Samples> {
        // The clock counts nanoseconds; what a difference of floats adds below that is noise.
        for duration in &mut durations {
            *duration = (*duration * 1e6).round() / 1e6;
        }
        durations.sort_by(f64::total_cmp);
        (!durations.is_empty()).then_some(Samples { sorted: durations })
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.sorted.len() as u64
    }

    /// The duration of nearest rank: the smallest that at least `share` (0 to 1) of the samples do not exceed.
    pub fn percentile(&self, share: f64) -> f64 {
        let rank = (share * self.sorted.len() as f64).ceil() as usize;
        self.sorted[rank.clamp(1, self.sorted.len()) - 1]
    }

    /// All that is reported.
    pub fn latency(&self) -> Latency {
        Latency {
            min_ms: self.percentile(0.0),
            mean_ms: (self.sorted.iter().sum::<f64>() / self.sorted.len() as f64 * 1e6).round() / 1e6,
            p50_ms: self.percentile(0.5),
            p90_ms: self.percentile(0.9),
            p99_ms: self.percentile(0.99),
            p99_9_ms: self.percentile(0.999),
            max_ms: self.percentile(1.0),
        }
    }

    /// The buckets from the first to the last that is not empty.
    pub fn histogram(&self) -> Vec<Bucket> {
        let mut buckets = Vec::new();
        let mut low = 0.0;
        let mut counted = 0;
        for bound in BOUNDS_MS.iter().copied().map(Some).chain([None]) {
            let up_to_here = bound.map_or(self.sorted.len(), |b| self.sorted.partition_point(|ms| *ms <= b));
            let count = (up_to_here - counted) as u64;
            if count > 0 || (!buckets.is_empty() && counted < self.sorted.len()) {
                buckets.push(Bucket { above_ms: low, up_to_ms: bound, count });
            }
            counted = up_to_here;
            low = bound.unwrap_or(low);
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_durations_that_occurred() {
        let samples = Samples::new((1..=1000).rev().map(f64::from).collect()).expect("has samples");
        let latency = samples.latency();
        assert_eq!((latency.min_ms, latency.max_ms, latency.mean_ms), (1.0, 1000.0, 500.5));
        assert_eq!(
            (latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.p99_9_ms),
            (500.0, 900.0, 990.0, 999.0)
        );
    }

    #[test]
    fn few_samples() {
        assert_eq!(Samples::new(vec![]), None);
        let one = Samples::new(vec![7.0]).expect("has one").latency();
        assert_eq!((one.min_ms, one.p50_ms, one.p99_9_ms), (7.0, 7.0, 7.0));
    }

    #[test]
    fn buckets_hold_every_sample_once_and_no_empty_ends() {
        let samples = Samples::new(vec![0.2, 0.25, 1.5, 9000.0]).expect("has samples");
        let buckets = samples.histogram();
        assert_eq!(buckets.iter().map(|b| b.count).sum::<u64>(), 4);
        assert_eq!(buckets[0], Bucket { above_ms: 0.125, up_to_ms: Some(0.25), count: 2 });
        assert_eq!(buckets.last(), Some(&Bucket { above_ms: 8192.0, up_to_ms: None, count: 1 }));
        let narrow = Samples::new(vec![0.2, 3.0]).expect("has samples").histogram();
        assert_eq!(narrow.iter().map(|b| b.count).collect::<Vec<_>>(), [1, 0, 0, 0, 1]);
    }
}
