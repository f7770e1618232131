//! Files of the local system as sources for the readers in `format`: read at offsets, never locked, never changed.

use crate::format::source::Source;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
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
        let file = File::open(path)?;
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
}
