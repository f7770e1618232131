//! Runs that were begun, and how far they came.

use super::carry_out::journal_failure;
use super::places::Places;
use super::{Shown, StatusArgs};
use crate::cli::failure::Failure;
use crate::cli::settings;
use crate::cli::{Global, World};
use crate::recover::Plan;
use crate::recover::journal::{self, FILE, Line, Progress, Record, plan_of};
use crate::render;
use schemars::JsonSchema;
use serde::Serialize;

/// Result of `quorate recover status -o json`.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct RunsReport {
    /// `quorate.recover-status/v1`.
    schema: &'static str,
    /// Oldest first.
    runs: Vec<RunReport>,
}

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
struct RunReport {
    /// Its id.
    run: String,
    /// Name of the cluster.
    cluster: String,
    /// Hex id of the cluster that was lost.
    cluster_id: String,
    /// Hex id of the cluster that was or will be made.
    new_cluster_id: Option<String>,
    /// `finished`, `rolled back` or `unfinished`.
    state: &'static str,
    /// In the order of the plan.
    steps: Vec<StepReport>,
}

/// One step of a run.
#[derive(Debug, Serialize, JsonSchema)]
struct StepReport {
    /// Its id.
    id: String,
    /// What it does.
    what: String,
    /// On which host.
    host: String,
    /// `not begun`, `in doubt`, `failed`, `done` or `undone`.
    state: &'static str,
}

pub(super) fn status(args: &StatusArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let places = Places::of(world)?;
    let known = places.runs()?;
    // A run is shown with its steps, a cluster by its runs.
    let one = args.of.as_ref().is_some_and(|of| known.contains(of));
    let mut bytes = Vec::new();
    let mut report = RunsReport { schema: "quorate.recover-status/v1", runs: Vec::new() };
    let mut found = false;
    for run in known {
        let lines = journal::read(&places.run_dir(&run).join(FILE)).map_err(journal_failure)?;
        let Some(plan) = plan_of(&lines) else { continue };
        let meant = |of: &String| if one { run == *of } else { is_of(plan, of) };
        if !args.of.as_ref().is_none_or(meant) {
            continue;
        }
        found = true;
        let shown = shown(&run, plan, &lines);
        match args.output {
            Shown::Markdown => render::recover::write_report(&lines, &mut bytes)?,
            Shown::Json => report.runs.push(shown),
            Shown::Table => bytes.extend(render::escape_lines(&table(&shown, one)).bytes()),
        }
    }
    if let Some(of) = args.of.as_ref().filter(|_| !found)
        && !settings::config(global, world)?.clusters.contains_key(of)
    {
        return Err(Failure::usage(format!("there is no run and no cluster `{of}`"))
            .hint("see all runs with `quorate recover status`"));
    }
    match args.output {
        Shown::Json => render::write_json(&report, &mut bytes)?,
        Shown::Table if !found => bytes.extend_from_slice(b"No run was begun.\n"),
        Shown::Table | Shown::Markdown => {}
    }
    world.print(&bytes)?;
    Ok(0)
}

fn is_of(plan: &Plan, of: &str) -> bool {
    plan.cluster == of || plan.cluster_id == of || plan.new_cluster_id.as_deref() == Some(of)
}

fn shown(run: &str, plan: &Plan, lines: &[Line]) -> RunReport {
    let state = match () {
        () if lines.iter().any(|line| line.record == Record::Finished) => "finished",
        () if lines.iter().any(|line| line.record == Record::RolledBack) => "rolled back",
        () => "unfinished",
    };
    let steps = plan.steps.iter().map(|step| StepReport {
        id: step.id.clone(),
        what: step.what.clone(),
        host: step.host.clone(),
        state: render::recover::state(journal::progress(lines, &step.id)),
    });
    RunReport {
        run: run.to_owned(),
        cluster: plan.cluster.clone(),
        cluster_id: plan.cluster_id.clone(),
        new_cluster_id: plan.new_cluster_id.clone(),
        state,
        steps: steps.collect(),
    }
}

fn table(run: &RunReport, one: bool) -> String {
    let is_done = |step: &&StepReport| step.state == render::recover::state(Progress::Done);
    let done = run.steps.iter().filter(is_done).count();
    let mut text =
        format!("{}  {}  {}, {done} of {} steps\n", run.run, run.cluster, run.state, run.steps.len());
    for step in run.steps.iter().filter(|_| one) {
        text.push_str(&format!("  {:<28} {:<10} {}\n", step.id, step.state, step.what));
    }
    text
}
