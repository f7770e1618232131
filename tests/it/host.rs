//! Hosts: the same promises held by this machine's system calls and by a real `sshd` on loopback.

mod files;
mod reach;
mod running;
mod services;
pub(crate) mod sshd;

use quorate::consent::{Consent, Question};
use quorate::host::Host;
use quorate::host::local::LocalHost;
use quorate::transport::Deadline;
use sshd::Sshd;
use std::ffi::OsString;
use std::time::Duration;

/// Long enough for a loaded machine.
fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

fn consent() -> Consent {
    Consent::obtain(Question { what: "", word: "", yes: true }, |_| Ok(None)).expect("--yes was given")
}

fn argv(words: &[&str]) -> Vec<OsString> {
    words.iter().map(Into::into).collect()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Both kinds of host, and the server that one of them needs.
struct Hosts {
    hosts: Vec<Box<dyn Host>>,
    _server: Sshd,
}

impl Hosts {
    fn start() -> Hosts {
        let server = Sshd::start(&[]);
        let hosts: Vec<Box<dyn Host>> = vec![Box::new(LocalHost), Box::new(server.host())];
        Hosts { hosts, _server: server }
    }

    /// Each with an empty directory of its own.
    fn each(&self) -> impl Iterator<Item = (&dyn Host, tempfile::TempDir)> {
        self.hosts.iter().map(|host| (host.as_ref(), tempfile::tempdir().expect("a directory")))
    }
}
