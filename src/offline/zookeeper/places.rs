//! Where the files are, and what the small ones say.

use super::named;
use crate::facts::{ZookeeperEpochFiles, ZookeeperFilesKind};
use crate::files::FileSource;
use crate::format::source::Source;
use crate::format::zookeeper::{FileName, Zxid};
use crate::offline::recognise::{Unrecognised, other, unreadable};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The directory in which servers keep what they write.
const VERSION: &str = "version-2";
/// Bytes of a small file that are read; an epoch has at most 20.
const SMALL: u64 = 4096;

/// The files of a server.
pub(super) struct Places {
    /// Snapshots, newest first.
    pub(super) snapshots: Vec<(Zxid, PathBuf)>,
    /// Logs, oldest first.
    pub(super) logs: Vec<(Zxid, PathBuf)>,
    pub(super) myid: Option<String>,
    pub(super) epochs: Option<ZookeeperEpochFiles>,
}

impl Places {
    pub(super) fn find(path: &Path, log_dir: Option<&Path>) -> Result<Places, Unrecognised> {
        let data = inside(path);
        let mut places = Places { snapshots: Vec::new(), logs: Vec::new(), myid: None, epochs: None };
        places.list(&data)?;
        if let Some(dir) = log_dir.map(inside).filter(|dir| *dir != data) {
            places.list(&dir)?;
        }
        places.snapshots.sort_by(|one, other| other.cmp(one));
        places.logs.sort();
        let above = if data == path { path.join("..") } else { path.to_owned() };
        places.myid = small(&above.join("myid"))?.map(|id| id.trim().to_owned());
        places.epochs = epochs(&data)?;
        Ok(places)
    }

    fn list(&mut self, dir: &Path) -> Result<(), Unrecognised> {
        for entry in std::fs::read_dir(dir).map_err(|error| unreadable(dir, error))? {
            let path = entry.map_err(|error| unreadable(dir, error))?.path();
            match named(&path).filter(|_| path.is_file()) {
                Some(FileName::Snapshot(zxid, _)) => self.snapshots.push((zxid, path)),
                Some(FileName::Log(zxid)) => self.logs.push((zxid, path)),
                None => {}
            }
        }
        Ok(())
    }
}

fn inside(path: &Path) -> PathBuf {
    let inside = path.join(VERSION);
    if inside.is_dir() { inside } else { path.to_owned() }
}

/// What a single file is, by its first bytes, else by its name.
pub(super) fn kind_of(path: &Path) -> Result<ZookeeperFilesKind, Unrecognised> {
    let source = FileSource::open(path).map_err(|error| unreadable(path, error))?;
    let mut head = [0; 4];
    let read = source.read_at(0, &mut head).map_err(|error| unreadable(path, error))?;
    match (&head[..read], named(path)) {
        (b"ZKLG", _) => Ok(ZookeeperFilesKind::Log),
        (b"ZKSN", _) | (_, Some(FileName::Snapshot(..))) => Ok(ZookeeperFilesKind::Snapshot),
        (_, Some(FileName::Log(_))) => Ok(ZookeeperFilesKind::Log),
        _ => Err(other(path, "no file of ZooKeeper", Some("a dataDir, a snapshot.ZXID or a log.ZXID"))),
    }
}

/// The text of a small file; `None` when it is not there.
fn small(path: &Path) -> Result<Option<String>, Unrecognised> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    };
    let mut bytes = Vec::new();
    file.take(SMALL).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn epochs(dir: &Path) -> Result<Option<ZookeeperEpochFiles>, Unrecognised> {
    let number = |name: &str| -> Result<Option<u64>, Unrecognised> {
        let text = small(&dir.join(name))?;
        Ok(text.and_then(|text| text.lines().next()?.trim().parse().ok()))
    };
    let found = ZookeeperEpochFiles {
        accepted: number("acceptedEpoch")?,
        current: number("currentEpoch")?,
        current_tmp: number("currentEpoch.tmp")?,
        updating: dir.join("updatingEpoch").exists(),
    };
    Ok(Some(found).filter(|found| *found != ZookeeperEpochFiles::default()))
}
