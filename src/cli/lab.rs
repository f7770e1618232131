//! `quorate lab`: throwaway clusters of real servers on this machine.

use super::check::duration;
use super::failure::Failure;
use super::{Global, Shape, World, block_on};
use crate::lab::state::{Lab, MemberState};
use crate::lab::{self, Acted, Control, Entry, Home, LabError, Progress, TlsRequest, UpRequest};
use crate::render::{self, lab::LabsReport};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Start throwaway clusters of real servers, break them, remove them
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate lab up etcd\n  \
    quorate lab up etcd --nodes 5 --tls --name five\n  \
    quorate lab kill five n1 n2\n  \
    quorate lab partition five 'n1,n2|n3'     (a lab made with --isolated)\n  \
    quorate lab down five")]
pub(super) struct LabArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start a cluster and wait until every member serves
    Up(UpArgs),
    /// Show labs and how their members stand
    Status(StatusArgs),
    /// Kill members
    Kill(KillArgs),
    /// Stop members where they are (SIGSTOP)
    Pause(MembersArgs),
    /// Let paused members continue (SIGCONT)
    Resume(MembersArgs),
    /// Start members that do not run, with the arguments they had
    Start(StartArgs),
    /// Cut the links between groups of members: 'n1,n2|n3'
    Partition(PartitionArgs),
    /// Restore every link
    Heal(HealArgs),
    /// Stop labs and remove what they made
    Down(DownArgs),
}

#[derive(Debug, Args)]
struct UpArgs {
    /// What to run
    #[arg(value_name = "BACKEND", value_parser = ["etcd", "zookeeper", "consul"])]
    backend: String,
    /// How many members
    #[arg(long, default_value = "3", value_name = "N", value_parser = clap::value_parser!(u8).range(1..=9))]
    nodes: u8,
    /// TLS between everybody: a CA of its own, a certificate for each member and for quorate
    #[arg(long)]
    tls: bool,
    /// How many days the certificates are valid, the CA's excepted
    #[arg(long, default_value = "365", value_name = "DAYS", requires = "tls", value_parser = clap::value_parser!(u32).range(1..=36500))]
    tls_days: u32,
    /// Do not ask clients for a certificate
    #[arg(long, requires = "tls")]
    no_client_cert_auth: bool,
    /// Exactly this version of the server [default: the first found]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Where to keep it; must be empty or absent [default: under the state directory]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// What to call it [default: the backend, with a number if that is taken]
    #[arg(long, value_name = "LAB")]
    name: Option<String>,
    /// Each member in a network namespace with an address of its own (needs root), so that links can be cut
    #[arg(long)]
    isolated: bool,
    /// A further argument for every server, such as --server-arg=--quota-backend-bytes=16777216; of etcd, {member} in it is the member's name
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    server_arg: Vec<String>,
    /// How long all members may take to serve
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct OutputArgs {
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
}

/// Which lab.
#[derive(Debug, Args)]
struct Which {
    /// Which lab [default: the only one]
    #[arg(long, value_name = "LAB")]
    name: Option<String>,
    /// The lab in this directory
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct StatusArgs {
    /// Labs [default: all]
    #[arg(value_name = "LAB")]
    labs: Vec<String>,
    /// The lab in this directory
    #[arg(long, value_name = "DIR", conflicts_with = "labs")]
    dir: Option<PathBuf>,
    /// Exit with 0 only if this member runs
    #[arg(long, value_name = "MEMBER")]
    member: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct MembersArgs {
    /// Members; the lab may stand before them
    #[arg(value_name = "[LAB] MEMBER", required = true)]
    members: Vec<String>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct KillArgs {
    /// By number or name
    #[arg(long, short, default_value = "KILL", value_name = "SIGNAL")]
    signal: String,
    #[command(flatten)]
    members: MembersArgs,
}

#[derive(Debug, Args)]
struct StartArgs {
    /// Wait until they serve
    #[arg(long)]
    wait: bool,
    /// How long they may take to serve
    #[arg(long, default_value = "60s", value_parser = duration, value_name = "DURATION", requires = "wait")]
    timeout: Duration,
    #[command(flatten)]
    members: MembersArgs,
}

#[derive(Debug, Args)]
struct PartitionArgs {
    /// Groups separated by |, members by commas; members not named are one more group; the lab may stand before
    #[arg(value_name = "[LAB] GROUPS", required = true, num_args = 1..=2)]
    groups: Vec<String>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct HealArgs {
    /// Which lab [default: the only one]
    #[arg(value_name = "LAB")]
    lab: Option<String>,
    /// The lab in this directory
    #[arg(long, value_name = "DIR", conflicts_with = "lab")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct DownArgs {
    /// Labs [default: the only one]
    #[arg(value_name = "LAB")]
    labs: Vec<String>,
    /// Every lab
    #[arg(long, conflicts_with_all = ["labs", "dir"])]
    all: bool,
    /// The lab in this directory
    #[arg(long, value_name = "DIR", conflicts_with = "labs")]
    dir: Option<PathBuf>,
    /// Stop the servers, and keep data and logs
    #[arg(long)]
    keep: bool,
}

pub(super) fn run(args: &LabArgs, _: &Global, world: &World) -> Result<u8, Failure> {
    let state_dir = world.state_dir().ok_or(LabError::Homeless)?;
    let home = Home { state_dir, env: &world.env, cwd: &world.cwd };
    match &args.verb {
        Verb::Up(args) => up(args, &home, world),
        Verb::Status(args) => status(args, &home, world),
        Verb::Kill(args) => {
            let signal = lab::parse_signal(&args.signal)?;
            let verb = if signal == lab::KILL { "killed" } else { "signalled" };
            act(&args.members, &home, world, verb, |lab, names| lab.kill(names, signal))
        }
        Verb::Pause(args) => act(args, &home, world, "paused", |lab, names| lab.pause(names)),
        Verb::Resume(args) => act(args, &home, world, "resumed", |lab, names| lab.resume(names)),
        Verb::Start(args) => start(args, &home, world),
        Verb::Partition(args) => {
            let (entry, groups) = split(&args.groups, Wanted::Groups, &args.which, &home, world)?;
            network(&entry, args.output.output, &home, world, |lab| lab.partition(&groups.join("|")))
        }
        Verb::Heal(args) => {
            let which = Which { name: args.lab.clone(), dir: args.dir.clone() };
            network(&entry(&which, &home, world)?, args.output.output, &home, world, |lab| lab.heal())
        }
        Verb::Down(args) => down(args, &home, world),
    }
}

fn up(args: &UpArgs, home: &Home<'_>, world: &World) -> Result<u8, Failure> {
    let kind = super::settings::backend(&args.backend)?;
    let server =
        lab::server(kind).ok_or_else(|| Failure::usage(format!("there are no labs of {}", args.backend)))?;
    let request = UpRequest {
        name: args.name.clone(),
        dir: args.dir.as_deref().map(|dir| absolute(dir, world)),
        nodes: usize::from(args.nodes),
        version: args.version.clone(),
        tls: args
            .tls
            .then_some(TlsRequest { days: args.tls_days, client_cert_auth: !args.no_client_cert_auth }),
        isolated: args.isolated,
        server_arguments: args.server_arg.clone(),
        timeout: args.timeout,
        quorate: std::env::current_exe()?,
        now: world.now(),
    };
    let mut progress = Shown::new(world);
    let lab = block_on(lab::up(server, &request, home, &mut |step| progress.show(&step)))?;
    progress.done();
    let lab = lab.map_err(|error| {
        let begun = matches!(error, LabError::NotReady { .. } | LabError::Interrupted);
        let failure = with_log(error, world);
        if begun { failure.hint("what was started has been stopped and removed") } else { failure }
    })?;
    let named = if home.entries()?.len() > 1 { format!("{} ", lab.name) } else { String::new() };
    print(&lab, args.output.output, world, |out| render::lab::write_new(&lab, &named, out))
}

fn status(args: &StatusArgs, home: &Home<'_>, world: &World) -> Result<u8, Failure> {
    let entries: Vec<Entry> = match &args.dir {
        Some(dir) => vec![home.entry_in(&absolute(dir, world))?],
        None if args.labs.is_empty() => home.entries()?,
        None => args.labs.iter().map(|name| home.entry(Some(name))).collect::<Result<_, _>>()?,
    };
    let (mut labs, mut incomplete) = (Vec::new(), Vec::new());
    for entry in entries {
        match Lab::look(&entry)? {
            Some(lab) => labs.push(lab),
            None => incomplete.push(entry),
        }
    }
    let all_run = wanted_run(args, &labs)?;
    let report = LabsReport::new(labs, incomplete);
    print(&report, args.output.output, world, |out| report.write(out))?;
    Ok(if all_run { 0 } else { 2 })
}

fn wanted_run(args: &StatusArgs, labs: &[Lab]) -> Result<bool, Failure> {
    let [lab] = labs else {
        return if args.member.is_empty() {
            Ok(true)
        } else {
            Err(Failure::usage("--member needs one lab").hint("name the lab, or give --dir"))
        };
    };
    let states = args.member.iter().map(|name| lab.member(name).map(|m| m.state));
    Ok(states.collect::<Result<Vec<_>, _>>()?.iter().all(|state| *state == MemberState::Running))
}

fn act(
    args: &MembersArgs,
    home: &Home<'_>,
    world: &World,
    verb: &str,
    work: impl FnOnce(&mut Control<'_>, &[String]) -> Result<Vec<Acted>, LabError>,
) -> Result<u8, Failure> {
    let (entry, members) = split(&args.members, Wanted::Members, &args.which, home, world)?;
    let mut control = Control::take(&entry, home)?;
    let acted = work(&mut control, members)?;
    print(control.lab(), args.output.output, world, |out| render::lab::write_acted(&acted, verb, out))
}

fn start(args: &StartArgs, home: &Home<'_>, world: &World) -> Result<u8, Failure> {
    let MembersArgs { members, which, output } = &args.members;
    let (entry, members) = split(members, Wanted::Members, which, home, world)?;
    let mut control = Control::take(&entry, home)?;
    let mut progress = Shown::new(world);
    let wait = args.wait.then_some(args.timeout);
    let acted = block_on(control.start(members, wait, &mut |step| progress.show(&step)))?;
    progress.done();
    let acted = acted.map_err(|error| with_log(error, world))?;
    print(control.lab(), output.output, world, |out| render::lab::write_acted(&acted, "started", out))
}

fn network(
    entry: &Entry,
    output: Shape,
    home: &Home<'_>,
    world: &World,
    work: impl FnOnce(&mut Control<'_>) -> Result<(), LabError>,
) -> Result<u8, Failure> {
    let mut control = Control::take(entry, home)?;
    work(&mut control)?;
    print(control.lab(), output, world, |out| render::lab::write_lab(control.lab(), out))
}

fn down(args: &DownArgs, home: &Home<'_>, world: &World) -> Result<u8, Failure> {
    let entries: Vec<Entry> = match &args.dir {
        Some(dir) => vec![home.entry_in(&absolute(dir, world))?],
        None if args.all => home.entries()?,
        None if args.labs.is_empty() => vec![home.entry(None)?],
        None => args.labs.iter().map(|name| home.entry(Some(name))).collect::<Result<_, _>>()?,
    };
    for entry in entries {
        let line = match home.down(&entry, args.keep)? {
            None => format!("{}: stopped and removed\n", entry.name),
            Some(dir) if args.keep => {
                format!("{}: stopped; data and logs are in {}\n", entry.name, dir.display())
            }
            Some(dir) => format!(
                "{}: stopped and removed; {} holds files that are not the lab's\n",
                entry.name,
                dir.display()
            ),
        };
        world.print(line.as_bytes())?;
    }
    home.tidy();
    Ok(0)
}

/// What a command wants beside the lab.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Members,
    Groups,
}

/// The lab and the words that are not its name: `demo n1 n2` or `n1 n2 --name demo`.
fn split<'a>(
    words: &'a [String],
    wanted: Wanted,
    which: &Which,
    home: &Home<'_>,
    world: &World,
) -> Result<(Entry, &'a [String]), Failure> {
    if let (None, None, [first, rest @ ..]) = (&which.name, &which.dir, words) {
        match home.entry(Some(first)) {
            Ok(entry) if rest.is_empty() => return Err(only_the_lab(&entry, wanted)),
            Ok(entry) => return Ok((entry, rest)),
            // With one lab there is nothing to choose: its members say what could have been meant.
            Err(LabError::NoSuchLab { name, known })
                if !meant(first, wanted, rest.is_empty())
                    && (known.len() != 1 || wanted == Wanted::Groups && !rest.is_empty()) =>
            {
                return Err(LabError::NoSuchLab { name, known }.into());
            }
            Err(_) => {}
        }
    }
    Ok((entry(which, home, world)?, words))
}

/// Whether a first word that is no lab's name can be a member or a group: members are `n1`, `n2`, …, no lab is.
fn meant(word: &str, wanted: Wanted, alone: bool) -> bool {
    let member = |name: &str| {
        name.strip_prefix('n').is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
    };
    match wanted {
        Wanted::Members => member(word),
        Wanted::Groups => alone && word.split(['|', ',']).all(|name| member(name.trim())),
    }
}

fn only_the_lab(entry: &Entry, wanted: Wanted) -> Failure {
    let name = &entry.name;
    if wanted == Wanted::Groups {
        return Failure::usage(format!("lab `{name}`: no groups are named"))
            .hint(format!("write groups such as `quorate lab partition {name} 'n1,n2|n3'`"));
    }
    let failure = Failure::usage(format!("lab `{name}`: no member is named"));
    match Lab::look(entry) {
        Ok(Some(lab)) => {
            let members: Vec<&str> = lab.members.iter().map(|m| m.name.as_str()).collect();
            failure.hint(format!("known members: {}", members.join(", ")))
        }
        _ => failure.hint(format!("see `quorate lab status {name}`")),
    }
}

fn entry(which: &Which, home: &Home<'_>, world: &World) -> Result<Entry, LabError> {
    match &which.dir {
        Some(dir) => home.entry_in(&absolute(dir, world)),
        None => home.entry(which.name.as_deref()),
    }
}

/// Without `.` and a trailing slash, so that it compares.
fn absolute(dir: &Path, world: &World) -> PathBuf {
    world.cwd.join(dir).components().collect()
}

fn print(
    document: &impl serde::Serialize,
    output: Shape,
    world: &World,
    table: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    match output {
        Shape::Table => table(&mut bytes)?,
        Shape::Json => render::write_json(document, &mut bytes)?,
    }
    world.print(&bytes)?;
    Ok(0)
}

/// Shows the log that explains a failure.
fn with_log(error: LabError, world: &World) -> Failure {
    if let LabError::NotReady { member, log, .. } = &error {
        world.tell(&format!("the log of {member}:"));
        for line in log {
            world.tell(&format!("  {}", render::escape(line)));
        }
    }
    error.into()
}

/// Progress on stderr: a bar on a terminal, a line for each change elsewhere.
struct Shown<'a> {
    world: &'a World,
    bar: Option<ProgressBar>,
    last: Option<Progress>,
}

impl<'a> Shown<'a> {
    fn new(world: &'a World) -> Shown<'a> {
        Shown { world, bar: None, last: None }
    }

    fn show(&mut self, step: &Progress) {
        if self.last.as_ref() == Some(step) {
            return;
        }
        let ready = step.members - step.waiting_for.len();
        if self.world.stderr_terminal && !self.world.dumb() {
            let bar = self.bar.get_or_insert_with(|| bar(step.members as u64));
            bar.set_position(ready as u64);
            bar.set_message(step.waiting_for.join(" "));
        } else if step.waiting_for.is_empty() {
            self.world.tell(&format!("{ready} of {} members serve", step.members));
        } else {
            let waiting = step.waiting_for.join(", ");
            self.world.tell(&format!("{ready} of {} members serve; waiting for {waiting}", step.members));
        }
        self.last = Some(step.clone());
    }

    fn done(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn bar(members: u64) -> ProgressBar {
    // The template is a constant: a wrong one would show in the first run.
    let style = ProgressStyle::with_template("{bar:20} {pos} of {len} members serve  {elapsed}  {msg}");
    ProgressBar::new(members).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
