//! JSON. serde_json escapes C0 controls; C1 controls and direction overrides are escaped here too, so that even a
//! document printed to a terminal is harmless.

use super::Style;
use super::text::dangerous;
use crate::report::CheckReport;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::io::{self, Write};

pub(super) fn write(report: &CheckReport, _: Style, out: &mut dyn Write) -> io::Result<()> {
    write_json(report, out)
}

/// Writes any document as indented JSON with a final newline.
pub fn write_json(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Safe(PrettyFormatter::new()));
    document.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Writes any document as one line of JSON, for streams.
pub fn write_json_line(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Safe(CompactFormatter));
    document.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

struct Safe<F>(F);

impl<F: Formatter> Formatter for Safe<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut from = 0;
        for (at, character) in fragment.char_indices().filter(|(_, c)| dangerous(*c)) {
            out.write_all(&fragment.as_bytes()[from..at])?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            from = at + character.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[from..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }
    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }
    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }
    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }
    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }
    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }
    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }
    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_survive() {
        let mut bytes = Vec::new();
        write_json(&"a\u{9b}\u{1b}é\u{202e}", &mut bytes).expect("writes to memory");
        assert_eq!(String::from_utf8_lossy(&bytes), "\"a\\u009b\\u001bé\\u202e\"\n");
        let mut line = Vec::new();
        write_json_line(&["\u{e0041}"], &mut line).expect("writes to memory");
        assert_eq!(String::from_utf8_lossy(&line), "[\"\\udb40\\udc41\"]\n");
        assert_eq!(serde_json::from_slice::<String>(&bytes).expect("valid"), "a\u{9b}\u{1b}é\u{202e}");
    }
}
