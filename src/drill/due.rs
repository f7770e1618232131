//! Whether a drill is due. Pure: the answer comes from the evidence, never from a date that somebody wrote down.

use super::chain::Break;
use super::evidence::Record;
use super::report::Verdict;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The scenario that counts where none is named: what drills a recovery from end to end.
pub const SCENARIO: &str = "stuck-quorum";

/// From this share of the greatest age on, a drill is due soon.
const SOON: f64 = 0.8;

/// How one scenario stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It passed and is young enough.
    Fresh,
    /// It passed and will be too old soon.
    Soon,
    /// It is too old, failed, never passed, or its evidence cannot be trusted.
    Due,
}

impl Standing {
    /// The word of the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Standing::Fresh => "fresh",
            Standing::Soon => "soon",
            Standing::Due => "due",
        }
    }
}

/// The answer for one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DueReport {
    /// Which scenario.
    pub scenario: String,
    /// How it stands.
    pub standing: Standing,
    /// Why, as a sentence.
    pub why: String,
    /// The drill that decided.
    pub drill: Option<String>,
    /// When that one began, RFC 3339 UTC.
    pub began_at: Option<String>,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Which scenario.
    pub scenario: &'a str,
    /// Which system.
    pub backend: &'a str,
    /// Only drills of servers of this version or minor version count.
    pub version: Option<&'a str>,
    /// The greatest age.
    pub max_age: Duration,
    /// The wall clock.
    pub now: Timestamp,
}

/// Judges one scenario by its newest drill that proves anything. `records`: oldest first.
pub fn judge(question: Question<'_>, records: &[Record], breaks: &[Break]) -> DueReport {
    let answer = |standing, why: String, of: Option<&Record>| DueReport {
        scenario: question.scenario.to_owned(),
        standing,
        why,
        drill: of.map(|record| record.report.id.clone()),
        began_at: of.map(|record| record.report.began_at.clone()),
    };
    if let Some(broken) = breaks.first() {
        let place = broken.drill.as_deref().map_or_else(String::new, |drill| format!("{drill}: "));
        return answer(
            Standing::Due,
            format!("The evidence cannot be trusted: {place}{}.", broken.what),
            None,
        );
    }
    let counts = |record: &&Record| {
        record.report.scenario == question.scenario
            && record.report.backend == question.backend
            && question.version.is_none_or(|version| of_version(&record.report.server_version, version))
            && record.report.verdict != Verdict::Invalid
    };
    let Some(last) = records.iter().rfind(counts) else {
        return answer(Standing::Due, "It was never drilled.".into(), None);
    };
    if last.report.verdict == Verdict::Fail {
        return answer(Standing::Due, "The last drill failed.".into(), Some(last));
    }
    let Ok(began) = last.report.began_at.parse::<Timestamp>() else {
        return answer(Standing::Due, "The last drill does not say when it was.".into(), Some(last));
    };
    let age = question.now.duration_since(began).as_secs_f64();
    let limit = question.max_age.as_secs_f64();
    let said = format!("Passed {} ago; at most {} are allowed.", days(age), days(limit));
    match age {
        age if age < 0.0 => {
            answer(Standing::Due, "The last drill lies in the future: a clock is wrong.".into(), Some(last))
        }
        age if age > limit => answer(Standing::Due, said, Some(last)),
        age if age > limit * SOON => answer(Standing::Soon, said, Some(last)),
        _ => answer(Standing::Fresh, said, Some(last)),
    }
}

/// `3.6` counts every `3.6.x`, `3.6.1` only itself.
fn of_version(version: &str, wanted: &str) -> bool {
    version == wanted || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

fn days(seconds: f64) -> String {
    match seconds {
        short if short < 120.0 => format!("{short:.0} s"),
        short if short < 7200.0 => format!("{:.0} minutes", short / 60.0),
        short if short < 172_800.0 => format!("{:.0} hours", short / 3600.0),
        long => format!("{:.0} days", long / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::report::{DrillReport, Machine, SCHEMA, Times, Traffic};

    const DAY: u64 = 86_400;
    const NOW: i64 = 1_800_000_000;

    fn record(id: &str, scenario: &str, verdict: Verdict, days_ago: i64) -> Record {
        let began = Timestamp::from_second(NOW - days_ago * DAY as i64).expect("a time");
        let report = DrillReport {
            schema: SCHEMA.into(),
            id: id.into(),
            scenario: scenario.into(),
            backend: "etcd".into(),
            server_version: "3.6.16".into(),
            quorate: "0".into(),
            nodes: 3,
            tls: false,
            verdict,
            began_at: began.to_string(),
            duration_ms: 1,
            times: Times::default(),
            writes: None,
            expectations: Vec::new(),
            phases: Vec::new(),
            moments: Vec::new(),
            measures: Vec::new(),
            traffic: Traffic::default(),
            recoveries: Vec::new(),
            machine: Machine::default(),
        };
        Record { report, follows: String::new(), files: Vec::new() }
    }

    fn ask(records: &[Record], breaks: &[Break], version: Option<&str>) -> (Standing, Option<String>) {
        let question = Question {
            scenario: "stuck-quorum",
            backend: "etcd",
            version,
            max_age: Duration::from_secs(90 * DAY),
            now: Timestamp::from_second(NOW).expect("a time"),
        };
        let report = judge(question, records, breaks);
        (report.standing, report.drill)
    }

    #[test]
    fn age_decides_for_what_passed() {
        let of = |days| ask(&[record("a", "stuck-quorum", Verdict::Pass, days)], &[], None).0;
        assert_eq!(
            [of(0), of(71), of(73), of(89), of(91)].map(Standing::name),
            ["fresh", "fresh", "soon", "soon", "due"]
        );
        assert_eq!(of(-1), Standing::Due, "a drill in the future");
    }

    #[test]
    fn never_failed_or_of_something_else_is_due() {
        assert_eq!(ask(&[], &[], None), (Standing::Due, None));
        let other = record("a", "slow-disk", Verdict::Pass, 1);
        assert_eq!(ask(&[other], &[], None), (Standing::Due, None));
        let then_failed =
            [record("a", "stuck-quorum", Verdict::Pass, 2), record("b", "stuck-quorum", Verdict::Fail, 1)];
        assert_eq!(ask(&then_failed, &[], None), (Standing::Due, Some("b".into())));
        let then_nothing =
            [record("a", "stuck-quorum", Verdict::Pass, 2), record("b", "stuck-quorum", Verdict::Invalid, 1)];
        assert_eq!(ask(&then_nothing, &[], None), (Standing::Fresh, Some("a".into())));
    }

    #[test]
    fn a_version_counts_by_its_parts_and_broken_evidence_counts_for_nothing() {
        let passed = [record("a", "stuck-quorum", Verdict::Pass, 1)];
        let of = |version| ask(&passed, &[], Some(version)).0;
        assert_eq!([of("3.6"), of("3.6.16")], [Standing::Fresh; 2]);
        assert_eq!([of("3.6.1"), of("3.7"), of("3")].map(Standing::name), ["due", "due", "fresh"]);
        assert_eq!(ask(&passed, &[Break::of("a", "x")], None), (Standing::Due, None));
    }
}
