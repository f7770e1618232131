//! Snapshots as files that people keep: choosing the member, receiving the stream, the manifest beside the file, what
//! lies in a directory, which may go, and how two differ.

pub mod backups;
mod choose;
mod differ;
mod manifest;
mod receive;
mod shelf;
mod temporary;

pub use choose::{Candidate, Choice, ChooseError, candidates, choose};
pub use differ::{Difference, Example, PrefixDifference, Side, differ};
pub use manifest::{MANIFEST_SCHEMA, Manifest, OtherMember, manifest_path, read_manifest, stamp};
pub use receive::{Received, SaveError, Stored, Target, WRITE, receive};
pub use shelf::{Fate, Kept, Rule, Shelf, look_through, plan_prune};
pub use temporary::{Placed, Temporary, sweep};
