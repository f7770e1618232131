//! `quorate inspect` on files of Consul.

use super::{Style, escape};
use crate::facts::ConsulFiles;
use std::io;

/// Writes what the files hold.
///
/// # Errors
/// The output cannot be written.
pub fn write_consul_files(files: &ConsulFiles, _style: Style, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{}", escape(&files.path))
}
