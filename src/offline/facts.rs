//! What is in one copy of an etcd member's state: plain data that can be saved, compared and ranked. Ids are lower-case
//! hex, as etcd's own tools print them.

use super::entry::EntryFacts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One copy: a data directory, a log directory, a snapshot or a database file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CopyFacts {
    /// The path as it was given.
    pub path: String,
    /// What it is.
    pub kind: CopyKind,
    /// Where the path and the links in it lead to, when they lead elsewhere.
    pub links: Vec<String>,
    /// The process that has it open as a server; `null` when none is seen.
    pub holder: Option<Holder>,
    /// Whose it is, from the log.
    pub identity: Option<Identity>,
    /// The member's name; `null` when it is not known.
    pub name: Option<String>,
    /// Who is in the cluster.
    pub membership: MembershipFacts,
    /// The write-ahead log; `null` when there is none.
    pub log: Option<LogFacts>,
    /// The database; `null` when there is none.
    pub database: Option<DatabaseFacts>,
    /// `.snap` files, newest first.
    pub snaps: Vec<SnapFacts>,
    /// Files that a server leaves behind when something went wrong, such as `*.broken`.
    pub leftovers: Vec<String>,
    /// What is wrong, with its place. At most 64; see `damage_more`.
    pub damage: Vec<DamageFacts>,
    /// How much damage there is beyond `damage`.
    pub damage_more: u64,
    /// What is worth knowing before the copy is used.
    pub notes: Vec<Note>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// What a copy is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CopyKind {
    /// A member's data directory.
    #[default]
    DataDirectory,
    /// A write-ahead log alone.
    LogDirectory,
    /// A snapshot: a database with its digest behind it.
    Snapshot,
    /// A database alone.
    Database,
}

impl CopyKind {
    /// In words, with an article.
    pub fn article(self) -> String {
        format!("an {}", self.name())
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            CopyKind::DataDirectory => "etcd data directory",
            CopyKind::LogDirectory => "etcd write-ahead log",
            CopyKind::Snapshot => "etcd snapshot",
            CopyKind::Database => "etcd database",
        }
    }
}

/// A process with a lock on the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    /// Its id; `null` when the kernel does not tell.
    pub pid: Option<u32>,
    /// Its name.
    pub command: Option<String>,
}

/// Whose log it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Hex member id.
    pub member: String,
    /// Hex cluster id.
    pub cluster: String,
}

/// Who is in the cluster, as far as this copy has applied it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MembershipFacts {
    /// Members.
    pub members: Vec<MemberFacts>,
    /// Hex ids of removed members.
    pub removed: Vec<String>,
    /// Whom raft itself counts; `null` before 3.5, and without a database.
    pub raft: Option<RaftMembers>,
    /// Changes that are still in the log, oldest first. At most 10000; see `history_more`.
    pub history: Vec<Change>,
    /// How many changes there are beyond `history`.
    pub history_more: u64,
}

/// A member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberFacts {
    /// Hex id.
    pub id: String,
    /// Name; empty until it has started once.
    pub name: String,
    /// Whether it counts in the quorum.
    pub voter: bool,
    /// Where its peers reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it.
    pub client_urls: Vec<String>,
}

/// Whom raft counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaftMembers {
    /// Hex ids of voters.
    pub voters: Vec<String>,
    /// Hex ids of learners.
    pub learners: Vec<String>,
}

/// A change of membership in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Raft index.
    pub index: u64,
    /// Raft term.
    pub term: u64,
    /// Its fate.
    pub mark: EntryMark,
    /// `add`, `add-learner`, `promote`, `remove`, `update`, `other`.
    pub change: String,
    /// Hex id of the member.
    pub member: String,
    /// Its name, when the change carries it.
    pub name: Option<String>,
    /// Its peer URLs, when the change carries them.
    pub peer_urls: Vec<String>,
}

/// What is known of an entry's fate on this member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryMark {
    /// In the database.
    Applied,
    /// Committed and not in the database: a server that starts on this directory applies it.
    Committed,
    /// In the log only: nothing in this copy says whether a majority had it.
    Uncertain,
    /// A later leader wrote another entry at its index.
    Overwritten,
}

impl EntryMark {
    /// In one word, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            EntryMark::Applied => "applied",
            EntryMark::Committed => "committed",
            EntryMark::Uncertain => "uncertain",
            EntryMark::Overwritten => "overwritten",
        }
    }
}

/// Term and index of an entry. Ordered as raft compares logs: by term, then by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct LastIndex {
    /// Raft term.
    pub term: u64,
    /// Raft index.
    pub index: u64,
}

/// A write-ahead log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogFacts {
    /// Where it is.
    pub path: String,
    /// Files.
    pub files: usize,
    /// Their bytes, the room that is preallocated included.
    pub bytes: u64,
    /// Raft term of the last hard state.
    pub term: u64,
    /// Index known to be committed when the last hard state was written; more may be.
    pub commit: u64,
    /// Index of the first entry that is there.
    pub first: Option<u64>,
    /// The last entry, or the snapshot that the log starts from.
    pub last: Option<LastIndex>,
    /// Entries read, overwritten ones included.
    pub entries: u64,
    /// Why the end of the log is torn; `null` when it is not. Nothing that was acknowledged is in a torn record.
    pub torn: Option<String>,
    /// Terms of the entries, oldest first: at most the last 4096 changes of term.
    pub terms: Vec<TermRun>,
    /// What stands behind the database.
    pub tail: Tail,
}

/// Entries of one term that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TermRun {
    /// Index of the first.
    pub first: u64,
    /// Their term.
    pub term: u64,
}

/// Entries from `first` to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// First index.
    pub first: u64,
    /// Last index.
    pub last: u64,
}

impl Span {
    /// How many.
    pub fn count(self) -> u64 {
        (self.last + 1).saturating_sub(self.first)
    }
}

/// Entries that a copy of the database alone would lose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tail {
    /// Committed and not in the database: safe when a server starts on this directory, lost otherwise.
    pub committed: Option<Span>,
    /// In the log and not known to be committed: a client may have been told that they are.
    pub uncertain: Option<Span>,
    /// These entries, oldest first. At most 1000; see `more`.
    pub entries: Vec<EntryFacts>,
    /// How many there are beyond `entries`.
    pub more: u64,
}

/// A database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatabaseFacts {
    /// Where it is.
    pub path: String,
    /// Bytes in the file.
    pub file_bytes: u64,
    /// Bytes that are used; the rest is free.
    pub used_bytes: u64,
    /// SHA-256 of the file as it is.
    pub sha256: Option<String>,
    /// `matches`, `differs`, `absent`: the digest that `snapshot save` puts behind a database.
    pub digest: Option<String>,
    /// What `etcdutl snapshot status` calls hash, hex.
    pub status_hash: String,
    /// CRC-32C over all rows of all revisions, keys and values, hex: what a restore must not change.
    #[serde(default)]
    pub rows_hash: String,
    /// Raft index up to which it holds everything.
    pub consistent_index: Option<u64>,
    /// Term of that index; 3.5 and later.
    pub term: Option<u64>,
    /// The store's current revision.
    pub revision: i64,
    /// The compaction that was asked for last; `null` for none.
    pub compacted: Option<i64>,
    /// Keys that exist now.
    pub keys: u64,
    /// Rows over all revisions that are still there.
    pub rows: u64,
    /// Rows that are deletions.
    pub tombstones: u64,
    /// By prefix, up to the second `/`.
    pub prefixes: BTreeMap<String, PrefixFacts>,
    /// `NOSPACE` or `CORRUPT` by hex member id.
    pub alarms: Vec<AlarmFacts>,
    /// Users, roles, and whether auth is on.
    pub auth: AuthFacts,
    /// Leases.
    pub leases: u64,
    /// Live keys attached to a lease that does not exist.
    pub keys_without_lease: u64,
    /// The version that the members agreed on, such as 3.6.0.
    pub cluster_version: Option<String>,
    /// The version of the file's schema; 3.6 and later.
    pub storage_version: Option<String>,
    /// A downgrade under way: its target.
    pub downgrade: Option<String>,
    /// Server minors that are meant to start on it; empty when it cannot be told.
    pub startable_by: Vec<String>,
}

/// Keys under a prefix. Bytes are of keys and values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrefixFacts {
    /// Keys that exist now.
    pub keys: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows over all revisions.
    pub rows: u64,
    /// Their bytes.
    pub row_bytes: u64,
}

/// A raised alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmFacts {
    /// Hex id of the member that raised it.
    pub member: String,
    /// Its kind.
    pub alarm: String,
}

/// Users and roles. Never a password or its hash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthFacts {
    /// Whether auth is on.
    pub enabled: bool,
    /// Users with their roles.
    pub users: BTreeMap<String, Vec<String>>,
    /// Names of roles.
    pub roles: Vec<String>,
}

/// A `.snap` file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapFacts {
    /// Its file name.
    pub file: String,
    /// Raft index that it covers.
    pub index: u64,
    /// Term of that index.
    pub term: u64,
}

/// Something that cannot be as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DamageFacts {
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// A stable name, such as `ghosts` or `committed-not-applied`.
    pub kind: String,
    /// How much it weighs.
    pub weight: NoteWeight,
    /// In a sentence.
    pub says: String,
}

/// How much a note weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoteWeight {
    /// As it is in a healthy copy, or after a crash.
    Info,
    /// To be looked at before the copy is used.
    Warning,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// How a copy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything was read and is whole.
    Sound,
    /// Something is damaged.
    Damaged,
    /// Something could not be read, and nothing that was read is damaged.
    Undecided,
}

impl CopyFacts {
    /// Damage is certain, whatever else could not be read.
    pub fn verdict(&self) -> Verdict {
        if !self.damage.is_empty() {
            Verdict::Damaged
        } else if !self.gaps.is_empty() {
            Verdict::Undecided
        } else {
            Verdict::Sound
        }
    }

    /// Adds damage, up to what is kept in full.
    pub(super) fn damaged(&mut self, file: &str, place: impl ToString, what: impl Into<String>) {
        const KEPT: usize = 64;
        if self.damage.len() < KEPT {
            let (place, what) = (place.to_string(), what.into());
            self.damage.push(DamageFacts { file: file.to_owned(), place, what });
        } else {
            self.damage_more += 1;
        }
    }

    /// Adds a gap.
    pub(super) fn gap(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.gaps.push(Gap { what: what.into(), why: why.into() });
    }

    /// Hex ids of the members that vote: those of raft when it has anybody in common with the members, for a restored
    /// database keeps the voters of the cluster it came from until its first change.
    pub fn voters(&self) -> Vec<String> {
        let known = |id: &String| self.membership.members.iter().any(|member| member.id == *id);
        match &self.membership.raft {
            Some(raft) if raft.voters.iter().any(known) || self.membership.members.is_empty() => {
                raft.voters.clone()
            }
            _ => self.membership.members.iter().filter(|m| m.voter).map(|m| m.id.clone()).collect(),
        }
    }

    /// The last entry that the copy holds: of its log, else what its database has applied. `None` when neither tells,
    /// as a database of 3.4 alone.
    pub fn last(&self) -> Option<LastIndex> {
        if let Some(log) = &self.log {
            return log.last;
        }
        let database = self.database.as_ref()?;
        Some(LastIndex { term: database.term?, index: database.consistent_index? })
    }

    /// Term of the entry at `index`, when it is in the log.
    pub fn term_at(&self, index: u64) -> Option<u64> {
        let log = self.log.as_ref()?;
        if log.last.is_none_or(|last| index > last.index) {
            return None;
        }
        log.terms.iter().rev().find(|run| run.first <= index).map(|run| run.term)
    }
}
