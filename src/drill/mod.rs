//! Recovery drills: a throwaway cluster of real servers, writers that remember every answer, a fault, the recovery that
//! `quorate recover` does, and a verdict with evidence. What a scenario does is in `play/`; what knows which system is
//! drilled is behind [`ground::Ground`] and the doors of `backend`.

mod acts;
pub mod chain;
pub mod due;
mod etcd;
pub mod evidence;
pub mod ground;
mod machine;
pub mod oracle;
mod play;
pub mod report;
mod recovery;
mod run;
pub mod scenario;
mod stage;
pub mod timeline;
mod writer;

pub use run::{Around, Order, Played, run};
pub use stage::{Command, Refused, Said};

/// Why a drill could not be done. Nothing of its lab is left, unless it says so.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The lab.
    #[error(transparent)]
    Lab(#[from] crate::lab::LabError),
    /// Something that the scenario needs is not there.
    #[error("{scenario} needs {need}: {why}")]
    Needs {
        /// Which scenario.
        scenario: &'static str,
        /// What.
        need: &'static str,
        /// What is missing, as a phrase.
        why: String,
    },
    /// No lab of this system can be drilled.
    #[error("this version of quorate drills no {0}")]
    NotBuilt(&'static str),
    /// Evidence cannot be kept.
    #[error("cannot keep evidence in {path}: {error}")]
    Evidence {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Somebody asked to stop.
    #[error("interrupted")]
    Interrupted,
}
