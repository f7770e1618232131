//! Which labs there are. A registry entry is made before anything else of a lab and removed after everything else,
//! so that nothing a lab leaves can go unnoticed.

use super::servers::Search;
use super::{LabError, at};
use crate::private;
use crate::transport::Deadline;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// File that says a directory is a lab's: a copy of its entry. Also what commands lock.
pub(super) const MARKER: &str = ".quorate-lab";

/// An entry while it is written; the writer's pid follows.
const DRAFT: &str = ".claim-";

/// How long a command waits for another that works on the same lab.
const BUSY_LIMIT: Duration = Duration::from_secs(20);

/// Where labs are kept and in which surroundings their servers run.
#[derive(Debug)]
pub struct Home<'a> {
    /// State directory of quorate.
    pub state_dir: PathBuf,
    /// Environment: PATH and HOME are passed on to servers.
    pub env: &'a BTreeMap<String, String>,
    /// Current directory.
    pub cwd: &'a Path,
}

/// A registered lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Entry {
    /// The lab's name.
    pub name: String,
    /// Its directory, absolute.
    pub dir: PathBuf,
    /// Whether the lab made the directory and so removes it.
    pub made_dir: bool,
}

/// The right to change a lab, until dropped.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used: closing the file unlocks")] File);

impl Home<'_> {
    /// Where servers are looked for.
    pub(super) fn servers(&self) -> Search<'_> {
        Search { env: self.env, cwd: self.cwd }
    }

    fn labs(&self) -> PathBuf {
        self.state_dir.join("labs")
    }

    fn entry_path(&self, name: &str) -> PathBuf {
        self.labs().join(format!("{name}.json"))
    }

    /// Where a lab is kept unless the user says otherwise.
    pub(super) fn default_dir(&self, name: &str) -> PathBuf {
        self.labs().join(name)
    }

    /// Every lab, by name.
    pub fn entries(&self) -> Result<Vec<Entry>, LabError> {
        let labs = self.labs();
        let files = match std::fs::read_dir(&labs) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(at("cannot read", &labs)(error)),
        };
        let mut entries: Vec<Entry> = files
            .flatten()
            .map(|file| file.path())
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .filter_map(|path| serde_json::from_slice(&std::fs::read(path).ok()?).ok())
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// The lab of this name; without one the only lab there is.
    pub fn entry(&self, name: Option<&str>) -> Result<Entry, LabError> {
        let entries = self.entries()?;
        let known = || entries.iter().map(|e| e.name.clone()).collect();
        match (name, entries.as_slice()) {
            (Some(name), _) => entries
                .iter()
                .find(|e| e.name == name)
                .cloned()
                .ok_or_else(|| LabError::NoSuchLab { name: name.to_owned(), known: known() }),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(LabError::WhichLab { known: known() }),
        }
    }

    /// The lab in this directory, whatever registry knows it.
    pub fn entry_in(&self, dir: &Path) -> Result<Entry, LabError> {
        if let Some(entry) = self.entries()?.into_iter().find(|e| e.dir == dir) {
            return Ok(entry);
        }
        let marked = std::fs::read(dir.join(MARKER)).ok();
        match marked.and_then(|bytes| serde_json::from_slice::<Entry>(&bytes).ok()) {
            Some(entry) => Ok(Entry { dir: dir.to_owned(), ..entry }),
            None => Err(LabError::NotALab(dir.to_owned())),
        }
    }

    /// Takes a name. Of two at once one wins.
    pub(super) fn claim(&self, entry: &Entry) -> Result<(), LabError> {
        let (labs, path) = (self.labs(), self.entry_path(&entry.name));
        let draft = labs.join(format!("{DRAFT}{}", std::process::id()));
        let write = || {
            private::make_dir(&labs)?;
            private::write(&draft, &serde_json::to_vec_pretty(entry)?)?;
            // Unlike a rename, a link never replaces; unlike a new file, it is never seen half-written.
            let linked = std::fs::hard_link(&draft, &path);
            std::fs::remove_file(&draft)?;
            linked
        };
        // Whoever releases the last lab meanwhile takes the directory away under us.
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        match write().or_else(|error| if gone(&error) { write() } else { Err(error) }) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let dir = self.entry(Some(&entry.name)).map_or_else(|_| labs.clone(), |taken| taken.dir);
                Err(LabError::Exists { name: entry.name.clone(), dir })
            }
            other => other.map_err(at("cannot write", &path)),
        }
    }

    /// Gives a name back.
    pub(super) fn release(&self, name: &str) -> Result<(), LabError> {
        let path = self.entry_path(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at("cannot remove", &path)(error));
            }
            _ => {}
        }
        self.tidy();
        Ok(())
    }

    /// Removes drafts whose writer was killed, and the directory of labs once it is empty.
    pub fn tidy(&self) {
        let files = std::fs::read_dir(self.labs()).into_iter().flatten().flatten();
        for file in files {
            let name = file.file_name();
            let writer = name.to_str().and_then(|name| name.strip_prefix(DRAFT));
            if writer.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                let _ = std::fs::remove_file(file.path());
            }
        }
        // Fails while labs are there, as it should.
        let _ = std::fs::remove_dir(self.labs());
    }
}

/// Whether a directory is there and holds something.
pub(super) fn holds_files(dir: &Path) -> bool {
    std::fs::read_dir(dir).is_ok_and(|mut files| files.next().is_some())
}

/// A name that is safe as a file name, a config key and a part of an interface's name.
pub(super) fn check_name(name: &str) -> Result<(), LabError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    // `lab kill n1 n2` must not be read as member n2 of lab n1.
    let member = name.strip_prefix('n').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
    if first && !member && name.len() <= 30 && name.chars().all(fits) {
        Ok(())
    } else {
        Err(LabError::Name(name.to_owned()))
    }
}

/// Makes a directory a lab's, and locks it. It must be absent or empty; whether it was absent is the answer.
pub(super) fn mark(entry: &mut Entry) -> Result<Lock, LabError> {
    let dir = &entry.dir;
    match std::fs::read_dir(dir) {
        Ok(mut files) => {
            if files.next().is_some() {
                return Err(LabError::NotEmpty(dir.clone()));
            }
            entry.made_dir = false;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            private::make_dir(dir).map_err(at("cannot make", dir))?;
            entry.made_dir = true;
        }
        Err(error) => return Err(at("cannot read", dir)(error)),
    }
    let path = dir.join(MARKER);
    File::create_new(&path)
        .and_then(|mut file| file.write_all(&serde_json::to_vec_pretty(entry)?))
        .map_err(at("cannot write", &path))?;
    lock(&entry.name, dir)
}

/// Waits for the right to change a lab.
pub(super) fn lock(name: &str, dir: &Path) -> Result<Lock, LabError> {
    let path = dir.join(MARKER);
    let file = File::open(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LabError::NotALab(dir.to_owned()),
        _ => at("cannot open", &path)(error),
    })?;
    let deadline = Deadline::after(BUSY_LIMIT);
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Lock(file)),
            Err(rustix::io::Errno::WOULDBLOCK) if !deadline.left().is_zero() => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(LabError::Busy(name.to_owned())),
            Err(error) => return Err(at("cannot lock", &path)(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_everywhere() {
        for good in ["etcd", "etcd-2", "3nodes"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "-x", "Etcd", "a/b", "..", "a.b", "a b", "n1", "n", &"x".repeat(31)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
