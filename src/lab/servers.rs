//! Finds server programs on this machine, in the order of `scripts/servers`: what the environment names, what is on
//! PATH, what was got before. Gets nothing itself.

use crate::transport::Deadline;
use rustix::fs::{Access, access};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A server and how to recognise it.
#[derive(Debug)]
pub struct Program {
    /// What `scripts/servers` calls it.
    pub server: &'static str,
    /// Environment variable that names it.
    pub variable: &'static str,
    /// In which form it is there.
    pub form: Form,
    /// Preferred among those that were got before.
    pub default_version: &'static str,
}

/// In which form a server is there.
#[derive(Debug)]
pub enum Form {
    /// A program, which tells its version itself.
    Executable {
        /// Its file name.
        program: &'static str,
        /// Argument that makes it print its version.
        version_argument: &'static str,
        /// What stands before the version in that output.
        version_prefix: &'static str,
    },
    /// A directory of jars, one of which has the version in its name.
    Jars {
        /// What stands before the version in that name.
        prefix: &'static str,
        /// Program of an unpacked release, whose jars are in `../lib`.
        script: &'static str,
    },
}

impl Form {
    /// What a variable must name, for people.
    pub fn wanted(&self) -> &'static str {
        match self {
            Form::Executable { .. } => "a program",
            Form::Jars { .. } => "a directory of jars",
        }
    }
}

/// Consul's server.
pub const CONSUL: Program = Program {
    server: "consul",
    variable: "QUORATE_CONSUL",
    form: Form::Executable { program: "consul", version_argument: "version", version_prefix: "Consul" },
    default_version: "1.14.11",
};

/// ZooKeeper's server.
pub const ZOOKEEPER: Program = Program {
    server: "zookeeper",
    variable: "QUORATE_ZOOKEEPER",
    form: Form::Jars { prefix: "zookeeper-", script: "zkServer.sh" },
    default_version: "3.9.5",
};

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

/// A server that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What `scripts/servers` calls it.
    pub server: &'static str,
    /// The program, or the directory of jars; absolute.
    pub path: PathBuf,
    /// Such as `3.6.16`.
    pub version: String,
    /// Where.
    pub origin: Origin,
}

/// What is at a place where a server should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The program, or the directory of jars; absolute.
    pub path: PathBuf,
    /// Where.
    pub origin: Origin,
    /// Its version, or why it is of no use.
    pub version: Result<String, Useless>,
}

/// Why what was found is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Useless {
    /// It is no program, or no directory of jars.
    Absent,
    /// It does not tell its version as the server does.
    Silent,
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

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Environment: the servers' own variables, PATH, and what says where the cache is.
    pub env: &'a BTreeMap<String, String>,
    /// What relative paths are relative to.
    pub cwd: &'a Path,
}

impl Search<'_> {
    /// The server to use: of exactly `version`, if one is asked for.
    pub fn find(&self, program: &'static Program, version: Option<&str>) -> Result<Found, ServerError> {
        let wanted = |found: &Found| version.is_none_or(|v| v.trim_start_matches('v') == found.version);
        if let Some(named) = self.named(program) {
            match found(program, named.clone()) {
                Some(found) if wanted(&found) => return Ok(found),
                Some(_) => {}
                None => {
                    let (variable, server) = (program.variable, program.server);
                    return Err(ServerError::Broken { variable, server, path: named.path });
                }
            }
        }
        if let Some(found) = self.on_path(program).and_then(|s| found(program, s)).filter(wanted) {
            return Ok(found);
        }
        let cached: Vec<Found> =
            self.cached(program).into_iter().filter_map(|sighting| found(program, sighting)).collect();
        let preferred = cached.iter().find(|f| version.is_none() && f.version == program.default_version);
        match preferred.or_else(|| cached.iter().find(|f| wanted(f))) {
            Some(found) => Ok(found.clone()),
            None => Err(ServerError::Missing {
                server: program.server,
                version: version.map(str::to_owned),
                looked: self.places(program),
                found: self.list(program).into_iter().filter_map(|s| s.version.ok()).collect(),
            }),
        }
    }

    /// Everything there is of one server, in the order of preference; a version may come twice.
    pub fn list(&self, program: &Program) -> Vec<Sighting> {
        self.named(program).into_iter().chain(self.on_path(program)).chain(self.cached(program)).collect()
    }

    /// The program of this name on PATH.
    pub fn executable(&self, name: &str) -> Option<PathBuf> {
        let dirs = self.set("PATH")?.split(':').filter(|dir| !dir.is_empty());
        dirs.map(|dir| self.cwd.join(dir).join(name)).find(|path| executable(path))
    }

    fn set(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn places(&self, program: &Program) -> String {
        let cache = self.cache().map(|dir| dir.join(program.server).display().to_string());
        let places = [Some(program.variable.to_owned()), Some("PATH".to_owned()), cache];
        places.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// A bare name of a program is looked up on PATH, as a shell does.
    fn named(&self, program: &Program) -> Option<Sighting> {
        let value = self.set(program.variable)?;
        let bare = matches!(program.form, Form::Executable { .. }) && !value.contains('/');
        let on_path = if bare { self.executable(value) } else { None };
        let path = on_path.unwrap_or_else(|| self.cwd.join(value));
        Some(Sighting { version: version_of(program, &path), path, origin: Origin::Environment })
    }

    fn on_path(&self, program: &Program) -> Option<Sighting> {
        let path = match program.form {
            Form::Executable { program, .. } => self.executable(program)?,
            Form::Jars { script, .. } => {
                let script = self.executable(script)?.canonicalize().ok()?;
                // A distribution's package keeps the jars elsewhere: then this is not ours to run.
                Some(script.parent()?.parent()?.join("lib")).filter(|lib| lib.is_dir())?
            }
        };
        Some(Sighting { version: version_of(program, &path), path, origin: Origin::Path })
    }

    fn cache(&self) -> Option<PathBuf> {
        let home = || self.set("HOME").map(|home| self.cwd.join(home).join(".cache"));
        let cache = || self.set("XDG_CACHE_HOME").map(|dir| self.cwd.join(dir)).or_else(home);
        let named = self.set("QUORATE_SERVERS").map(|dir| self.cwd.join(dir));
        named.or_else(|| cache().map(|dir| dir.join("quorate/servers")))
    }

    /// Newest first. The directory's name is the version: it was checked when it was put there.
    fn cached(&self, program: &Program) -> Vec<Sighting> {
        let entries = self.cache().and_then(|dir| std::fs::read_dir(dir.join(program.server)).ok());
        let mut versions: Vec<(Vec<u64>, Sighting)> = entries
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let version = entry.file_name().into_string().ok()?;
                let (path, usable) = match program.form {
                    Form::Executable { program, .. } => {
                        let path = entry.path().join(program);
                        (path.clone(), executable(&path))
                    }
                    Form::Jars { prefix, .. } => {
                        let path = entry.path().join("lib");
                        (path.clone(), path.join(format!("{prefix}{version}.jar")).is_file())
                    }
                };
                let numbers = version_numbers(&version);
                let sighting = Sighting { path, origin: Origin::Cache, version: Ok(version) };
                (usable && !numbers.is_empty()).then_some((numbers, sighting))
            })
            .collect();
        versions.sort_by(|(a, _), (b, _)| b.cmp(a));
        versions.into_iter().map(|(_, sighting)| sighting).collect()
    }
}

/// The numbers of a version: `3.6.0-rc.1` → 3, 6, 0. Compares as versions do.
pub fn version_numbers(version: &str) -> Vec<u64> {
    let core = version.trim_start_matches('v').split(['-', '+']).next().unwrap_or_default();
    core.split('.').map_while(|number| number.parse().ok()).collect()
}

fn found(program: &'static Program, sighting: Sighting) -> Option<Found> {
    let Sighting { path, origin, version } = sighting;
    version.ok().map(|version| Found { server: program.server, path, version, origin })
}

fn executable(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

fn version_of(program: &Program, path: &Path) -> Result<String, Useless> {
    match program.form {
        Form::Executable { .. } if !executable(path) => Err(Useless::Absent),
        Form::Jars { .. } if !path.is_dir() => Err(Useless::Absent),
        Form::Executable { version_argument, version_prefix, .. } => {
            let text = said(path, version_argument).ok_or(Useless::Silent)?;
            version_in(&text, version_prefix).ok_or(Useless::Silent)
        }
        Form::Jars { prefix, .. } => jar_version(path, prefix).ok_or(Useless::Silent),
    }
}

/// A program that is not what its name says must not hang us.
const VERSION_LIMIT: Duration = Duration::from_secs(10);

/// What a program prints when it is asked for its version.
fn said(program: &Path, argument: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
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
    Some(text)
}

/// `etcd Version: 3.6.16` → `3.6.16`, `Consul v1.14.11` → `1.14.11`.
fn version_in(text: &str, prefix: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(prefix))?;
    let version = line.split_whitespace().next()?.trim_start_matches('v');
    (!version_numbers(version).is_empty()).then(|| version.to_owned())
}

/// `zookeeper-3.9.5.jar` → `3.9.5`. `zookeeper-jute-3.9.5.jar` is another.
fn jar_version(dir: &Path, prefix: &str) -> Option<String> {
    let files = std::fs::read_dir(dir).ok()?.flatten();
    let mut versions = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let version = name.strip_prefix(prefix)?.strip_suffix(".jar")?;
        (!version_numbers(version).is_empty()).then(|| version.to_owned())
    });
    versions.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const PROGRAM: Program = Program {
        server: "fake",
        variable: "QUORATE_FAKE",
        form: Form::Executable {
            program: "fake",
            version_argument: "--version",
            version_prefix: "fake Version:",
        },
        default_version: "3.6.16",
    };

    fn put(dir: &Path, says: &str) -> PathBuf {
        std::fs::create_dir_all(dir).expect("directory");
        let path = dir.join("fake");
        std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).expect("script");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
        path
    }

    type Environment = BTreeMap<String, String>;

    fn search(env: &Environment) -> Search<'_> {
        Search { env, cwd: Path::new("/nowhere") }
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
        let version = |wanted, env: &Environment| search(env).find(&PROGRAM, wanted).map(|f| f.version).ok();
        assert_eq!(version(None, &all), Some("3.7.3".into()));
        assert_eq!(version(Some("3.5.0"), &all), Some("3.5.0".into()));
        assert_eq!(version(Some("3.4.23"), &all), Some("3.4.23".into()));
        assert_eq!(version(Some("9.9.9"), &all), None);
        let only_cache = environment(&[("QUORATE_SERVERS", &cache)]);
        assert_eq!(version(None, &only_cache), Some("3.6.16".into()), "the default before the newest");
        assert_eq!(search(&all).list(&PROGRAM).len(), 5);
        let missing = search(&all).find(&PROGRAM, Some("9.9.9")).expect_err("no such version");
        assert!(missing.hint().contains("scripts/servers fake@9.9.9"), "{}", missing.hint());
    }

    #[test]
    fn a_named_program_that_is_something_else_is_an_error() {
        let dir = tempfile::tempdir().expect("directory");
        let own = put(dir.path(), "hello");
        let env = environment(&[("QUORATE_FAKE", &own)]);
        assert!(matches!(search(&env).find(&PROGRAM, None), Err(ServerError::Broken { .. })));
    }

    #[test]
    fn a_named_program_may_be_relative_or_a_bare_name() {
        let dir = tempfile::tempdir().expect("directory");
        let path = put(&dir.path().join("bin"), "fake Version: 3.5.0");
        let find = |named: &str| {
            let env = environment(&[("QUORATE_FAKE", Path::new(named)), ("PATH", Path::new("bin"))]);
            Search { env: &env, cwd: dir.path() }.find(&PROGRAM, None).map(|found| found.path).ok()
        };
        assert_eq!([find("./bin/fake"), find("fake")], [Some(dir.path().join("./bin/fake")), Some(path)]);
        assert_eq!(find("absent"), None);
    }

    #[test]
    fn jars_tell_their_version_by_name() {
        let dir = tempfile::tempdir().expect("directory");
        let jars = |at: &str, names: &[&str]| {
            let dir = dir.path().join(at);
            std::fs::create_dir_all(&dir).expect("directory");
            names.iter().for_each(|name| std::fs::write(dir.join(name), "").expect("jar"));
            dir
        };
        let own = jars("own", &["zookeeper-jute-3.9.4.jar", "zookeeper-3.9.4.jar"]);
        jars("cache/zookeeper/3.9.5/lib", &["zookeeper-3.9.5.jar"]);
        jars("cache/zookeeper/3.9.6/lib", &["zookeeper-jute-3.9.6.jar"]);
        let env = environment(&[("QUORATE_ZOOKEEPER", &own), ("QUORATE_SERVERS", &dir.path().join("cache"))]);
        let seen: Vec<_> = search(&env).list(&ZOOKEEPER).into_iter().map(|s| s.version).collect();
        assert_eq!(seen, [Ok("3.9.4".to_owned()), Ok("3.9.5".to_owned())]);
        let empty = environment(&[("QUORATE_ZOOKEEPER", &dir.path().join("cache"))]);
        assert_eq!(search(&empty).list(&ZOOKEEPER)[0].version, Err(Useless::Silent));
    }

    #[test]
    fn versions_out_of_what_programs_say() {
        assert_eq!(
            version_in("etcd Version: 3.6.16\nGit SHA: x\n", "etcd Version:").as_deref(),
            Some("3.6.16")
        );
        assert_eq!(version_in("Consul v1.14.11\nRevision 1\n", "Consul").as_deref(), Some("1.14.11"));
        assert_eq!(version_in("no number", "no"), None);
    }
}
