//! `quorate drill`: recovery drills.

mod progress;
mod run;
mod shelf;

pub(crate) use shelf::{DueDocument, ListDocument};

use super::failure::Failure;
use super::{Global, World};
use crate::drill::DrillError;
use crate::drill::evidence::Shelf;
use crate::lab::LabError;
use crate::render;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// The verbs of `quorate drill`.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    List(shelf::ListArgs),
    Run(run::RunArgs),
    Due(shelf::DueArgs),
    Show(shelf::ShowArgs),
}

/// Where evidence is.
#[derive(Debug, Args)]
struct ShelfArgs {
    /// Where the evidence of all drills is kept [default: under the state directory]
    #[arg(long, value_name = "DIR")]
    evidence: Option<PathBuf>,
}

impl ShelfArgs {
    fn open(&self, world: &World) -> Result<Shelf, Failure> {
        let state = || world.state_dir().map(|dir| dir.join("drills"));
        let given = self.evidence.as_ref().map(|dir| world.cwd.join(dir));
        given.or_else(state).map(Shelf::new).ok_or_else(|| {
            Failure::usage("there is no place for evidence")
                .hint("give --evidence DIR, or set HOME or XDG_STATE_HOME")
        })
    }
}

pub(super) fn run(verb: &Verb, global: &Global, world: &World) -> Result<u8, Failure> {
    match verb {
        Verb::List(args) => shelf::list(args, global, world),
        Verb::Run(args) => run::run(args, global, world),
        Verb::Due(args) => shelf::due(args, world),
        Verb::Show(args) => shelf::show(args, global, world),
    }
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(render::drill::FORMATS.iter().map(|f| PossibleValue::new(f.name).help(f.about)))
}

impl From<DrillError> for Failure {
    fn from(error: DrillError) -> Failure {
        match error {
            DrillError::Lab(error) => {
                let ended = matches!(error, LabError::NotReady { .. });
                let failure = Failure::from(error);
                if ended { failure.hint("what was started has been stopped and removed") } else { failure }
            }
            DrillError::Needs { .. } => Failure::refused(error.to_string()),
            DrillError::NotBuilt(_) => Failure::usage(error.to_string()),
            DrillError::Evidence { .. } => {
                Failure::failed(error.to_string()).hint("give --evidence a directory that can be written")
            }
            DrillError::Interrupted => {
                Failure::failed("interrupted: the lab is gone, and the drill counts for nothing")
            }
        }
    }
}
