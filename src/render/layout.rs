//! What the tables of several commands share: the headline of a cluster, grids that fit the width, colours.

use super::Style;
use super::text::{columns, escape, wrap};
use crate::quorum::QuorumState;
use crate::report::{MemberReport, QuorumReport, UnreachableReport};
use anstyle::{AnsiColor, Style as Paint};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use std::io::{self, Write};

/// Two lines: which cluster, and how its quorum stands.
pub(super) fn headline(
    name: &str,
    about: &str,
    quorum: &QuorumReport,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for line in wrap(&format!("{}  {about}", escape(name)), style.width) {
        writeln!(out, "{line}")?;
    }
    let (word, color) = match quorum.state {
        QuorumState::Healthy => ("QUORUM HEALTHY", AnsiColor::Green),
        QuorumState::Degraded => ("QUORUM DEGRADED", AnsiColor::Yellow),
        QuorumState::AtRisk => ("QUORUM AT RISK", AnsiColor::Yellow),
        QuorumState::Lost => ("QUORUM LOST", AnsiColor::Red),
        QuorumState::Unknown => ("QUORUM UNKNOWN", AnsiColor::Magenta),
    };
    hanging(word, color, &escape(&quorum_sentence(quorum)), style, out)
}

/// A coloured word, then text that wraps beside it.
pub(super) fn hanging(
    word: &str,
    color: AnsiColor,
    text: &str,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let indent = columns(word) + 2;
    let mut lines = wrap(text, style.width.map(|w| w.saturating_sub(indent).max(20))).into_iter();
    writeln!(out, "{}  {}", paint(word, color, style), lines.next().unwrap_or_default())?;
    for line in lines {
        writeln!(out, "{:indent$}{line}", "")?;
    }
    Ok(())
}

/// Why the quorum is as it is, and how much more it bears.
pub(super) fn quorum_sentence(quorum: &QuorumReport) -> String {
    let serves = matches!(quorum.state, QuorumState::Healthy | QuorumState::Degraded | QuorumState::AtRisk);
    match quorum.failures_until_stuck.filter(|_| serves) {
        Some(0) => format!("{}; the next failure stops all writes", quorum.why),
        Some(more) => format!("{}; {more} more may fail before writes stop", quorum.why),
        None => quorum.why.clone(),
    }
}

/// A member's name as the tables show it: else its id, else its address.
pub(super) fn label(member: &MemberReport) -> String {
    let label = member.name.as_ref().or(member.id.as_ref()).or(member.endpoint.as_ref());
    label.map_or_else(|| "-".into(), |text| escape(text))
}

/// One line for each address without an answer, unless the member table already says all there is.
pub(super) fn unreachable(
    failed: &[UnreachableReport],
    members: &[MemberReport],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let told =
        |endpoint: &str| members.iter().any(|m| m.endpoint.as_deref() == Some(endpoint) && !m.reachable);
    let failed: Vec<_> = failed.iter().filter(|f| !f.detail.is_empty() || !told(&f.endpoint)).collect();
    if !failed.is_empty() {
        writeln!(out)?;
    }
    for failed in failed {
        let detail = match failed.detail.as_str() {
            "" => String::new(),
            detail => format!(": {}", escape(detail)),
        };
        let line = format!("{}  {}{detail}", escape(&failed.endpoint), failed.diagnosis);
        for (at, line) in wrap(&line, style.width.map(|w| w.saturating_sub(2))).iter().enumerate() {
            writeln!(out, "{}{line}", if at > 0 { "  " } else { "" })?;
        }
    }
    Ok(())
}

/// Lines of a table without borders. Where it is wider than the terminal, the columns named by `flexible` wrap.
pub fn grid(header: &[&str], rows: &[Vec<String>], flexible: &[&str], width: Option<usize>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.set_content_arrangement(ContentArrangement::Disabled);
    let natural = lines(&table);
    let Some(width) = width.filter(|w| natural.iter().any(|line| columns(line) > *w)) else {
        return natural;
    };
    // The last column's padding is trimmed, so it may stick out.
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width as u16 + 2);
    let rigid: Vec<bool> = header.iter().map(|name| !flexible.contains(name)).collect();
    for (column, rigid) in table.column_iter_mut().zip(rigid) {
        if rigid {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let arranged = lines(&table);
    if arranged.iter().all(|line| columns(line) <= width) {
        return arranged;
    }
    // Narrower than the rigid columns: no table any more, but every word of it.
    let plain = natural.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    plain.flat_map(|line| wrap(&line, Some(width))).collect()
}

/// Like [`grid`], but what is too wide becomes several grids of as many columns under each other, each with the first.
pub(super) fn stacked(header: &[&str], rows: &[Vec<String>], width: Option<usize>) -> Vec<Vec<String>> {
    let others: Vec<usize> = (1..header.len()).collect();
    let pick = |columns: &[usize], width| {
        let columns: Vec<usize> = std::iter::once(0).chain(columns.iter().copied()).collect();
        let names: Vec<&str> = columns.iter().map(|at| header[*at]).collect();
        let cells = |row: &Vec<String>| columns.iter().map(|at| row[*at].clone()).collect();
        grid(&names, &rows.iter().map(cells).collect::<Vec<_>>(), &header[..1], width)
    };
    let fits = |lines: Vec<String>| width.is_none_or(|w| lines.iter().all(|line| columns(line) <= w));
    let split = |parts: usize| others.chunks(others.len().div_ceil(parts));
    let parts = (1..others.len()).find(|parts| split(*parts).all(|some| fits(pick(some, None))));
    split(parts.unwrap_or(others.len()).max(1)).map(|some| pick(some, width)).collect()
}

fn lines(table: &Table) -> Vec<String> {
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect()
}

pub(super) fn paint(text: &str, color: AnsiColor, style: Style) -> String {
    if !style.color {
        return text.to_owned();
    }
    let paint = Paint::new().bold().fg_color(Some(color.into()));
    format!("{paint}{text}{paint:#}")
}

pub(super) fn bold(text: &str, style: Style) -> String {
    if !style.color {
        return text.to_owned();
    }
    let paint = Paint::new().bold();
    format!("{paint}{text}{paint:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|c| (*c).to_owned()).collect()
    }

    #[test]
    fn a_grid_never_exceeds_the_width_and_loses_nothing() {
        let rows = vec![row(&["日本語の名前", "leader", "https://etcd-1.example.com:2379"])];
        for width in 6..60 {
            let lines = grid(&["MEMBER", "ROLE", "ENDPOINT"], &rows, &["MEMBER", "ENDPOINT"], Some(width));
            assert!(lines.iter().all(|line| columns(line) <= width), "{width}: {lines:?}");
            let text: String = lines.concat().split_whitespace().collect();
            for character in "日本語leaderhttps://etcd-1.example.com:2379".chars() {
                assert!(text.contains(character), "{width}: {character} is lost in {lines:?}");
            }
        }
    }

    #[test]
    fn too_wide_a_table_is_stacked() {
        let rows = vec![row(&["n1", "aaaaaaaa", "bbbbbbbb", "cccccccc"])];
        let grids = stacked(&["MEMBER", "A", "B", "C"], &rows, Some(28));
        assert_eq!(grids.len(), 2);
        assert_eq!(grids[1][1], "n1      cccccccc", "{grids:?}");
        assert_eq!(stacked(&["MEMBER", "A", "B", "C"], &rows, None).len(), 1);
    }
}
