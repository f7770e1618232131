//! `quorate inspect` on files of ZooKeeper.

use super::{Style, escape};
use crate::facts::ZookeeperFiles;
use std::io;

/// Writes what the files hold.
///
/// # Errors
/// The output cannot be written.
pub fn write_zookeeper_files(
    files: &ZookeeperFiles,
    _style: Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    writeln!(out, "{}", escape(&files.path))
}
