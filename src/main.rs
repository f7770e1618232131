//! Parse, run, exit code. Everything else is in the library.

use quorate::cli::{self, World};
use std::process::ExitCode;

fn main() -> ExitCode {
    let world = World::of_this_process();
    ExitCode::from(cli::run(std::env::args_os(), &world))
}
