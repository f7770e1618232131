//! `quorate drill`: recovery drills.

mod progress;
mod run;
mod shelf;

pub(crate) use shelf::{DueDocument, ListDocument};

use super::failure::Failure;
use super::{Global, World};
use crate::drill::DrillError;
use crate::drill::due;
use crate::drill::evidence::{Record, Shelf};
use crate::drill::report::Verdict;
use crate::facts::{BackendKind, DrillFacts, LastDrill, Observed};
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
    /// Where the evidence of all drills is kept [default: $QUORATE_EVIDENCE, or under the state directory]
    #[arg(long, value_name = "DIR")]
    evidence: Option<PathBuf>,
}

impl ShelfArgs {
    fn open(&self, world: &World) -> Result<Shelf, Failure> {
        let given = self.evidence.as_ref().map(|dir| world.cwd.join(dir));
        given.or_else(|| usual_shelf(world)).map(Shelf::new).ok_or_else(|| {
            Failure::usage("there is no place for evidence")
                .hint("give --evidence DIR, or set HOME or XDG_STATE_HOME")
        })
    }
}

/// Where evidence is kept when no flag says so.
fn usual_shelf(world: &World) -> Option<PathBuf> {
    let named = world.var("QUORATE_EVIDENCE").map(|dir| world.cwd.join(dir));
    named.or_else(|| world.state_dir().map(|dir| dir.join("drills")))
}

/// What the evidence on this machine says of one system's drills, for `check`; `None` where there is none.
pub(super) fn known(backend: BackendKind, world: &World) -> Option<Observed<DrillFacts>> {
    let dir = usual_shelf(world)?;
    let read = Shelf::new(dir.clone()).read(false).map(|shelved| {
        let of = |record: &&Record| record.report.backend == backend.name();
        let judged = |record: &&Record| {
            record.report.scenario == due::SCENARIO && record.report.verdict != Verdict::Invalid
        };
        let last = shelved.records.iter().filter(of).rfind(judged).and_then(|record| {
            let passed = record.report.verdict == Verdict::Pass;
            let began_at = record.report.began_at.parse().ok()?;
            Some(LastDrill { id: record.report.id.clone(), passed, began_at })
        });
        let broken = shelved.breaks.first().map(|broken| match &broken.drill {
            Some(drill) => format!("{drill}: {}", broken.what),
            None => broken.what.clone(),
        });
        let any = broken.is_some() || shelved.records.iter().any(|record| of(&record));
        any.then(|| DrillFacts {
            dir: dir.display().to_string(),
            scenario: due::SCENARIO.into(),
            last,
            broken,
        })
    });
    match read {
        Ok(found) => found.map(Observed::Known),
        Err(error) => Some(Observed::unknown(error.to_string())),
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
