//! Files that others read while we write them: replaced in one step, never half written.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Replaces the file at `path`, following links; what is no regular file (a pipe, `/dev/stderr`) is written to.
/// A new file is readable as the umask allows: the node exporter runs as another user. An old one keeps its mode.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (target, mode) = match fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            return fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
        }
        Ok(there) => (path.canonicalize()?, Some(there.permissions())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error),
    };
    let dir = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".quorate-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(dir)?;
    file.write_all(bytes)?;
    if let Some(mode) = mode {
        file.as_file().set_permissions(mode)?;
    }
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_in_one_step_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("check.prom");
        replace(&path, b"one").expect("creates");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("chmod");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        replace(&link, b"two").expect("replaces what the link names");
        assert_eq!(fs::read(&path).expect("is there"), b"two");
        assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o640);
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 2);
        assert!(replace(&dir.path().join("no/such"), b"x").is_err());
    }
}
