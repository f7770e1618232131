//! The command line: one file per verb, each with its arguments and its `run`.

mod check;
mod completions;
pub mod config;
mod doctor;
mod explain;
pub mod failure;
mod files;
mod inspect;
mod lab;
mod man;
mod member;
mod nearest;
mod probe;
mod recover;
mod schema;
mod settings;
mod size;
mod snapshot;
mod status;
mod world;

pub use settings::TargetArgs;
pub use world::World;

use crate::address::redacted;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
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
    Check(check::CheckArgs),
    Status(status::StatusArgs),
    Inspect(inspect::InspectArgs),
    Lab(lab::LabArgs),
    /// Measure a disk's fsync, a cluster's commit latency, or a listener's TLS
    #[command(subcommand)]
    Probe(probe::Probe),
    /// List, add, remove, promote and replace members, with a look at the quorum before every change
    #[command(subcommand)]
    Member(member::Verb),
    /// Save, verify, compare and keep snapshots
    #[command(subcommand)]
    Snapshot(snapshot::Snapshot),
    /// A stuck cluster back to full size: plan it, carry it out, resume it, roll it back
    #[command(subcommand)]
    Recover(recover::Verb),
    Explain(explain::ExplainArgs),
    Size(size::SizeArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    Doctor(doctor::DoctorArgs),
}

/// Parses, runs, and returns the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, world: &World) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    if let [_, only] = args.as_slice()
        && (only == "--version" || only == "-V")
    {
        return version(world);
    }
    let plugin = check::is_plugin(&args);
    let app = match App::try_parse_from(args) {
        Ok(app) => app,
        Err(error) if plugin && error.use_stderr() => {
            return unknown_to_monitor(&said(&error), world);
        }
        Err(error) => return usage(&error, world),
    };
    match dispatch(&app, world) {
        Ok(code) => code,
        Err(failure) if plugin => unknown_to_monitor(&failure.message, world),
        Err(failure) => report(&failure, world),
    }
}

/// As clap answers it, without making the whole command tree first: scripts ask for nothing else before each run.
fn version(world: &World) -> u8 {
    let line = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");
    world.print(line.as_bytes()).map_or_else(|error| report(&error.into(), world), |()| 0)
}

/// What a monitoring plugin says when it has no result: one line on stdout, exit code 3.
fn unknown_to_monitor(message: &str, world: &World) -> u8 {
    let line = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let line = crate::render::escape(line).replace('|', "\\x7c");
    if let Err(error) = world.print(format!("QUORATE UNKNOWN - {line}\n").as_bytes()) {
        world.tell(&format!("error: {line}: {error}"));
    }
    Kind::Undecided.code()
}

/// The whole command line, from which help, completions and man pages are made.
pub(crate) fn command() -> clap::Command {
    App::command()
}

/// The two formats every command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Shape {
    /// For people
    #[default]
    Table,
    /// For scripts
    Json,
}

/// How text is drawn on this stdout.
pub(crate) fn style(global: &Global, world: &World) -> crate::render::Style {
    let color = colorful(global.color, world);
    crate::render::Style { color, width: world.width, verbose: global.verbose }
}

fn dispatch(app: &App, world: &World) -> Result<u8, Failure> {
    match &app.command {
        Command::Check(args) => check::run(args, &app.global, world),
        Command::Lab(args) => lab::run(args, &app.global, world),
        Command::Status(args) => status::run(args, &app.global, world),
        Command::Inspect(args) => inspect::run(args, &app.global, world),
        Command::Probe(probe) => probe::run(probe, &app.global, world),
        Command::Recover(verb) => recover::run(verb, &app.global, world),
        Command::Member(verb) => member::run(verb, &app.global, world),
        Command::Snapshot(snapshot) => snapshot::run(snapshot, &app.global, world),
        Command::Explain(args) => explain::run(args, &app.global, world),
        Command::Size(args) => size::run(args, &app.global, world),
        Command::Schema(args) => schema::run(args, world),
        Command::Completions(args) => completions::run(args, world),
        Command::Man(args) => man::run(args, world),
        Command::Doctor(args) => doctor::run(args, &app.global, world),
    }
}

/// What clap says of wrong arguments. It repeats them, and there may be a password in one.
fn said(error: &clap::Error) -> String {
    let text = error.to_string();
    let words = text.split_inclusive(char::is_whitespace);
    words.map(|word| if word.contains(':') { redacted(word) } else { word.into() }).collect()
}

/// Help and version go to stdout and are a success; everything else clap says is a usage error.
fn usage(error: &clap::Error, world: &World) -> u8 {
    if error.use_stderr() {
        world.tell(said(error).trim_end());
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
                world.stdout_terminal && !world.dumb() && world.var("CLICOLOR") != Some("0")
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
