//! Reports to text. A renderer only renders: no decision, no I/O but the writer it is given.

mod json;
pub mod lab;
mod table;
mod text;

pub use json::write_json;
pub use text::{escape, wrap};

use crate::report::CheckReport;
use std::io::{self, Write};

/// How text is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Columns available; `None` when the output is not a terminal: then nothing is wrapped.
    pub width: Option<usize>,
    /// Whether to show what passed, and every finding of a group.
    pub verbose: bool,
}

/// One output format of `check`.
pub struct Format {
    /// Its name after `-o`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Writes a report.
    pub write: fn(&CheckReport, Style, &mut dyn Write) -> io::Result<()>,
}

/// Every output format of `check`.
pub const FORMATS: &[Format] = &[
    Format { name: "table", about: "for people", write: table::write },
    Format { name: "json", about: "for scripts, as in `quorate schema check`", write: json::write },
];

/// The format with this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
