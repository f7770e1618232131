//! Measured latencies for people: a table of percentiles, and a histogram.

use super::Style;
use crate::finding::human_millis;
use crate::probe::samples::{Bucket, Latency};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::io::{self, Write};

/// One row of percentiles for each name.
pub fn latencies(rows: &[(&str, &Latency)], out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["", "MIN", "P50", "P90", "P99", "P99.9", "MAX", "MEAN"]);
    for (name, l) in rows {
        let durations = [l.min_ms, l.p50_ms, l.p90_ms, l.p99_ms, l.p99_9_ms, l.max_ms, l.mean_ms];
        table.add_row(std::iter::once((*name).to_owned()).chain(durations.map(precise)));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.to_string().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Below a millisecond in microseconds: a write to the page cache takes a few.
fn precise(ms: f64) -> String {
    match ms {
        _ if ms < 0.01 => format!("{:.1} µs", ms * 1000.0),
        _ if ms < 1.0 => format!("{:.0} µs", ms * 1000.0),
        _ => human_millis(ms),
    }
}

/// Columns of the longest bar.
const BAR: usize = 40;

/// One bar for each bucket. The share is of all samples.
pub fn histogram(buckets: &[Bucket], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let all: u64 = buckets.iter().map(|b| b.count).sum();
    let most = buckets.iter().map(|b| b.count).max().unwrap_or(0).max(1);
    let widest = style.width.map_or(BAR, |width| BAR.min(width.saturating_sub(44).max(8)));
    for bucket in buckets {
        let bound = match bucket.up_to_ms {
            Some(bound) => format!("<= {}", short(bound)),
            None => format!("> {}", short(bucket.above_ms)),
        };
        let share = bucket.count as f64 / all.max(1) as f64;
        // A bucket that is not empty always shows.
        let length = (bucket.count as f64 / most as f64 * widest as f64).ceil() as usize;
        let bar = if style.width.is_some() { "█" } else { "#" }.repeat(length);
        let line = format!("{bound:>11} {:>8} {:>7.3} % {bar}", bucket.count, share * 100.0);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn short(ms: f64) -> String {
    if ms < 1.0 { format!("{} µs", ms * 1000.0) } else { format!("{ms} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { color: false, width: None, verbose: false };

    #[test]
    fn bars_are_relative_to_the_fullest_bucket() {
        let bucket = |above_ms, up_to_ms, count| Bucket { above_ms, up_to_ms, count };
        let buckets = [bucket(0.5, Some(1.0), 9999), bucket(1.0, Some(2.0), 0), bucket(8192.0, None, 1)];
        let mut out = Vec::new();
        histogram(&buckets, PLAIN, &mut out).expect("writes to memory");
        let text = String::from_utf8(out).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with(&"#".repeat(BAR)) && lines[0].contains("99.990 %"), "{text}");
        assert_eq!(lines[1].matches('#').count(), 0);
        assert!(lines[2].contains("> 8192 ms") && lines[2].ends_with("% #"), "{text}");
    }

    #[test]
    fn units_follow_the_size() {
        assert_eq!(precise(0.0042), "4.2 µs");
        assert_eq!(precise(0.042), "42 µs");
        assert_eq!(precise(4.685), "4.68 ms");
        assert_eq!(short(0.0625), "62.5 µs");
    }
}
