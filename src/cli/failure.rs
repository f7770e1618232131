//! How a command fails: a kind (which is the exit code), what happened, why, and what to type next. Errors of other
//! modules become failures here, and hints are written here.

use crate::backend::OpenError;
use crate::lab::LabError;
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

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        let kind = match &error {
            LabError::Exists { .. }
            | LabError::NotEmpty(_)
            | LabError::NotALab(_)
            | LabError::NotRoot { .. }
            | LabError::NotIsolated(_)
            | LabError::Busy(_) => Kind::Refused,
            LabError::Name(_)
            | LabError::NoSuchLab { .. }
            | LabError::WhichLab { .. }
            | LabError::NoSuchMember { .. }
            | LabError::Groups { .. }
            | LabError::Signal(_) => Kind::Usage,
            LabError::Server(_)
            | LabError::Homeless
            | LabError::Network { .. }
            | LabError::NotReady { .. }
            | LabError::Unstoppable { .. }
            | LabError::Interrupted
            | LabError::Certificates(_)
            | LabError::Io { .. } => Kind::Failed,
        };
        let hint = lab_hint(&error);
        let failure = Failure { kind, message: error.to_string(), hints: Vec::new() };
        hint.into_iter().fold(failure, Failure::hint)
    }
}

fn lab_hint(error: &LabError) -> Option<String> {
    let known = |what: &str, known: &[String]| {
        Some(if known.is_empty() {
            "make one with `quorate lab up etcd`".to_owned()
        } else {
            format!("known {what}: {}", known.join(", "))
        })
    };
    match error {
        LabError::Server(error) => Some(error.hint()),
        LabError::Exists { name, .. } => {
            Some(format!("take it down with `quorate lab down {name}`, or give another --name"))
        }
        LabError::Homeless => Some("set HOME, or XDG_STATE_HOME to an absolute path".into()),
        LabError::NotEmpty(_) => Some("give --dir an empty directory, or one that does not exist; `quorate lab down --dir` removes a kept lab".into()),
        LabError::NotALab(_) => Some("remove it yourself if it is of no use".into()),
        LabError::NoSuchLab { known: labs, .. } | LabError::WhichLab { known: labs } => known("labs", labs),
        LabError::NoSuchMember { known: members, .. } => known("members", members),
        LabError::Groups { .. } => Some("write groups such as 'n1,n2|n3', in quotes".into()),
        LabError::Signal(_) => Some("write a number such as 9, or a name such as TERM".into()),
        LabError::NotRoot { .. } => Some("run as root, or leave out --isolated".into()),
        LabError::NotIsolated(_) => {
            Some("make one with `quorate lab up etcd --isolated` (needs root)".into())
        }
        LabError::Busy(_) => Some("try again when it is done, or see `quorate lab status`".into()),
        LabError::NotReady { .. } => {
            Some("see the log above; --timeout gives a slow machine more time".into())
        }
        LabError::Name(_)
        | LabError::Network { .. }
        | LabError::Unstoppable { .. }
        | LabError::Interrupted
        | LabError::Certificates(_)
        | LabError::Io { .. } => None,
    }
}
