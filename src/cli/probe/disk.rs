//! `quorate probe disk`: is this disk fast enough for a write-ahead log?

use super::interruption;
use crate::cli::check::duration;
use crate::cli::config::parse_bytes;
use crate::cli::failure::Failure;
use crate::cli::{Global, Shape, World, block_on, settings, style};
use crate::finding::human_millis;
use crate::probe::disk::{self, DiskError, DiskReport, DiskVerdict, FSYNC_P99, Measured, Plan, Stopped};
use crate::render::{self, Style, escape, wrap};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Measure how long a disk takes to make a write durable
///
/// Writes a temporary file into DIR, as fio does with --rw=write --ioengine=sync --fdatasync=1 --bs=2300 --size=22m,
/// and times each fdatasync. Run it on the disk that holds (or will hold) the server's data, beside nothing else: it
/// takes disk time from a server that runs there. On ext4 and XFS the file has no name, so nothing is left behind even
/// after kill -9; elsewhere it is .quorate-probe-* and is removed at the end and on Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate probe disk /var/lib/etcd\n  \
    quorate probe disk /mnt/new --fail-on warning -o json\n\n\
    The limit is the policy's fsync_p99_warn, 10 ms unless the config file says otherwise.\n\n\
    Exit codes: 0 measured · 1 slower than the limit, with --fail-on warning · 2 a write failed, no space, interrupted · \
    3 nothing learnt about a disk (tmpfs), with --fail-on warning · 64 usage")]
pub(in crate::cli) struct DiskArgs {
    /// Directory on the disk to measure
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// How much to write in all
    #[arg(long, default_value = "22MiB", value_parser = bytes, value_name = "SIZE")]
    size: u64,
    /// How much to write before each fdatasync
    #[arg(long, default_value = "2300", value_parser = bytes, value_name = "SIZE")]
    block: u64,
    /// Stop after this long with the samples taken so far
    #[arg(long, default_value = "1m", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
    /// Whether a disk that is too slow makes the exit code non-zero
    #[arg(long, value_enum, default_value = "never", value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Output format
    #[arg(long, short, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Shape,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Warning,
    Never,
}

fn bytes(text: &str) -> Result<u64, String> {
    parse_bytes(text)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "write a size such as 2300, 64k or 22MiB".into())
}

/// Longest wait for one write and fdatasync beyond the time limit, before we stop waiting for the disk.
const HUNG: Duration = Duration::from_secs(10);

pub(super) fn run(args: &DiskArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let plan = plan(args)?;
    let limit = settings::config(global, world)?.policy;
    if args.dry_run {
        return dry_run(&plan, world);
    }
    let taken_at = world.now();
    let measured = block_on(measure(&plan, world))??;
    let report = measured.report(&plan, taken_at, limit.get(&FSYNC_P99), limit.origin(&FSYNC_P99));
    let mut out = Vec::new();
    match args.output {
        Shape::Table => table(&report, style(global, world), &mut out)?,
        Shape::Json => render::write_json(&report, &mut out)?,
    }
    world.print(&out)?;
    if report.stopped == Some(Stopped::Interrupted) {
        return Err(Failure::failed(format!(
            "interrupted after {} of {} samples",
            report.samples, report.planned
        )));
    }
    Ok(match (args.fail_on, report.verdict) {
        (FailOn::Warning, DiskVerdict::Slow) => 1,
        (FailOn::Warning, DiskVerdict::NoDisk) => 3,
        _ => 0,
    })
}

/// Blocks of more than this are no log appends any more, and are held in memory.
const MAX_BLOCK: u64 = 64 << 20;

fn plan(args: &DiskArgs) -> Result<Plan, Failure> {
    if args.block > MAX_BLOCK {
        return Err(Failure::usage("--block is larger than 64 MiB").hint("a WAL append is a few kilobytes"));
    }
    if args.size < args.block {
        return Err(Failure::usage(format!(
            "--size {} holds not even one --block of {}",
            args.size, args.block
        ))
        .hint("give a larger --size or a smaller --block"));
    }
    if !args.directory.is_dir() {
        return Err(Failure::usage(format!("{} is not a directory", args.directory.display()))
            .hint("name a directory on the disk to measure, such as the server's data directory"));
    }
    Ok(Plan {
        directory: args.directory.clone(),
        block: args.block as usize,
        size: args.size,
        timeout: args.timeout,
    })
}

fn dry_run(plan: &Plan, world: &World) -> Result<u8, Failure> {
    let text = format!(
        "would write a temporary file of {} bytes in {}: {} writes of {} bytes with an fdatasync after each, for at \
         most {}, and remove it\n",
        plan.writes() * plan.block as u64,
        escape(&plan.directory.display().to_string()),
        plan.writes(),
        plan.block,
        humantime::format_duration(plan.timeout),
    );
    world.print(text.as_bytes())?;
    Ok(0)
}

/// Measures on a thread of its own, so that signals and a hung disk are noticed here.
async fn measure(plan: &Plan, world: &World) -> Result<Measured, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let bar = progress(plan, world);
    let (on_thread, seen, told) = (plan.clone(), stop.clone(), bar.clone());
    let mut work = tokio::task::spawn_blocking(move || {
        disk::measure(&on_thread, || seen.load(Ordering::Relaxed), |samples| told.set_position(samples))
    });
    let hung = tokio::time::sleep(plan.timeout.saturating_add(HUNG));
    tokio::pin!(hung);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            pressed = interruption() => {
                pressed?;
                // The second time we no longer wait for the disk.
                if stop.swap(true, Ordering::Relaxed) {
                    return Err(Failure::failed("interrupted"));
                }
            }
            () = &mut hung => {
                return Err(Failure::failed(format!(
                    "the disk under {} has not finished one write and fdatasync in {}",
                    plan.directory.display(),
                    humantime::format_duration(HUNG),
                ))
                .hint("look at the kernel log for I/O errors"));
            }
        }
    };
    bar.finish_and_clear();
    done.map_err(|error| Failure::failed(format!("the measuring thread failed: {error}")))?
        .map_err(Into::into)
}

/// A bar on a terminal, one line elsewhere.
fn progress(plan: &Plan, world: &World) -> ProgressBar {
    if !world.stderr_terminal {
        world.tell(&format!(
            "measuring {} fdatasyncs in {}",
            plan.writes(),
            escape(&plan.directory.display().to_string())
        ));
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(plan.writes());
    match ProgressStyle::with_template("{bar:40} {pos}/{len} fdatasyncs, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl From<DiskError> for Failure {
    fn from(error: DiskError) -> Self {
        match &error {
            DiskError::Directory { .. } => Failure::usage(error.to_string())
                .hint("name a directory that you may write to, on the disk to measure"),
            DiskError::NoSpace { .. } => Failure::failed(error.to_string())
                .hint("free some space, or write less with --size (1MiB gives 455 samples)"),
            DiskError::Call { .. } => Failure::failed(error.to_string()),
        }
    }
}

fn table(report: &DiskReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let filesystem = report.filesystem.map_or_else(String::new, |name| format!(" ({name})"));
    writeln!(out, "{}{filesystem}", escape(&report.directory))?;
    writeln!(
        out,
        "{} writes of {} bytes, fdatasync after each, in {}: {:.0} a second",
        report.samples,
        report.block_bytes,
        human_millis(report.duration_ms),
        report.iops,
    )?;
    if report.stopped.is_some() {
        writeln!(out, "stopped early: {} writes were asked for", report.planned)?;
    }
    writeln!(out)?;
    render::latencies(&[("fdatasync", &report.fdatasync), ("write", &report.write)], out)?;
    writeln!(out, "\nfdatasync")?;
    render::histogram(&report.histogram, style, out)?;
    writeln!(out)?;
    for line in report.caution.iter().flat_map(|caution| wrap(&format!("caution: {caution}"), style.width)) {
        writeln!(out, "{line}")?;
    }
    let (word, sentence) = verdict(report);
    for line in wrap(&format!("{word}  {sentence}"), style.width) {
        writeln!(out, "{line}")?;
    }
    if report.verdict == DiskVerdict::NoDisk {
        return Ok(());
    }
    for line in wrap(&format!("limit: {}", escape(&report.limit_source)), style.width) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn verdict(report: &DiskReport) -> (&'static str, String) {
    let (p99, limit) = (human_millis(report.fdatasync.p99_ms), human_millis(report.limit_ms));
    let few = if report.samples < 100 { " (the slowest: too few samples for a percentile)" } else { "" };
    match report.verdict {
        DiskVerdict::Ok => ("OK", format!("p99 of fdatasync is {p99}{few}; etcd wants at most {limit}")),
        DiskVerdict::Slow => (
            "SLOW",
            format!(
                "p99 of fdatasync is {p99}{few}; etcd wants at most {limit}: slower leads to missed heartbeats and \
                 leader changes"
            ),
        ),
        DiskVerdict::NoDisk => ("NO DISK", "nothing was learnt about a disk".to_owned()),
    }
}
