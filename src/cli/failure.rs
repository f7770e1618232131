//! How a command fails: a kind (which is the exit code), what happened, why, and what to type next. Errors of other
//! modules become failures here, and hints are written here.

use crate::backend::OpenError;
use crate::transport::tls::TlsFileError;
use std::fmt;
use std::io;

/// Decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The operation failed.
    Failed,
    /// Not enough could be seen to decide.
    Undecided,
    /// A safety guard said no.
    Refused,
    /// Wrong arguments or configuration.
    Usage,
    /// Interrupted or incomplete, and can be resumed.
    Resumable,
    /// The reader of our output went away: not a failure.
    BrokenPipe,
}

impl Kind {
    /// The exit code of the contract.
    pub fn code(self) -> u8 {
        match self {
            Kind::Failed => 2,
            Kind::Undecided => 3,
            Kind::Refused => 4,
            Kind::Usage => 64,
            Kind::Resumable => 75,
            Kind::BrokenPipe => 0,
        }
    }
}

/// A failed command.
#[derive(Debug)]
pub struct Failure {
    /// Which exit code.
    pub kind: Kind,
    /// What happened and why, lower-case, one line.
    pub message: String,
    /// What to do or type next, one sentence each.
    pub hints: Vec<String>,
}

impl Failure {
    /// Wrong arguments or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure { kind: Kind::Usage, message: message.into(), hints: Vec::new() }
    }

    /// The operation failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { kind: Kind::Failed, message: message.into(), hints: Vec::new() }
    }

    /// A guard said no.
    pub fn refused(message: impl Into<String>) -> Self {
        Failure { kind: Kind::Refused, message: message.into(), hints: Vec::new() }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let kind = if error.kind() == io::ErrorKind::BrokenPipe { Kind::BrokenPipe } else { Kind::Failed };
        Failure { kind, message: error.to_string(), hints: Vec::new() }
    }
}

impl From<TlsFileError> for Failure {
    fn from(error: TlsFileError) -> Self {
        let hint = match &error {
            TlsFileError::Unreadable { .. } => {
                "check the path (in the config file it is relative to that file) and its permissions"
            }
            TlsFileError::NotPem { .. } => "give a PEM file: it contains -----BEGIN …----- lines",
            TlsFileError::Encrypted { .. } => {
                "quorate cannot ask for its passphrase: decrypt it with `openssl pkey -in KEY -out PLAINKEY` and give \
                 PLAINKEY"
            }
            TlsFileError::HalfAPair { .. } => {
                "give both --cert and --key (or tls.cert and tls.key), or neither"
            }
            TlsFileError::Mismatch { .. } => "give the key that the certificate was made with",
        };
        Failure::usage(error.to_string()).hint(hint)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Tls(error) => error.into(),
            other => Failure::usage(other.to_string()),
        }
    }
}
