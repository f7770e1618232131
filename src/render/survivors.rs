//! Several copies in the order in which to recover from them, for people.

use super::Style;
use super::inspect::{heading, span_text, table};
use super::layout::hanging;
use super::text::{escape, wrap};
use crate::offline::{AtRisk, Fate, Loss, Ranked, Ranking, SurvivorsReport};
use anstyle::AnsiColor;
use std::io::{self, Write};

/// Entries at risk that are shown without `--verbose`.
const SHOWN: usize = 20;

/// Writes `quorate inspect --survivors`.
pub fn write_survivors(report: &SurvivorsReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let ranking = &report.ranking;
    let (word, color, why) = match &ranking.loss {
        Loss::Lossless { why } => ("LOSSLESS", AnsiColor::Green, why),
        Loss::AtRisk { why, .. } => ("AT RISK", AnsiColor::Red, why),
        Loss::Unknown { why } => ("UNKNOWN", AnsiColor::Magenta, why),
    };
    hanging(word, color, &escape(why), style, out)?;
    if let Some(best) = ranking.order.first() {
        hanging("BEST", AnsiColor::Cyan, &escape(&best.path), style, out)?;
    }
    if ranking.majority {
        let advice = "a majority of the voters' disks is here: start these members, and the cluster serves again \
                      without a recovery";
        hanging("FIRST", AnsiColor::Yellow, advice, style, out)?;
    }
    let rows: Vec<Vec<String>> =
        ranking.order.iter().enumerate().map(|(at, ranked)| row(at, ranked)).collect();
    let header = ["#", "MEMBER", "LAST ENTRY", "COMMIT", "APPLIED", "COPY"];
    table(&header, &rows, &["COPY"], style, out)?;
    for ranked in &ranking.order {
        remarks(ranked, report, style, out)?;
    }
    write_risks(ranking, style, out)
}

fn row(at: usize, ranked: &Ranked) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let name = ranked.name.as_ref().or(ranked.member.as_ref());
    vec![
        (at + 1).to_string(),
        name.map_or_else(|| "-".to_owned(), |name| escape(name)),
        ranked
            .last
            .map_or_else(|| "unknown".to_owned(), |last| format!("{} of term {}", last.index, last.term)),
        number(ranked.commit),
        number(ranked.applied),
        escape(&ranked.path),
    ]
}

fn remarks(ranked: &Ranked, report: &SurvivorsReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut told = Vec::new();
    if let Some(why) = &ranked.why_not {
        told.push(format!("does not count as a voter's disk: {why}"));
    }
    if let Some(span) = ranked.not_in_best {
        told.push(format!(
            "{} are not in the best copy, and by raft's rules were never committed",
            span_text(span)
        ));
    }
    if let Some(span) = ranked.beyond_best {
        told.push(format!(
            "it reaches further than the best copy, and is damaged: {} may have been acknowledged",
            span_text(span)
        ));
    }
    if report.copies.get(ranked.copy).is_some_and(|copy| copy.holder.is_some()) {
        told.push("a server runs on it: what it holds may have grown since".to_owned());
    }
    for text in told {
        for line in wrap(&escape(&format!("{}: {text}", ranked.path)), style.width) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn write_risks(ranking: &Ranking, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (fate, title) in FATES {
        let of_fate: Vec<&AtRisk> = ranking.entries_at_risk.iter().filter(|risk| risk.fate == fate).collect();
        if of_fate.is_empty() {
            continue;
        }
        let title = format!("{} {title}", of_fate.len());
        heading(&wrap(&title, style.width).join("\n"), style, out)?;
        let shown = if style.verbose { of_fate.len() } else { of_fate.len().min(SHOWN) };
        let row = |risk: &&AtRisk| {
            let (entry, holders) = (&risk.entry, risk.holders.to_string());
            vec![entry.index.to_string(), entry.term.to_string(), holders, escape(&entry.says)]
        };
        let rows: Vec<Vec<String>> = of_fate[..shown].iter().map(row).collect();
        table(&["INDEX", "TERM", "ON DISKS", "OPERATION"], &rows, &["OPERATION"], style, out)?;
        if shown < of_fate.len() {
            writeln!(out, "and {} more (--verbose shows them)", of_fate.len() - shown)?;
        }
    }
    if ranking.entries_more > 0 {
        writeln!(out, "\n{} more entries are not in its database; --log lists them", ranking.entries_more)?;
    }
    Ok(())
}

/// The worst last: what is above needs only the right method.
const FATES: [(Fate, &str); 4] = [
    (
        Fate::Replayed,
        "committed, in its log only: kept when a server starts on it, lost with a copy of its database",
    ),
    (
        Fate::KnownElsewhere,
        "committed by what another copy knows: this copy alone does not apply them by itself",
    ),
    (Fate::PossiblyAcknowledged, "possibly acknowledged to a client: kept only if the log is kept"),
    (Fate::NeverAcknowledged, "on too few disks to have been acknowledged"),
];
