//! `quorate schema`: JSON schemas of the outputs and of the config file.

use super::failure::Failure;
use super::nearest::nearest;
use super::{World, config, doctor, explain, size};
use crate::render;
use crate::report::CheckReport;
use crate::report::status::StatusReport;
use clap::Args;
use schemars::{Schema, schema_for};

/// Print the JSON schema of an output, or of the config file
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate schema\n  \
    quorate schema check > check.schema.json\n  \
    quorate schema config > quorate.schema.json   # for the editor: it completes and checks quorate.toml\n\n\
    Exit codes: 0 ok · 64 there is no such schema")]
pub(super) struct SchemaArgs {
    /// Which one; without it the names are listed
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Every schema by name.
const SCHEMAS: &[(&str, &str, fn() -> Schema)] = &[
    ("check", "quorate check -o json", || schema_for!(CheckReport)),
    ("status", "quorate status -o json", || schema_for!(StatusReport)),
    ("explain", "quorate explain -o json", || schema_for!(explain::ExplainReport)),
    ("size", "quorate size -o json", || schema_for!(size::SizeReport)),
    ("doctor", "quorate doctor -o json", || schema_for!(doctor::DoctorReport)),
    ("config", "the config file, quorate.toml", config::schema),
];

pub(super) fn run(args: &SchemaArgs, world: &World) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    match &args.name {
        None => {
            let rows: Vec<Vec<String>> =
                SCHEMAS.iter().map(|(name, of, _)| vec![(*name).to_owned(), (*of).to_owned()]).collect();
            let lines = render::grid(&["SCHEMA", "OF"], &rows, &["OF"], world.width);
            bytes.extend(lines.join("\n").bytes().chain([b'\n']));
        }
        Some(name) => render::write_json(&find(name)?, &mut bytes)?,
    }
    world.print(&bytes)?;
    Ok(0)
}

fn find(wanted: &str) -> Result<Schema, Failure> {
    match SCHEMAS.iter().find(|(name, ..)| *name == wanted) {
        Some((.., schema)) => Ok(schema()),
        None => {
            let names = || SCHEMAS.iter().map(|(name, ..)| *name);
            let failure = Failure::usage(format!("there is no schema `{wanted}`"));
            Err(match nearest(wanted, names()) {
                Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
                None => failure.hint(format!("write one of: {}", names().collect::<Vec<_>>().join(", "))),
            })
        }
    }
}
