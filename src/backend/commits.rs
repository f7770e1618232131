//! The door for `probe commit`: writes to a place of our own, which goes away by itself if we do.

use super::Looking;
use crate::consent::Consent;
use crate::facts::Trouble;
use crate::transport::Deadline;
use std::time::Duration;

/// How long the place outlives us when we are killed: etcd's lease, Consul's session, ZooKeeper's session.
pub const SCRATCH_LIFE: Duration = Duration::from_secs(60);

/// A system whose commits can be timed.
pub trait CommitProbe {
    /// Where the scratch key will be, for people: its prefix.
    fn prefix(&self) -> &'static str;

    /// What the key hangs on, and what makes it go away by itself.
    fn held_by(&self) -> &'static str {
        "lease"
    }

    /// Makes the place, through the member at `endpoint`. Writes to the cluster.
    fn begin<'a>(
        &'a self,
        consent: &'a Consent,
        endpoint: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<Box<dyn Scratch>, Trouble>>;
}

/// A key of our own that lives no longer than [`SCRATCH_LIFE`] after our last sign of life.
pub trait Scratch {
    /// The key.
    fn key(&self) -> &str;

    /// Gives a sign of life where one is due. Called between timed writes, so that it is not timed.
    fn keep(&mut self, deadline: Deadline) -> Looking<'_, Result<(), Trouble>>;

    /// Replaces the key's value: answered when a quorum has committed it. A write without an answer is in doubt.
    fn write<'a>(&'a mut self, value: &'a [u8], deadline: Deadline) -> Looking<'a, Result<(), Trouble>>;

    /// Removes the key and what keeps it. A write in doubt that commits only later is refused by the server, because
    /// what it hangs on is gone.
    fn remove(&mut self, deadline: Deadline) -> Looking<'_, Result<(), Trouble>>;
}
