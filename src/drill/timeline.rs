//! When what happened, on one monotonic clock.

use super::report::{Moment, Phase};
use crate::transport::Deadline;
use std::cell::RefCell;
use std::time::Duration;

/// The clock of one drill.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Deadline);

impl Clock {
    /// Begins now.
    pub fn start() -> Clock {
        Clock(Deadline::after(Duration::ZERO))
    }

    /// Milliseconds since it began.
    pub fn ms(&self) -> u64 {
        self.0.elapsed_ms() as u64
    }
}

/// Phases and moments of one drill.
#[derive(Debug)]
pub struct Timeline {
    clock: Clock,
    kept: RefCell<(Vec<Phase>, Vec<Moment>)>,
}

impl Timeline {
    /// An empty one.
    pub fn new(clock: Clock) -> Timeline {
        Timeline { clock, kept: RefCell::default() }
    }

    /// Its clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Something happened now; when that is.
    pub fn moment(&self, what: &str) -> u64 {
        let at_ms = self.clock.ms();
        self.kept.borrow_mut().1.push(Moment { what: what.to_owned(), at_ms });
        at_ms
    }

    /// A phase that began then ends now. A phase that is told again goes on to its later end.
    pub fn phase(&self, name: &str, began_ms: u64) {
        let now = self.clock.ms();
        let phases = &mut self.kept.borrow_mut().0;
        match phases.last_mut() {
            Some(last) if last.name == name => last.took_ms = now - last.began_ms,
            _ => {
                phases.push(Phase { name: name.to_owned(), began_ms, took_ms: now.saturating_sub(began_ms) })
            }
        }
    }

    /// Does something, and keeps how long it took.
    pub async fn during<T>(&self, name: &str, work: impl Future<Output = T>) -> T {
        let began = self.clock.ms();
        let done = work.await;
        self.phase(name, began);
        done
    }

    /// Everything so far.
    pub fn told(&self) -> (Vec<Phase>, Vec<Moment>) {
        self.kept.borrow().clone()
    }
}
