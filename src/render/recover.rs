//! Plans, their progress and their end, for people.

use super::text::{escape, wrap};
use crate::host::typed;
use crate::recover::describe;
use crate::recover::executor::Event;
use crate::recover::journal::{Left, Line, Progress, Record, is_rolled_back, plan_of, progress};
use crate::recover::plan::{Action, Becomes, Condition, EtcdAction, HostSpec, Loss, Phase, Plan, Undo};
use crate::recover::rehearse::{Rehearsed, Verdict};
use std::collections::BTreeSet;
use std::io::{self, Write};

/// Columns of a plan where nothing says how wide the terminal is.
const WIDTH: usize = 80;

/// The plan as text: what will be lost first, then the steps with what a person would type.
pub fn write_plan(plan: &Plan, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let width = Some(width.unwrap_or(WIDTH));
    let mut line = |indent: &str, text: &str| {
        // A command is to be copied: it stays on one line.
        let width = width.filter(|_| !text.starts_with("$ "));
        paragraph(out, indent, text, width)
    };
    line("", &format!("Recovery of {} (cluster {}), run {}", plan.cluster, plan.cluster_id, plan.run_id))?;
    match &plan.loss {
        Loss::Lossless { why } => line("", &format!("LOSS: none. {why}"))?,
        Loss::AtRisk { why, entries } => {
            line("", &format!("LOSS: possible. {why}"))?;
            for entry in entries {
                line("  ", entry)?;
            }
        }
    }
    for note in &plan.notes {
        line("", note)?;
    }
    for entry in &plan.kept {
        line("  ", &format!("kept: {entry}"))?;
    }
    for statement in &plan.statements {
        line("", &format!("Stated: {}", statement.says))?;
    }
    for member in &plan.members {
        line("  ", &format!("{}: {}", member.name, becomes(member.becomes)))?;
    }
    let mut phase: Option<Phase> = None;
    for step in &plan.steps {
        if phase != Some(step.phase) {
            line("", "")?;
            line("", step.phase.name())?;
            phase = Some(step.phase);
        }
        line("  ", &format!("{} [{}] {}.", step.id, step.host, step.what))?;
        line("     ", &step.why)?;
        if let Some(danger) = &step.danger {
            line("     ", &format!("Danger: {danger}"))?;
        }
        for argv in &step.commands {
            line("     ", &format!("$ {}", typed(argv)))?;
        }
    }
    Ok(())
}

/// The plan as Markdown: for a ticket, or for whoever has to agree.
pub fn write_plan_markdown(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let md = |text: &str| escape(text).replace('|', "\\|");
    writeln!(out, "# Recovery of {}, run {}\n", md(&plan.cluster), md(&plan.run_id))?;
    writeln!(out, "- Cluster lost: `{}`", escape(&plan.cluster_id))?;
    if let Some(id) = &plan.new_cluster_id {
        writeln!(out, "- Cluster to be made: `{}`", escape(id))?;
    }
    writeln!(out, "- Made: {}, by quorate {}, SHA-256 `{}`", plan.made_at, plan.quorate, plan.hash)?;
    match &plan.loss {
        Loss::Lossless { why } => writeln!(out, "- **Loss: none.** {}", md(why))?,
        Loss::AtRisk { why, entries } => {
            writeln!(out, "- **Loss: possible.** {}", md(why))?;
            for entry in entries {
                writeln!(out, "  - {}", md(entry))?;
            }
        }
    }
    for note in plan.notes.iter().chain(plan.statements.iter().map(|one| &one.says)) {
        writeln!(out, "- {}", md(note))?;
    }
    writeln!(out, "\n| member | becomes | host | data directory |\n|---|---|---|---|")?;
    for member in &plan.members {
        let host = member.host.as_deref().unwrap_or("not known");
        let dir = member.data_dir.as_ref().map(|dir| dir.display().to_string()).unwrap_or_default();
        let (name, becomes) = (md(&member.name), becomes(member.becomes));
        writeln!(out, "| {name} | {becomes} | {} | {} |", md(host), md(&dir))?;
    }
    for step in &plan.steps {
        writeln!(out, "\n## {} on {} ({})\n", md(&step.id), md(&step.host), step.phase.name())?;
        writeln!(out, "{}. {}\n", md(&step.what), md(&step.why))?;
        if let Some(danger) = &step.danger {
            writeln!(out, "**Danger:** {}\n", md(danger))?;
        }
        for (when, conditions) in [("before", &step.pre), ("after", &step.effect)] {
            for condition in conditions {
                writeln!(out, "- {when}: {}", md(&describe::condition(condition)))?;
            }
        }
        let undo = match &step.undo {
            Undo::By { .. } => "it can be undone",
            Undo::NotNeeded(why) | Undo::Impossible(why) => why,
        };
        writeln!(out, "- undo: {}", md(undo))?;
        // Indented, not fenced: what a server said cannot end the block.
        for argv in &step.commands {
            writeln!(out, "\n      {}", escape(&typed(argv)))?;
        }
    }
    Ok(())
}

fn becomes(fate: Becomes) -> &'static str {
    match fate {
        Becomes::Seed => "the new cluster begins with its data",
        Becomes::Rejoins => "joins empty; its old data is renamed and kept",
        Becomes::LeftOut => "is left out",
    }
}

/// One line of progress; `None` for what need not be said.
pub fn progress_line(plan: &Plan, event: &Event) -> Option<String> {
    let what = |id: &str| plan.step(id).map_or_else(String::new, |step| step.what.clone());
    let text = match event {
        Event::Skipped { step } => format!("{step}: done before"),
        Event::AlreadyTrue { step } => format!("{step}: it is so already"),
        Event::Started { step } => format!("{step}: {}", what(step)),
        Event::Done { step, took_ms } => format!("{step}: done in {:.1} s", *took_ms as f64 / 1000.0),
        Event::Failed { step, why } => format!("{step}: failed: {why}"),
        Event::Undoing { step } => format!("{step}: undoing"),
        Event::Undone { step } => format!("{step}: undone"),
    };
    Some(escape(&text))
}

/// What a dry run found.
pub fn write_rehearsal(
    plan: &Plan,
    rehearsed: &[Rehearsed],
    width: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let width = Some(width.unwrap_or(WIDTH));
    for one in rehearsed {
        let what = plan.step(&one.step).map_or("", |step| step.what.as_str());
        let verdict = match &one.verdict {
            Verdict::AlreadyTrue => "it is so already".to_owned(),
            Verdict::Ready { assumed } if assumed.is_empty() => "could be done now".to_owned(),
            Verdict::Ready { assumed } => format!("could be done once {}", assumed.join("; ")),
            Verdict::Blocked { what, why } => format!("BLOCKED: it is not so that {what}: {why}"),
            Verdict::Unseen { what, why } => format!("UNSEEN: whether {what}: {why}"),
        };
        paragraph(out, "", &format!("{}: {what}", one.step), width)?;
        paragraph(out, "   ", &verdict, width)?;
    }
    Ok(())
}

/// The journal as a report in Markdown: what was done, why, how long it took, how it was verified.
pub fn write_report(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    let Some(plan) = plan_of(lines) else { return writeln!(out, "Nothing was begun.") };
    let md = |text: &str| escape(text).replace('|', "\\|");
    writeln!(out, "# Recovery of {}, run {}\n", md(&plan.cluster), md(&plan.run_id))?;
    writeln!(out, "- **{}**", md(&outcome(lines)))?;
    for line in attempts(lines) {
        writeln!(out, "- {}", md(&line))?;
    }
    writeln!(out, "- Cluster lost: `{}`", plan.cluster_id)?;
    if let Some(id) = &plan.new_cluster_id {
        writeln!(out, "- Cluster made: `{id}`")?;
    }
    writeln!(out, "- Plan made: {}, by quorate {}, SHA-256 `{}`", plan.made_at, plan.quorate, plan.hash)?;
    match &plan.loss {
        Loss::Lossless { why } => writeln!(out, "- Loss: none. {}", md(why))?,
        Loss::AtRisk { why, .. } => writeln!(out, "- Loss: possible. {}", md(why))?,
    }
    for note in &plan.notes {
        writeln!(out, "- {}", md(note))?;
    }
    for entry in &plan.kept {
        writeln!(out, "- Kept: {}", md(entry))?;
    }
    for statement in &plan.statements {
        writeln!(out, "- Stated: {}", md(&statement.says))?;
    }
    writeln!(
        out,
        "\n| step | host | what | why | state | took | verified by |\n|---|---|---|---|---|---|---|"
    )?;
    for step in &plan.steps {
        let took = lines.iter().rev().find_map(|line| match &line.record {
            Record::Done { step: id, took_ms, .. } if *id == step.id => Some(*took_ms),
            _ => None,
        });
        let effect: Vec<String> = step.effect.iter().map(describe::condition).collect();
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            step.id,
            md(&step.host),
            md(&step.what),
            md(&step.why),
            state(progress(lines, &step.id)),
            took.map_or_else(String::new, |ms| format!("{:.1} s", ms as f64 / 1000.0)),
            md(&effect.join("; "))
        )?;
    }
    let troubles = troubles(lines);
    if !troubles.is_empty() {
        writeln!(out, "\n## What went wrong on the way\n")?;
        for trouble in troubles {
            writeln!(out, "- {}", md(&trouble))?;
        }
    }
    let aside = set_aside(lines);
    if !aside.is_empty() {
        writeln!(out, "\n## Set aside\n\nNothing was deleted. Once it is not needed any more:\n")?;
        for left in aside {
            writeln!(out, "- `{}`", md(&removal(plan, &left)))?;
        }
    }
    for why in unseen(lines) {
        writeln!(out, "- There may be more, which could not be looked at: {}", md(why))?;
    }
    Ok(())
}

/// How it stands, and how long it took, as a sentence.
fn outcome(lines: &[Line]) -> String {
    let end = lines.iter().rfind(|line| matches!(line.record, Record::Finished | Record::RolledBack));
    let begun = lines.iter().any(|line| matches!(line.record, Record::Started { .. }));
    let took = |end: &Line| {
        let began = lines.first().map_or(end.time, |first| first.time);
        let seconds = end.time.duration_since(began).as_secs();
        format!("{} min {} s after it was begun", seconds / 60, seconds % 60)
    };
    match end {
        Some(end) if end.record == Record::Finished => format!("Recovered, {}.", took(end)),
        Some(_) if !begun => "Refused: nothing was changed.".to_owned(),
        Some(end) => format!("Rolled back, {}: it is as it was before.", took(end)),
        None if is_rolled_back(lines) => "Not at its end: it is being rolled back.".to_owned(),
        None => "Not at its end: it can be resumed.".to_owned(),
    }
}

/// Who began when, and how it was agreed to.
fn attempts(lines: &[Line]) -> Vec<String> {
    let begun = lines.iter().filter_map(|line| match &line.record {
        Record::Begun { verb, consent } => {
            let agreed = if consent == "typed" { "the cluster's id was typed" } else { consent };
            Some(format!("{}: {verb} ({agreed})", short(line)))
        }
        _ => None,
    });
    begun.collect()
}

/// Every step that failed, and every way back that was closed, with its time.
fn troubles(lines: &[Line]) -> Vec<String> {
    let told = lines.iter().filter_map(|line| match &line.record {
        Record::Failed { step, why } => Some(format!("{}: {step} failed: {why}", short(line))),
        Record::UndoFailed { step, why } => {
            Some(format!("{}: {step} could not be undone: {why}", short(line)))
        }
        Record::Stays { step, why } => Some(format!("{}: {step} was not undone: {why}", short(line))),
        _ => None,
    });
    told.collect()
}

/// When a line was written, to the second.
fn short(line: &Line) -> String {
    line.time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The command that removes it, with its host where that is another machine.
pub fn removal(plan: &Plan, left: &Left) -> String {
    let command = typed(&["rm".to_owned(), "-r".to_owned(), left.path.display().to_string()]);
    match plan.hosts.get(&left.host) {
        Some(HostSpec::Ssh(_)) => format!("on {}: {command}", left.host),
        Some(HostSpec::Local) | None => command,
    }
}

/// What a run renamed, what it copied beside, and what of it was never finished: all that it leaves.
pub fn set_aside(lines: &[Line]) -> Vec<Left> {
    let Some(plan) = plan_of(lines) else { return Vec::new() };
    let done = plan.steps.iter().filter(|step| progress(lines, &step.id) == Progress::Done);
    let known = done.filter_map(|step| match (&step.action, &step.undo) {
        (Action::CopyTree { host, to, .. }, _) => Some((host, to)),
        (Action::Etcd(EtcdAction::DecideLog(decide)), _) => Some((&decide.host, &decide.to)),
        (_, Undo::By { effect, .. }) => match effect.first() {
            Some(Condition::PathAbsent { host, path }) => Some((host, path)),
            _ => None,
        },
        _ => None,
    });
    let known = known.map(|(host, path)| Left { host: host.clone(), path: path.clone() });
    let mut left: BTreeSet<Left> =
        known.filter(|left| left.path.display().to_string().contains(".quorate-")).collect();
    if let Some((found, _)) = looked(lines) {
        left.extend(found.iter().cloned());
    }
    left.into_iter().collect()
}

/// Why it is not certain that there is no more.
pub fn unseen(lines: &[Line]) -> &[String] {
    looked(lines).map_or(&[], |(_, unseen)| unseen)
}

fn looked(lines: &[Line]) -> Option<(&[Left], &[String])> {
    lines.iter().rev().find_map(|line| match &line.record {
        Record::LeftBehind { left, unseen } => Some((left.as_slice(), unseen.as_slice())),
        _ => None,
    })
}

/// How a step stands, in a word.
pub fn state(progress: Progress) -> &'static str {
    match progress {
        Progress::NotStarted => "not begun",
        Progress::InDoubt => "in doubt",
        Progress::Failed => "failed",
        Progress::Done => "done",
        Progress::Undone => "undone",
    }
}

fn paragraph(out: &mut dyn Write, indent: &str, text: &str, width: Option<usize>) -> io::Result<()> {
    let text = escape(text);
    let room = width.map(|width| width.saturating_sub(indent.len()).max(20));
    let lines = wrap(&text, room);
    if lines.is_empty() {
        return writeln!(out);
    }
    for line in lines {
        writeln!(out, "{}", format!("{indent}{line}").trim_end())?;
    }
    Ok(())
}
