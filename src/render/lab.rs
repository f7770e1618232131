//! Labs as people and scripts see them.

use super::grid;
use super::text::escape;
use crate::lab::state::{Lab, Member};
use crate::lab::{Acted, Did, Entry};
use serde::Serialize;
use std::io::{self, Write};

/// `lab status -o json`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct LabsReport {
    /// `quorate.labs/v1`.
    pub schema: &'static str,
    /// Labs with how their members stand now.
    pub labs: Vec<Lab>,
    /// Labs whose maker was killed before it could describe them: `lab down` removes them.
    pub incomplete: Vec<Entry>,
}

impl LabsReport {
    /// Of these labs.
    pub fn new(labs: Vec<Lab>, incomplete: Vec<Entry>) -> LabsReport {
        LabsReport { schema: "quorate.labs/v1", labs, incomplete }
    }

    /// For people.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.labs.is_empty() && self.incomplete.is_empty() {
            return writeln!(out, "There is no lab. Make one with: quorate lab up etcd");
        }
        for (at, lab) in self.labs.iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            write_lab(lab, out)?;
        }
        for entry in &self.incomplete {
            writeln!(
                out,
                "{}  incomplete: its start was interrupted; quorate lab down {}",
                entry.name, entry.name
            )?;
        }
        Ok(())
    }
}

/// One lab: a line, then its members.
pub fn write_lab(lab: &Lab, out: &mut dyn Write) -> io::Result<()> {
    let tls = if lab.tls.is_some() { ", TLS" } else { "" };
    let isolated = if lab.network.is_some() { ", isolated" } else { "" };
    let dir = escape(&lab.dir.display().to_string());
    writeln!(out, "{}  {} {}{tls}{isolated}  {dir}", lab.name, lab.backend, lab.version)?;
    if !lab.partition.is_empty() {
        let groups: Vec<String> = lab.partition.iter().map(|group| group.join(",")).collect();
        writeln!(out, "partitioned: {}", groups.join(" | "))?;
    }
    let row = |member: &Member| {
        vec![
            member.name.clone(),
            member.state.name().to_owned(),
            member.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
            member.endpoint.clone(),
            escape(&member.log.strip_prefix(&lab.dir).unwrap_or(&member.log).display().to_string()),
        ]
    };
    let rows: Vec<Vec<String>> = lab.members.iter().map(row).collect();
    for line in grid(&["MEMBER", "STATE", "PID", "ENDPOINT", "LOG"], &rows, &[], None) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// A new lab, and what to type next. `named`: its name and a blank, where commands
/// need it.
pub fn write_new(lab: &Lab, named: &str, out: &mut dyn Write) -> io::Result<()> {
    write_lab(lab, out)?;
    let last = lab.members.last().map_or("n1", |member| &member.name);
    writeln!(out, "\nNext:")?;
    writeln!(out, "  quorate check --config {}", escape(&lab.config.display().to_string()))?;
    writeln!(out, "  quorate lab kill {named}{last}")?;
    writeln!(out, "  quorate lab down {}", lab.name)
}

/// What became of members. `verb`: `killed`, `paused`.
pub fn write_acted(acted: &[Acted], verb: &str, out: &mut dyn Write) -> io::Result<()> {
    for one in acted {
        match one.did {
            Did::Acted => writeln!(out, "{}: {verb}, {}", one.member, one.state.name())?,
            Did::Already => writeln!(out, "{}: nothing to do, {}", one.member, one.state.name())?,
        }
    }
    Ok(())
}
