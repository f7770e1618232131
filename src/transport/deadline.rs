//! One deadline, passed down: every call takes what is left of it.

use std::future::Future;
use std::time::{Duration, Instant};

/// A moment after which nobody waits any more.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    started: Instant,
    at: Instant,
}

impl Deadline {
    /// `limit` from now.
    #[expect(clippy::disallowed_methods, reason = "deadlines are where monotonic time enters")]
    pub fn after(limit: Duration) -> Self {
        let started = Instant::now();
        Deadline { started, at: started + limit }
    }

    /// What is left.
    #[expect(clippy::disallowed_methods, reason = "deadlines are where monotonic time enters")]
    pub fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// The earlier of this deadline and `limit` from now.
    pub fn within(&self, limit: Duration) -> Deadline {
        let other = Deadline::after(limit);
        Deadline { started: self.started, at: self.at.min(other.at) }
    }

    /// The same, with `extra` time added: for work that by design waits that long.
    pub fn later(&self, extra: Duration) -> Deadline {
        Deadline { started: self.started, at: self.at + extra }
    }

    /// Milliseconds since it was made.
    pub fn elapsed_ms(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1000.0
    }

    /// Waits for `work` no longer than what is left.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.at.into(), work).await.ok()
    }
}
