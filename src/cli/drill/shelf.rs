//! `quorate drill list`, `due` and `show`: what the evidence says.

use super::run::format;
use super::{ShelfArgs, formats};
use crate::cli::failure::{Failure, Kind};
use crate::cli::{Global, Shape, World, style};
use crate::drill::chain::Break;
use crate::drill::due::{self, DueReport, Question, Standing};
use crate::drill::evidence::{Record, Shelved};
use crate::drill::report::Verdict;
use crate::drill::scenario::SCENARIOS;
use crate::facts::BackendKind;
use crate::render::{self, escape};
use crate::report::rfc3339;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// List the scenarios and the drills that are kept
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 ok · 2 the evidence is not as it was left · 64 usage")]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    shelf: ShelfArgs,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

/// Say whether a drill is due: a gate for CI
///
/// Reads the evidence, not a date: a drill that failed, proves nothing, or whose evidence was changed does not count.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate drill due --max-age 90d\n  \
    quorate drill due --scenario stuck-quorum --scenario dead-return --server-version 3.6 --fail-on warning\n\n\
    Exit codes: 0 passed and young enough · 1 due soon, with --fail-on warning · \
    2 due: too old, failed, never drilled, or the evidence is not as it was left · 64 usage")]
pub(in crate::cli) struct DueArgs {
    /// The greatest age
    #[arg(long, default_value = "90d", value_parser = age, value_name = "DURATION")]
    max_age: Duration,
    /// Which scenarios must have passed
    #[arg(long, default_value = due::SCENARIO, value_parser = slugs(), value_name = "SCENARIO")]
    scenario: Vec<String>,
    /// Only drills of this version of the server count, or of this minor version
    #[arg(long, value_name = "VERSION")]
    server_version: Option<String>,
    /// What makes the exit code non-zero
    #[arg(long, value_enum, default_value = "critical", value_name = "SEVERITY")]
    fail_on: FailOn,
    #[command(flatten)]
    shelf: ShelfArgs,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

/// Show a drill again
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate drill show\n  \
    quorate drill show drill-20261124t101500z-a1b2 -o html > drill.html\n  \
    quorate drill show --verify\n\n\
    Exit codes: 0 ok · 2 the evidence is not as it was left · 64 usage, or there is no such drill")]
pub(in crate::cli) struct ShowArgs {
    /// Which drill [default: the last one]
    #[arg(value_name = "DRILL")]
    drill: Option<String>,
    /// Compare every file of all evidence with what was sealed
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    shelf: ShelfArgs,
    /// Output format
    #[arg(long, short, default_value = "table", value_parser = formats(), value_name = "FORMAT")]
    output: String,
}

/// What makes the exit code of `drill due` non-zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Also one that is due soon
    Warning,
    /// One that is due
    Critical,
}

fn slugs() -> PossibleValuesParser {
    PossibleValuesParser::new(SCENARIOS.iter().map(|scenario| scenario.slug))
}

/// An age; `90d` is longer than any deadline may be.
fn age(text: &str) -> Result<Duration, String> {
    let age = humantime::parse_duration(text);
    age.map_err(|error| format!("{error}: write an age such as 90d or 12h"))
}

/// Result of `quorate drill list`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ListDocument {
    /// `quorate.drill-list/v1`.
    schema: &'static str,
    /// What can be drilled.
    scenarios: Vec<ScenarioLine>,
    /// Drills that came to their end, oldest first.
    drills: Vec<DrillLine>,
    /// Directories of drills that never came to their end.
    unfinished: Vec<String>,
    /// What is not as it was left.
    breaks: Vec<Break>,
    /// SHA-256 of the chain's last line; kept elsewhere, it shows whether the chain was made anew.
    head: Option<String>,
}

/// One scenario.
#[derive(Debug, Serialize, JsonSchema)]
struct ScenarioLine {
    /// Its name.
    scenario: &'static str,
    /// What happens and what must come of it.
    about: &'static str,
    /// What it needs beside the servers.
    needs: Vec<&'static str>,
}

/// One drill.
#[derive(Debug, Serialize, JsonSchema)]
struct DrillLine {
    /// Its id.
    id: String,
    /// Which scenario.
    scenario: String,
    /// Which system.
    backend: String,
    /// Version of its servers.
    server_version: String,
    /// How it ended.
    verdict: Verdict,
    /// When it began, RFC 3339 UTC.
    began_at: String,
    /// Milliseconds from the fault until clients could write again.
    service_ms: Option<u64>,
    /// Acknowledged writes that were lost.
    lost: Option<u64>,
}

/// Result of `quorate drill due`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DueDocument {
    /// `quorate.drill-due/v1`.
    schema: &'static str,
    /// When it was asked, RFC 3339 UTC.
    asked_at: String,
    /// The greatest age, in seconds.
    max_age_s: u64,
    /// The worst of the scenarios.
    standing: Standing,
    /// One for each scenario that was asked for.
    scenarios: Vec<DueReport>,
}

pub(super) fn list(args: &ListArgs, _: &Global, world: &World) -> Result<u8, Failure> {
    let shelf = args.shelf.open(world)?;
    let shelved = shelf.read(false)?;
    let document = ListDocument {
        schema: "quorate.drill-list/v1",
        scenarios: SCENARIOS
            .iter()
            .map(|s| ScenarioLine {
                scenario: s.slug,
                about: s.about,
                needs: s.needs.iter().map(|need| need.name()).collect(),
            })
            .collect(),
        drills: shelved.records.iter().map(line).collect(),
        unfinished: shelved.unfinished.clone(),
        breaks: shelved.breaks.clone(),
        head: shelved.head.clone(),
    };
    let mut bytes = Vec::new();
    match args.output {
        Shape::Json => render::write_json(&document, &mut bytes)?,
        Shape::Table => bytes.extend(list_table(&document, world.width).into_bytes()),
    }
    world.print(&bytes)?;
    broken(&shelved, world)
}

fn line(record: &Record) -> DrillLine {
    let report = &record.report;
    DrillLine {
        id: report.id.clone(),
        scenario: report.scenario.clone(),
        backend: report.backend.clone(),
        server_version: report.server_version.clone(),
        verdict: report.verdict,
        began_at: report.began_at.clone(),
        service_ms: report.times.service_ms,
        lost: report.writes.as_ref().map(|writes| writes.lost),
    }
}

fn list_table(document: &ListDocument, width: Option<usize>) -> String {
    let row = |s: &ScenarioLine| {
        let needs = if s.needs.is_empty() { "-".to_owned() } else { s.needs.join(", ") };
        vec![s.scenario.to_owned(), needs, s.about.to_owned()]
    };
    let rows: Vec<Vec<String>> = document.scenarios.iter().map(row).collect();
    let mut lines = render::grid(&["SCENARIO", "NEEDS", "WHAT HAPPENS"], &rows, &["WHAT HAPPENS"], width);
    if !document.drills.is_empty() {
        lines.push(String::new());
        let row = |d: &DrillLine| {
            let seconds = |ms: u64| format!("{:.1} s", ms as f64 / 1000.0);
            vec![
                escape(&d.id),
                escape(&d.scenario),
                escape(&format!("{} {}", d.backend, d.server_version)),
                d.verdict.name().to_owned(),
                d.service_ms.map_or_else(|| "-".to_owned(), seconds),
                d.lost.map_or_else(|| "-".to_owned(), |lost| lost.to_string()),
            ]
        };
        let rows: Vec<Vec<String>> = document.drills.iter().rev().map(row).collect();
        let head = ["DRILL", "SCENARIO", "SERVERS", "VERDICT", "WRITES AFTER", "LOST"];
        lines.extend(render::grid(&head, &rows, &[], width));
    }
    for name in &document.unfinished {
        lines.push(format!("{}: never came to its end", escape(name)));
    }
    lines.join("\n") + "\n"
}

pub(super) fn due(args: &DueArgs, world: &World) -> Result<u8, Failure> {
    // What is sealed is what counts: every file is looked at.
    let shelved = args.shelf.open(world)?.read(true)?;
    let now = world.now();
    let ask = |scenario: &String| {
        let question = Question {
            scenario,
            backend: BackendKind::Etcd.name(),
            version: args.server_version.as_deref(),
            max_age: args.max_age,
            now,
        };
        due::judge(question, &shelved.records, &shelved.breaks)
    };
    let scenarios: Vec<DueReport> = args.scenario.iter().map(ask).collect();
    let worst = scenarios.iter().map(|report| report.standing).max().unwrap_or(Standing::Due);
    let mut bytes = Vec::new();
    match args.output {
        Shape::Json => {
            let document = DueDocument {
                schema: "quorate.drill-due/v1",
                asked_at: rfc3339(now),
                max_age_s: args.max_age.as_secs(),
                standing: worst,
                scenarios,
            };
            render::write_json(&document, &mut bytes)?;
        }
        Shape::Table => {
            for report in &scenarios {
                let line = format!("{}  {}  {}\n", report.scenario, report.standing.name(), report.why);
                bytes.extend(render::escape_lines(&line).into_bytes());
            }
        }
    }
    world.print(&bytes)?;
    Ok(match (worst, args.fail_on) {
        (Standing::Due, _) => 2,
        (Standing::Soon, FailOn::Warning) => 1,
        (Standing::Soon | Standing::Fresh, _) => 0,
    })
}

pub(super) fn show(args: &ShowArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let format = format(&args.output)?;
    let shelf = args.shelf.open(world)?;
    let shelved = shelf.read(args.verify)?;
    let record = match &args.drill {
        Some(id) => shelved.records.iter().find(|record| record.report.id == *id),
        None => shelved.records.last(),
    };
    match record {
        Some(record) => {
            let mut bytes = Vec::new();
            (format.write)(record, style(global, world), &mut bytes)?;
            world.print(&bytes)?;
        }
        // What is broken cannot be shown, and is said below.
        None if !shelved.breaks.is_empty() => {}
        None => {
            let what = match &args.drill {
                Some(id) => format!("there is no drill {id} in {}", shelf.dir().display()),
                None => format!("there is no drill in {}", shelf.dir().display()),
            };
            return Err(Failure::usage(what).hint("see `quorate drill list`"));
        }
    }
    if args.verify && shelved.breaks.is_empty() {
        let files: usize = shelved.records.iter().map(|record| record.files.len()).sum();
        world.tell(&format!(
            "{} drills and {files} files are as they were sealed; the chain ends with {}",
            shelved.records.len(),
            shelved.head.as_deref().unwrap_or("nothing")
        ));
    }
    broken(&shelved, world)
}

/// Says what is not as it was left.
fn broken(shelved: &Shelved, world: &World) -> Result<u8, Failure> {
    for broken in &shelved.breaks {
        let place = broken.drill.as_deref().map_or_else(String::new, |drill| format!("{drill}: "));
        world.tell(&format!("NOT AS IT WAS LEFT: {}", escape(&format!("{place}{}", broken.what))));
    }
    Ok(if shelved.breaks.is_empty() { 0 } else { Kind::Failed.code() })
}
