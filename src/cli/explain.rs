//! `quorate explain`: what a check looks at, its thresholds and where they come from, what to do about a finding.

use super::failure::Failure;
use super::nearest::nearest;
use super::{Global, Shape, World, settings};
use crate::checks;
use crate::facts::BackendKind;
use crate::finding::{Check, Value};
use crate::policy::{Limit, Policy, Threshold};
use crate::render::{self, Style, wrap};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

/// Say what a check looks at, its thresholds and their sources, and how to fix what it finds
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    quorate explain quorum-lost\n  \
    quorate explain --list\n  \
    quorate explain --list -o json | jq -r '.checks[].check'\n\n\
    With a config file the thresholds show the values in force and the line that sets them.\n\n\
    Exit codes: 0 ok · 64 there is no such check, or the configuration is wrong")]
pub(super) struct ExplainArgs {
    /// Names of checks
    #[arg(value_name = "CHECK", required_unless_present = "list")]
    checks: Vec<String>,
    /// Every check with its question
    #[arg(long, conflicts_with = "checks")]
    list: bool,
    /// Output format
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Shape,
}

/// Result of `quorate explain`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ExplainReport {
    /// `quorate.explain/v1`.
    schema: &'static str,
    /// In catalogue order.
    checks: Vec<Explained>,
}

/// One check.
#[derive(Debug, Serialize, JsonSchema)]
struct Explained {
    /// Slug.
    check: &'static str,
    /// Group.
    family: &'static str,
    /// The question it answers.
    question: &'static str,
    /// Why it matters.
    why: &'static str,
    /// What to do about a finding, where no backend needs other words.
    remedy: &'static str,
    /// Backends it looks at.
    backends: Vec<&'static str>,
    /// What to do on each of them.
    by_backend: Vec<OnBackend>,
    /// Thresholds.
    thresholds: Vec<ThresholdReport>,
    /// Where the knowledge comes from.
    sources: &'static [&'static str],
}

/// A check on one backend.
#[derive(Debug, Serialize, JsonSchema)]
struct OnBackend {
    /// `etcd`, `zookeeper`, `consul`.
    backend: &'static str,
    /// What to do about a finding.
    remedy: &'static str,
    /// The page to follow, for `quorate runbook show`.
    runbook: Option<&'static str>,
    /// Those of the sources that are of this backend.
    sources: Vec<&'static str>,
}

/// One threshold.
#[derive(Debug, Serialize, JsonSchema)]
struct ThresholdReport {
    /// Key under `[policy]` of the config file.
    key: &'static str,
    /// `ms`, `days`, `percent`, `bytes`, `count`, `per-second`.
    unit: &'static str,
    /// Value when the config file is silent.
    default: f64,
    /// Value in force.
    value: f64,
    /// Where the default comes from.
    source: &'static str,
    /// File and line that set the value in force; `null` when it is the default.
    set_at: Option<String>,
    #[serde(skip)]
    text: (String, String),
}

pub(super) fn run(args: &ExplainArgs, global: &Global, world: &World) -> Result<u8, Failure> {
    let wanted: Vec<&Check> = match args.list {
        true => checks::catalogue().collect(),
        false => args.checks.iter().map(|slug| find(slug)).collect::<Result<_, _>>()?,
    };
    let policy = settings::config(global, world)?.policy;
    let checks = wanted.into_iter().map(|check| explained(check, &policy)).collect();
    let report = ExplainReport { schema: "quorate.explain/v1", checks };
    let style = super::style(global, world);
    let mut bytes = Vec::new();
    match args.output {
        Shape::Json => render::write_json(&report, &mut bytes)?,
        Shape::Table if args.list => bytes.extend(list(&report.checks, style).bytes()),
        Shape::Table => {
            let pages: Vec<String> = report.checks.iter().map(|check| page(check, style)).collect();
            bytes.extend(pages.join("\n").bytes());
        }
    }
    world.print(&bytes)?;
    Ok(0)
}

fn find(slug: &str) -> Result<&'static Check, Failure> {
    checks::find(slug).ok_or_else(|| {
        let failure = Failure::usage(format!("there is no check `{slug}`"));
        match nearest(slug, checks::catalogue().map(|c| c.slug)) {
            Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
            None => failure.hint("see `quorate explain --list`"),
        }
    })
}

fn explained(check: &Check, policy: &Policy) -> Explained {
    Explained {
        check: check.slug,
        family: check.family.name(),
        question: check.question,
        why: check.why,
        remedy: check.remedy,
        backends: check.backends().into_iter().map(|b| b.name()).collect(),
        by_backend: check.backends().into_iter().map(|backend| on_backend(check, backend)).collect(),
        thresholds: check.thresholds.iter().map(|threshold| in_force(threshold, policy)).collect(),
        sources: check.sources,
    }
}

fn on_backend(check: &Check, backend: BackendKind) -> OnBackend {
    OnBackend {
        backend: backend.name(),
        remedy: checks::remedy(check, backend),
        runbook: check.page(backend).map(|page| page.name),
        sources: check.sources.iter().copied().filter(|source| names(source) == Some(backend)).collect(),
    }
}

/// Whose documentation or code a source is: it names the project in its address or its words.
fn names(source: &str) -> Option<BackendKind> {
    let source = source.to_lowercase();
    let marks = [
        (BackendKind::Consul, &["consul", "hashicorp"][..]),
        (BackendKind::Zookeeper, &["zookeeper"]),
        (BackendKind::Etcd, &["etcd", "k3s"]),
    ];
    let of = |(_, words): &&(BackendKind, &[&str])| words.iter().any(|word| source.contains(word));
    marks.iter().find(of).map(|(backend, _)| *backend)
}

fn in_force(threshold: &Threshold, policy: &Policy) -> ThresholdReport {
    let limit = policy.limit(threshold);
    ThresholdReport {
        key: threshold.key,
        unit: unit(threshold.default),
        default: threshold.default.number(),
        value: limit.number(),
        source: threshold.source,
        set_at: policy.set_at(threshold).map(str::to_owned),
        text: (human(threshold.default), human(limit)),
    }
}

fn unit(limit: Limit) -> &'static str {
    match limit {
        Limit::Millis(_) => "ms",
        Limit::Days(_) => "days",
        Limit::Percent(_) => "percent",
        Limit::Bytes(_) => "bytes",
        Limit::Count(_) => "count",
        Limit::PerSecond(_) => "per-second",
    }
}

/// A limit with its unit, for people.
pub(super) fn human(limit: Limit) -> String {
    match limit {
        Limit::Millis(ms) => Value::Millis(ms).human(),
        Limit::Days(days) => format!("{} days", Value::Number(days).human()),
        Limit::Percent(percent) => Value::Percent(percent).human(),
        Limit::Bytes(bytes) => Value::Bytes(bytes).human(),
        // As it is: a threshold of 0.05 must not read 0.1.
        Limit::Count(count) => count.to_string(),
        Limit::PerSecond(rate) => format!("{rate} per second"),
    }
}

fn list(checks: &[Explained], style: Style) -> String {
    let rows: Vec<Vec<String>> =
        checks.iter().map(|c| vec![c.check.to_owned(), c.family.to_owned(), c.question.to_owned()]).collect();
    let mut text =
        render::grid(&["CHECK", "FAMILY", "QUESTION"], &rows, &["QUESTION"], style.width).join("\n");
    text.push('\n');
    text
}

fn page(check: &Explained, style: Style) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "{}  {} · {}", check.check, check.family, check.backends.join(", "));
    paragraph(&mut page, check.question, style);
    page.push('\n');
    section(&mut page, "why", &[check.why.to_owned()], style);
    section(&mut page, "fix", &remedies(check), style);
    section(&mut page, "page", &[pages(check)], style);
    let thresholds: Vec<String> = check.thresholds.iter().map(threshold).collect();
    section(&mut page, "policy", &thresholds, style);
    section(&mut page, "source", &sources(check), style);
    page
}

/// Once, where it is the same on every backend; else with the backends' names before it.
fn remedies(check: &Explained) -> Vec<String> {
    let mut said: Vec<(Vec<&str>, &str)> = Vec::new();
    for on in &check.by_backend {
        match said.iter_mut().find(|(_, remedy)| *remedy == on.remedy) {
            Some((backends, _)) => backends.push(on.backend),
            None => said.push((vec![on.backend], on.remedy)),
        }
    }
    match said.as_slice() {
        [(_, remedy)] => vec![(*remedy).to_owned()],
        _ => said.iter().map(|(backends, remedy)| format!("{}: {remedy}", backends.join(", "))).collect(),
    }
}

fn pages(check: &Explained) -> String {
    let mut pages: Vec<&str> = check.by_backend.iter().filter_map(|on| on.runbook).collect();
    pages.dedup();
    format!("quorate runbook show {}", pages.join(" | "))
}

/// What is of one backend stands after its name, where there are several.
fn sources(check: &Explained) -> Vec<String> {
    let several = check.by_backend.iter().filter(|on| !on.sources.is_empty()).count() > 1;
    let lead = |on: &OnBackend, source: &str| match several && !source.to_lowercase().starts_with(on.backend)
    {
        true => format!("{}: {source}", on.backend),
        false => source.to_owned(),
    };
    let own = check.by_backend.iter().flat_map(|on| on.sources.iter().map(move |source| lead(on, source)));
    let named: Vec<&str> = check.by_backend.iter().flat_map(|on| on.sources.iter().copied()).collect();
    let rest = check.sources.iter().filter(|source| !named.contains(source));
    own.chain(rest.map(|source| (*source).to_owned())).collect()
}

/// `fsync_p99_warn = 20 ms  set at quorate.toml:12; default 10 ms: etcd's documentation`.
fn threshold(threshold: &ThresholdReport) -> String {
    let ThresholdReport { key, source, text: (default, value), .. } = threshold;
    match &threshold.set_at {
        Some(place) => {
            format!("{key} = {value}, set at {}; default {default}: {source}", render::escape(place))
        }
        None => format!("{key} = {value}: {source}"),
    }
}

fn section(page: &mut String, name: &str, items: &[String], style: Style) {
    for (at, item) in items.iter().enumerate() {
        let lead = if at == 0 { name } else { "" };
        let width = style.width.map(|w| w.saturating_sub(8).max(20));
        for (line_at, line) in wrap(item, width).iter().enumerate() {
            let _ = writeln!(page, "{:<8}{line}", if line_at == 0 { lead } else { "" });
        }
    }
}

fn paragraph(page: &mut String, text: &str, style: Style) {
    for line in wrap(text, style.width) {
        let _ = writeln!(page, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WARN: Threshold =
        Threshold { key: "fsync_p99_warn", default: Limit::Millis(10.0), source: "etcd's documentation" };

    #[test]
    fn a_threshold_says_where_its_value_comes_from() {
        let mut policy = Policy::default();
        assert_eq!(threshold(&in_force(&WARN, &policy)), "fsync_p99_warn = 10 ms: etcd's documentation");
        policy.set("fsync_p99_warn", Limit::Millis(20.0), "quorate.toml:12");
        let changed = in_force(&WARN, &policy);
        assert_eq!((changed.default, changed.value, changed.unit), (10.0, 20.0, "ms"));
        let said = threshold(&changed);
        assert_eq!(
            said,
            "fsync_p99_warn = 20 ms, set at quorate.toml:12; default 10 ms: etcd's documentation"
        );
        assert_eq!(human(Limit::PerSecond(0.05)), "0.05 per second");
    }
}
