//! `quorate check`: every check of the catalogue; the CI gate and the first thing on call.

use super::config::{Config, nearest};
use super::failure::{Failure, Kind};
use super::settings::settings;
use super::{Global, TargetArgs, World, block_on};
use crate::backend::Ask;
use crate::checks::{self, Selection, Verdict};
use crate::facts::{BackendKind, FACTS_FORMAT, Facts, FileFacts, Member, Soundness};
use crate::finding::{Finding, Severity};
use crate::host;
use crate::offline;
use crate::render::{self, Style};
use crate::report::{CheckReport, Judged, Place};
use crate::snapshot;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use futures_util::future::join_all;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Check clusters and say what is wrong
///
/// Looks at every member at once, never writes, and ends within --timeout.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate check prod-etcd\n  \
    quorate check etcd://10.0.0.1:2379,10.0.0.2:2379 --fail-on warning\n  \
    quorate check --all -o json --report junit=check.xml\n  \
    quorate check prod-etcd -o nagios\n  \
    quorate check prod-etcd --report prometheus=/var/lib/node_exporter/quorate.prom\n  \
    quorate check prod-etcd -o markdown >> $GITHUB_STEP_SUMMARY\n  \
    quorate check prod-etcd --before-restart n2 && systemctl restart etcd\n  \
    quorate check --snapshot backup.db\n  \
    quorate check --snapshot consul.snap --fail-on warning\n  \
    quorate check --snapshot /var/lib/zookeeper\n\n\
    Exit codes: 0 nothing at or above --fail-on · 1 a warning, with --fail-on warning · 2 critical · \
    3 not enough could be seen to decide · 4 --before-restart: it must not be restarted · 64 usage or configuration\n\
    With -o nagios as plugins do: 0 ok · 1 warning · 2 critical · 3 undecided, usage or configuration")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Output format
    #[arg(long, short, default_value = "table", value_parser = formats(), value_name = "FORMAT")]
    output: String,
    /// Also write the same result in another format to a file
    #[arg(long, value_name = "FORMAT=PATH")]
    report: Vec<String>,
    /// What makes the exit code non-zero
    #[arg(long, value_enum, default_value = "critical", value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Only these checks, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "CHECK,…")]
    only: Vec<String>,
    /// All but these checks, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "CHECK,…")]
    skip: Vec<String>,
    /// The whole check takes no longer
    #[arg(long, default_value = "2s", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
    /// Look twice, this long apart, for what needs two samples [default: compare with the previous run]
    #[arg(long, value_parser = duration, value_name = "DURATION")]
    window: Option<Duration>,
    /// Also what costs the servers something: data hashes, every stored object, legacy TLS, snapshots and logs of ZooKeeper
    /// servers on this machine
    #[arg(long)]
    deep: bool,
    /// Only answer whether this member (name, id or address) may be restarted now: exit code 4 when it must not
    #[arg(long, value_name = "MEMBER", conflicts_with_all = ["only", "skip", "snapshot", "all"])]
    before_restart: Option<String>,
    /// Keep what was seen, to replay with --facts
    #[arg(long, value_name = "FILE")]
    save_facts: Option<PathBuf>,
    /// Judge files instead of a running cluster: a snapshot of etcd (encryption at rest over all revisions, stored membership,
    /// alarms, users, what stands in the way of an upgrade); a snapshot or a data directory of ZooKeeper (what a start
    /// loses, open ACLs, what outgrows a packet) or of Consul (age, secrets that others can read, a Vault's data in it,
    /// whether it can be restored)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["facts", "save_facts", "targets", "endpoints", "all"])]
    snapshot: Option<PathBuf>,
    /// Judge what --save-facts kept instead of looking
    #[arg(long, value_name = "FILE", conflicts_with_all = ["save_facts", "targets", "endpoints", "all"])]
    facts: Option<PathBuf>,
}

/// What makes the exit code non-zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Warning,
    Critical,
    Never,
}

/// In less time nothing can be asked and answered: every result would be "unknown".
const SHORTEST: Duration = Duration::from_millis(10);

/// Far beyond any sensible wait, and far from overflowing the clock.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Reads a length of time that a flag takes; the error says what to write.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error}: write a duration such as 500ms, 2s or 1m"))?;
    match duration {
        short if short < SHORTEST => Err("too short: write 10ms or more, such as 500ms, 2s or 1m".to_owned()),
        long if long > LONGEST => Err("too long: write 7d or less, such as 2s, 1m or 1h".to_owned()),
        duration => Ok(duration),
    }
}

fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(render::FORMATS.iter().map(|f| PossibleValue::new(f.name).help(f.about)))
}

/// Exit code 2 says "critical" to scripts: whatever else goes wrong is undecided.
pub(super) fn run(args: &CheckArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    check(args, global, world).map_err(|failure| match failure.kind {
        Kind::Failed => Failure { kind: Kind::Undecided, ..failure },
        _ => failure,
    })
}

fn check(args: &CheckArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let selection = selection(args)?;
    let outputs = outputs(args, global.verbose)?;
    if args.save_facts.as_deref() == Some(Path::new("-")) {
        return Err(Failure::usage("--save-facts -: facts are not written to stdout")
            .hint("give a file name, such as --save-facts facts.json"));
    }
    let began = world.now();
    if let Some(path) = &args.snapshot {
        let config = super::settings::config(global, world)?;
        let judged = vec![of_file(path, &config, &selection, began)?];
        return tell(args, outputs, (began, 0), &judged, Ok(()), global, world);
    }
    let (config, clusters) = match &args.facts {
        Some(path) => (super::settings::config(global, world)?, replay(path)?),
        None => {
            let settings = settings(&args.target, global, world)?;
            let backends = settings.open()?;
            let ask = ask(args, world);
            let mut facts = block_on(join_all(backends.iter().map(|b| b.observe(&ask))))?;
            for (target, facts) in settings.targets.iter().zip(&mut facts) {
                host::data_dir::observe(target, facts);
                facts.common.backups = snapshot::backups::observe(target, began);
                facts.common.drills = super::drill::known(facts.common.backend, world);
            }
            (settings.config, facts)
        }
    };
    let taken_at = clusters.iter().map(|f| f.taken_at).min().unwrap_or(began);
    let duration_ms = clusters.iter().map(|f| f.duration_ms).fold(0.0, f64::max) as u64;
    let saved = args.save_facts.as_ref().map_or(Ok(()), |path| save(path, &clusters));
    let judged: Vec<Judged> = clusters
        .into_iter()
        .map(|facts| {
            let findings = match &args.before_restart {
                Some(member) => before_restart(member, &facts, &config)?,
                None => checks::evaluate(&facts, &config.policy, &config.waivers, &selection),
            };
            Ok(Judged { findings, declared_at: declared_at(&config, &facts.cluster), facts })
        })
        .collect::<Result<_, Failure>>()?;
    tell(args, outputs, (taken_at, duration_ms), &judged, saved, global, world)
}

fn before_restart(member: &str, facts: &Facts, config: &Config) -> Result<Vec<Finding>, Failure> {
    checks::before_restart(facts, member, &config.policy, &config.waivers).ok_or_else(|| {
        let names: Vec<String> = facts.common.members.iter().map(Member::label).collect();
        let failure = Failure::usage(format!("--before-restart: {} has no member `{member}`", facts.cluster));
        match nearest(member, names.iter().map(String::as_str)) {
            Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
            None => failure.hint(format!("its members: {}", names.join(", "))),
        }
    })
}

/// A snapshot, judged like a cluster by the checks that a file can answer.
fn of_file(
    path: &std::path::Path,
    config: &Config,
    selection: &Selection,
    now: jiff::Timestamp,
) -> Result<Judged, Failure> {
    let file = match offline::whose(path) {
        Some(BackendKind::Zookeeper) => FileFacts::Zookeeper(Box::new(offline::zookeeper::read(path, None)?)),
        Some(BackendKind::Consul) => FileFacts::Consul(Box::new(offline::consul::read(path, now)?)),
        Some(BackendKind::Etcd) | None => FileFacts::Etcd(Box::new(super::snapshot::look_at(path)?)),
    };
    // A directory of ZooKeeper is more than one file: that its newest snapshot is damaged is itself a finding.
    if file.verdict() == Soundness::Damaged && file.backend() != BackendKind::Zookeeper {
        let see = match file.backend() {
            BackendKind::Etcd => "snapshot verify",
            BackendKind::Zookeeper | BackendKind::Consul => "inspect",
        };
        return Err(Failure::failed(format!("{} is damaged: what it says proves nothing", path.display()))
            .hint(format!("see where with `quorate {see} {}`", path.display())));
    }
    let facts = Facts::of_file(&file, now);
    let findings = checks::evaluate_file(&file, &facts, &config.policy, &config.waivers, selection);
    Ok(Judged { facts, findings, declared_at: None })
}

/// Writes the report in every format that was asked for; the exit code. `saved` is what came of keeping the facts.
fn tell(
    args: &CheckArgs,
    outputs: Outputs,
    (taken_at, duration_ms): (jiff::Timestamp, u64),
    judged: &[Judged],
    saved: Result<(), Failure>,
    global: &Global,
    world: &World,
) -> Result<u8, Failure> {
    let fail_on = if args.fail_on == FailOn::Warning { Severity::Warning } else { Severity::Critical };
    let report = CheckReport::new(taken_at, duration_ms, judged, fail_on);
    let report = CheckReport { replayed: args.facts.is_some(), ..report };
    let written = saved.and_then(|()| outputs.reports.iter().try_for_each(|output| output.write(&report)));
    let plugin = args.output == NAGIOS;
    if plugin {
        // A monitor reads one line: either the result or why there is none.
        written?;
        print(outputs.stdout, &report, global, world)?;
        return Ok(plugin_code(&report, args.fail_on));
    }
    // Whoever cannot write a file still wants to know how the cluster is.
    print(outputs.stdout, &report, global, world)?;
    written?;
    let code = exit_code(&report, args.fail_on);
    // Critical here means that a guard says no.
    Ok(if args.before_restart.is_some() && code == 2 { Kind::Refused.code() } else { code })
}

fn print(
    format: &render::Format,
    report: &CheckReport,
    global: &Global,
    world: &World,
) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    (format.write)(report, super::style(global, world), &mut bytes)?;
    world
        .print(&bytes)
        .map_err(|error| Failure::failed(format!("cannot write the result to stdout: {error}")))
}

fn declared_at(config: &Config, cluster: &str) -> Option<Place> {
    let (path, declared) = (config.path.as_ref()?, config.clusters.get(cluster)?);
    Some(Place { file: path.display().to_string(), line: declared.line })
}

fn ask(args: &CheckArgs, world: &World) -> Ask {
    Ask {
        timeout: args.timeout,
        deep: args.deep,
        window: args.window,
        state_dir: world.state_dir(),
        now: world.now(),
    }
}

fn selection(args: &CheckArgs) -> Result<Selection, Failure> {
    for (flag, slug) in args.only.iter().map(|s| ("--only", s)).chain(args.skip.iter().map(|s| ("--skip", s)))
    {
        if checks::find(slug).is_none() {
            let failure = Failure::usage(format!("{flag}: there is no check `{slug}`"));
            return Err(match nearest(slug, checks::catalogue().map(|c| c.slug)) {
                Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
                None => failure.hint("see `quorate explain --list`"),
            });
        }
    }
    let lists = |list: &[String], slug: &str| list.iter().any(|listed| listed == slug);
    let selected = |slug| (args.only.is_empty() || lists(&args.only, slug)) && !lists(&args.skip, slug);
    if !checks::catalogue().any(|check| selected(check.slug)) {
        return Err(Failure::usage("no check is left: --skip leaves out all that --only names")
            .hint("leave out --skip, or name a check with --only that is not skipped"));
    }
    Ok(Selection { only: args.only.clone(), skip: args.skip.clone() })
}

/// Where the result goes.
struct Outputs {
    stdout: &'static render::Format,
    reports: Vec<ReportFile>,
}

/// One `--report FORMAT=PATH`.
struct ReportFile {
    format: &'static render::Format,
    path: PathBuf,
    verbose: bool,
}

impl ReportFile {
    fn write(&self, report: &CheckReport) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        (self.format.write)(report, Style { color: false, width: None, verbose: self.verbose }, &mut bytes)?;
        super::files::replace(&self.path, &bytes)
            .map_err(|error| unwritable("--report: cannot write the report", &self.path, &error))
    }
}

/// A path that cannot be written is a wrong argument.
fn unwritable(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{what} {}: {error}", path.display()))
        .hint("check that its directory exists and can be written")
}

fn outputs(args: &CheckArgs, verbose: bool) -> Result<Outputs, Failure> {
    let format = |name: &str| {
        render::find(name).ok_or_else(|| {
            let names: Vec<&str> = render::FORMATS.iter().map(|f| f.name).collect();
            Failure::usage(format!("there is no output format `{name}`"))
                .hint(format!("write one of: {}", names.join(", ")))
        })
    };
    let mut reports = Vec::new();
    for report in &args.report {
        let Some((name, path)) = report.split_once('=').filter(|(_, path)| !path.is_empty()) else {
            return Err(Failure::usage(format!(
                "--report {report}: write FORMAT=PATH, such as junit=check.xml"
            )));
        };
        reports.push(ReportFile { format: format(name)?, path: PathBuf::from(path), verbose });
    }
    Ok(Outputs { stdout: format(&args.output)?, reports })
}

fn replay(path: &PathBuf) -> Result<Vec<Facts>, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("cannot read the facts file {}: {error}", path.display())))?;
    let facts: Vec<Facts> = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::usage(format!("{} is not a facts file of this version: {error}", path.display()))
            .hint("make one with `quorate check … --save-facts FILE`")
    })?;
    match facts.iter().find(|f| f.format > FACTS_FORMAT) {
        Some(newer) => Err(Failure::usage(format!(
            "{} was written by a newer quorate ({})",
            path.display(),
            newer.quorate
        ))),
        None => Ok(facts),
    }
}

fn save(path: &PathBuf, clusters: &[Facts]) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    render::write_json(&clusters, &mut bytes)?;
    std::fs::write(path, bytes)
        .map_err(|error| unwritable("--save-facts: cannot write the facts file", path, &error))
}

fn exit_code(report: &CheckReport, fail_on: FailOn) -> u8 {
    let Some(worst) = report.worst.map(|w| w.verdict) else { return 3 };
    match (worst, fail_on) {
        (_, FailOn::Never) | (Verdict::Ok, _) | (Verdict::Warning, FailOn::Critical) => 0,
        (Verdict::Warning, FailOn::Warning) => 1,
        (Verdict::Critical, _) => 2,
        (Verdict::Unknown, _) => 3,
    }
}

const NAGIOS: &str = "nagios";

/// Monitors know four codes; a warning is always 1 to them.
fn plugin_code(report: &CheckReport, fail_on: FailOn) -> u8 {
    match report.worst.map(|w| w.verdict) {
        _ if fail_on == FailOn::Never => 0,
        Some(Verdict::Ok) => 0,
        Some(Verdict::Warning) => 1,
        Some(Verdict::Critical) => 2,
        Some(Verdict::Unknown) | None => 3,
    }
}

/// Whether a command line asks to behave as a monitoring plugin: then whatever fails before there is a result must
/// exit 3 and say so on stdout, the only place a monitor reads.
pub(super) fn is_plugin(args: &[OsString]) -> bool {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let asked = |pair: &[&str]| matches!(pair, ["-o" | "--output", NAGIOS]);
    let joined = |word: &&str| matches!(*word, "-onagios" | "-o=nagios" | "--output=nagios");
    words.contains(&"check") && (words.windows(2).any(asked) || words.iter().any(joined))
}
