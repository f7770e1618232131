//! The files of a copy.

use super::facts::{CopyFacts, CopyKind};
use super::recognise::Kind;
use crate::files::FileSource;
use crate::format::etcd::{snap_name, wal};
use std::io;
use std::path::{Path, PathBuf};

/// Where the parts of a copy are. Parts that it does not have are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// The database file.
    pub(super) database: Option<PathBuf>,
    /// The folder of `.snap` files.
    pub(super) snap: Option<PathBuf>,
    /// The folder of log files.
    pub(super) wal: Option<PathBuf>,
}

impl Parts {
    /// Finds them, and notes in `facts` what the copy is and where links lead.
    pub(super) fn find(kind: &Kind, wal_dir: Option<&Path>, facts: &mut CopyFacts) -> Parts {
        let mut parts = Parts::default();
        match kind {
            Kind::DataDirectory(member) => {
                facts.kind = CopyKind::DataDirectory;
                parts.snap = Some(member.join("snap"));
                parts.database = Some(member.join("snap/db"));
                let inside = member.join("wal");
                parts.wal = wal_dir.map(Path::to_owned).or_else(|| inside.is_dir().then_some(inside));
            }
            Kind::LogDirectory(path) => {
                facts.kind = CopyKind::LogDirectory;
                parts.wal = Some(path.clone());
            }
            Kind::Snapshot(path) | Kind::Database(path) => {
                let snapshot = matches!(kind, Kind::Snapshot(_));
                facts.kind = if snapshot { CopyKind::Snapshot } else { CopyKind::Database };
                parts.database = Some(path.clone());
                parts.wal = wal_dir.map(Path::to_owned);
            }
        }
        parts.tell_links(facts);
        parts
    }

    /// A link in a data directory is legal; that one was followed is said.
    fn tell_links(&self, facts: &mut CopyFacts) {
        let given = Path::new(&facts.path).to_owned();
        let parts = [&self.database, &self.snap, &self.wal].into_iter().flatten();
        let mut lines: Vec<String> = Vec::new();
        for path in std::iter::once(&given).chain(parts) {
            // what stands above the path that was given is nobody's business
            let below =
                path.ancestors().take_while(|part| part.starts_with(&given) || *part == path.as_path());
            for link in below.filter(|part| part.is_symlink()) {
                let real = link.canonicalize().unwrap_or_default();
                let line = format!("{} -> {}", link.display(), real.display());
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        facts.links = lines;
    }
}

/// A log file that is open.
pub(super) struct LogFile {
    /// Its number.
    pub(super) sequence: u64,
    /// Index of its first entry, by its name.
    pub(super) first_index: u64,
    /// Its content.
    pub(super) source: FileSource,
}

/// Opens all files of a log, in order.
pub(super) fn log_files(folder: &Path) -> io::Result<Vec<LogFile>> {
    let mut names: Vec<(u64, u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if let Some((sequence, first)) = entry.file_name().to_str().and_then(wal::segment_name) {
            names.push((sequence, first, entry.path()));
        }
    }
    names.sort();
    let open = |(sequence, first_index, path): (u64, u64, PathBuf)| {
        let source = open_file(&path)?;
        Ok(LogFile { sequence, first_index, source })
    };
    names.into_iter().map(open).collect()
}

/// The files as the readers take them.
pub(super) fn segments(files: &[LogFile]) -> Vec<wal::Segment<'_>> {
    files
        .iter()
        .map(|file| wal::Segment {
            sequence: file.sequence,
            first_index: file.first_index,
            source: &file.source,
        })
        .collect()
}

/// Opens a regular file. Anything else is refused before it is opened: a pipe would wait for a writer for ever.
pub(super) fn open_file(path: &Path) -> io::Result<FileSource> {
    let told = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if !path.metadata().map_err(told)?.is_file() {
        return Err(told(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    FileSource::open(path).map_err(told)
}

/// Files of a folder that a server leaves behind when something went wrong.
pub(super) fn leftovers(folder: &Path) -> Vec<String> {
    let odd = |name: &str| {
        name.ends_with(".broken")
            || name.starts_with("tmp")
            || name.starts_with("db.tmp")
            || name.ends_with(".snap.db")
    };
    let mut names = names(folder, odd);
    names.sort();
    names
}

/// `.snap` files, newest first.
pub(super) fn snap_files(folder: &Path) -> Vec<String> {
    let mut names = names(folder, |name| snap_name(name).is_some());
    names.sort_by_key(|name| std::cmp::Reverse(snap_name(name)));
    names
}

fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| wanted(name)).collect()
}
