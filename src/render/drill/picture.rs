//! The picture of a drill: what clients got over time, above the phases on the same time axis. Inline SVG, which needs
//! nothing else and can be copied out of the page.

use super::span;
use crate::drill::report::{DrillReport, Phase};
use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 110.0;
const RIGHT: f64 = 24.0;
/// Height of the strip of writes.
const STRIP: f64 = 90.0;
const TOP: f64 = 34.0;
const ROW: f64 = 22.0;
/// Pixels of one character of a moment's words.
const LETTER: f64 = 6.2;

/// The whole picture. Colours are classes: the page's style sheet has them, light and dark.
pub(super) fn svg(report: &DrillReport) -> String {
    let picture = Picture::of(report);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"img\" aria-label=\"What happened when\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n",
        picture.height()
    );
    picture.axis(&mut svg);
    picture.traffic(&mut svg);
    for (row, phase) in report.phases.iter().enumerate() {
        picture.phase(row, phase, &mut svg);
    }
    picture.moments(&mut svg);
    svg.push_str("</svg>\n");
    svg
}

struct Picture<'a> {
    report: &'a DrillReport,
    end_ms: f64,
    /// Rows that the moments' words need, so that none lies on another.
    word_rows: Vec<usize>,
}

impl Picture<'_> {
    fn of(report: &DrillReport) -> Picture<'_> {
        let phases = report.phases.iter().map(|phase| phase.began_ms + phase.took_ms);
        let end_ms = phases.chain([report.duration_ms]).max().unwrap_or(1).max(1) as f64;
        let mut picture = Picture { report, end_ms, word_rows: Vec::new() };
        let mut ends: Vec<f64> = Vec::new();
        for moment in &report.moments {
            let x = picture.x(moment.at_ms);
            let row = ends.iter().position(|end| *end < x).unwrap_or(ends.len());
            let end = x + moment.what.chars().count() as f64 * LETTER + 14.0;
            if row == ends.len() {
                ends.push(end);
            } else {
                ends[row] = end;
            }
            picture.word_rows.push(row);
        }
        picture
    }

    fn x(&self, ms: u64) -> f64 {
        LEFT + ms as f64 / self.end_ms * (WIDTH - LEFT - RIGHT)
    }

    /// Where the words of moments end and the strip begins.
    fn strip(&self) -> f64 {
        TOP + (self.word_rows.iter().max().map_or(0, |row| row + 1)) as f64 * 16.0
    }

    fn rows(&self) -> f64 {
        self.strip() + STRIP + 18.0
    }

    fn bottom(&self) -> f64 {
        self.rows() + self.report.phases.len() as f64 * ROW
    }

    fn height(&self) -> f64 {
        self.bottom() + 26.0
    }

    fn axis(&self, svg: &mut String) {
        let (top, bottom) = (self.strip(), self.bottom());
        let step = step(self.end_ms);
        let mut ms = 0;
        while ms as f64 <= self.end_ms {
            let x = self.x(ms);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.0}\" y2=\"{bottom:.0}\"/>"
            );
            let label = bottom + 16.0;
            let _ =
                writeln!(svg, "<text class=\"tick\" x=\"{x:.1}\" y=\"{label:.0}\">{}</text>", seconds(ms));
            ms += step;
        }
    }

    /// Acknowledged writes upwards, failed ones in a thin band below: the gap is what clients felt.
    fn traffic(&self, svg: &mut String) {
        let traffic = &self.report.traffic;
        let base = self.strip() + STRIP;
        let most = traffic.acknowledged.iter().copied().max().unwrap_or(0).max(1);
        let middle = base - STRIP / 2.0;
        let _ =
            writeln!(svg, "<text class=\"name\" x=\"{:.0}\" y=\"{middle:.0}\">writes</text>", LEFT - 10.0);
        let rate = f64::from(most) * 1000.0 / traffic.slot_ms.max(1) as f64;
        let peak = self.strip() + 10.0;
        let _ =
            writeln!(svg, "<text class=\"peak\" x=\"{:.0}\" y=\"{peak:.0}\">{rate:.0}/s</text>", LEFT - 10.0);
        let slots = traffic.acknowledged.iter().zip(&traffic.failed).enumerate();
        for (slot, (acknowledged, failed)) in slots {
            let (from, to) = (slot as u64 * traffic.slot_ms, (slot as u64 + 1) * traffic.slot_ms);
            let (x, width) = (self.x(from), (self.x(to) - self.x(from)).max(0.5));
            if *acknowledged > 0 {
                let height = f64::from(*acknowledged) / f64::from(most) * (STRIP - 12.0);
                let y = base - height;
                let _ = writeln!(
                    svg,
                    "<rect class=\"ack\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{height:.1}\">\
                     <title>{}: {acknowledged} acknowledged, {failed} failed</title></rect>",
                    seconds(from)
                );
            }
            if *failed > 0 {
                let _ = writeln!(
                    svg,
                    "<rect class=\"failed\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.2}\" height=\"5\">\
                     <title>{}: {failed} failed</title></rect>",
                    base + 2.0,
                    seconds(from)
                );
            }
        }
    }

    fn phase(&self, row: usize, phase: &Phase, svg: &mut String) {
        let y = self.rows() + row as f64 * ROW;
        let (x, end) = (self.x(phase.began_ms), self.x(phase.began_ms + phase.took_ms));
        let width = (end - x).max(1.5);
        let (name, took) = (text(&phase.name), span(phase.took_ms));
        let middle = y + 14.0;
        let _ =
            writeln!(svg, "<text class=\"name\" x=\"{:.0}\" y=\"{middle:.1}\">{name}</text>", LEFT - 10.0);
        let _ = writeln!(
            svg,
            "<rect class=\"phase {}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"14\" rx=\"2\">\
             <title>{name}: {took}</title></rect>",
            class(&phase.name),
            y + 3.0
        );
        // Beside the bar; inside the picture also where the bar ends at its edge.
        let words = took.chars().count() as f64 * LETTER + 8.0;
        let (at, anchor) = if end + words < WIDTH { (x + width + 5.0, "start") } else { (x - 5.0, "end") };
        let _ = writeln!(
            svg,
            "<text class=\"took\" text-anchor=\"{anchor}\" x=\"{at:.1}\" y=\"{middle:.1}\">{took}</text>"
        );
    }

    fn moments(&self, svg: &mut String) {
        for (moment, row) in self.report.moments.iter().zip(&self.word_rows) {
            let (x, y) = (self.x(moment.at_ms), TOP - 8.0 + *row as f64 * 16.0);
            let _ = writeln!(
                svg,
                "<line class=\"moment\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.0}\"/>",
                y + 4.0,
                self.bottom()
            );
            let words = moment.what.chars().count() as f64 * LETTER;
            let (at, anchor) = if x + words < WIDTH { (x - 2.0, "start") } else { (x + 2.0, "end") };
            let _ = writeln!(
                svg,
                "<text class=\"moment\" text-anchor=\"{anchor}\" x=\"{at:.1}\" y=\"{y:.1}\">{}</text>",
                text(&moment.what)
            );
        }
    }
}

/// What is prepared and judged is told from the fault's consequences and from the recovery.
fn class(phase: &str) -> &'static str {
    match phase {
        "lab" | "load" | "judge" | "verify-with" => "around",
        "detect" | "plan" => "human",
        _ => "work",
    }
}

/// Milliseconds between two ticks: at most a dozen of them.
fn step(end_ms: f64) -> u64 {
    let steps = [100, 250, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000];
    steps.into_iter().find(|step| end_ms / (*step as f64) <= 12.0).unwrap_or(600_000)
}

fn seconds(ms: u64) -> String {
    if ms.is_multiple_of(1000) { format!("{} s", ms / 1000) } else { format!("{:.2} s", ms as f64 / 1000.0) }
}

/// Text that stays text.
pub(super) fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in crate::render::escape(text).chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_alive_and_ticks_are_few() {
        assert_eq!(text("<b a='1'>&\u{202e}"), "&lt;b a=&#39;1&#39;&gt;&amp;\\u{202e}");
        for end in [1.0, 900.0, 64_000.0, 3_600_000.0] {
            assert!(end / step(end) as f64 <= 12.0, "{end}");
        }
    }
}
