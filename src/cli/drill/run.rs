//! `quorate drill run`.

use super::progress::Progress;
use super::{ShelfArgs, formats};
use crate::backend::Looking;
use crate::cli::check::duration;
use crate::cli::failure::{Failure, Kind};
use crate::cli::probe::interruption;
use crate::cli::recover::{self, Places};
use crate::cli::settings::target_in;
use crate::cli::{Global, World, block_on, files, style};
use crate::consent::{Consent, Question};
use crate::drill::evidence::{Evidence, Record};
use crate::drill::report::{DrillReport, Verdict};
use crate::drill::scenario::{self, SCENARIOS, Scenario};
use crate::drill::{self, Around, Command, Order, Refused};
use crate::facts::BackendKind;
use crate::lab::state::Lab;
use crate::lab::{Home, LabError};
use crate::recover::Plan;
use crate::recover::journal::{self, FILE};
use crate::render::{self, Style};
use crate::target::Target;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Drill: a throwaway cluster, writers, a fault, the recovery, a verdict
///
/// Starts a lab of real servers, writes to it, breaks it, recovers it with the code of `quorate recover`, reads every
/// key back, and keeps the evidence. Nothing but the lab is touched, and it is gone in the end.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate drill run stuck-quorum\n  \
    quorate drill run stuck-quorum --version 3.5.35 --tls --report html=drill.html\n  \
    quorate drill run stuck-quorum --verify-with './smoke-test.sh'   # gets $QUORATE_DRILL_ENDPOINTS, $QUORATE_CONFIG\n  \
    quorate drill run minority-partition                             # needs root\n\n\
    Exit codes: 0 passed · 2 failed, or interrupted · 3 it proves nothing: something could not be seen · \
    4 refused: something it needs is not there · 64 usage")]
pub(in crate::cli) struct RunArgs {
    /// Which scenario; `quorate drill list` describes them
    #[arg(value_name = "SCENARIO", value_parser = scenarios())]
    scenario: String,
    /// Exactly this version of the server [default: the first found]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// How many members [default: what the scenario needs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(3..=9))]
    nodes: Option<u8>,
    /// TLS between everybody
    #[arg(long)]
    tls: bool,
    /// Leave the lab as it is in the end
    #[arg(long)]
    keep: bool,
    /// A command for `sh -c`, run against the recovered cluster before the keys are read back: not 0 fails the drill
    #[arg(long, value_name = "COMMAND")]
    verify_with: Option<String>,
    /// Clients must be able to write again this long after the fault
    #[arg(long, default_value = "5m", value_parser = duration, value_name = "DURATION")]
    max_outage: Duration,
    #[command(flatten)]
    shelf: ShelfArgs,
    /// Output format
    #[arg(long, short, default_value = "table", value_parser = formats(), value_name = "FORMAT")]
    output: String,
    /// Also write the same result in another format to a file
    #[arg(long, value_name = "FORMAT=PATH")]
    report: Vec<String>,
}

fn scenarios() -> PossibleValuesParser {
    PossibleValuesParser::new(SCENARIOS.iter().map(|s| PossibleValue::new(s.slug).help(s.about)))
}

pub(super) fn run(args: &RunArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let scenario =
        scenario::find(&args.scenario).ok_or_else(|| Failure::usage("there is no such scenario"))?;
    let (shelf, format, reports) = (args.shelf.open(world)?, format(&args.output)?, reports(args, world)?);
    let order = order(args, scenario, world)?;
    let state_dir = world.state_dir().ok_or(LabError::Homeless)?;
    let home = Home { state_dir, env: &world.env, cwd: &world.cwd };
    let what = format!("A lab {} is made, broken and removed.", order.lab);
    // Only what the drill itself made is changed: to run it is to agree.
    let question = Question { what: &what, word: &order.lab, yes: true };
    let consent = Consent::obtain(question, |prompt| world.ask(prompt))?;
    let evidence = shelf.begin(&order.id)?;
    let progress = Progress::new(world);
    let around = Around {
        home: &home,
        command: &Typed { world },
        consent: &consent,
        say: &|said| progress.say(&said),
        now: &|| world.now(),
    };
    let stop = async {
        if interruption().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let tasks = tokio::task::LocalSet::new();
    let played = block_on(tasks.run_until(drill::run(&order, &around, &evidence, stop)))?;
    progress.end();
    let played = match played {
        Ok(played) => played,
        Err(error) => {
            evidence.discard_if_empty();
            return Err(error.into());
        }
    };
    let record = keep(&evidence, &played.report, world)?;
    let mut bytes = Vec::new();
    (format.write)(&record, style(global, world), &mut bytes)?;
    world.print(&bytes)?;
    for (format, path) in &reports {
        let mut bytes = Vec::new();
        (format.write)(&record, Style { color: false, width: None, verbose: true }, &mut bytes)?;
        files::replace(path, &bytes)
            .map_err(|error| Failure::usage(format!("--report: cannot write {}: {error}", path.display())))?;
    }
    world.tell(&format!("evidence: {}", evidence.dir().display()));
    if let Some(lab) = &played.lab {
        world.tell(&format!(
            "the lab is kept: {}; `quorate lab down {}` removes it",
            lab.config.display(),
            lab.name
        ));
    }
    Ok(code(record.report.verdict))
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Fail => Kind::Failed.code(),
        Verdict::Invalid => Kind::Undecided.code(),
    }
}

fn order(args: &RunArgs, scenario: &'static Scenario, world: &World) -> Result<Order, Failure> {
    let nodes = args.nodes.map_or(scenario.nodes, usize::from);
    if nodes < scenario.least {
        return Err(Failure::usage(format!("{} needs {} members", scenario.slug, scenario.least)));
    }
    let mut random = [0u8; 2];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| Failure::failed("the system gives no random bytes"))?;
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Order {
        id: format!("drill-{}-{hex}", world.now().strftime("%Y%m%dt%H%M%Sz")),
        lab: format!("drill-{}-{hex}", scenario.slug),
        scenario,
        backend: BackendKind::Etcd,
        version: args.version.clone(),
        nodes,
        tls: args.tls,
        keep: args.keep,
        verify_with: args.verify_with.clone(),
        max_outage: args.max_outage,
        quorate: std::env::current_exe()?,
    })
}

/// Writes what people read into the evidence, and seals it.
fn keep(evidence: &Evidence, report: &DrillReport, world: &World) -> Result<Record, Failure> {
    let open = Record { report: report.clone(), follows: String::new(), files: Vec::new() };
    for (name, format) in [("report.md", "markdown"), ("report.html", "html")] {
        let mut bytes = Vec::new();
        (self::format(format)?.write)(&open, Style { color: false, width: None, verbose: true }, &mut bytes)?;
        evidence.write(name, &bytes)?;
    }
    for recovery in &report.recoveries {
        let dir = Path::new("recovery").join(&recovery.run_id);
        if let Ok(lines) = journal::read(&evidence.dir().join(&dir).join(FILE)) {
            let mut bytes = Vec::new();
            render::recover::write_report(&lines, &mut bytes)?;
            evidence.write(&dir.join("report.md").to_string_lossy(), &bytes)?;
        }
    }
    Ok(evidence.seal(report, world.now())?)
}

pub(super) fn format(name: &str) -> Result<&'static render::drill::Format, Failure> {
    render::drill::find(name).ok_or_else(|| {
        let names: Vec<&str> = render::drill::FORMATS.iter().map(|f| f.name).collect();
        Failure::usage(format!("there is no output format `{name}`"))
            .hint(format!("write one of: {}", names.join(", ")))
    })
}

fn reports(args: &RunArgs, world: &World) -> Result<Vec<(&'static render::drill::Format, PathBuf)>, Failure> {
    let pair = |report: &String| match report.split_once('=').filter(|(_, path)| !path.is_empty()) {
        Some((name, path)) => Ok((format(name)?, world.cwd.join(path))),
        None => Err(Failure::usage(format!("--report {report}: write FORMAT=PATH, such as html=drill.html"))),
    };
    args.report.iter().map(pair).collect()
}

/// What a person would type, as the drill uses it.
struct Typed<'w> {
    world: &'w World,
}

impl Command for Typed<'_> {
    fn target(&self, lab: &Lab) -> Result<Target, String> {
        target_in(&lab.config, &lab.name, self.world).map_err(|failure| failure.message)
    }

    fn plan<'a>(
        &'a self,
        target: &'a Target,
        dead: &'a [String],
        runs: &'a Path,
    ) -> Looking<'a, Result<Plan, Refused>> {
        Box::pin(async move {
            let places = Places::within(runs.to_owned());
            let plan = recover::plan(target, dead, None, &places, self.world).await;
            plan.map_err(|failure| Refused { why: failure.message, instead: failure.hints.join(" ") })
        })
    }
}
