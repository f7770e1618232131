//! A drill for a ticket or an audit: one page.

use super::{servers, span, times};
use crate::drill::evidence::Record;
use crate::drill::report::Held;
use crate::render::Style;
use crate::render::markdown::inert;
use crate::value::human_bytes;
use std::io::{self, Write};

pub(super) fn write(record: &Record, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let report = &record.report;
    writeln!(out, "# Drill {}: {}\n", inert(&report.scenario), report.verdict.name())?;
    writeln!(out, "- Drill: {}", inert(&report.id))?;
    writeln!(out, "- Began: {}, took {}", inert(&report.began_at), span(report.duration_ms))?;
    writeln!(out, "- Servers: {}", inert(&servers(record)))?;
    let machine = &report.machine;
    writeln!(
        out,
        "- Machine: {}, {}, {} processors, {}",
        inert(&machine.host),
        inert(&machine.system),
        machine.processors,
        human_bytes(machine.memory_bytes)
    )?;
    writeln!(out, "- quorate {}", inert(&report.quorate))?;
    for (name, time) in times(record) {
        writeln!(out, "- {name}: **{time}**")?;
    }
    if let Some(writes) = &report.writes {
        writeln!(
            out,
            "- Writes: **{} acknowledged, {} lost, {} resurrected**, {} invented; {} in doubt, of which {} were done; \
             {} never sent; {} keys",
            writes.acknowledged,
            writes.lost,
            writes.resurrected,
            writes.invented,
            writes.in_doubt,
            writes.in_doubt_done,
            writes.never_sent,
            writes.keys
        )?;
    }
    for measure in &report.measures {
        writeln!(out, "- {}: {} {}", inert(&measure.what), measure.value, inert(&measure.unit))?;
    }
    writeln!(out, "\n| | what must hold | what was seen |\n|---|---|---|")?;
    for expectation in &report.expectations {
        let held = match expectation.held {
            Held::Yes => "holds",
            Held::No => "**does not hold**",
            Held::Unseen => "**not seen**",
        };
        writeln!(out, "| {held} | {} | {} |", inert(&expectation.what), inert(&expectation.found))?;
    }
    for sentence in report.writes.iter().flat_map(|writes| &writes.wrong) {
        writeln!(out, "- {}", inert(sentence))?;
    }
    writeln!(out, "\n| phase | from | took |\n|---|---|---|")?;
    for phase in &report.phases {
        writeln!(out, "| {} | {} | {} |", inert(&phase.name), span(phase.began_ms), span(phase.took_ms))?;
    }
    recoveries(record, out)?;
    seal(record, out)
}

fn recoveries(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    for recovery in &record.report.recoveries {
        writeln!(out, "\n## Recovery {}\n", inert(&recovery.run_id))?;
        writeln!(out, "- Loss that its plan stated: {}", inert(&recovery.loss))?;
        writeln!(
            out,
            "- Data of {}; {} of {} steps done",
            inert(&recovery.seed),
            recovery.steps_done,
            recovery.steps
        )?;
        let new = recovery.new_cluster.as_deref().unwrap_or("–");
        writeln!(out, "- Cluster {} became {}", inert(&recovery.old_cluster), inert(new))?;
        writeln!(out, "- Plan: SHA-256 `{}`", recovery.plan)?;
        if let Some(stopped) = &recovery.stopped {
            writeln!(out, "- It stopped: {}", inert(stopped))?;
        }
    }
    Ok(())
}

/// What seals the record; nothing in the page that is itself part of it.
fn seal(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    if record.files.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Evidence\n\nIt follows SHA-256 `{}`.\n", record.follows)?;
    writeln!(out, "| file | size | SHA-256 |\n|---|---|---|")?;
    for file in &record.files {
        writeln!(out, "| {} | {} | `{}` |", inert(&file.path), human_bytes(file.bytes), file.sha256)?;
    }
    Ok(())
}
