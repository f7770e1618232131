//! Drills, for people and for machines.

mod html;
mod markdown;
mod picture;
mod table;

use super::{Style, write_json};
use crate::drill::evidence::Record;
use std::io::{self, Write};

/// One output format of a drill.
pub struct Format {
    /// Its name after `-o`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Writes a record.
    pub write: fn(&Record, Style, &mut dyn Write) -> io::Result<()>,
}

/// Every output format of a drill.
pub const FORMATS: &[Format] = &[
    Format { name: "table", about: "for people", write: table::write },
    Format { name: "json", about: "for scripts, as in `quorate schema drill`", write: json },
    Format { name: "markdown", about: "for a ticket or an audit", write: markdown::write },
    Format { name: "html", about: "a page with a picture of what happened when", write: html::write },
];

/// The format with this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

fn json(record: &Record, _: Style, out: &mut dyn Write) -> io::Result<()> {
    write_json(record, out)
}

/// `12.3 s`; milliseconds below one second.
fn span(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{:.1} s", ms as f64 / 1000.0) }
}

/// The times that people ask for, with their names.
fn times(record: &Record) -> Vec<(&'static str, String)> {
    let times = &record.report.times;
    let told = [
        ("loss seen after", times.detected_ms),
        ("clients write again after", times.service_ms),
        ("full size after", times.whole_ms),
    ];
    told.into_iter().filter_map(|(name, ms)| Some((name, span(ms?)))).collect()
}

/// `3 × etcd 3.6.16 with TLS`.
fn servers(record: &Record) -> String {
    let report = &record.report;
    let tls = if report.tls { " with TLS" } else { "" };
    format!("{} × {} {}{tls}", report.nodes, report.backend, report.server_version)
}
