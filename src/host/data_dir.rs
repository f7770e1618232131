//! The data directories of the members that run on this machine, by the config file's word: room, and who else can read them.

use crate::facts::{DataDir, Facts, NativeFacts, Observed};
use crate::target::{DeclaredHost, Target};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// So many entries are looked at; a directory of a consensus server has some hundreds.
const MOST_ENTRIES: usize = 20_000;

/// Bits of a mode that are for everybody else.
const OTHERS_READ: u32 = 0o004;
const OTHERS_WRITE: u32 = 0o002;
const OTHERS_PASS: u32 = 0o001;
/// In such a directory only its owner removes a file.
const STICKY: u32 = 0o1000;

/// Looks at the data directory of every member of the target that is on this machine.
pub fn observe(target: &Target, facts: &mut Facts) {
    let local = target.members.iter().filter(|(_, member)| member.host == Some(DeclaredHost::Local));
    for (name, member) in local {
        let Some(dir) = member.data_dir.clone().or_else(|| told(facts, name)) else { continue };
        let seen = match look(&dir) {
            Ok(seen) => Observed::Known(seen),
            Err(error) => Observed::unknown(format!("{}: {error}", dir.display())),
        };
        facts.common.data_dirs.insert(name.clone(), seen);
    }
}

/// Where the server itself says that its data are.
fn told(facts: &Facts, name: &str) -> Option<PathBuf> {
    let NativeFacts::Consul(consul) = &facts.native else { return None };
    let native = consul.members.iter().find(|native| native.name == name)?;
    let dir = &native.settings.known()?.data_dir;
    (!dir.is_empty()).then(|| PathBuf::from(dir))
}

fn look(dir: &Path) -> io::Result<DataDir> {
    let dir = std::fs::canonicalize(dir)?;
    let room = rustix::fs::statvfs(&dir).map_err(io::Error::from)?;
    let seen = DataDir {
        path: dir.display().to_string(),
        free_bytes: room.f_bavail.saturating_mul(room.f_frsize),
        total_bytes: room.f_blocks.saturating_mul(room.f_frsize),
        ..DataDir::default()
    };
    let above = dir.ancestors().skip(1).map(std::fs::metadata).collect::<io::Result<Vec<Metadata>>>()?;
    let reached = above.iter().all(|about| has(about, OTHERS_PASS));
    let mut walk = Walk { root: dir.clone(), seen, entries: 0, readable: Vec::new() };
    let about = std::fs::metadata(&dir)?;
    walk.directory(&dir, &about, reached);
    walk.readable.sort_by(|a, b| b.cmp(a));
    let readable_by_others = walk.readable.into_iter().map(|(_, name)| name).collect();
    Ok(DataDir { readable_by_others, ..walk.seen })
}

fn has(about: &Metadata, bit: u32) -> bool {
    about.permissions().mode() & bit == bit
}

struct Walk {
    root: PathBuf,
    seen: DataDir,
    entries: usize,
    /// Length and name.
    readable: Vec<(u64, String)>,
}

impl Walk {
    /// `reached`: whether other users get as far as to this directory.
    fn directory(&mut self, dir: &Path, about: &Metadata, reached: bool) {
        if reached && has(about, OTHERS_WRITE | OTHERS_PASS) && !has(about, STICKY) {
            self.seen.writable_by_others.push(self.relative(dir));
        }
        // Names of files are the same everywhere: whoever may pass need not be able to list.
        let reached = reached && has(about, OTHERS_PASS);
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => return self.missing(dir, &error),
        };
        for entry in entries.flatten() {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                self.seen.not_all_seen = Some(format!("it has more than {MOST_ENTRIES} entries"));
                return;
            }
            // Links lead elsewhere, and have no mode of their own; what is gone since it was listed is no news.
            match std::fs::symlink_metadata(entry.path()) {
                Ok(about) if about.is_dir() => self.directory(&entry.path(), &about, reached),
                Ok(about) if about.is_file() => self.file(&entry.path(), &about, reached),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.missing(&entry.path(), &error),
            }
        }
    }

    fn file(&mut self, path: &Path, about: &Metadata, reached: bool) {
        self.seen.used_bytes = self.seen.used_bytes.saturating_add(about.blocks().saturating_mul(512));
        if reached && has(about, OTHERS_READ) && about.len() > 0 {
            self.readable.push((about.len(), self.relative(path)));
        }
    }

    fn missing(&mut self, path: &Path, error: &io::Error) {
        self.seen.not_all_seen = Some(format!("{}: {error}", path.display()));
    }

    fn relative(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        if inside.is_empty() { ".".into() } else { inside }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, set_permissions, write};

    fn mode(path: &Path, mode: u32) {
        set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    }

    #[test]
    fn what_others_can_read_is_what_every_directory_above_lets_through() {
        // A private one would hide everything.
        let outer = tempfile::tempdir().expect("a directory");
        mode(outer.path(), 0o755);
        let dir = outer.path().join("data");
        create_dir(&dir).expect("a directory");
        create_dir(dir.join("raft")).expect("a directory");
        for (name, bits) in [("raft/raft.db", 0o600), ("raft/state.bin", 0o644), ("node-id", 0o644)] {
            write(dir.join(name), "x").expect("a file");
            mode(&dir.join(name), bits);
        }
        let readable = |data: u32, raft: u32| {
            mode(&dir, data);
            mode(&dir.join("raft"), raft);
            let mut seen = look(&dir).expect("is seen");
            seen.readable_by_others.sort();
            (seen.readable_by_others, seen.writable_by_others)
        };
        assert_eq!(readable(0o755, 0o755), (vec!["node-id".into(), "raft/state.bin".into()], vec![]));
        assert_eq!(readable(0o755, 0o750), (vec!["node-id".into()], vec![]));
        assert_eq!(readable(0o700, 0o777), (vec![], vec![]));
        assert_eq!(readable(0o711, 0o777).1, ["raft"]);
        let seen = look(&dir).expect("is seen");
        assert!(seen.free_bytes > 0 && seen.total_bytes > seen.free_bytes && seen.not_all_seen.is_none());
        mode(outer.path(), 0o700);
        assert_eq!(readable(0o755, 0o755), (vec![], vec![]));
        assert!(look(&outer.path().join("absent")).is_err());
    }
}
