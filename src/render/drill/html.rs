//! A drill as one page that needs nothing else: no script, no file, no network.

use super::picture::{svg, text};
use super::{servers, span, times};
use crate::drill::evidence::Record;
use crate::drill::report::{Expectation, Held, Verdict};
use crate::render::Style;
use crate::value::human_bytes;
use std::io::{self, Write};

const STYLE: &str = "
:root { --ink: #1b1f24; --soft: #5b6470; --line: #d8dde3; --paper: #ffffff; --good: #1a7f4b; --bad: #c0392b; \
--open: #9a6700; --work: #2f6fb3; --human: #b58a2a; --around: #a7b0ba; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4af; --line: #343b43; --paper: #15191e; \
--good: #4fbf87; --bad: #ef7466; --open: #e0b04a; --work: #5b9be0; --human: #d3ac55; --around: #5d6670; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1020px; padding: 24px; color: var(--ink); background: var(--paper); \
font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 28px 0 8px; }
.soft { color: var(--soft); } .pass { color: var(--good); } .fail { color: var(--bad); } .invalid { color: var(--open); }
.numbers { display: flex; flex-wrap: wrap; gap: 28px; margin: 18px 0; }
.numbers b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: 4px 10px 4px 0; \
border-bottom: 1px solid var(--line); } td.hash { font: 12px/1.6 ui-monospace, monospace; word-break: break-all; }
.scroll { overflow-x: auto; } svg { min-width: 720px; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--soft); } svg .name, svg .peak { text-anchor: end; } svg .name { fill: var(--ink); }
svg .tick { text-anchor: middle; font-size: 11px; } svg .took, svg .peak { font-size: 11px; }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .ack { fill: var(--good); } svg .failed { fill: var(--bad); }
svg .work { fill: var(--work); } svg .human { fill: var(--human); } svg .around { fill: var(--around); }
svg line.moment { stroke: var(--bad); stroke-width: 1; stroke-dasharray: 3 3; } svg text.moment { fill: var(--bad); }
";

pub(super) fn write(record: &Record, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let report = &record.report;
    let verdict = report.verdict.name();
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(
        out,
        "<title>Drill {}: {verdict}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        text(&report.scenario)
    )?;
    writeln!(
        out,
        "<h1>{} <span class=\"{verdict}\">{}</span></h1>",
        text(&report.scenario),
        heading(report.verdict)
    )?;
    writeln!(
        out,
        "<div class=\"soft\">{} · began {} · {} · quorate {}</div>",
        text(&report.id),
        text(&report.began_at),
        text(&servers(record)),
        text(&report.quorate)
    )?;
    numbers(record, out)?;
    writeln!(out, "<h2>What happened when</h2>\n<div class=\"scroll\">{}</div>", svg(report))?;
    writeln!(out, "<h2>What must hold</h2>\n<table>")?;
    for expectation in &report.expectations {
        row(expectation, out)?;
    }
    writeln!(out, "</table>")?;
    wrong(record, out)?;
    recoveries(record, out)?;
    seal(record, out)?;
    writeln!(out, "</body>\n</html>")
}

fn heading(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passed",
        Verdict::Fail => "failed",
        Verdict::Invalid => "proves nothing",
    }
}

fn numbers(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let report = &record.report;
    let mut pairs: Vec<(String, String)> =
        times(record).into_iter().map(|(name, time)| (name.to_owned(), time)).collect();
    if let Some(writes) = &report.writes {
        pairs.push(("acknowledged writes".into(), writes.acknowledged.to_string()));
        pairs.push(("lost".into(), writes.lost.to_string()));
        pairs.push(("resurrected".into(), writes.resurrected.to_string()));
        pairs.push(("in doubt".into(), writes.in_doubt.to_string()));
    }
    let measures = report.measures.iter().map(|m| (m.what.clone(), format!("{} {}", m.value, m.unit)));
    pairs.extend(measures);
    writeln!(out, "<div class=\"numbers\">")?;
    for (name, value) in pairs {
        writeln!(out, "<div><b>{}</b><span class=\"soft\">{}</span></div>", text(&value), text(&name))?;
    }
    writeln!(out, "</div>")
}

fn row(expectation: &Expectation, out: &mut dyn Write) -> io::Result<()> {
    let (class, word) = match expectation.held {
        Held::Yes => ("pass", "holds"),
        Held::No => ("fail", "does not hold"),
        Held::Unseen => ("invalid", "not seen"),
    };
    writeln!(
        out,
        "<tr><td class=\"{class}\">{word}</td><td>{}</td><td class=\"soft\">{}</td></tr>",
        text(&expectation.what),
        text(&expectation.found)
    )
}

fn wrong(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let sentences: Vec<&String> = record.report.writes.iter().flat_map(|writes| &writes.wrong).collect();
    if sentences.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Keys that are not as they must be</h2>\n<ul>")?;
    for sentence in sentences {
        writeln!(out, "<li>{}</li>", text(sentence))?;
    }
    writeln!(out, "</ul>")
}

fn recoveries(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    for recovery in &record.report.recoveries {
        writeln!(out, "<h2>Recovery {}</h2>\n<table>", text(&recovery.run_id))?;
        let steps = format!("{} of {} done", recovery.steps_done, recovery.steps);
        let clusters =
            format!("{} became {}", recovery.old_cluster, recovery.new_cluster.as_deref().unwrap_or("–"));
        let stopped = recovery.stopped.as_deref().unwrap_or("–");
        let rows = [
            ("loss that the plan stated", recovery.loss.as_str()),
            ("data of", recovery.seed.as_str()),
            ("steps", steps.as_str()),
            ("cluster", clusters.as_str()),
            ("stopped", stopped),
        ];
        for (name, value) in rows {
            writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", text(value))?;
        }
        writeln!(out, "</table>")?;
    }
    Ok(())
}

fn seal(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let machine = &record.report.machine;
    writeln!(
        out,
        "<h2>Evidence</h2>\n<p class=\"soft\">{}: {}, {} processors, {}; the drill took {}.</p>",
        text(&machine.host),
        text(&machine.system),
        machine.processors,
        human_bytes(machine.memory_bytes),
        span(record.report.duration_ms)
    )?;
    if record.files.is_empty() {
        return Ok(());
    }
    writeln!(out, "<p class=\"soft\">It follows SHA-256 {}.</p>\n<table>", text(&record.follows))?;
    for file in &record.files {
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"hash\">{}</td></tr>",
            text(&file.path),
            human_bytes(file.bytes),
            text(&file.sha256)
        )?;
    }
    writeln!(out, "</table>")
}
