//! `quorate completions`: shell completions, made from the one command tree.

use super::failure::Failure;
use super::{World, files};
use clap::{Args, ValueEnum};
use clap_complete::{Generator, Shell};
use std::path::PathBuf;

/// Print the completions of a shell
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate completions bash > /usr/share/bash-completion/completions/quorate\n  \
    quorate completions zsh > /usr/share/zsh/site-functions/_quorate\n  \
    quorate completions fish > ~/.config/fish/completions/quorate.fish\n  \
    quorate completions powershell >> $PROFILE\n  \
    quorate completions elvish >> ~/.config/elvish/rc.elv\n  \
    quorate completions --all completions/\n\n\
    Exit codes: 0 ok · 2 a file cannot be written · 64 usage")]
pub(super) struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum, required_unless_present = "all")]
    shell: Option<Shell>,
    /// Write the file of every shell into a directory
    #[arg(long, value_name = "DIR", conflicts_with = "shell")]
    all: Option<PathBuf>,
}

pub(super) fn run(args: &CompletionsArgs, world: &World) -> Result<u8, Failure> {
    if let Some(shell) = args.shell {
        world.print(&script(shell))?;
    }
    if let Some(dir) = &args.all {
        let wrong = |error| Failure::failed(format!("cannot write into {}: {error}", dir.display()));
        std::fs::create_dir_all(dir).map_err(wrong)?;
        for shell in Shell::value_variants() {
            files::replace(&dir.join(shell.file_name("quorate")), &script(*shell)).map_err(wrong)?;
        }
    }
    Ok(0)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "quorate", &mut bytes);
    bytes
}
