//! `quorate size N…`: quorum arithmetic.

use super::failure::Failure;
use super::{Global, Shape, World};
use crate::quorum::{needed, tolerance};
use crate::render::{self, wrap};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

/// How many failures a cluster of N voters survives, and what one more or one less does
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate size 3 4 5\n  \
    quorate size 5 -o json\n\n\
    Exit codes: 0 ok · 64 usage")]
pub(super) struct SizeArgs {
    /// Number of voters, from 1
    #[arg(required = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    voters: Vec<u32>,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

/// Result of `quorate size`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SizeReport {
    /// `quorate.size/v1`.
    schema: &'static str,
    /// One per number given.
    sizes: Vec<Size>,
}

/// One cluster size.
#[derive(Debug, Serialize, JsonSchema)]
struct Size {
    /// Voters.
    voters: u32,
    /// How many must agree.
    needed: usize,
    /// How many may fail.
    tolerance: usize,
    /// Whether it is even.
    even: bool,
    /// Fewest zones with which the loss of any one zone is survived; `null` when no number of zones does it.
    zones_needed: Option<usize>,
    /// Voters in each of so many zones; empty when no number of zones does it.
    voters_per_zone: Vec<usize>,
    /// With one voter less; `null` for a single voter.
    one_less: Option<Change>,
    /// With one voter more.
    one_more: Change,
    /// What to make of it.
    advice: &'static str,
}

/// What another size would bring.
#[derive(Debug, Serialize, JsonSchema)]
struct Change {
    /// Voters then.
    voters: usize,
    /// How many must agree then.
    needed: usize,
    /// How many may fail then.
    tolerance: usize,
    /// What that means.
    means: &'static str,
}

pub(super) fn run(args: &SizeArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let sizes = args.voters.iter().map(|voters| size(*voters)).collect();
    let report = SizeReport { schema: "quorate.size/v1", sizes };
    let mut bytes = Vec::new();
    match args.output {
        Shape::Json => render::write_json(&report, &mut bytes)?,
        Shape::Table => bytes.extend(text(&report.sizes, super::style(global, world).width).bytes()),
    }
    world.print(&bytes)?;
    Ok(0)
}

fn size(voters: u32) -> Size {
    let n = voters as usize;
    let zones_needed = (tolerance(n) > 0).then(|| n.div_ceil(tolerance(n)));
    Size {
        voters,
        needed: needed(n),
        tolerance: tolerance(n),
        even: n.is_multiple_of(2),
        zones_needed,
        voters_per_zone: zones_needed.map(|zones| spread(n, zones)).unwrap_or_default(),
        one_less: (n > 1).then(|| change(n, n - 1)),
        one_more: change(n, n + 1),
        advice: advice(n),
    }
}

/// As evenly as it goes, the fuller zones first.
fn spread(voters: usize, zones: usize) -> Vec<usize> {
    // A huge number of voters has few zones all the same: at most four.
    (0..zones).map(|zone| voters / zones + usize::from(zone < voters % zones)).collect()
}

fn change(from: usize, to: usize) -> Change {
    let means = match (tolerance(to).cmp(&tolerance(from)), to > from) {
        (std::cmp::Ordering::Greater, _) => "one more failure is survived",
        (std::cmp::Ordering::Less, _) => "one failure less is survived",
        (_, true) => {
            "no more failures are survived, one more voter is needed for every write, one more can fail"
        }
        (_, false) => "just as many failures are survived, with one voter less that can fail",
    };
    Change { voters: to, needed: needed(to), tolerance: tolerance(to), means }
}

fn advice(voters: usize) -> &'static str {
    match voters {
        1 => "Any failure stops it. For tests, or where a restore from backup is quick enough.",
        2 => {
            "Worse than one: both must serve for every write, so either failure stops it, and there are two that \
             can fail. Make it 3."
        }
        3 => "The usual size: one member may fail or be under maintenance, not both at once.",
        5 => "For what must survive a failure during maintenance.",
        7 => "The most that makes sense: each write waits for four disks and the leader sends it six times.",
        n if n > 7 => {
            "Too many: every write waits for more disks and the leader sends it to each. Make it 5 or 7; give \
             others the data as learners, observers or non-voters."
        }
        _ => {
            "Even: no more failures are survived than with one voter less, and a network cut in halves leaves no \
             majority on either side. Take one away, or add one."
        }
    }
}

fn text(sizes: &[Size], width: Option<usize>) -> String {
    let rows: Vec<Vec<String>> = sizes.iter().map(row).collect();
    let header = ["VOTERS", "NEEDED", "MAY FAIL", "ZONES", "ONE LESS MAY FAIL", "ONE MORE MAY FAIL"];
    let mut text = render::grid(&header, &rows, &[], width).join("\n");
    text.push('\n');
    for size in sizes {
        text.push('\n');
        let zones = zones(size);
        let more = format!("One more, {}: {}.", size.one_more.voters, size.one_more.means);
        let less = size.one_less.as_ref().map(|less| format!("One less, {}: {}.", less.voters, less.means));
        let advice = format!("{}: {}", size.voters, size.advice);
        for line in [Some(advice), Some(zones), less, Some(more)].into_iter().flatten() {
            for line in wrap(&line, width) {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

fn row(size: &Size) -> Vec<String> {
    vec![
        size.voters.to_string(),
        size.needed.to_string(),
        size.tolerance.to_string(),
        size.zones_needed.map_or_else(|| "-".into(), |zones| zones.to_string()),
        size.one_less.as_ref().map_or_else(|| "-".into(), |less| less.tolerance.to_string()),
        size.one_more.tolerance.to_string(),
    ]
}

fn zones(size: &Size) -> String {
    let Some(zones) = size.zones_needed else {
        return "No number of zones survives the loss of any one of them.".to_owned();
    };
    let spread: Vec<String> = size.voters_per_zone.iter().map(usize::to_string).collect();
    format!(
        "To survive the loss of any zone it takes {zones} zones, with {} voters. Two zones never do: one of them \
         holds half or more.",
        spread.join(" + ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quorum::survives_any_zone;

    #[test]
    fn the_zones_given_do_survive_and_one_less_would_not() {
        for voters in 1..40u32 {
            let size = size(voters);
            let zones =
                |spread: &[usize]| spread.iter().enumerate().map(|(i, n)| (i.to_string(), *n)).collect();
            match size.zones_needed {
                None => assert!(voters < 3),
                Some(needed) => {
                    assert!(survives_any_zone(&zones(&size.voters_per_zone)), "{voters}");
                    let fewer = spread(voters as usize, needed - 1);
                    assert!(!survives_any_zone(&zones(&fewer)), "{voters} in {fewer:?}");
                }
            }
        }
    }

    #[test]
    fn what_one_more_or_less_does() {
        assert_eq!((size(3).one_more.tolerance, size(4).one_more.tolerance), (1, 2));
        assert!(size(1).one_less.is_none());
        assert_eq!(size(u32::MAX).needed, 2_147_483_648);
    }
}
