//! `quorate status`: the member table, once or again and again.

use super::check::duration;
use super::failure::Failure;
use super::settings::settings;
use super::{Global, Shape, TargetArgs, World, block_on};
use crate::backend::{Ask, Backend};
use crate::render::{self, Style};
use crate::report::status::StatusReport;
use clap::Args;
use futures_util::future::join_all;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Show who is in: role, version, term, lag, revision, size, fsync, certificates, clocks
///
/// Looks only; judges nothing but the quorum.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate status prod-etcd\n  \
    quorate status etcd://10.0.0.1:2379 --watch\n  \
    quorate status --all -o json\n  \
    quorate status prod-etcd --watch=10s -o json | jq -c '.clusters[].quorum'\n\n\
    Exit codes: 0 every cluster serves · 2 a quorum is lost · 3 it cannot be told of one · \
    64 usage or configuration")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
    /// One look takes no longer
    #[arg(long, default_value = "2s", value_parser = duration, value_name = "DURATION")]
    timeout: Duration,
    /// Look again and again, this long apart [2s when no DURATION is given]; JSON comes one document a line
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "2s",
        value_parser = interval)]
    watch: Option<Duration>,
    /// With --watch: end after so many looks
    #[arg(long, value_name = "N", requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

/// Faster than this is a load test of the servers, not a look.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

fn interval(text: &str) -> Result<Duration, String> {
    let too_short = humantime::parse_duration(text).is_ok_and(|interval| interval < SHORTEST_INTERVAL);
    if too_short { Err("write 100ms or more".to_owned()) } else { duration(text) }
}

pub(super) fn run(args: &StatusArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let backends = settings(&args.target, global, world)?.open()?;
    let style = super::style(global, world);
    let Some(interval) = args.watch else {
        let report = block_on(look(args, &backends, world))?;
        world.print(&draw(&report, args.output, style, false)?)?;
        return Ok(report.exit_code());
    };
    let screen = world.stdout_terminal && !world.dumb() && args.output == Shape::Table;
    if screen {
        world.print(HIDE_CURSOR)?;
    }
    let watched = block_on(watch(args, interval, &backends, style, screen, world));
    if screen {
        world.print(SHOW_CURSOR)?;
    }
    watched?
}

async fn look(args: &StatusArgs, backends: &[Box<dyn Backend>], world: &World) -> StatusReport {
    let ask = Ask {
        timeout: args.timeout,
        deep: false,
        window: None,
        state_dir: world.state_dir(),
        now: world.now(),
    };
    let facts = join_all(backends.iter().map(|b| b.observe(&ask))).await;
    StatusReport::new(ask.now, &facts)
}

fn draw(report: &StatusReport, output: Shape, style: Style, stream: bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match output {
        Shape::Json if stream => render::write_json_line(report, &mut bytes)?,
        Shape::Json => render::write_json(report, &mut bytes)?,
        Shape::Table => render::write_status(report, style, &mut bytes)?,
    }
    Ok(bytes)
}

const HIDE_CURSOR: &[u8] = b"\x1b[?25l";
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";

/// Until interrupted, or `--count` looks were taken; the exit code of the last look.
async fn watch(
    args: &StatusArgs,
    interval: Duration,
    backends: &[Box<dyn Backend>],
    style: Style,
    screen: bool,
    world: &World,
) -> Result<u8, Failure> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut resized = signal(SignalKind::window_change())?;
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = None;
    let mut looks = 0;
    while args.count.is_none_or(|count| looks < count) {
        let report = tokio::select! {
            report = async { ticks.tick().await; look(args, backends, world).await } => Some(report),
            _ = resized.recv() => None,
            _ = interrupted.recv() => break,
            _ = terminated.recv() => break,
        };
        looks += u64::from(report.is_some());
        let Some(report) = report.or(last.take()) else { continue };
        if screen {
            world.print_more(&picture(&report, style, interval, world)?)?;
        } else {
            world.print_more(&separate(draw(&report, args.output, style, true)?, looks, args.output))?;
        }
        last = Some(report);
    }
    Ok(last.map_or(0, |report| report.exit_code()))
}

/// One screen, as large as the terminal is now.
fn picture(report: &StatusReport, style: Style, interval: Duration, world: &World) -> io::Result<Vec<u8>> {
    let window = world.window();
    let style = Style { width: window.map(|(columns, _)| columns).or(style.width), ..style };
    let drawn = draw(report, Shape::Table, style, true)?;
    Ok(redraw(&drawn, interval, window.map_or(usize::MAX, |(_, rows)| rows)))
}

/// Over the previous picture, line by line, so that nothing flickers; then what was left below it goes. What is too long
/// for the window is cut at its end: the verdict stands at the top.
fn redraw(drawn: &[u8], interval: Duration, rows: usize) -> Vec<u8> {
    let lines: Vec<&[u8]> = drawn.trim_ascii_end().split(|byte| *byte == b'\n').collect();
    // Two for what stands below, of which the last is where the cursor waits.
    let room = rows.saturating_sub(3).max(1);
    let (shown, cut) = lines.split_at(lines.len().min(room));
    let every = humantime::format_duration(interval);
    let below = match cut.len() {
        0 => format!("\x1b[K\nevery {every} · Ctrl-C ends"),
        more => format!("… {more} more lines: make the window taller\x1b[K\nevery {every} · Ctrl-C ends"),
    };
    let mut screen = b"\x1b[H".to_vec();
    for line in shown.iter().chain([&below.as_bytes()]) {
        screen.extend_from_slice(line);
        screen.extend_from_slice(b"\x1b[K\n");
    }
    screen.extend_from_slice(b"\x1b[J");
    screen
}

fn separate(drawn: Vec<u8>, looks: u64, output: Shape) -> Vec<u8> {
    let gap: &[u8] = if looks > 1 && output == Shape::Table { b"\n" } else { b"" };
    [gap, &drawn].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fits_its_window_and_keeps_its_top() {
        let drawn = (0..20).map(|n| format!("line {n}\n")).collect::<String>();
        let screen = |rows| {
            let bytes = redraw(drawn.as_bytes(), Duration::from_secs(2), rows);
            String::from_utf8(bytes).expect("text").replace("\x1b[K", "")
        };
        let (whole, cut) = (screen(23), screen(10));
        assert!(whole.contains("line 19\n\nevery 2s · Ctrl-C ends\n"), "{whole}");
        assert!(whole.matches('\n').count() < 23 && cut.matches('\n').count() < 10, "nothing scrolls");
        assert!(cut.contains("line 6\n… 13 more lines: make the window taller"), "{cut}");
        assert!(cut.starts_with("\x1b[Hline 0\n") && !cut.contains("line 7"), "{cut}");
    }
}
