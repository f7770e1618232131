//! Runs that were begun, and how far they came.

use super::carry_out::journal_failure;
use super::places::Places;
use super::{Shown, StatusArgs, made};
use crate::backend::etcd::Etcd;
use crate::cli::failure::Failure;
use crate::cli::{Global, TargetArgs, World, block_on, settings};
use crate::recover::Plan;
use crate::recover::journal::{self, FILE, Line, Progress, Record, plan_of};
use crate::recover::plan::Fate;
use crate::recover::watch::{self, Found, OldMember};
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
    /// Members of the cluster that was lost, as they are found now; `null` where nobody looked: the run is not
    /// finished, or no run and no cluster was named.
    old_members: Option<Vec<OldMember>>,
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
    let (mut found, mut worst) = (false, Found::Gone);
    for run in known {
        let lines = journal::read(&places.run_dir(&run).join(FILE)).map_err(journal_failure)?;
        let Some(plan) = plan_of(&lines) else { continue };
        let meant = |of: &String| if one { run == *of } else { is_of(plan, of) };
        if !args.of.as_ref().is_none_or(meant) {
            continue;
        }
        found = true;
        let mut shown = shown(&run, plan, &lines);
        if args.of.is_some() && shown.state == "finished" {
            let old = look(plan, global, world)?;
            worst = worst.max(old.iter().map(|member| member.found).max().unwrap_or(Found::Gone));
            shown.old_members = Some(old);
        }
        match args.output {
            Shown::Markdown => {
                render::recover::write_report(&lines, &mut bytes)?;
                bytes.extend(render::escape_lines(&watched(&shown, "- ")).bytes());
            }
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
    Ok(match worst {
        Found::Gone => 0,
        Found::Unseen => 3,
        Found::Lives | Found::Serves => 2,
    })
}

/// Whether the old members live again. What cannot be looked at is not taken for gone.
fn look(plan: &Plan, global: &Global, world: &World) -> Result<Vec<OldMember>, Failure> {
    let named = TargetArgs { targets: vec![plan.cluster.clone()], ..TargetArgs::default() };
    let etcd = made::target(&named, global, world).and_then(|target| Ok(Etcd::open(target)?));
    match etcd {
        Ok(etcd) => block_on(watch::old_members(plan, &etcd)),
        Err(failure) => {
            let unseen = |member: &Fate| OldMember {
                name: member.name.clone(),
                id: member.id.clone(),
                found: Found::Unseen,
                url: None,
                says: Some(failure.message.clone()),
            };
            Ok(plan.members.iter().map(unseen).collect())
        }
    }
}

/// What was found of the old members, a line each; nothing where nobody looked.
fn watched(run: &RunReport, mark: &str) -> String {
    let Some(members) = &run.old_members else { return String::new() };
    let mut text = String::new();
    for member in members.iter().filter(|member| member.found > Found::Gone) {
        let (name, id, old) = (&member.name, &member.id, &run.cluster_id);
        let url = member.url.as_deref().unwrap_or("");
        let says = member.says.as_ref().map_or_else(String::new, |says| format!(": {says}"));
        let line = match member.found {
            Found::Serves => format!(
                "SECOND CLUSTER: {name} ({id}) answers at {url} as a member of the old cluster {old} and takes writes{says}. \
                 Stop it and keep it from starting: what clients write there is lost."
            ),
            Found::Lives => format!(
                "OLD MEMBER: {name} ({id}) answers at {url} as a member of the old cluster {old}; no write is seen to succeed \
                 there{says}. Stop it and keep it from starting."
            ),
            Found::Gone | Found::Unseen => format!("UNSEEN: whether {name} ({id}) lives again{says} {url}"),
        };
        text.push_str(&format!("{mark}{}\n", line.trim_end()));
    }
    if text.is_empty() {
        text =
            format!("{mark}No member of the old cluster {} answers at its old addresses.\n", run.cluster_id);
    }
    text
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
        old_members: None,
        steps: steps.collect(),
    }
}

fn table(run: &RunReport, one: bool) -> String {
    let is_done = |step: &&StepReport| step.state == render::recover::state(Progress::Done);
    let done = run.steps.iter().filter(is_done).count();
    let mut text =
        format!("{}  {}  {}, {done} of {} steps\n", run.run, run.cluster, run.state, run.steps.len());
    text.push_str(&watched(run, "  "));
    for step in run.steps.iter().filter(|_| one) {
        text.push_str(&format!("  {:<28} {:<10} {}\n", step.id, step.state, step.what));
    }
    text
}
