//! `quorate probe commit`: how long a client waits for a write.

use super::interruption;
use crate::backend::Ask;
use crate::backend::commits::{CommitProbe, SCRATCH_LIFE, Scratch};
use crate::cli::check::duration;
use crate::cli::failure::{Failure, Kind};
use crate::cli::settings::settings;
use crate::cli::{Global, Shape, TargetArgs, World, block_on, style};
use crate::consent::{Consent, Denied, Question};
use crate::facts::{BackendKind, Facts, Member, Role, Trouble, TroubleKind};
use crate::finding::human_millis;
use crate::probe::commit::{self, CommitReport, Ended, Plan, VALUE_BYTES};
use crate::quorum::{self, QuorumState};
use crate::render::{self, Style, escape};
use crate::report::rfc3339;
use crate::target::Target;
use crate::transport::Deadline;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};
use std::time::Duration;

/// Measure how long a cluster takes to commit a write
///
/// Writes a small value to a key of its own, one write after the other, through the leader where it can be reached, and
/// times each. The key hangs on a lease (Consul: a session) and is removed at the end; if quorate is killed, that removes
/// it within a minute or two. Each write is one more revision in the cluster's history until the next compaction.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate probe commit prod-etcd\n  \
    quorate probe commit etcd://10.0.0.1:2379 -n 1000 --yes -o json\n  \
    quorate probe commit prod-etcd --dry-run\n\n\
    Exit codes: 0 every write was committed · 2 a write failed, or interrupted · 3 quorum cannot be seen from here · \
    4 refused: quorum is lost, or not confirmed · 64 usage or configuration")]
pub(in crate::cli) struct CommitArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// How many writes
    #[arg(long, short = 'n', default_value = "100", value_parser = clap::value_parser!(u64).range(1..=1_000_000), value_name = "N")]
    count: u64,
    /// Give up each write after this long
    #[arg(long, default_value = "5s", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Look, say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
}

/// Time for the look before the writes: what `check` takes by default.
const LOOK: Duration = Duration::from_secs(2);

pub(super) fn run(args: &CommitArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let settings = settings(&args.target, global, world)?;
    let [target] = settings.targets.as_slice() else {
        return Err(Failure::usage("probe commit writes to one cluster at a time").hint("name one target"));
    };
    let backend = settings.open_one(target)?;
    let Some(door) = backend.commits() else {
        return Err(Failure::usage(format!("probe commit cannot write to {}", target.backend.name())));
    };
    let plan = Plan { writes: args.count, each: args.timeout };
    let ask = Ask { timeout: LOOK, deep: false, window: None, state_dir: None, now: world.now() };
    let facts = block_on(backend.observe(&ask))?;
    let through = through(&facts)?;
    let what = describe(target, door, through, plan);
    if args.dry_run {
        world.print(format!("would write: {what}\nnothing was written\n").as_bytes())?;
        return Ok(0);
    }
    let question = Question { what: &what, word: &target.name, yes: args.yes };
    let consent = Consent::obtain(question, |prompt| world.ask(prompt))?;
    let report = block_on(probe(door, &consent, target, through, plan, world))??;
    let mut out = Vec::new();
    match args.output {
        Shape::Table => table(&report, door.held_by(), style(global, world), &mut out)?,
        Shape::Json => render::write_json(&report, &mut out)?,
    }
    world.print(&out)?;
    Ok(if report.failed > 0 || report.ended.is_some() { Kind::Failed.code() } else { 0 })
}

/// The member to write through: the leader, else any voter that answers. Refuses without a quorum: nothing could be
/// committed, and a write without an answer might be committed much later.
fn through(facts: &Facts) -> Result<&Member, Failure> {
    let quorum = quorum::assess(&facts.common);
    match quorum.state {
        QuorumState::Lost => {
            return Err(Failure::refused(format!(
                "quorum is lost: {}; no write can be committed",
                quorum.why
            ))
            .hint(format!("see what is wrong with `quorate check {}`", facts.cluster)));
        }
        QuorumState::Unknown => {
            return Err(Failure {
                kind: Kind::Undecided,
                message: format!("cannot tell whether there is a quorum: {}", quorum.why),
                hints: vec![format!("see what is wrong with `quorate check {}`", facts.cluster)],
            });
        }
        QuorumState::Healthy | QuorumState::Degraded | QuorumState::AtRisk => {}
    }
    let answers = || facts.common.reachable().filter(|m| m.voter && m.endpoint.is_some());
    answers().find(|m| m.role == Role::Leader).or_else(|| answers().next()).ok_or_else(|| Failure {
        kind: Kind::Undecided,
        message: "no voter can be reached from here".into(),
        hints: Vec::new(),
    })
}

fn describe(target: &Target, door: &dyn CommitProbe, through: &Member, plan: Plan) -> String {
    let held_by = door.held_by();
    escape(&format!(
        "{} writes of {VALUE_BYTES} bytes to one key {}… of {}, through {} ({}) at {}, under a {held_by} of {} s; then \
         the key and the {held_by} are removed",
        plan.writes,
        door.prefix(),
        target.name,
        through.label(),
        through.role.name(),
        through.endpoint.as_deref().unwrap_or_default(),
        SCRATCH_LIFE.as_secs(),
    ))
}

async fn probe(
    door: &dyn CommitProbe,
    consent: &Consent,
    target: &Target,
    through: &Member,
    plan: Plan,
    world: &World,
) -> Result<CommitReport, Failure> {
    let taken_at = world.now();
    let endpoint = through.endpoint.clone().unwrap_or_default();
    let mut scratch = door
        .begin(consent, &endpoint, Deadline::after(plan.each))
        .await
        .map_err(|trouble| cannot_write(door.held_by(), target, trouble))?;
    let bar = progress(plan, world);
    let stop = async {
        if interruption().await.is_err() {
            // Without a handler Ctrl-C ends the process; the lease cleans up.
            std::future::pending::<()>().await;
        }
    };
    let measured = commit::measure(scratch.as_mut(), plan, stop, |tried| bar.set_position(tried)).await;
    let removed = remove(scratch.as_mut(), plan).await;
    bar.finish_and_clear();
    let samples = measured.samples();
    Ok(CommitReport {
        schema: "quorate.probe-commit/v1",
        taken_at: rfc3339(taken_at),
        cluster: target.name.clone(),
        backend: target.backend.name(),
        member: through.label(),
        endpoint,
        role: through.role.name(),
        key: scratch.key().to_owned(),
        value_bytes: VALUE_BYTES as u64,
        planned: plan.writes,
        committed: measured.committed.len() as u64,
        failed: measured.failed(),
        duration_ms: measured.duration_ms,
        per_second: measured.per_second(),
        commit: samples.as_ref().map(|s| s.latency()),
        histogram: samples.map(|s| s.histogram()).unwrap_or_default(),
        removed: removed.is_ok(),
        not_removed: removed.err().map(|trouble| trouble.to_string()),
        ended: measured.ended,
        errors: measured.errors,
    })
}

/// Removing is tried once more when it was not answered: both calls may be repeated without harm.
async fn remove(scratch: &mut dyn Scratch, plan: Plan) -> Result<(), Trouble> {
    match scratch.remove(Deadline::after(plan.each)).await {
        Err(trouble) if trouble.kind == TroubleKind::NoAnswer => {
            scratch.remove(Deadline::after(plan.each)).await
        }
        other => other,
    }
}

fn cannot_write(held_by: &str, target: &Target, trouble: Trouble) -> Failure {
    let failure = Failure::failed(format!("cannot make the {held_by}: {trouble}"));
    match trouble.kind {
        TroubleKind::Unauthenticated | TroubleKind::PermissionDenied
            if target.backend == BackendKind::Consul =>
        {
            failure.hint(
                "give a token that may write session and key_prefix \"quorate.probe/\": --token-file FILE",
            )
        }
        TroubleKind::Unauthenticated | TroubleKind::PermissionDenied => {
            failure.hint("log in with --user and --password-file, or give a client certificate")
        }
        _ => failure,
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        let failure = Failure::refused(denied.to_string());
        match denied {
            Denied::NobodyThere => failure.hint("look first with --dry-run, then give --yes"),
            Denied::NotConfirmed | Denied::Unreadable(_) => failure,
        }
    }
}

fn progress(plan: Plan, world: &World) -> ProgressBar {
    if !world.stderr_terminal {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(plan.writes);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} writes, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn table(report: &CommitReport, held_by: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{}  {}  through {} ({}) at {}",
        escape(&report.cluster),
        report.backend,
        escape(&report.member),
        report.role,
        escape(&report.endpoint),
    )?;
    writeln!(
        out,
        "{} of {} writes of {} bytes committed in {}: {:.0} a second, one after the other; {} failed",
        report.committed,
        report.planned,
        report.value_bytes,
        human_millis(report.duration_ms),
        report.per_second,
        report.failed,
    )?;
    match report.ended {
        Some(Ended::Interrupted) => writeln!(out, "interrupted")?,
        Some(Ended::Failing) => writeln!(out, "stopped early: the writes kept failing")?,
        None => {}
    }
    for error in &report.errors {
        writeln!(out, "{} × {}: {}", error.count, error.diagnosis, escape(&error.detail))?;
    }
    if let Some(latency) = &report.commit {
        writeln!(out)?;
        render::latencies(&[("commit", latency)], out)?;
        writeln!(out)?;
        render::histogram(&report.histogram, style, out)?;
    }
    let key = escape(&report.key);
    match &report.not_removed {
        None => writeln!(out, "\nremoved {key} and its {held_by}"),
        Some(why) => writeln!(
            out,
            "\n{key} could not be removed ({}); its {held_by} removes it {} s after a quorum serves again",
            escape(why),
            SCRATCH_LIFE.as_secs(),
        ),
    }
}
