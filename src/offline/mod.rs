//! Copies of a cluster's state on disk, read without a server and without disturbing one: what a path is, what is in a
//! copy as plain facts, and which of several copies is the one to recover from.
//!
//! Nothing here knows of running clusters, and nothing is written or locked.

mod facts;
mod entry;
mod recognise;
mod locks;
mod parts;
mod copy;
mod membership;
mod log;
mod notes;
mod rank;
mod report;
mod verify;

pub mod consul;
pub mod zookeeper;

pub use copy::{consistent_index, open};
pub use entry::{Detail, EntryFacts, KeyChange, describe, touches};
pub use facts::{
    AlarmFacts, AuthFacts, Change, CopyFacts, CopyKind, DamageFacts, DatabaseFacts, EntryMark, Gap, Holder,
    Identity, LastIndex, LogFacts, MemberFacts, MembershipFacts, Note, NoteWeight, PrefixFacts, RaftMembers,
    SnapFacts, Span, Tail, TermRun, Verdict,
};
pub use log::Playback;
pub use rank::{AtRisk, Fate, Loss, RankError, Ranked, Ranking, rank};
pub use recognise::{Kind, Unrecognised, recognise, whose};
pub use report::{ConsulFilesReport, InspectReport, LogLine, SurvivorsReport, ZookeeperFilesReport};
pub use verify::{Verified, examine, verify};
