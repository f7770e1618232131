//! How long a cluster takes to commit a write, as a client waits for it: timed writes to a scratch key.

use super::samples::{Bucket, Latency, Samples};
use crate::backend::commits::Scratch;
use crate::facts::Trouble;
use crate::transport::Deadline;
use schemars::JsonSchema;
use serde::Serialize;
use std::future::Future;
use std::time::Duration;

/// Bytes of each value: a small object, so that what is timed is the commit and not the transfer.
pub const VALUE_BYTES: usize = 256;

/// After this many failures in a row nothing more is tried: every further one would only wait.
const FAILURES_IN_A_ROW: u64 = 3;

/// What to write.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many writes, one after the other.
    pub writes: u64,
    /// Each is given up after this long.
    pub each: Duration,
}

/// Why fewer writes were tried than planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The user said so.
    Interrupted,
    /// They kept failing.
    Failing,
}

/// One kind of failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WriteError {
    /// Named diagnosis, such as `no-answer`.
    pub diagnosis: &'static str,
    /// What was seen.
    pub detail: String,
    /// How many writes failed so.
    pub count: u64,
}

/// Result of `quorate probe commit`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CommitReport {
    /// `quorate.probe-commit/v1`.
    pub schema: &'static str,
    /// When it began, RFC 3339 UTC.
    pub taken_at: String,
    /// Target's name.
    pub cluster: String,
    /// `etcd`, `zookeeper`, `consul`.
    pub backend: &'static str,
    /// Label of the member that took the writes.
    pub member: String,
    /// Its address.
    pub endpoint: String,
    /// `leader`, `follower`: a follower adds one hop to the leader.
    pub role: &'static str,
    /// The scratch key.
    pub key: String,
    /// Bytes of each value.
    pub value_bytes: u64,
    /// How many writes were asked for.
    pub planned: u64,
    /// How many were committed.
    pub committed: u64,
    /// How many failed or got no answer in time.
    pub failed: u64,
    /// The failures, by kind.
    pub errors: Vec<WriteError>,
    /// Why fewer were tried than asked for.
    pub ended: Option<Ended>,
    /// How long the writes took in all, in milliseconds.
    pub duration_ms: f64,
    /// Committed writes a second, one after the other.
    pub per_second: f64,
    /// Latency of the committed writes; `null` when there were none.
    pub commit: Option<Latency>,
    /// The committed writes by latency.
    pub histogram: Vec<Bucket>,
    /// Whether the key and what keeps it were removed.
    pub removed: bool,
    /// Why not.
    pub not_removed: Option<String>,
}

/// What came of the writes.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Milliseconds of each write that was committed.
    pub committed: Vec<f64>,
    /// The failures, by kind.
    pub errors: Vec<WriteError>,
    /// Why fewer were tried than planned.
    pub ended: Option<Ended>,
    /// How long the writes took in all, in milliseconds.
    pub duration_ms: f64,
}

/// Writes one after the other until the plan is done, `stop` comes back or they keep failing. `progress` is told after
/// each how many were tried.
pub async fn measure(
    scratch: &mut dyn Scratch,
    plan: Plan,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(u64),
) -> Measured {
    let value = [b'q'; VALUE_BYTES];
    let mut measured = Measured::default();
    let clock = Deadline::after(Duration::ZERO);
    let mut in_a_row = 0;
    tokio::pin!(stop);
    for tried in 1..=plan.writes {
        let outcome = tokio::select! {
            biased;
            () = &mut stop => {
                measured.ended = Some(Ended::Interrupted);
                break;
            }
            outcome = timed(scratch, &value, plan.each) => outcome,
        };
        match outcome {
            Ok(ms) => {
                measured.committed.push(ms);
                in_a_row = 0;
            }
            Err(trouble) => {
                measured.fail(trouble);
                in_a_row += 1;
            }
        }
        progress(tried);
        if in_a_row == FAILURES_IN_A_ROW && tried < plan.writes {
            measured.ended = Some(Ended::Failing);
            break;
        }
    }
    measured.duration_ms = clock.elapsed_ms();
    measured
}

async fn timed(scratch: &mut dyn Scratch, value: &[u8], each: Duration) -> Result<f64, Trouble> {
    scratch.keep(Deadline::after(each)).await?;
    let deadline = Deadline::after(each);
    scratch.write(value, deadline).await?;
    Ok(deadline.elapsed_ms())
}

impl Measured {
    fn fail(&mut self, trouble: Trouble) {
        let (diagnosis, detail) = (trouble.kind.name(), trouble.detail);
        match self.errors.iter_mut().find(|e| e.diagnosis == diagnosis && e.detail == detail) {
            Some(error) => error.count += 1,
            None => self.errors.push(WriteError { diagnosis, detail, count: 1 }),
        }
    }

    /// How many failed.
    pub fn failed(&self) -> u64 {
        self.errors.iter().map(|e| e.count).sum()
    }

    /// The committed writes; `None` when there were none.
    pub fn samples(&self) -> Option<Samples> {
        Samples::new(self.committed.clone())
    }

    /// Committed writes a second.
    pub fn per_second(&self) -> f64 {
        if self.duration_ms > 0.0 { self.committed.len() as f64 / (self.duration_ms / 1000.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Looking;
    use crate::facts::TroubleKind;

    /// Fails the writes whose number is in `failing`, counted from 1.
    struct Fake {
        written: u64,
        failing: std::ops::RangeInclusive<u64>,
    }

    impl Scratch for Fake {
        fn key(&self) -> &str {
            "scratch"
        }
        fn keep(&mut self, _: Deadline) -> Looking<'_, Result<(), Trouble>> {
            Box::pin(async { Ok(()) })
        }
        fn write<'a>(&'a mut self, _: &'a [u8], _: Deadline) -> Looking<'a, Result<(), Trouble>> {
            self.written += 1;
            let fails = self.failing.contains(&self.written);
            Box::pin(async move {
                if fails { Err(Trouble::new(TroubleKind::NoAnswer, "silence")) } else { Ok(()) }
            })
        }
        fn remove(&mut self, _: Deadline) -> Looking<'_, Result<(), Trouble>> {
            Box::pin(async { Ok(()) })
        }
    }

    async fn run(failing: std::ops::RangeInclusive<u64>, stop: impl Future<Output = ()>) -> (Measured, u64) {
        let mut fake = Fake { written: 0, failing };
        let plan = Plan { writes: 10, each: Duration::from_secs(1) };
        let measured = measure(&mut fake, plan, stop, |_| {}).await;
        (measured, fake.written)
    }

    #[tokio::test]
    async fn failures_are_counted_apart_from_latencies() {
        let (measured, written) = run(4..=5, std::future::pending()).await;
        assert_eq!((written, measured.committed.len(), measured.failed(), measured.ended), (10, 8, 2, None));
        assert_eq!(measured.errors.len(), 1, "one kind");
    }

    #[tokio::test]
    async fn gives_up_when_nothing_works_any_more() {
        let (measured, written) = run(3..=10, std::future::pending()).await;
        assert_eq!((written, measured.committed.len(), measured.ended), (5, 2, Some(Ended::Failing)));
    }

    #[tokio::test]
    async fn stops_when_told() {
        let (measured, written) = run(0..=0, std::future::ready(())).await;
        assert_eq!((written, measured.ended), (0, Some(Ended::Interrupted)));
        assert!(measured.samples().is_none());
    }
}
