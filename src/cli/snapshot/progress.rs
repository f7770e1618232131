//! How far a stream has come, on stderr: a bar on a terminal, a line every few seconds elsewhere.

use crate::cli::World;
use crate::transport::Deadline;
use crate::value::human_bytes;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// Between two lines.
const LINES_APART: Duration = Duration::from_secs(5);

pub(super) struct Progress<'w> {
    world: &'w World,
    bar: Option<ProgressBar>,
    began: Deadline,
    next_line: Deadline,
}

impl<'w> Progress<'w> {
    pub(super) fn new(world: &'w World) -> Progress<'w> {
        let bar = world.stderr_terminal.then(|| {
            let bar = ProgressBar::new(0);
            let template = "{bar:30} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left {msg}";
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Progress {
            world,
            bar,
            began: Deadline::after(Duration::ZERO),
            next_line: Deadline::after(LINES_APART),
        }
    }

    /// So many bytes have come, of so many.
    pub(super) fn come(&mut self, bytes: u64, of: Option<u64>) {
        if let Some(bar) = &self.bar {
            bar.set_length(of.unwrap_or(bytes).max(bytes));
            bar.set_position(bytes);
        } else if self.next_line.left().is_zero() {
            self.next_line = Deadline::after(LINES_APART);
            let of = of.map_or_else(String::new, |of| format!(" of {}", human_bytes(of)));
            self.world.tell(&format!("{}{of}, {}", human_bytes(bytes), self.rate(bytes)));
        }
    }

    /// Bytes a second since it began.
    pub(super) fn rate(&self, bytes: u64) -> String {
        let seconds = (self.began.elapsed_ms() / 1000.0).max(0.001);
        format!("{}/s", human_bytes((bytes as f64 / seconds) as u64))
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
