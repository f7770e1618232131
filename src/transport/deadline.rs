//! One deadline, passed down: every call takes what is left of it.

use std::future::Future;
use std::time::{Duration, Instant};

/// As good as for ever: the clock cannot hold every duration that a user can write.
const LONGEST: Duration = Duration::from_secs(30 * 365 * 86_400);

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
        Deadline { started, at: started + limit.min(LONGEST) }
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
        Deadline { started: self.started, at: self.at + extra.min(LONGEST) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_beyond_the_clock_is_no_panic() {
        let deadline = Deadline::after(Duration::MAX);
        assert!(deadline.left() > Duration::from_secs(3600));
        assert!(deadline.later(Duration::MAX).within(Duration::MAX).left() > Duration::from_secs(3600));
    }
}
