//! What quorate keeps for itself: readable by its owner only, and never written through a link that somebody laid.

use rustix::fs::OFlags;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Makes a directory and what is missing above it, all 0700. One that is there keeps its mode.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Writes a file, 0600 when it is new. A symbolic link in its place is an error.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).custom_flags(no_follow()?);
    options.open(path)?.write_all(bytes)
}

/// Opens a file to be read and to be written at its end, 0600 when it is new. A symbolic link in its place is an error.
pub fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600).custom_flags(no_follow()?).open(path)
}

fn no_follow() -> io::Result<i32> {
    i32::try_from(OFlags::NOFOLLOW.bits()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn nobody_else_reads_it_and_no_link_is_followed() {
        let dir = tempfile::tempdir().expect("a directory");
        let (made, theirs) = (dir.path().join("a/b"), dir.path().join("theirs"));
        make_dir(&made).expect("is made");
        make_dir(&made).expect("may be there");
        write(&made.join("file"), b"one").expect("is written");
        write(&made.join("file"), b"2").expect("is replaced");
        assert_eq!(std::fs::read(made.join("file")).expect("is there"), b"2");
        let mode = |path: &Path| std::fs::metadata(path).expect("is there").permissions().mode() & 0o777;
        assert_eq!(
            [mode(&made), mode(&dir.path().join("a")), mode(&made.join("file"))],
            [0o700, 0o700, 0o600]
        );
        std::fs::write(&theirs, "precious").expect("is written");
        std::os::unix::fs::symlink(&theirs, made.join("link")).expect("a link");
        assert!(write(&made.join("link"), b"x").is_err());
        assert!(append(&made.join("link")).is_err());
        append(&made.join("file")).and_then(|mut file| file.write_all(b"3")).expect("is appended");
        assert_eq!(std::fs::read(made.join("file")).expect("is there"), b"23");
        assert_eq!(std::fs::read(&theirs).expect("is there"), b"precious");
    }
}
