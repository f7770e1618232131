//! What is wrong with a config file that reads well, or that the TOML reader describes without naming the key.

use crate::checks;
use crate::cli::explain::human;
use crate::cli::failure::Failure;
use crate::policy::{Policy, Threshold};
use std::ops::Range;

/// The reader's message with the key it is about, where it leaves that out.
pub(super) fn naming_the_key(message: String, text: &str, span: Range<usize>) -> String {
    if message == "duplicate key" {
        return format!(
            "duplicate key `{}`",
            header(text, &span).unwrap_or(text.get(span).unwrap_or_default())
        );
    }
    match key_before(text, span.start) {
        Some(key) if message.starts_with("invalid ") => format!("{key}: {message}"),
        _ => message,
    }
}

/// The name of a table in whose header the span lies: `clusters.prod` in `[clusters.prod]`.
fn header<'a>(text: &'a str, span: &Range<usize>) -> Option<&'a str> {
    let (before, after) = (text.get(..span.start)?, text.get(span.start..)?);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = after.find('\n').map_or(text.len(), |at| span.start + at);
    let line = text[start..end].trim();
    Some(line.strip_prefix('[')?.split_once(']')?.0.trim_start_matches('[').trim())
}

/// The key whose value begins there, on the same line: `ca` in `tls = { ca = 3 }`.
fn key_before(text: &str, value: usize) -> Option<&str> {
    let line = text.get(..value)?.rsplit('\n').next()?;
    let (before, _) = line.rsplit_once('=')?;
    let key = before.rsplit(['{', ',']).next()?.trim();
    (!key.is_empty()).then_some(key)
}

/// Refuses a warning that lies beyond its critical limit: it could never be given. Which way is worse is what the
/// defaults say: less time left of a certificate, more of everything else.
pub(super) fn contradiction(policy: &Policy) -> Result<(), Failure> {
    let thresholds = checks::thresholds();
    let pairs = thresholds.iter().filter_map(|warn| {
        let stem = warn.key.strip_suffix("_warn")?;
        let critical = thresholds.iter().find(|t| t.key.strip_suffix("_critical") == Some(stem))?;
        Some((warn, critical))
    });
    for (warn, critical) in pairs {
        let more_is_worse = warn.default.number() <= critical.default.number();
        let (first, then) = (policy.get(warn), policy.get(critical));
        let contradicts = if more_is_worse { first > then } else { first < then };
        if contradicts {
            return Err(contradictory(policy, warn, critical));
        }
    }
    Ok(())
}

fn contradictory(policy: &Policy, warn: &Threshold, critical: &Threshold) -> Failure {
    let (wrong, other) = if policy.set_at(warn).is_some() { (warn, critical) } else { (critical, warn) };
    let place = policy.set_at(wrong).unwrap_or_default();
    let default = if policy.set_at(other).is_some() { "" } else { ", its default" };
    Failure::usage(format!(
        "{place}: policy.{}: {} contradicts {}, which is {}{default}: the warning could never be given",
        wrong.key,
        human(policy.limit(wrong)),
        other.key,
        human(policy.limit(other)),
    ))
    .hint(format!("set {} and {} so that the warning comes first", warn.key, critical.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Limit;

    #[test]
    fn the_key_is_named() {
        let text = "[clusters.a]\ntls = { ca = 3 }\n[[clusters.a]]\n";
        let at = |word: &str| text.find(word).expect("is there");
        let named = |message: &str, start: usize| naming_the_key(message.into(), text, start..start + 1);
        assert_eq!(named("invalid type: x", at("3")), "ca: invalid type: x");
        assert_eq!(named("missing field `x`", at("3")), "missing field `x`");
        assert_eq!(named("duplicate key", text.rfind('a').expect("is there")), "duplicate key `clusters.a`");
        assert_eq!(named("duplicate key", 1_000), "duplicate key ``");
    }

    #[test]
    fn the_default_limits_do_not_contradict_and_equal_ones_may_be() {
        let mut policy = Policy::default();
        assert!(contradiction(&policy).is_ok());
        policy.set("db_quota_warn", Limit::Percent(85.0), "q.toml:1");
        assert!(contradiction(&policy).is_ok(), "only critical ones are wanted");
        policy.set("db_quota_warn", Limit::Percent(86.0), "q.toml:1");
        let failure = contradiction(&policy).expect_err("refused");
        assert!(failure.message.contains("q.toml:1: policy.db_quota_warn: 86"), "{}", failure.message);
        assert!(failure.message.contains("its default"), "{}", failure.message);
    }
}
