//! What is left of a voter, and how everything it holds gets into a snapshot.
//!
//! A member may hold entries that it has not applied: in its log, acknowledged by a leader that is lost, and not known
//! here to be committed; or committed and not yet in the database of a server that was killed. A live snapshot, and a
//! copy of the database, would lose them. A new leader with the longest log would decide them all, and so does a replay
//! on a copy.

use super::{Refusal, Rule, Site};
use crate::facts::{EtcdStatus, Member, Observed};
use crate::offline::{CopyFacts, DamageFacts, EntryFacts, EntryMark, LastIndex};
use crate::recover::plan::HostSpec;
use std::path::PathBuf;

/// What is left of a voter.
pub(super) struct Survivor<'a> {
    pub(super) member: &'a Member,
    pub(super) site: Option<&'a Site>,
    /// What its server said; `None` when it does not answer.
    pub(super) status: Option<&'a EtcdStatus>,
    /// What is in its directory, where it could be read.
    pub(super) copy: Option<&'a CopyFacts>,
}

/// How its data gets into a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Method {
    /// The running server is asked: it has applied everything it holds.
    Live,
    /// The stopped server's database is all there is.
    Cold,
    /// A copy is started alone, so that it applies its log up to this entry.
    Replay {
        /// The last entry of the log.
        last: LastIndex,
        /// The server's program.
        program: PathBuf,
    },
    /// A snapshot file that was saved before.
    File,
}

impl<'a> Survivor<'a> {
    /// The last entry it holds: of its log, else what its server says, whose term may be later than the entry's.
    pub(super) fn last(&self) -> Option<LastIndex> {
        let read = self.copy.and_then(|copy| copy.log.as_ref()?.last);
        let said = || Some(LastIndex { term: self.status?.raft_term, index: self.status?.raft_index });
        read.or_else(said)
    }

    /// Raft index up to which its data holds everything.
    pub(super) fn applied(&self) -> u64 {
        let on_disk = self.copy.and_then(|copy| copy.database.as_ref()?.consistent_index).unwrap_or(0);
        self.status.map_or(on_disk, |status| status.raft_applied.max(on_disk))
    }

    /// Its revision now. Entries that it has not applied may raise it.
    pub(super) fn revision(&self) -> u64 {
        let on_disk = || self.copy.and_then(|copy| u64::try_from(copy.database.as_ref()?.revision).ok());
        self.status.map_or_else(|| on_disk().unwrap_or(0), |status| status.revision)
    }

    /// Bytes of its database.
    pub(super) fn db_bytes(&self) -> u64 {
        let on_disk = self.site.and_then(|site| Some(site.disk.known()?.as_ref()?.db_bytes)).unwrap_or(0);
        let in_file =
            self.copy.and_then(|copy| copy.database.as_ref()).map_or(0, |database| database.file_bytes);
        self.status.map_or(on_disk, |status| status.db_size.max(on_disk)).max(in_file)
    }

    /// Bytes of its log.
    pub(super) fn log_bytes(&self) -> u64 {
        self.copy.and_then(|copy| copy.log.as_ref()).map_or(0, |log| log.bytes)
    }

    /// The server's version: what it says, else what its program says, else what its cluster had agreed on.
    pub(super) fn version(&self) -> Option<String> {
        let program = || Some(self.site?.program.known()?.1.clone());
        let agreed = || self.copy?.database.as_ref()?.cluster_version.clone();
        self.status.map(|status| status.version.clone()).or_else(program).or_else(agreed)
    }

    /// What is wrong with its database: a snapshot of it, and a copy, would be damaged as well.
    pub(super) fn damage(&self) -> Option<&'a DamageFacts> {
        self.copy?.damage.iter().find(|damage| damage.file.ends_with("snap/db"))
    }

    /// Whether it said that its space is used up: its quota, counted with every page of the file.
    pub(super) fn is_full(&self) -> bool {
        let said = self.status.is_some_and(|s| s.errors.iter().any(|error| error.contains("NOSPACE")));
        let kept = self.copy.and_then(|copy| copy.database.as_ref());
        said || kept.is_some_and(|db| db.alarms.iter().any(|alarm| alarm.alarm == "NOSPACE"))
    }

    /// Whether its alarms would be carried into the new cluster.
    pub(super) fn has_alarms(&self) -> bool {
        let said = self.status.is_some_and(|s| s.errors.iter().any(|error| error.contains("alarm")));
        said || self.copy.and_then(|c| c.database.as_ref()).is_some_and(|db| !db.alarms.is_empty())
    }

    /// Whether its data asks for a login.
    pub(super) fn has_auth(&self) -> bool {
        self.copy.and_then(|copy| copy.database.as_ref()).is_some_and(|database| database.auth.enabled)
    }

    /// Entries that it holds and has not applied, oldest first.
    pub(super) fn tail(&self) -> impl Iterator<Item = &'a EntryFacts> {
        let applied = self.applied();
        let entries = self.copy.and_then(|copy| copy.log.as_ref()).map(|log| &log.tail.entries);
        let counts = move |entry: &&EntryFacts| entry.index > applied && entry.mark != EntryMark::Overwritten;
        entries.into_iter().flatten().filter(counts)
    }

    /// Whether a server would start on its directory, as this member of this cluster.
    pub(super) fn is_whole(&self, cluster_id: &str) -> bool {
        self.copy.is_some_and(|copy| {
            let owner = copy.identity.as_ref();
            copy.damage.is_empty()
                && copy.log.is_some()
                && copy.database.is_some()
                && owner.is_some_and(|own| own.cluster == cluster_id && own.member == self.member.id)
        })
    }

    /// The way on which nothing is lost that it holds. `auth`: whether the cluster is known to ask for a login, which
    /// needs a quorum.
    pub(super) fn method(
        &self,
        auth: bool,
        has_certificate: bool,
        here: &Observed<(PathBuf, String)>,
    ) -> Result<Method, Refusal> {
        let name = self.member.label();
        let last = self.copy.and_then(|copy| copy.log.as_ref()?.last);
        let behind = last.is_some_and(|last| last.index > self.applied());
        let readable = last.is_some() && self.site.is_some();
        // A certificate's user needs no login, and what need not be brought from another host is not.
        let can_ask = has_certificate && self.site.is_some_and(|site| site.spec != HostSpec::Local);
        let needs_login = (auth || self.has_auth()) && !can_ask;
        if self.status.is_some() && !behind && !(readable && needs_login) {
            return Ok(Method::Live);
        }
        let (Some(site), Some(last), true) = (self.site, last, readable) else {
            return Err(Refusal::unsupported(format!(
                "the data of {name} has to be taken from its files, and its log could not be read"
            )));
        };
        if !behind {
            return Ok(Method::Cold);
        }
        if self.is_removed_in_tail() {
            return Err(Refusal::unsupported(format!(
                "{name} is removed from the cluster by an entry that it has not applied yet"
            )));
        }
        let (program, hint) = match site.spec {
            HostSpec::Local => {
                (&site.program, "Set `program` of that member in the config file to its etcd.")
            }
            HostSpec::Ssh(_) => (
                here,
                "Its files are copied to this machine for that: put etcd of its version on the path here, or run quorate on \
                 its host.",
            ),
        };
        match program.known() {
            Some((program, _)) => Ok(Method::Replay { last, program: program.clone() }),
            None => Err(Refusal::new(
                Rule::NoTool,
                format!(
                    "{name} holds entries that it has not applied, and the server's program that would apply them is \
                     not known: {}",
                    program.why().unwrap_or("")
                ),
                hint,
            )),
        }
    }

    fn is_removed_in_tail(&self) -> bool {
        let applied = self.applied();
        self.copy.is_some_and(|copy| {
            copy.membership.history.iter().any(|change| {
                change.change == "remove" && change.index > applied && change.member == self.member.id
            })
        })
    }
}
