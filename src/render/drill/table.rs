//! A drill on a terminal.

use super::{servers, span, times};
use crate::drill::evidence::Record;
use crate::drill::report::{Held, Verdict};
use crate::render::{Style, escape, wrap};
use anstyle::{AnsiColor, Style as Ansi};
use std::io::{self, Write};

pub(super) fn write(record: &Record, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let report = &record.report;
    let color = match report.verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Fail => AnsiColor::Red,
        Verdict::Invalid => AnsiColor::Yellow,
    };
    let word = report.verdict.name().to_uppercase();
    let word = paint(&word, color, style);
    writeln!(out, "{word}  {}  {}  {}", report.scenario, escape(&servers(record)), span(report.duration_ms))?;
    writeln!(out, "{}  began {}", escape(&report.id), escape(&report.began_at))?;
    for (name, time) in times(record) {
        writeln!(out, "  {name:<26} {time:>9}")?;
    }
    if let Some(writes) = &report.writes {
        writeln!(
            out,
            "  writes: {} acknowledged, {} lost, {} resurrected; {} in doubt, {} of them done",
            writes.acknowledged, writes.lost, writes.resurrected, writes.in_doubt, writes.in_doubt_done
        )?;
    }
    for measure in &report.measures {
        writeln!(out, "  {}: {} {}", escape(&measure.what), measure.value, escape(&measure.unit))?;
    }
    writeln!(out)?;
    for expectation in &report.expectations {
        let (mark, color) = match expectation.held {
            Held::Yes => ("ok  ", AnsiColor::Green),
            Held::No => ("NO  ", AnsiColor::Red),
            Held::Unseen => ("?   ", AnsiColor::Yellow),
        };
        let text = escape(&format!("{}: {}", expectation.what, expectation.found));
        let room = style.width.map(|width| width.saturating_sub(4).max(20));
        for (at, line) in wrap(&text, room).iter().enumerate() {
            let mark = if at == 0 { paint(mark, color, style) } else { "    ".to_owned() };
            writeln!(out, "{mark}{line}")?;
        }
    }
    for sentence in report.writes.iter().flat_map(|writes| &writes.wrong) {
        writeln!(out, "      {}", escape(sentence))?;
    }
    writeln!(out)?;
    let longest = report.phases.iter().map(|phase| phase.took_ms).max().unwrap_or(1).max(1);
    for phase in &report.phases {
        let bar = "█".repeat((phase.took_ms * 24).div_ceil(longest) as usize);
        writeln!(out, "  {:<12} {:>9}  {bar}", escape(&phase.name), span(phase.took_ms))?;
    }
    Ok(())
}

fn paint(text: &str, color: AnsiColor, style: Style) -> String {
    if style.color {
        let ansi = Ansi::new().fg_color(Some(color.into())).bold();
        format!("{ansi}{text}{ansi:#}")
    } else {
        text.to_owned()
    }
}
