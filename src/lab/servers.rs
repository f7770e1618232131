//! Finds server programs on this machine, in the order of `scripts/servers`: what the environment names, what is on
//! PATH, what was got before. Gets nothing itself.

use crate::transport::Deadline;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A server program and how to ask for its version.
#[derive(Debug)]
pub struct Program {
    /// What `scripts/servers` calls it.
    pub server: &'static str,
    /// File name of the program.
    pub program: &'static str,
    /// Environment variable that names it.
    pub variable: &'static str,
    /// Argument that makes it print its version.
    pub version_argument: &'static str,
    /// What stands before the version in that output.
    pub version_prefix: &'static str,
    /// Preferred among those that were got before.
    pub default_version: &'static str,
}

/// Where a program was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Named by an environment variable.
    Environment,
    /// On PATH.
    Path,
    /// Got before by `scripts/servers`.
    Cache,
}

impl Origin {
    /// One word for people, the same that `scripts/servers` prints.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Environment => "environment",
            Origin::Path => "PATH",
            Origin::Cache => "cached",
        }
    }
}

/// A program that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What `scripts/servers` calls it.
    pub server: &'static str,
    /// The program.
    pub path: PathBuf,
    /// Such as `3.6.16`.
    pub version: String,
    /// Where.
    pub origin: Origin,
}

/// Why there is no program.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Nothing found.
    #[error("{server}{} was not found: looked in {looked}", version.as_ref().map(|v| format!(" {v}")).unwrap_or_default())]
    Missing {
        /// What `scripts/servers` calls it.
        server: &'static str,
        /// The version asked for.
        version: Option<String>,
        /// Where it was looked for.
        looked: String,
        /// Versions that were found.
        found: Vec<String>,
    },
    /// The environment names something of no use.
    #[error("{variable} names {}, which does not tell its version as {server} does", path.display())]
    Broken {
        /// The variable.
        variable: &'static str,
        /// What `scripts/servers` calls it.
        server: &'static str,
        /// What it names.
        path: PathBuf,
    },
}

impl ServerError {
    /// What to type to get the server.
    pub fn hint(&self) -> String {
        match self {
            ServerError::Missing { server, version, found, .. } => {
                let wanted =
                    version.as_ref().map_or_else(|| (*server).to_owned(), |v| format!("{server}@{v}"));
                let others =
                    if found.is_empty() { String::new() } else { format!("; found: {}", found.join(", ")) };
                format!("run `scripts/servers {wanted}` in quorate's source directory{others}")
            }
            ServerError::Broken { variable, server, .. } => {
                format!(
                    "let {variable} name the program {server}, or unset it and run `scripts/servers {server}`"
                )
            }
        }
    }
}

type Environment = BTreeMap<String, String>;

/// The program to use: of exactly `version`, if one is asked for.
pub fn find(
    program: &'static Program,
    version: Option<&str>,
    env: &Environment,
) -> Result<Found, ServerError> {
    let wanted = |found: &Found| version.is_none_or(|v| v.trim_start_matches('v') == found.version);
    if let Some(path) = named(program, env) {
        match found(program, path.clone(), Origin::Environment) {
            Some(found) if wanted(&found) => return Ok(found),
            Some(_) => {}
            None => {
                return Err(ServerError::Broken { variable: program.variable, server: program.server, path });
            }
        }
    }
    if let Some(found) = on_path(program, env).filter(wanted) {
        return Ok(found);
    }
    let cached = cached(program, env);
    let preferred = cached.iter().find(|f| version.is_none() && f.version == program.default_version);
    match preferred.or_else(|| cached.iter().find(|f| wanted(f))) {
        Some(found) => Ok(found.clone()),
        None => Err(ServerError::Missing {
            server: program.server,
            version: version.map(str::to_owned),
            looked: looked(program, env),
            found: list(program, env).into_iter().map(|f| f.version).collect(),
        }),
    }
}

/// Everything found of one program, in the order of preference; a version may come twice.
pub fn list(program: &'static Program, env: &Environment) -> Vec<Found> {
    let named = named(program, env).and_then(|path| found(program, path, Origin::Environment));
    named.into_iter().chain(on_path(program, env)).chain(cached(program, env)).collect()
}

/// The numbers of a version: `3.6.0-rc.1` → 3, 6, 0. Compares as versions do.
pub fn version_numbers(version: &str) -> Vec<u64> {
    let core = version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    core.split('.').map_while(|number| number.parse().ok()).collect()
}

fn looked(program: &Program, env: &Environment) -> String {
    let cache = cache(env).map(|dir| dir.join(program.server).display().to_string());
    let places = [Some(program.variable.to_owned()), Some("PATH".to_owned()), cache];
    places.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn set<'a>(env: &'a Environment, name: &str) -> Option<&'a str> {
    env.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn named(program: &Program, env: &Environment) -> Option<PathBuf> {
    set(env, program.variable).map(PathBuf::from)
}

fn on_path(program: &'static Program, env: &Environment) -> Option<Found> {
    let dirs = set(env, "PATH")?.split(':').filter(|dir| dir.starts_with('/'));
    let path = dirs.map(|dir| Path::new(dir).join(program.program)).find(|path| path.is_file())?;
    found(program, path, Origin::Path)
}

fn cache(env: &Environment) -> Option<PathBuf> {
    let home = || set(env, "HOME").map(|home| PathBuf::from(home).join(".cache"));
    let own =
        || set(env, "XDG_CACHE_HOME").map(PathBuf::from).or_else(home).map(|d| d.join("quorate/servers"));
    set(env, "QUORATE_SERVERS").map(PathBuf::from).or_else(own)
}

/// Newest first. The directory's name is the version: it was checked when it was put there.
fn cached(program: &'static Program, env: &Environment) -> Vec<Found> {
    let entries = cache(env).and_then(|dir| std::fs::read_dir(dir.join(program.server)).ok());
    let mut versions: Vec<Found> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let path = entry.path().join(program.program);
            let version = entry.file_name().into_string().ok()?;
            let usable = path.is_file() && !version_numbers(&version).is_empty();
            usable.then_some(Found { server: program.server, path, version, origin: Origin::Cache })
        })
        .collect();
    versions.sort_by_key(|found| std::cmp::Reverse(version_numbers(&found.version)));
    versions
}

fn found(program: &'static Program, path: PathBuf, origin: Origin) -> Option<Found> {
    let version = version_of(program, &path)?;
    Some(Found { server: program.server, path, version, origin })
}

/// A program that is not what its name says must not hang us.
const VERSION_LIMIT: Duration = Duration::from_secs(10);

fn version_of(program: &Program, path: &Path) -> Option<String> {
    let mut command = Command::new(path);
    command.arg(program.version_argument).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let deadline = Deadline::after(VERSION_LIMIT);
    while child.try_wait().ok()?.is_none() {
        if deadline.left().is_zero() {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut text = String::new();
    // A version is a few lines; more than a pipe holds would have hung above and is none.
    child.stdout.take()?.take(65_536).read_to_string(&mut text).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(program.version_prefix))?;
    let version = line.split_whitespace().next()?.trim_start_matches('v');
    (!version_numbers(version).is_empty()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const PROGRAM: Program = Program {
        server: "fake",
        program: "fake",
        variable: "QUORATE_FAKE",
        version_argument: "--version",
        version_prefix: "fake Version:",
        default_version: "3.6.16",
    };

    fn put(dir: &Path, says: &str) -> PathBuf {
        std::fs::create_dir_all(dir).expect("directory");
        let path = dir.join("fake");
        std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).expect("script");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
        path
    }

    fn environment(pairs: &[(&str, &Path)]) -> Environment {
        pairs.iter().map(|(name, path)| ((*name).to_owned(), path.display().to_string())).collect()
    }

    #[test]
    fn looks_in_the_environment_then_on_path_then_in_the_cache() {
        let dir = tempfile::tempdir().expect("directory");
        let cache = dir.path().join("cache");
        for version in ["3.4.23", "3.6.16", "3.10.1"] {
            put(&cache.join("fake").join(version), "");
        }
        let bin = put(&dir.path().join("bin"), "fake Version: 3.5.0");
        let own = put(&dir.path().join("own"), "fake Version: 3.7.3");
        let all = environment(&[
            ("QUORATE_SERVERS", &cache),
            ("PATH", bin.parent().expect("parent")),
            ("QUORATE_FAKE", &own),
        ]);
        let version = |wanted, env: &Environment| find(&PROGRAM, wanted, env).map(|f| f.version).ok();
        assert_eq!(version(None, &all), Some("3.7.3".into()));
        assert_eq!(version(Some("3.5.0"), &all), Some("3.5.0".into()));
        assert_eq!(version(Some("3.4.23"), &all), Some("3.4.23".into()));
        assert_eq!(version(Some("9.9.9"), &all), None);
        let only_cache = environment(&[("QUORATE_SERVERS", &cache)]);
        assert_eq!(version(None, &only_cache), Some("3.6.16".into()), "the default before the newest");
        assert_eq!(list(&PROGRAM, &all).len(), 5);
        let missing = find(&PROGRAM, Some("9.9.9"), &all).expect_err("no such version");
        assert!(missing.hint().contains("scripts/servers fake@9.9.9"), "{}", missing.hint());
    }

    #[test]
    fn a_named_program_that_is_something_else_is_an_error() {
        let dir = tempfile::tempdir().expect("directory");
        let own = put(dir.path(), "hello");
        let env = environment(&[("QUORATE_FAKE", &own)]);
        assert!(matches!(find(&PROGRAM, None, &env), Err(ServerError::Broken { .. })));
    }
}
