//! Where drills are kept: a directory for each, sealed into a chain when it came to its end. Nothing is ever
//! overwritten or removed.

use super::DrillError;
use super::chain::{self, Break, Link, Sealed};
use super::report::DrillReport;
use crate::lab::state::Lab;
use crate::private;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What is kept of one drill.
pub const RECORD: &str = "record.json";
const CHAIN: &str = "chain.jsonl";
/// How long the chain was when it was last sealed. It shows that its end is missing: a restored backup, a line and its
/// directory removed. Whoever does that on purpose can change this file too: against that `drill list` prints the head.
const HEAD: &str = "head.json";

/// A report with what seals it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The report.
    #[serde(flatten)]
    pub report: DrillReport,
    /// SHA-256 of the chain's last line when this was sealed: what this drill followed.
    pub follows: String,
    /// Every other file of its evidence.
    pub files: Vec<Sealed>,
}

/// The directory of all drills.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: PathBuf,
}

/// The directory of one drill that is not sealed yet.
#[derive(Debug)]
pub struct Evidence {
    shelf: Shelf,
    dir: PathBuf,
}

/// What is on a shelf.
#[derive(Debug, Default)]
pub struct Shelved {
    /// Sealed drills, oldest first.
    pub records: Vec<Record>,
    /// Names of directories of drills that never came to their end.
    pub unfinished: Vec<String>,
    /// What is not as it was left.
    pub breaks: Vec<Break>,
    /// SHA-256 of the chain's last line: whoever keeps it elsewhere can tell a chain that was made anew.
    pub head: Option<String>,
}

impl Shelf {
    /// In this directory, which need not be there.
    pub fn new(dir: PathBuf) -> Shelf {
        Shelf { dir }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory of one drill.
    pub fn dir_of(&self, id: &str) -> PathBuf {
        self.dir.join(id)
    }

    fn wrong<'a>(&'a self, path: &'a Path) -> impl FnOnce(io::Error) -> DrillError + 'a {
        move |error| DrillError::Evidence { path: path.to_owned(), error }
    }

    /// Begins the evidence of a drill.
    pub fn begin(&self, id: &str) -> Result<Evidence, DrillError> {
        let dir = self.dir_of(id);
        private::make_dir(&self.dir).map_err(self.wrong(&self.dir))?;
        // Not recursive: a directory of this name is another drill's.
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&dir).map_err(self.wrong(&dir))?;
        Ok(Evidence { shelf: self.clone(), dir })
    }

    /// Reads the shelf. `deep`: every file of every record, not only the records.
    pub fn read(&self, deep: bool) -> Result<Shelved, DrillError> {
        let names = match std::fs::read_dir(&self.dir) {
            Ok(entries) => names(entries),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Shelved::default()),
            Err(error) => return Err(self.wrong(&self.dir)(error)),
        };
        let path = self.dir.join(CHAIN);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(self.wrong(&path)(error)),
        };
        let (links, head, mut breaks) = chain::read(&text);
        breaks.extend(self.cut_short(&text)?);
        let mut shelved = Shelved { breaks, head: (!links.is_empty()).then_some(head), ..Shelved::default() };
        for link in &links {
            match self.record(link, deep, &mut shelved.breaks) {
                Ok(record) => shelved.records.push(record),
                Err(broken) => shelved.breaks.push(broken),
            }
        }
        for name in names.into_iter().filter(|name| links.iter().all(|link| link.id != *name)) {
            if self.dir.join(&name).join(RECORD).exists() {
                shelved.breaks.push(Break::of(&name, "its record is not in the chain"));
            } else {
                shelved.unfinished.push(name);
            }
        }
        Ok(shelved)
    }

    /// Whether the chain was longer once, or another.
    fn cut_short(&self, chain: &str) -> Result<Option<Break>, DrillError> {
        let path = self.dir.join(HEAD);
        let head: Head = match std::fs::read(&path) {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(head) => head,
                Err(_) => return Ok(Some(Break { drill: None, what: format!("{HEAD} cannot be read") })),
            },
            // A shelf from before there was one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.wrong(&path)(error)),
        };
        let lines = chain.lines().count();
        let is = head.drills.checked_sub(1).and_then(|at| chain.lines().nth(at));
        let what = match is {
            Some(line) if chain::digest(line.as_bytes()) == head.line => return Ok(None),
            Some(_) => format!("line {} of the chain is not the one that was sealed last", head.drills),
            None => format!("the chain has {lines} lines, and had {}: its end is missing", head.drills),
        };
        Ok(Some(Break { drill: None, what }))
    }

    fn record(&self, link: &Link, deep: bool, breaks: &mut Vec<Break>) -> Result<Record, Break> {
        let broken = |what: String| Break::of(&link.id, what);
        let dir = self.dir.join(&link.id);
        let bytes = std::fs::read(dir.join(RECORD)).map_err(|e| broken(format!("its record: {e}")))?;
        if chain::digest(&bytes) != link.record {
            return Err(broken("its record is not the one that was sealed".into()));
        }
        let record: Record =
            serde_json::from_slice(&bytes).map_err(|e| broken(format!("its record cannot be read: {e}")))?;
        if record.follows != link.prev || record.report.id != link.id {
            breaks.push(broken("its record was sealed elsewhere in the chain".into()));
        }
        for file in record.files.iter().filter(|_| deep) {
            match std::fs::read(dir.join(&file.path)) {
                Ok(bytes) if chain::digest(&bytes) == file.sha256 => {}
                Ok(_) => breaks.push(broken(format!("{} is not the file that was sealed", file.path))),
                Err(error) => breaks.push(broken(format!("{}: {error}", file.path))),
            }
        }
        Ok(record)
    }
}

/// The chain when it was last sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// Lines.
    drills: usize,
    /// SHA-256 of the last one.
    line: String,
}

/// Names of the directories of drills.
fn names(entries: std::fs::ReadDir) -> Vec<String> {
    let dirs = entries.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = dirs
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.starts_with("drill-"))
        .collect();
    names.sort();
    names
}

impl Evidence {
    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// For a drill that never began: an empty directory is evidence of nothing.
    pub fn discard_if_empty(self) {
        // Fails while something is in it, as it should.
        let _ = std::fs::remove_dir(&self.dir);
    }

    /// Keeps a file; its name has no directory in it.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), DrillError> {
        let path = self.dir.join(name);
        private::write(&path, bytes).map_err(self.shelf.wrong(&path))
    }

    /// Copies what the servers of a lab printed.
    pub fn logs(&self, lab: &Lab) -> Result<(), DrillError> {
        let dir = self.dir.join("logs");
        private::make_dir(&dir).map_err(self.shelf.wrong(&dir))?;
        for member in &lab.members {
            let to = dir.join(format!("{}.log", member.name));
            let bytes = std::fs::read(&member.log).map_err(self.shelf.wrong(&member.log))?;
            private::write(&to, &bytes).map_err(self.shelf.wrong(&to))?;
        }
        Ok(())
    }

    /// Seals what is there, with the report, and adds it to the chain. Of two drills that end at once one waits.
    pub fn seal(&self, report: &DrillReport, now: Timestamp) -> Result<Record, DrillError> {
        let path = self.shelf.dir.join(CHAIN);
        let sealed = || {
            let mut options = OpenOptions::new();
            let mut file = options.create(true).read(true).append(true).mode(0o600).open(&path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            let text = std::fs::read_to_string(&path)?;
            let (_, prev, _) = chain::read(&text);
            let cut_short =
                self.shelf.cut_short(&text).map_err(|error| io::Error::other(error.to_string()))?;
            let files = self.files()?;
            let record = Record { report: report.clone(), follows: prev.clone(), files };
            let mut bytes = serde_json::to_vec_pretty(&record)?;
            bytes.push(b'\n');
            write_synced(&self.dir.join(RECORD), &bytes)?;
            let link = chain::next(text.lines().count(), prev, &report.id, &bytes, now);
            // A torn last line stays a break; it must not swallow this one.
            let mut line = if text.is_empty() || text.ends_with('\n') { Vec::new() } else { vec![b'\n'] };
            serde_json::to_writer(&mut line, &link)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_all()?;
            let line = serde_json::to_vec(&link)?;
            let head = Head { drills: link.seq as usize, line: chain::digest(&line) };
            // Ended before this, the file tells of a chain that has grown since. What is missing stays told.
            if cut_short.is_none() {
                let new = self.dir.join(HEAD);
                write_synced(&new, &serde_json::to_vec(&head)?)?;
                std::fs::rename(&new, self.shelf.dir.join(HEAD))?;
            }
            for dir in [&self.dir, &self.shelf.dir] {
                File::open(dir)?.sync_all()?;
            }
            Ok(record)
        };
        sealed().map_err(self.shelf.wrong(&self.dir))
    }

    fn files(&self) -> io::Result<Vec<Sealed>> {
        let mut files = Vec::new();
        let mut dirs = vec![self.dir.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir)? {
                let (entry, kind) = entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind)))?;
                if kind.is_dir() {
                    dirs.push(entry.path());
                } else if kind.is_file() {
                    let bytes = std::fs::read(entry.path())?;
                    let path = entry.path();
                    let path = path.strip_prefix(&self.dir).unwrap_or(&path).display().to_string();
                    let sha256 = chain::digest(&bytes);
                    files.push(Sealed { path, bytes: bytes.len() as u64, sha256 });
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::report::{Machine, SCHEMA, Times, Traffic, Verdict};

    fn report(id: &str) -> DrillReport {
        DrillReport {
            schema: SCHEMA.into(),
            id: id.into(),
            scenario: "stuck-quorum".into(),
            backend: "etcd".into(),
            server_version: "3.6.16".into(),
            quorate: "0".into(),
            nodes: 3,
            tls: false,
            verdict: Verdict::Pass,
            began_at: "2026-11-24T12:00:00Z".into(),
            duration_ms: 1,
            times: Times::default(),
            writes: None,
            expectations: Vec::new(),
            phases: Vec::new(),
            moments: Vec::new(),
            measures: Vec::new(),
            traffic: Traffic::default(),
            recoveries: Vec::new(),
            machine: Machine::default(),
        }
    }

    /// A shelf with three drills; the temporary directory must outlive it.
    fn shelf() -> (tempfile::TempDir, Shelf) {
        let home = tempfile::tempdir().expect("a directory");
        let shelf = Shelf::new(home.path().join("drills"));
        for id in ["drill-1", "drill-2", "drill-3"] {
            let evidence = shelf.begin(id).expect("begins");
            evidence.write("report.md", id.as_bytes()).expect("written");
            evidence.seal(&report(id), Timestamp::UNIX_EPOCH).expect("sealed");
        }
        (home, shelf)
    }

    fn broken(shelf: &Shelf) -> Vec<Option<String>> {
        let shelved = shelf.read(true).expect("reads");
        shelved.breaks.into_iter().map(|broken| broken.drill).collect()
    }

    #[test]
    fn what_was_left_alone_is_whole_and_what_never_ended_is_told() {
        let (_home, shelf) = shelf();
        shelf.begin("drill-4").expect("begins");
        let shelved = shelf.read(true).expect("reads");
        assert_eq!((shelved.records.len(), shelved.breaks), (3, Vec::new()));
        assert_eq!(shelved.unfinished, ["drill-4"]);
        assert!(shelf.begin("drill-4").is_err(), "nothing is overwritten");
    }

    #[test]
    fn whatever_is_tampered_with_is_noticed_and_named() {
        let one = |id: &str| vec![Some(id.to_owned())];
        let (_home, shelf_1) = shelf();
        std::fs::write(shelf_1.dir_of("drill-2").join("report.md"), "better").expect("written");
        assert_eq!(broken(&shelf_1), one("drill-2"));
        assert!(shelf_1.read(false).expect("reads").breaks.is_empty(), "files are looked at only when asked");
        let (_home, shelf_2) = shelf();
        let record = shelf_2.dir_of("drill-3").join(RECORD);
        let text = std::fs::read_to_string(&record).expect("readable").replace("pass", "fail");
        std::fs::write(&record, text).expect("written");
        assert_eq!(broken(&shelf_2), one("drill-3"));
        let (_home, shelf_3) = shelf();
        std::fs::remove_dir_all(shelf_3.dir_of("drill-1")).expect("removed");
        assert_eq!(broken(&shelf_3), one("drill-1"));
        let (_home, shelf_5) = shelf();
        let chain = std::fs::read_to_string(shelf_5.dir().join(CHAIN)).expect("readable");
        let all: Vec<&str> = chain.lines().collect();
        std::fs::write(shelf_5.dir().join(CHAIN), format!("{}\n{}\n", all[0], all[1])).expect("written");
        std::fs::remove_dir_all(shelf_5.dir_of("drill-3")).expect("removed");
        assert_eq!(broken(&shelf_5), [None], "the last one with its line");
        let evidence = shelf_5.begin("drill-4").expect("begins");
        evidence.seal(&report("drill-4"), Timestamp::UNIX_EPOCH).expect("sealed");
        assert_eq!(broken(&shelf_5), [None], "the next one does not hide it");
        let (_home, shelf_4) = shelf();
        std::fs::remove_file(shelf_4.dir().join(CHAIN)).expect("removed");
        assert_eq!(broken(&shelf_4).len(), 4, "records without a chain, and a chain that is gone");
    }
}
