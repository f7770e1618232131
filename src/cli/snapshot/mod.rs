//! `quorate snapshot`: backups, from the stream of a member to the last one that may be deleted.

mod diff;
mod progress;
mod save;
mod shelf;
mod verify;

pub(crate) use diff::DiffReport;
pub(crate) use save::SaveReport;
pub(crate) use shelf::{PruneReport, ShelfReport};
pub(crate) use verify::{FileReport, look_at};

use super::failure::Failure;
use super::{Global, World};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Snapshot {
    Save(save::SaveArgs),
    Verify(verify::VerifyArgs),
    Inspect(verify::InspectArgs),
    Diff(diff::DiffArgs),
    List(shelf::ListArgs),
    Prune(shelf::PruneArgs),
}

pub(super) fn run(snapshot: &Snapshot, global: &Global, world: &World) -> Result<u8, Failure> {
    match snapshot {
        Snapshot::Save(args) => save::run(args, global, world),
        Snapshot::Verify(args) => verify::run(args, global, world),
        Snapshot::Inspect(args) => verify::inspect(args, global, world),
        Snapshot::Diff(args) => diff::run(args, global, world),
        Snapshot::List(args) => shelf::list(args, global, world),
        Snapshot::Prune(args) => shelf::prune(args, global, world),
    }
}
