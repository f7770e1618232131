//! `quorate probe`: measurements, each opt-in because it writes something or costs something.

mod commit;
mod disk;
mod tls;

pub(crate) use tls::TlsReport;

use super::failure::Failure;
use super::{Global, World};
use clap::Subcommand;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Subcommand)]
pub(super) enum Probe {
    Disk(disk::DiskArgs),
    Commit(commit::CommitArgs),
    Tls(tls::TlsArgs),
}

pub(super) fn run(probe: &Probe, global: &Global, world: &World) -> Result<u8, Failure> {
    match probe {
        Probe::Disk(args) => disk::run(args, global, world),
        Probe::Commit(args) => commit::run(args, global, world),
        Probe::Tls(args) => tls::run(args, global, world),
    }
}

/// Comes back when the user wants to stop: Ctrl-C, or a polite kill.
pub(super) async fn interruption() -> std::io::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = term.recv() => Ok(()),
    }
}
