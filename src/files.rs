//! Files of the local system as sources for the readers in `format`: read at offsets, never locked, never changed.

use crate::format::source::Source;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

/// A file opened for reading only. Its length is that of the moment it was opened.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    length: u64,
}

impl FileSource {
    /// Opens a regular file for reading. No lock is taken, so a server that has it open is not disturbed.
    pub fn open(path: &Path) -> io::Result<FileSource> {
        FileSource::of(File::open(path)?)
    }

    /// A file that is open already, so that it is the one that was meant whatever has its name by now.
    pub fn of(file: File) -> io::Result<FileSource> {
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        Ok(FileSource { file, length: about.len() })
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(into, offset)
    }
}

/// Who can read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readers {
    /// Its mode, without its type.
    pub mode: u32,
    /// Its group, as far as the directories above let members of any group or everybody through.
    pub group: bool,
    /// Every user of the machine: its own mode and those of all directories above let him.
    pub others: bool,
}

/// Looks at the mode of a file and at those of all directories above it.
pub fn readers(path: &Path) -> io::Result<Readers> {
    let mode = |path: &Path| path.metadata().map(|about| about.permissions().mode() & 0o7777);
    let path = path.canonicalize()?;
    let own = mode(&path)?;
    let above = path.ancestors().skip(1).map(mode).collect::<io::Result<Vec<u32>>>()?;
    Ok(Readers {
        mode: own,
        group: own & 0o040 != 0 && above.iter().all(|mode| mode & 0o011 != 0),
        others: own & 0o004 != 0 && above.iter().all(|mode| mode & 0o001 != 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_file_and_refuses_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        std::fs::write(&path, b"hello").expect("written");
        let source = FileSource::open(&path).expect("a file");
        let mut buffer = [0; 3];
        assert_eq!((source.len(), source.read_at(1, &mut buffer).expect("read")), (5, 3));
        assert_eq!(&buffer, b"ell");
        assert!(FileSource::open(folder.path()).is_err());
    }

    #[test]
    fn a_file_is_as_open_as_every_directory_above() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        std::fs::write(&path, b"hello").expect("written");
        let seen = |folder_mode, mode| {
            let set = |path: &Path, mode| {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
            };
            set(folder.path(), folder_mode);
            set(&path, mode);
            readers(&path).expect("is seen")
        };
        assert_eq!(seen(0o755, 0o644), Readers { mode: 0o644, group: true, others: true });
        assert_eq!(seen(0o755, 0o640), Readers { mode: 0o640, group: true, others: false });
        assert_eq!(seen(0o700, 0o644), Readers { mode: 0o644, group: false, others: false });
        assert_eq!(seen(0o755, 0o600), Readers { mode: 0o600, group: false, others: false });
    }
}
