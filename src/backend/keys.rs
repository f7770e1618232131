//! The door for drills: keys written and read as any client does it, with an outcome that says what is known of each
//! write.

use super::Looking;
use crate::consent::Consent;
use crate::facts::Trouble;
use crate::transport::Deadline;
use std::collections::BTreeMap;

/// A system that keeps keys and values.
pub trait Keys {
    /// A client of the one member at `endpoint`. Made for writing, which is why it takes consent.
    fn session<'a>(
        &'a self,
        consent: &'a Consent,
        endpoint: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<Box<dyn Session>, Trouble>>;
}

/// A client of one member. It connects again by itself when the member comes back.
pub trait Session {
    /// Sets a key. The answer is where the write stands in the cluster's history (etcd: its revision).
    fn put<'a>(
        &'a mut self,
        key: &'a str,
        value: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<u64, NotDone>>;

    /// Deletes a key; the answer as for [`Session::put`].
    fn delete<'a>(&'a mut self, key: &'a str, deadline: Deadline) -> Looking<'a, Result<u64, NotDone>>;

    /// Every key that begins so, with its value, as a quorum has it: never from one member's memory alone.
    fn read<'a>(
        &'a mut self,
        prefix: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<BTreeMap<String, String>, Trouble>>;
}

/// A write that was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDone {
    /// Nothing of it left this machine: it can never take effect.
    NeverSent(Trouble),
    /// It may have taken effect, or may yet.
    InDoubt(Trouble),
}

impl NotDone {
    /// What was seen.
    pub fn trouble(&self) -> &Trouble {
        match self {
            NotDone::NeverSent(trouble) | NotDone::InDoubt(trouble) => trouble,
        }
    }
}
