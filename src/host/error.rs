//! What goes wrong on a host, in terms a caller can branch on. A path and a host are in every one.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why an operation did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Nothing is there.
    #[error("{0}: no such file, directory or process")]
    NotFound(Place),
    /// Something is there already, and nothing is ever replaced.
    #[error("{0}: it exists already")]
    Exists(Place),
    /// This user may not.
    #[error("{0}: permission denied")]
    Permission(Place),
    /// The device is full, or the user's quota is.
    #[error("{0}: no space left")]
    NoSpace(Place),
    /// A rename that would have to copy.
    #[error("{0}: not on the same file system, so it cannot be renamed")]
    CrossDevice(Place),
    /// Any other reason of the system, or one of ours not to try.
    #[error("{place}: {reason}")]
    Refused {
        /// What and where.
        place: Place,
        /// The reason.
        reason: String,
    },
    /// ssh did not get there, or lost the connection: a change is then in doubt.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The destination.
        host: String,
        /// What ssh said.
        reason: String,
    },
    /// The deadline passed. Whether it still happens is not known.
    #[error("{place}: not done after {}, and it may still happen", humantime::format_duration(*after))]
    TimedOut {
        /// What and where.
        place: Place,
        /// How long it was waited for, in whole milliseconds.
        after: Duration,
    },
    /// A command ended with another code than 0.
    #[error("{argv0} on {host} exited with {code}: {stderr}")]
    Failed {
        /// Where.
        host: String,
        /// The command's name.
        argv0: String,
        /// Its exit code, as in [`super::Output::code`].
        code: i32,
        /// The end of what it wrote to standard error.
        stderr: String,
    },
}

/// What was tried, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host's name.
    pub host: String,
    /// The operation, as a verb.
    pub doing: &'static str,
    /// On what; for display, a path in it may have lost bytes that are no UTF-8.
    pub what: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {} on {}", self.doing, self.what, self.host)
    }
}

impl Place {
    pub(super) fn new(host: &str, doing: &'static str, what: impl fmt::Display) -> Place {
        Place { host: host.to_owned(), doing, what: what.to_string() }
    }

    pub(super) fn path(host: &str, doing: &'static str, path: &Path) -> Place {
        Place::new(host, doing, path.display())
    }

    pub(super) fn refused(self, reason: impl fmt::Display) -> HostError {
        HostError::Refused { place: self, reason: reason.to_string() }
    }

    /// From a system call's error; the path of the entry that failed, where it is another one, is named.
    pub(super) fn failed(mut self, trouble: Trouble) -> HostError {
        if let Some(path) = trouble.path {
            self.what = format!("{} (at {})", self.what, path.display());
        }
        match trouble.error.kind() {
            ErrorKind::NotFound => HostError::NotFound(self),
            ErrorKind::AlreadyExists => HostError::Exists(self),
            ErrorKind::PermissionDenied => HostError::Permission(self),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => HostError::NoSpace(self),
            ErrorKind::CrossesDevices => HostError::CrossDevice(self),
            _ if trouble.error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {
                HostError::NotFound(self)
            }
            _ => self.refused(trouble.error),
        }
    }

    /// From what a remote command wrote to standard error in the C locale.
    pub(super) fn said(self, stderr: &[u8]) -> HostError {
        let text = String::from_utf8_lossy(stderr);
        let last = text.trim_end().lines().next_back().unwrap_or("it failed without a word").to_owned();
        // Only the end of a line: a path may hold any of these.
        let ends = |phrases: &[&str]| phrases.iter().any(|phrase| last.ends_with(phrase));
        match () {
            () if ends(&["No such file or directory", "No such process"]) => HostError::NotFound(self),
            () if ends(&["File exists"]) => HostError::Exists(self),
            () if ends(&["Permission denied", "Operation not permitted"]) => HostError::Permission(self),
            () if ends(&["No space left on device", "Disk quota exceeded"]) => HostError::NoSpace(self),
            () if ends(&["Invalid cross-device link"]) => HostError::CrossDevice(self),
            () => self.refused(last),
        }
    }
}

/// A system call's error, with the entry of a tree at which it happened.
#[derive(Debug)]
pub(super) struct Trouble {
    path: Option<PathBuf>,
    error: io::Error,
}

impl Trouble {
    pub(super) fn at(path: &Path, error: impl Into<io::Error>) -> Trouble {
        Trouble { path: Some(path.to_owned()), error: error.into() }
    }

    /// The work looked at its deadline and stopped.
    pub(super) fn late() -> Trouble {
        Trouble::from(io::Error::from(ErrorKind::TimedOut))
    }

    pub(super) fn is_late(&self) -> bool {
        // A network file system that timed out has a number; we have none.
        self.error.kind() == ErrorKind::TimedOut && self.error.raw_os_error().is_none()
    }

    /// The same, with a path if it has none.
    pub(super) fn or_at(self, path: &Path) -> Trouble {
        Trouble { path: self.path.or_else(|| Some(path.to_owned())), error: self.error }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble { path: None, error }
    }
}

impl From<rustix::io::Errno> for Trouble {
    fn from(error: rustix::io::Errno) -> Trouble {
        Trouble { path: None, error: error.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::path("n1", "rename", Path::new("/a"))
    }

    #[test]
    fn the_reason_is_at_the_end_of_the_last_line_whatever_a_path_holds() {
        let said = |text: &str| place().said(text.as_bytes());
        assert!(matches!(said("mv: cannot stat '/a': No such file or directory\n"), HostError::NotFound(_)));
        assert!(matches!(said("head: '/File exists': Permission denied\n"), HostError::Permission(_)));
        assert!(matches!(said("x\ncat: write error: No space left on device"), HostError::NoSpace(_)));
        assert!(matches!(said("cp: '/No such file or directory' is odd"), HostError::Refused { .. }));
        assert!(said("").to_string().ends_with("without a word"));
    }

    #[test]
    fn an_error_names_host_operation_and_path() {
        let error = place().failed(Trouble::at(Path::new("/a/b"), io::ErrorKind::StorageFull));
        assert_eq!(error.to_string(), "cannot rename /a (at /a/b) on n1: no space left");
        let late = HostError::TimedOut { place: place(), after: Duration::from_millis(1500) };
        assert_eq!(
            late.to_string(),
            "cannot rename /a on n1: not done after 1s 500ms, and it may still happen"
        );
    }
}
