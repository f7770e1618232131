//! `quorate doctor`: what this machine has. It only looks; what is missing is named with the way to get it.

use super::failure::Failure;
use super::{Global, Shape, World, block_on};
use crate::lab;
use crate::lab::servers::{Origin, Program, Search, Sighting, Useless};
use crate::render::{self, escape};
use clap::Args;
use futures_util::future::join_all;
use rustix::fs::{Access, access};
use rustix::process::{Resource, getrlimit};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// Say what this machine has: real servers for the lab, tools, limits
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate doctor\n  \
    quorate doctor -o json | jq '.servers[] | {server, version, path}'\n\n\
    Exit codes: 0 always, whatever is missing · 64 usage")]
pub(super) struct DoctorArgs {
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

/// Result of `quorate doctor`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DoctorReport {
    /// `quorate.doctor/v1`.
    schema: &'static str,
    /// Version of this quorate.
    quorate: &'static str,
    /// Servers for the lab: named by the environment, on PATH, then what `scripts/servers` installed, newest first.
    servers: Vec<Found>,
    /// Programs that some commands use.
    tools: Vec<Tool>,
    /// Where state is kept between runs.
    state_dir: StateDir,
    /// Open files this process may have; `null` for no limit.
    open_files_limit: Option<u64>,
}

/// One server, found or missing.
#[derive(Debug, Serialize, JsonSchema)]
struct Found {
    /// `etcd`, `zookeeper`, `consul`.
    server: &'static str,
    /// Its version; `null` when it is missing or did not say.
    version: Option<String>,
    /// What names it: the environment variable, `PATH`, `installed`; `null` when it is missing.
    from: Option<&'static str>,
    /// Where it is.
    path: Option<String>,
    /// What is wrong, or how to get it.
    note: Option<String>,
}

/// One tool.
#[derive(Debug, Serialize, JsonSchema)]
struct Tool {
    /// Program name.
    tool: &'static str,
    /// What it is for.
    needed_for: &'static str,
    /// Where it is; `null` when it is missing.
    path: Option<String>,
    /// The line in which it says its version.
    version: Option<String>,
}

/// The state directory.
#[derive(Debug, Serialize, JsonSchema)]
struct StateDir {
    /// Where; `null` when neither `HOME` nor `XDG_STATE_HOME` is set.
    path: Option<String>,
    /// Whether it can be written, or made.
    writable: bool,
}

pub(super) fn run(args: &DoctorArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let report = block_on(examine(world))?;
    let mut bytes = Vec::new();
    match args.output {
        Shape::Json => render::write_json(&report, &mut bytes)?,
        Shape::Table => bytes.extend(text(&report, super::style(global, world).width).bytes()),
    }
    world.print(&bytes)?;
    Ok(0)
}

async fn examine(world: &World) -> DoctorReport {
    let (servers, tools) = tokio::join!(servers(world), join_all(TOOLS.iter().map(|t| tool(t, world))));
    DoctorReport {
        schema: "quorate.doctor/v1",
        quorate: env!("CARGO_PKG_VERSION"),
        servers,
        tools,
        state_dir: state_dir(world),
        open_files_limit: getrlimit(Resource::Nofile).current,
    }
}

/// Every server that can be found: by environment, on PATH, and installed by `scripts/servers`.
async fn servers(world: &World) -> Vec<Found> {
    // Each asks programs for their version and waits for them: all at once, on threads of their own.
    let looks = lab::PROGRAMS.iter().map(|program| {
        let (env, cwd) = (world.env.clone(), world.cwd.clone());
        tokio::task::spawn_blocking(move || found(program, &Search { env: &env, cwd: &cwd }))
    });
    join_all(looks).await.into_iter().flat_map(Result::unwrap_or_default).collect()
}

fn found(program: &Program, search: &Search<'_>) -> Vec<Found> {
    let sightings = search.list(program);
    if sightings.is_empty() {
        let (server, variable) = (program.server, program.variable);
        let note = Some(format!("not found: get it with `scripts/servers {server}`, or set {variable}"));
        return vec![Found { server, version: None, from: None, path: None, note }];
    }
    sightings.into_iter().map(|sighting| row(program, sighting)).collect()
}

fn row(program: &Program, sighting: Sighting) -> Found {
    let note = match sighting.version {
        Ok(_) => None,
        Err(Useless::Silent) => Some("it does not say its version".to_owned()),
        Err(Useless::Absent) => Some(format!("{} does not name {}", program.variable, program.form.wanted())),
    };
    let (from, path) = match sighting.origin {
        Origin::Environment => (program.variable, sighting.path.as_path()),
        Origin::Path => ("PATH", sighting.path.as_path()),
        // The directory that `scripts/servers` made: other programs of that version are in it too.
        Origin::Cache => ("installed", sighting.path.parent().unwrap_or(&sighting.path)),
    };
    let path = Some(path.display().to_string());
    Found { server: program.server, version: sighting.version.ok(), from: Some(from), path, note }
}

/// Program, what it is for, and how it is asked for its version.
const TOOLS: &[(&str, &str, &[&str])] = &[
    ("protoc", "building quorate", &["--version"]),
    ("fio", "a second opinion on `probe disk`", &["--version"]),
    ("ssh", "hosts of members that are not this machine", &["-V"]),
    ("strace", "tests that kill quorate between two system calls", &["--version"]),
    ("shellcheck", "tests of generated scripts", &["--version"]),
    ("java", "labs of ZooKeeper", &["-version"]),
    ("ip", "labs whose network can be cut (`lab up --isolated`)", &["-V"]),
];

async fn tool((program, needed_for, ask): &(&'static str, &'static str, &[&str]), world: &World) -> Tool {
    let path = Search { env: &world.env, cwd: &world.cwd }.executable(program);
    let version = match &path {
        Some(path) => version(path, ask).await,
        None => None,
    };
    Tool { tool: program, needed_for, path: path.map(|p| p.display().to_string()), version }
}

/// How long a program may take to say its version: Java and a cold disk are slow, a hung one is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The first line with a digit that the program says, on stdout or stderr.
async fn version(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let said = tokio::time::timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    let text = [said.stdout, said.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit())).map(|line| line.trim().to_owned())
}

fn state_dir(world: &World) -> StateDir {
    let path = world.state_dir();
    let writable = path.as_ref().is_some_and(|path| {
        let nearest = path.ancestors().find(|dir| dir.exists());
        nearest.is_some_and(|dir| dir.is_dir() && access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok())
    });
    StateDir { path: path.map(|p| p.display().to_string()), writable }
}

fn text(report: &DoctorReport, width: Option<usize>) -> String {
    let cell = |value: &Option<String>| value.as_deref().map_or_else(|| "-".into(), escape);
    let servers: Vec<Vec<String>> = report
        .servers
        .iter()
        .map(|s| {
            let place = match (&s.path, &s.note) {
                (Some(path), None) => escape(path),
                (Some(path), Some(note)) => format!("{}: {note}", escape(path)),
                (None, note) => cell(note),
            };
            vec![s.server.to_owned(), cell(&s.version), s.from.unwrap_or("-").to_owned(), place]
        })
        .collect();
    let tools: Vec<Vec<String>> = report
        .tools
        .iter()
        .map(|t| {
            let version = t.path.as_ref().map_or_else(
                || "missing".to_owned(),
                |path| t.version.as_deref().map_or_else(|| escape(path), escape),
            );
            vec![t.tool.to_owned(), version, t.needed_for.to_owned()]
        })
        .collect();
    let mut lines = vec![format!("quorate {}", report.quorate), String::new()];
    lines.extend(render::grid(&["SERVER", "VERSION", "FROM", "WHERE"], &servers, &["WHERE"], width));
    lines.push(String::new());
    lines.extend(render::grid(&["TOOL", "VERSION", "FOR"], &tools, &["VERSION", "FOR"], width));
    lines.push(String::new());
    let verdict = if report.state_dir.writable { "writable" } else { "not writable: no window between runs" };
    lines.push(format!("state       {} ({verdict})", cell(&report.state_dir.path)));
    let limit = report.open_files_limit.map_or_else(|| "unlimited".into(), |limit| limit.to_string());
    lines.push(format!("open files  {limit}"));
    lines.push(String::new());
    lines.join("\n")
}
