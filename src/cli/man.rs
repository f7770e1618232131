//! `quorate man`: manual pages, made from the one command tree.

use super::failure::Failure;
use super::nearest::nearest;
use super::{World, files};
use clap::{Args, Command};
use clap_mangen::Man;
use std::io;
use std::path::{Path, PathBuf};

/// Print a manual page, or write all of them
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate man | man -l -\n  \
    quorate man check | man -l -\n  \
    quorate man --dir /usr/local/share/man/man1\n\n\
    Exit codes: 0 ok · 2 a file cannot be written · 64 there is no such command")]
pub(super) struct ManArgs {
    /// The command whose page to print; quorate itself when none is given
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write one page per command into a directory
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, world: &World) -> Result<u8, Failure> {
    let mut tree = super::command().disable_help_subcommand(true);
    tree.build();
    if let Some(dir) = &args.dir {
        let wrong = |error| Failure::failed(format!("cannot write into {}: {error}", dir.display()));
        std::fs::create_dir_all(dir).map_err(wrong)?;
        write_all(&tree, dir).map_err(wrong)?;
    } else {
        let mut command = &tree;
        for word in &args.command {
            command = subcommand(command, word)?;
        }
        world.print(&page(command)?)?;
    }
    Ok(0)
}

fn subcommand<'a>(command: &'a Command, word: &str) -> Result<&'a Command, Failure> {
    command.find_subcommand(word).ok_or_else(|| {
        let path = command.get_bin_name().unwrap_or_else(|| command.get_name());
        let failure = Failure::usage(format!("there is no command `{path} {word}`"));
        match nearest(word, command.get_subcommands().map(Command::get_name)) {
            Some(nearest) => failure.hint(format!("did you mean `{path} {nearest}`?")),
            None => failure.hint(format!("see `{path} --help`")),
        }
    })
}

fn write_all(command: &Command, dir: &Path) -> io::Result<()> {
    for below in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        write_all(below, dir)?;
    }
    files::replace(&dir.join(Man::new(command.clone()).get_filename()), &page(command)?)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Man::new(command.clone()).render(&mut bytes)?;
    Ok(bytes)
}
