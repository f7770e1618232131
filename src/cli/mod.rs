//! The command line: one file per verb, each with its arguments and its `run`.

mod check;
pub mod config;
pub mod failure;
mod probe;
mod settings;
mod world;

pub use settings::TargetArgs;
pub use world::World;

use clap::{Args, Parser, Subcommand, ValueEnum};
use failure::{Failure, Kind};
use std::ffi::OsString;
use std::path::PathBuf;

/// Operations toolkit for consensus clusters: etcd, ZooKeeper, Consul
#[derive(Debug, Parser)]
#[command(name = "quorate", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 ok · 1 warning (with --fail-on warning) · 2 critical or failed · 3 undecided · \
                        4 refused · 64 usage or configuration · 75 resumable"
)]
pub struct App {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options every command has.
#[derive(Debug, Args)]
pub struct Global {
    /// Config file [default: ./quorate.toml, then $XDG_CONFIG_HOME/quorate/config.toml]
    #[arg(long, global = true, env = "QUORATE_CONFIG", value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: ColorChoice,
    /// Show more
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Box<check::CheckArgs>),
    Probe(probe::ProbeArgs),
}

/// Parses, runs, and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, world: &World) -> u8 {
    let app = match App::try_parse_from(args) {
        Ok(app) => app,
        Err(error) => return usage(&error, world),
    };
    match dispatch(&app, world) {
        Ok(code) => code,
        Err(failure) => report(&failure, world),
    }
}

fn dispatch(app: &App, world: &World) -> Result<u8, Failure> {
    match &app.command {
        Command::Check(args) => check::run(args, &app.global, world),
        Command::Probe(args) => probe::run(args, &app.global, world),
    }
}

/// Help and version go to stdout and are a success; everything else clap says is a usage error.
fn usage(error: &clap::Error, world: &World) -> u8 {
    if error.use_stderr() {
        world.tell(error.to_string().trim_end());
        Kind::Usage.code()
    } else {
        let text = error.render();
        let text =
            if colorful(ColorChoice::Auto, world) { text.ansi().to_string() } else { text.to_string() };
        world.print(text.as_bytes()).map_or_else(|error| report(&error.into(), world), |()| 0)
    }
}

fn report(failure: &Failure, world: &World) -> u8 {
    if failure.kind != Kind::BrokenPipe {
        world.tell(&format!("error: {}", crate::render::escape(&failure.message)));
        for hint in &failure.hints {
            world.tell(&format!("hint: {hint}"));
        }
    }
    failure.kind.code()
}

/// Whether to colour what goes to stdout. <https://no-color.org>, <https://bixense.com/clicolors/>
pub(crate) fn colorful(choice: ColorChoice, world: &World) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            if world.var("NO_COLOR").is_some() {
                false
            } else if world.var("CLICOLOR_FORCE").is_some_and(|v| v != "0") {
                true
            } else {
                world.stdout_terminal
                    && world.var("TERM") != Some("dumb")
                    && world.var("CLICOLOR") != Some("0")
            }
        }
    }
}

/// A runtime for one command: one thread is enough for a cluster, and starts fastest.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    crate::transport::tls::install_provider();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // A resolver thread may still hang in getaddrinfo: do not wait for it.
    runtime.shutdown_background();
    Ok(result)
}
