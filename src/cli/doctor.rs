//! `quorate doctor`: what this machine has. It only looks; what is missing is named with the way to get it.

use super::failure::Failure;
use super::{Global, Shape, World, block_on};
use crate::render::{self, escape};
use clap::Args;
use futures_util::future::join_all;
use rustix::fs::{Access, access};
use rustix::process::{Resource, getrlimit};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};
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

/// A server as it is looked for.
struct Wanted {
    server: &'static str,
    variable: &'static str,
    program: &'static str,
    version: &'static str,
}

const WANTED: &[Wanted] = &[
    Wanted { server: "etcd", variable: "QUORATE_ETCD", program: "etcd", version: "--version" },
    Wanted { server: "zookeeper", variable: "QUORATE_ZOOKEEPER", program: "zkServer.sh", version: "version" },
    Wanted { server: "consul", variable: "QUORATE_CONSUL", program: "consul", version: "version" },
];

/// Every server that can be found: by environment, on PATH, and installed by `scripts/servers`.
async fn servers(world: &World) -> Vec<Found> {
    join_all(WANTED.iter().map(|wanted| find_server(wanted, world))).await.into_iter().flatten().collect()
}

async fn find_server(wanted: &Wanted, world: &World) -> Vec<Found> {
    let mut found = Vec::new();
    if let Some(named) = world.var(wanted.variable) {
        found.push(named_server(wanted, &world.cwd.join(named)).await);
    }
    if let Some(path) = on_path(wanted.program, world) {
        let version = version(&path, &[wanted.version]).await.and_then(|line| number(&line));
        found.push(at(wanted, "PATH", &path, version));
    }
    found.extend(installed(wanted, world));
    if found.is_empty() {
        let note =
            format!("not found: get it with `scripts/servers {}`, or set {}", wanted.server, wanted.variable);
        found.push(Found { server: wanted.server, version: None, from: None, path: None, note: Some(note) });
    }
    found
}

fn at(wanted: &Wanted, from: &'static str, path: &Path, version: Option<String>) -> Found {
    let note = version.is_none().then(|| "it does not say its version".to_owned());
    Found { server: wanted.server, version, from: Some(from), path: Some(path.display().to_string()), note }
}

/// What the environment names: a program, for ZooKeeper a directory of jars.
async fn named_server(wanted: &Wanted, path: &Path) -> Found {
    let usable = if wanted.server == "zookeeper" { path.is_dir() } else { executable(path) };
    if !usable {
        let kind = if wanted.server == "zookeeper" { "a directory of jars" } else { "a program" };
        let note = format!("{} does not name {kind}", wanted.variable);
        let path = Some(path.display().to_string());
        return Found {
            server: wanted.server,
            version: None,
            from: Some(wanted.variable),
            path,
            note: Some(note),
        };
    }
    let version = if wanted.server == "zookeeper" {
        jar_version(path)
    } else {
        version(path, &[wanted.version]).await.and_then(|line| number(&line))
    };
    at(wanted, wanted.variable, path, version)
}

/// Newest first.
fn installed(wanted: &Wanted, world: &World) -> Vec<Found> {
    let Some(root) = servers_dir(world) else { return Vec::new() };
    let entries = std::fs::read_dir(root.join(wanted.server)).into_iter().flatten().flatten();
    let mut versions: Vec<(Vec<u64>, String, PathBuf)> = entries
        .filter_map(|entry| {
            let version = entry.file_name().into_string().ok()?;
            let usable = if wanted.server == "zookeeper" {
                jar_version(&entry.path().join("lib")).is_some()
            } else {
                executable(&entry.path().join(wanted.program))
            };
            let parts = version.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
            usable.then(|| (parts, version, entry.path()))
        })
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, version, path)| at(wanted, "installed", &path, Some(version))).collect()
}

fn servers_dir(world: &World) -> Option<PathBuf> {
    let home = || world.var("HOME").map(|home| Path::new(home).join(".cache"));
    let cache = || world.var("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    let named = world.var("QUORATE_SERVERS").map(|dir| world.cwd.join(dir));
    named.or_else(|| cache().map(|dir| dir.join("quorate/servers")))
}

/// `zookeeper-3.9.5.jar` → `3.9.5`.
fn jar_version(dir: &Path) -> Option<String> {
    let jars =
        std::fs::read_dir(dir).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    jars.filter_map(|name| Some(name.strip_prefix("zookeeper-")?.strip_suffix(".jar")?.to_owned()))
        .find(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// Program, what it is for, and how it is asked for its version.
const TOOLS: &[(&str, &str, &[&str])] = &[
    ("protoc", "building quorate", &["--version"]),
    ("fio", "a second opinion on `probe disk`", &["--version"]),
    ("ssh", "hosts of members that are not this machine", &["-V"]),
    ("strace", "tests that kill quorate between two system calls", &["--version"]),
    ("shellcheck", "tests of generated scripts", &["--version"]),
    ("ip", "labs whose network can be cut (`lab up --isolated`)", &["-V"]),
];

async fn tool((program, needed_for, ask): &(&'static str, &'static str, &[&str]), world: &World) -> Tool {
    let path = on_path(program, world);
    let version = match &path {
        Some(path) => version(path, ask).await,
        None => None,
    };
    Tool { tool: program, needed_for, path: path.map(|p| p.display().to_string()), version }
}

fn on_path(program: &str, world: &World) -> Option<PathBuf> {
    let directories = world.var("PATH")?.split(':').filter(|dir| !dir.is_empty());
    directories.map(|dir| world.cwd.join(dir).join(program)).find(|path| executable(path))
}

fn executable(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
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

/// `etcd Version: 3.6.16` → `3.6.16`.
fn number(line: &str) -> Option<String> {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || ".-+".contains(c)));
    let bare = words.map(|word| word.trim_start_matches('v'));
    bare.filter(|word| word.contains('.'))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(Into::into)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_out_of_what_programs_say() {
        assert_eq!(number("etcd Version: 3.6.16").as_deref(), Some("3.6.16"));
        assert_eq!(number("Consul v1.14.11").as_deref(), Some("1.14.11"));
        assert_eq!(number("Apache ZooKeeper, version 3.9.5 2025").as_deref(), Some("3.9.5"));
        assert_eq!(number("no number"), None);
    }
}
