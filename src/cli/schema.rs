//! `quorate schema`: JSON schemas of the outputs and of the config file.

use super::failure::Failure;
use super::nearest::nearest;
use super::probe::TlsReport;
use super::{World, config, doctor, drill, explain, recover, runbook, size, snapshot};
use crate::lab::state::Lab;
use crate::offline::zookeeper::ZookeeperLogLine;
use crate::offline::{ConsulFilesReport, InspectReport, LogLine, SurvivorsReport, ZookeeperFilesReport};
use crate::probe::commit::CommitReport;
use crate::probe::disk::DiskReport;
use crate::render::{self, lab::LabsReport};
use crate::report::CheckReport;
use crate::report::membership::{ChangeReport, MemberListReport};
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

/// One schema.
struct Known {
    name: &'static str,
    of: &'static str,
    make: fn() -> Schema,
}

const KNOWN: &[Known] = &[
    Known { name: "check", of: "quorate check -o json", make: || schema_for!(CheckReport) },
    Known { name: "status", of: "quorate status -o json", make: || schema_for!(StatusReport) },
    Known { name: "member-list", of: "quorate member list -o json", make: || schema_for!(MemberListReport) },
    Known {
        name: "member-change",
        of: "quorate member add, remove, promote, replace and lead -o json",
        make: || schema_for!(ChangeReport),
    },
    Known { name: "inspect", of: "quorate inspect -o json", make: || schema_for!(InspectReport) },
    Known {
        name: "inspect-zookeeper",
        of: "quorate inspect -o json, on files of ZooKeeper",
        make: || schema_for!(ZookeeperFilesReport),
    },
    Known {
        name: "inspect-zookeeper-log",
        of: "a line of quorate inspect --log -o json, on logs of ZooKeeper",
        make: || schema_for!(ZookeeperLogLine),
    },
    Known {
        name: "inspect-consul",
        of: "quorate inspect -o json, on files of Consul",
        make: || schema_for!(ConsulFilesReport),
    },
    Known {
        name: "inspect-log",
        of: "a line of quorate inspect --log -o json",
        make: || schema_for!(LogLine),
    },
    Known {
        name: "inspect-survivors",
        of: "quorate inspect --survivors -o json",
        make: || schema_for!(SurvivorsReport),
    },
    Known { name: "explain", of: "quorate explain -o json", make: || schema_for!(explain::ExplainReport) },
    Known { name: "size", of: "quorate size -o json", make: || schema_for!(size::SizeReport) },
    Known { name: "probe-disk", of: "quorate probe disk -o json", make: || schema_for!(DiskReport) },
    Known { name: "probe-commit", of: "quorate probe commit -o json", make: || schema_for!(CommitReport) },
    Known { name: "probe-tls", of: "quorate probe tls -o json", make: || schema_for!(TlsReport) },
    Known {
        name: "snapshot",
        of: "the manifest FILE.json beside a snapshot",
        make: || schema_for!(crate::snapshot::Manifest),
    },
    Known {
        name: "snapshot-save",
        of: "quorate snapshot save -o json",
        make: || schema_for!(snapshot::SaveReport),
    },
    Known {
        name: "snapshot-verify",
        of: "quorate snapshot verify -o json, and inspect",
        make: || schema_for!(snapshot::FileReport),
    },
    Known {
        name: "snapshot-diff",
        of: "quorate snapshot diff -o json",
        make: || schema_for!(snapshot::DiffReport),
    },
    Known {
        name: "snapshot-list",
        of: "quorate snapshot list -o json",
        make: || schema_for!(snapshot::ShelfReport),
    },
    Known {
        name: "snapshot-prune",
        of: "quorate snapshot prune -o json",
        make: || schema_for!(snapshot::PruneReport),
    },
    Known { name: "plan", of: "quorate recover plan -o json", make: || schema_for!(crate::recover::Plan) },
    Known {
        name: "recover-status",
        of: "quorate recover status -o json",
        make: || schema_for!(recover::RunsReport),
    },
    Known {
        name: "recover-journal",
        of: "a line of journal.jsonl of a recovery's run",
        make: || schema_for!(crate::recover::journal::Line),
    },
    Known {
        name: "runbooks",
        of: "quorate runbook list and show -o json",
        make: || schema_for!(runbook::RunbooksReport),
    },
    Known {
        name: "drill",
        of: "quorate drill run -o json and show, and record.json of its evidence",
        make: || schema_for!(crate::drill::evidence::Record),
    },
    Known { name: "drill-list", of: "quorate drill list -o json", make: || schema_for!(drill::ListDocument) },
    Known { name: "drill-due", of: "quorate drill due -o json", make: || schema_for!(drill::DueDocument) },
    Known { name: "doctor", of: "quorate doctor -o json", make: || schema_for!(doctor::DoctorReport) },
    Known { name: "lab", of: "quorate lab up -o json, and lab.json of a lab", make: || schema_for!(Lab) },
    Known { name: "labs", of: "quorate lab status -o json", make: || schema_for!(LabsReport) },
    Known { name: "config", of: "the config file, quorate.toml", make: config::schema },
];

pub(super) fn run(args: &SchemaArgs, world: &World) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    match &args.name {
        None => {
            let row = |known: &Known| vec![known.name.to_owned(), known.of.to_owned()];
            let rows: Vec<Vec<String>> = KNOWN.iter().map(row).collect();
            let lines = render::grid(&["SCHEMA", "OF"], &rows, &["OF"], world.width);
            bytes.extend(lines.join("\n").bytes().chain([b'\n']));
        }
        Some(name) => render::write_json(&find(name)?, &mut bytes)?,
    }
    world.print(&bytes)?;
    Ok(0)
}

fn find(wanted: &str) -> Result<Schema, Failure> {
    let names = || KNOWN.iter().map(|known| known.name);
    match KNOWN.iter().find(|known| known.name == wanted) {
        Some(known) => Ok((known.make)()),
        None => {
            let failure = Failure::usage(format!("there is no schema `{wanted}`"));
            Err(match nearest(wanted, names()) {
                Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
                None => failure.hint(format!("write one of: {}", names().collect::<Vec<_>>().join(", "))),
            })
        }
    }
}
