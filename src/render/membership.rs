//! Members, and changes of who is one, for people.

use super::Style;
use super::layout::{grid, headline};
use super::text::{escape, wrap};
use crate::membership::{Arithmetic, Change, Verdict};
use crate::report::membership::{
    ChangeReport, ListedReport, MemberListReport, Outcome, StartReport, StepReport,
};
use std::io::{self, Write};

/// `member list`.
pub fn write_members(report: &MemberListReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let id = report.cluster_id.as_deref().map_or_else(String::new, |id| format!("  cluster {}", escape(id)));
    let about = format!("{}{id}  {}", report.backend, report.taken_at);
    headline(&report.cluster, &about, &report.quorum, style, out)?;
    if !report.members.is_empty() {
        let header = ["MEMBER", "ID", "ROLE", "VOTES", "STARTED", "ANSWERS", "PEER URLS", "CLIENT URLS"];
        let rows: Vec<Vec<String>> = report.members.iter().map(row).collect();
        writeln!(out)?;
        for line in grid(&header, &rows, &["MEMBER", "PEER URLS", "CLIENT URLS"], style.width) {
            writeln!(out, "{line}")?;
        }
    }
    match report.source {
        Some("cluster") | None => Ok(()),
        Some(source) => paragraph(&format!("No member answered: this list is {source}."), "", style, out),
    }
}

fn row(member: &ListedReport) -> Vec<String> {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "-".into(), escape);
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let urls = |urls: &[String]| if urls.is_empty() { "-".into() } else { escape(&urls.join(",")) };
    vec![
        text(&member.name),
        text(&member.id),
        member.role.to_owned(),
        yes(member.voter),
        yes(member.started),
        member.diagnosis.unwrap_or("yes").to_owned(),
        urls(&member.peer_urls),
        urls(&member.client_urls),
    ]
}

/// What is going to be changed: each step with the arithmetic before and after it, and what to know.
pub fn write_plan(report: &ChangeReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let id = report.cluster_id.as_deref().map_or_else(String::new, |id| format!("  cluster {}", escape(id)));
    writeln!(out, "{}  {}{id}", escape(&report.cluster), report.backend)?;
    for (at, step) in report.steps.iter().enumerate() {
        let number = if report.steps.len() > 1 { format!("{}. ", at + 1) } else { String::new() };
        writeln!(out, "\n{number}{}", escape(&describe(step)))?;
        let header = ["", "VOTERS", "NEEDED", "STARTED", "SERVING", "MAY FAIL", "LEARNERS"];
        let rows = [numbers("before", step.forecast.before), numbers("after", step.forecast.after)];
        for line in grid(&header, &rows, &[], style.width) {
            writeln!(out, "{line}")?;
        }
        match &step.forecast.verdict {
            Verdict::Allowed { notes } => {
                for note in notes {
                    paragraph(&escape(note), "- ", style, out)?;
                }
            }
            Verdict::Nothing { why } => writeln!(out, "nothing to do: {}", escape(why))?,
            Verdict::Refused { why, instead } => {
                paragraph(&escape(why), "REFUSED  ", style, out)?;
                paragraph(&escape(instead), "instead  ", style, out)?;
            }
        }
    }
    Ok(())
}

/// What a step is, as a phrase: `remove n3 (8211f1d0f64f3269)`.
fn describe(step: &StepReport) -> String {
    let (member, id) = (&step.member, step.id.as_ref().filter(|id| **id != step.member));
    let called = id.map_or_else(|| member.clone(), |id| format!("{member} ({id})"));
    match &step.change {
        Change::Add { peer_urls, learner, .. } => {
            let what = if *learner { "a learner" } else { "a voter" };
            format!("add {called} as {what} at {}", peer_urls.join(","))
        }
        Change::Remove { .. } => format!("remove {called}"),
        Change::Promote { .. } => format!("promote {called} to a voter"),
        Change::MoveLeader { .. } => format!("let {called} lead"),
    }
}

fn numbers(when: &str, of: Arithmetic) -> Vec<String> {
    let margin = if of.margin < 0 { format!("{} missing", -of.margin) } else { of.margin.to_string() };
    let number = |n: usize| n.to_string();
    vec![
        when.to_owned(),
        number(of.voters),
        number(of.needed),
        number(of.started),
        number(of.serving),
        margin,
        number(of.learners),
    ]
}

/// What came of it, and how to start a new member.
pub fn write_outcome(report: &ChangeReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let tried: Vec<&StepReport> = report.steps.iter().filter(|s| s.took_ms.is_some()).collect();
    if !report.dry_run && !tried.is_empty() {
        writeln!(out)?;
        for step in tried {
            writeln!(out, "{}", escape(&came_of(step)))?;
        }
    }
    if report.dry_run {
        writeln!(out, "\nnothing was changed")?;
    }
    report.start.as_ref().map_or(Ok(()), |start| write_start(start, style, out))
}

fn came_of(step: &StepReport) -> String {
    let took = step.took_ms.map_or_else(String::new, |ms| format!(" ({:.1} s)", ms / 1000.0));
    let why = step.why.as_deref().map_or_else(String::new, |why| format!(": {why}"));
    let word = match step.outcome {
        Outcome::NotTried => "not tried",
        Outcome::Done => "done",
        Outcome::Nothing => "nothing to do",
        Outcome::Refused => "refused",
        Outcome::InDoubt => "in doubt",
        Outcome::Failed => "failed",
    };
    format!("{word}: {}{took}{why}", describe(step))
}

fn write_start(start: &StartReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nStart its server with")?;
    for argument in &start.arguments {
        writeln!(out, "  {}", escape(argument))?;
    }
    writeln!(out, "or with")?;
    for (name, value) in &start.environment {
        writeln!(out, "  {}=\"{}\"", escape(name), escape(value))?;
    }
    for sentence in &start.remember {
        paragraph(sentence, "- ", style, out)?;
    }
    Ok(())
}

/// A sentence that wraps beside its mark.
fn paragraph(text: &str, mark: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let indent = mark.len();
    for (at, line) in wrap(text, style.width.map(|w| w.saturating_sub(indent).max(20))).iter().enumerate() {
        if at == 0 {
            writeln!(out, "{mark}{line}")?;
        } else {
            writeln!(out, "{:indent$}{line}", "")?;
        }
    }
    Ok(())
}
