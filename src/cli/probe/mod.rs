//! `quorate probe`: measurements of the world outside a cluster's own API.

mod tls;

use super::failure::Failure;
use super::{Global, World};
use clap::{Args, Subcommand};

/// Measure a listener's TLS
#[derive(Debug, Args)]
pub(super) struct ProbeArgs {
    #[command(subcommand)]
    probe: Probe,
}

#[derive(Debug, Subcommand)]
enum Probe {
    Tls(tls::TlsArgs),
}

pub(super) fn run(args: &ProbeArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    match &args.probe {
        Probe::Tls(args) => tls::run(args, global, world),
    }
}
