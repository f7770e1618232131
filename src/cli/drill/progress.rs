//! What a drill says while it runs, on stderr: a spinner with the last line on a terminal, all lines elsewhere.

use crate::cli::World;
use crate::drill::Said;
use crate::drill::timeline::Clock;
use crate::render;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

pub(super) struct Progress<'w> {
    world: &'w World,
    clock: Clock,
    bar: Option<ProgressBar>,
}

impl<'w> Progress<'w> {
    pub(super) fn new(world: &'w World) -> Progress<'w> {
        let bar = (world.stderr_terminal && !world.dumb()).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            match ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Progress { world, clock: Clock::start(), bar }
    }

    pub(super) fn say(&self, said: &Said<'_>) {
        let line = match said {
            Said::Line(line) => render::escape(line),
            Said::Step(plan, event) => match render::recover::progress_line(plan, event) {
                Some(line) => format!("recovery {line}"),
                None => return,
            },
        };
        let stamped = format!("{:>6.1} s  {line}", self.clock.ms() as f64 / 1000.0);
        match (&self.bar, said) {
            (Some(bar), Said::Line(_)) => {
                bar.println(stamped);
                bar.set_message(line);
            }
            // Steps come and go; the report has them all.
            (Some(bar), Said::Step(..)) => bar.set_message(line),
            (None, _) => self.world.tell(&stamped),
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
