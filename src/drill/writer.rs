//! Writers: clients that write until they are told to stop, through faults and recovery, and remember every answer.

use super::oracle::{Change, Outcome, Write};
use super::report::Traffic;
use super::timeline::Clock;
use crate::backend::keys::{NotDone, Session};
use crate::transport::Deadline;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Where the keys of a drill are.
pub(super) const PREFIX: &str = "quorate.drill/";

/// A write without an answer is given up after this long; it stays in doubt.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two writes of one writer: enough load to lose something, not so much that servers compete with each other
/// for the disk.
const PACE: Duration = Duration::from_millis(15);

/// After a failure.
const RETRY: Duration = Duration::from_millis(100);

/// Keys that a writer has at a time.
const KEYS: u64 = 6;

/// Each so-manieth write deletes its key.
const DELETE_EVERY: u64 = 7;

/// Length of a slot of [`Traffic`].
const SLOT_MS: u64 = 250;

/// What writers are told, and how many of them wait for an answer.
#[derive(Default)]
struct Orders {
    stop: Cell<bool>,
    pause: Cell<bool>,
    busy: Cell<usize>,
}

/// Writers at work. They run as local tasks: a [`tokio::task::LocalSet`] must be there.
pub(super) struct Load {
    clock: Clock,
    log: Rc<RefCell<Vec<Write>>>,
    orders: Rc<Orders>,
    tasks: Vec<JoinHandle<()>>,
}

impl Load {
    /// One writer for each session.
    pub(super) fn start(sessions: Vec<Box<dyn Session>>, first: usize, clock: Clock) -> Load {
        let (log, orders) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Orders::default()));
        let tasks = sessions.into_iter().enumerate().map(|(at, session)| {
            let keys = (0..KEYS).collect();
            let writer = Writer { number: first + at, session, keys, next_key: KEYS, count: 0, clock };
            tokio::task::spawn_local(writer.run(Rc::clone(&log), Rc::clone(&orders)))
        });
        let tasks = tasks.collect();
        Load { clock, log, orders, tasks }
    }

    /// How many writes were acknowledged so far.
    pub(super) fn acknowledged(&self) -> usize {
        self.log.borrow().iter().filter(|write| write.acknowledged()).count()
    }

    /// When the first write that was sent after `ms` was acknowledged.
    pub(super) fn acknowledged_after(&self, ms: u64) -> Option<u64> {
        let log = self.log.borrow();
        let after = log.iter().filter(|write| write.acknowledged() && write.began_ms > ms);
        after.map(|write| write.ended_ms).min()
    }

    /// Waits until a write that is sent from now on is acknowledged; when that was.
    pub(super) async fn next_acknowledged(&self, deadline: Deadline) -> Option<u64> {
        let from = self.clock.ms();
        while !deadline.left().is_zero() {
            if let Some(at) = self.acknowledged_after(from) {
                return Some(at);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        None
    }

    /// Waits until so many are acknowledged; whether they are.
    pub(super) async fn until(&self, acknowledged: usize, deadline: Deadline) -> bool {
        while self.acknowledged() < acknowledged {
            if deadline.left().is_zero() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        true
    }

    /// Lets every writer wait after its write; comes back when none waits for an answer.
    pub(super) async fn pause(&self) {
        self.orders.pause.set(true);
        while self.orders.busy.get() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets them go on.
    pub(super) fn go_on(&self) {
        self.orders.pause.set(false);
    }

    /// Lets every writer end its write, and takes what they remember.
    pub(super) async fn end(self) -> Vec<Write> {
        self.orders.stop.set(true);
        for task in self.tasks {
            // A writer does not panic; if it did, what it remembered is there all the same.
            let _ = task.await;
        }
        self.log.take()
    }
}

/// What clients got over time.
pub(super) fn traffic(writes: &[Write]) -> Traffic {
    let slots = writes.iter().map(|write| write.ended_ms / SLOT_MS + 1).max().unwrap_or(0) as usize;
    let mut traffic = Traffic { slot_ms: SLOT_MS, acknowledged: vec![0; slots], failed: vec![0; slots] };
    for write in writes {
        let slot = (write.ended_ms / SLOT_MS) as usize;
        let counts = if write.acknowledged() { &mut traffic.acknowledged } else { &mut traffic.failed };
        counts[slot] += 1;
    }
    traffic
}

struct Writer {
    number: usize,
    session: Box<dyn Session>,
    /// Numbers of the keys in use.
    keys: Vec<u64>,
    next_key: u64,
    count: u64,
    clock: Clock,
}

impl Writer {
    async fn run(mut self, log: Rc<RefCell<Vec<Write>>>, orders: Rc<Orders>) {
        while !orders.stop.get() {
            if orders.pause.get() {
                tokio::time::sleep(PACE).await;
                continue;
            }
            orders.busy.set(orders.busy.get() + 1);
            let write = self.write().await;
            orders.busy.set(orders.busy.get() - 1);
            let pause = if write.acknowledged() { PACE } else { RETRY };
            log.borrow_mut().push(write);
            tokio::time::sleep(pause).await;
        }
    }

    async fn write(&mut self) -> Write {
        self.count += 1;
        let slot = (self.count % KEYS) as usize;
        let key = format!("{PREFIX}{}/{}", self.number, self.keys[slot]);
        let change = if self.count.is_multiple_of(DELETE_EVERY) {
            Change::Delete
        } else {
            Change::Put(format!("{}-{}", self.number, self.count))
        };
        let began_ms = self.clock.ms();
        let deadline = Deadline::after(PATIENCE);
        let answer = match &change {
            Change::Put(value) => self.session.put(&key, value, deadline).await,
            Change::Delete => self.session.delete(&key, deadline).await,
        };
        let outcome = match answer {
            Ok(position) => Outcome::Acknowledged { position },
            Err(NotDone::NeverSent(_)) => Outcome::NeverSent,
            Err(NotDone::InDoubt(trouble)) => {
                // It may take effect later: nothing more is written there, so that what is read back can be judged.
                self.keys[slot] = self.next_key;
                self.next_key += 1;
                Outcome::InDoubt { why: trouble.to_string() }
            }
        };
        Write { writer: self.number, key, change, began_ms, ended_ms: self.clock.ms(), outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Looking;
    use crate::drill::oracle;
    use crate::facts::{Trouble, TroubleKind};
    use std::collections::BTreeMap;

    /// A store that answers every third write with an error although it did it.
    struct Forgetful {
        kept: Rc<RefCell<BTreeMap<String, String>>>,
        position: u64,
    }

    impl Forgetful {
        fn answer(&mut self) -> Result<u64, NotDone> {
            self.position += 1;
            match self.position % 3 {
                0 => Err(NotDone::InDoubt(Trouble::new(TroubleKind::NoAnswer, "lost"))),
                _ => Ok(self.position),
            }
        }
    }

    impl Session for Forgetful {
        fn put<'a>(
            &'a mut self,
            key: &'a str,
            value: &'a str,
            _: Deadline,
        ) -> Looking<'a, Result<u64, NotDone>> {
            Box::pin(async move {
                self.kept.borrow_mut().insert(key.to_owned(), value.to_owned());
                self.answer()
            })
        }

        fn delete<'a>(&'a mut self, key: &'a str, _: Deadline) -> Looking<'a, Result<u64, NotDone>> {
            Box::pin(async move {
                self.kept.borrow_mut().remove(key);
                self.answer()
            })
        }

        fn read<'a>(
            &'a mut self,
            _: &'a str,
            _: Deadline,
        ) -> Looking<'a, Result<BTreeMap<String, String>, Trouble>> {
            Box::pin(async move { Ok(self.kept.borrow().clone()) })
        }
    }

    #[test]
    fn what_writers_remember_agrees_with_what_a_store_did_and_a_hole_is_seen() {
        let kept = Rc::new(RefCell::new(BTreeMap::new()));
        let store = Forgetful { kept: Rc::clone(&kept), position: 0 };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let writes = tokio::task::LocalSet::new().block_on(&runtime, async {
            let load = Load::start(vec![Box::new(store)], 0, Clock::start());
            assert!(load.until(20, Deadline::after(Duration::from_secs(30))).await);
            load.end().await
        });
        let judgement = oracle::judge(&writes, &kept.borrow());
        assert!(judgement.nothing_lost() && judgement.in_doubt > 5, "{judgement:?}");
        let traffic = traffic(&writes);
        assert_eq!(traffic.acknowledged.iter().sum::<u32>() as u64, judgement.acknowledged);
        let settled = |key: &str, value: &str| {
            let is =
                |w: &Write| w.acknowledged() && w.key == key && w.change == Change::Put(value.to_owned());
            writes.iter().any(is)
        };
        let hole = kept.borrow().iter().find(|(key, value)| settled(key, value)).map(|(key, _)| key.clone());
        kept.borrow_mut().remove(&hole.expect("some write"));
        assert!(!oracle::judge(&writes, &kept.borrow()).nothing_lost(), "a missing key is a loss");
    }
}
