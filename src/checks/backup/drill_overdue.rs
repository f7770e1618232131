use crate::facts::{CommonFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Value};
use crate::policy::{Limit, Policy, Threshold};
use jiff::Timestamp;

const MAX_AGE: Threshold = Threshold {
    key: "drill_max_age",
    default: Limit::Days(90.0),
    source: "once a quarter: the default of `quorate drill due --max-age`",
};

pub(super) const CHECK: Check = Check {
    slug: "drill-overdue",
    family: Family::Backup,
    question: "Was a recovery drilled lately, and did it work?",
    why: "A recovery that nobody has done for months fails on what changed since: a tool that is gone, a certificate, a \
          disk that is too small. A drill does it on a throwaway cluster and keeps the evidence.",
    remedy: "Run `quorate drill run stuck-quorum`, and `quorate drill due` in CI.",
    runbook: Some("recovery-drill"),
    thresholds: &[MAX_AGE],
    sources: &["evidence of `quorate drill run` on this machine: `quorate drill list`"],
    rules: &[Rule::Common(judge)],
};

/// Judged only where evidence is kept: a machine on which nobody drills says nothing of whether it is done elsewhere.
fn judge(common: &CommonFacts, policy: &Policy, now: Timestamp) -> Outcome {
    let drills = match &common.drills {
        None => return Outcome::NotApplicable("no evidence of drills is kept on this machine".into()),
        Some(Observed::Unknown(why)) => {
            return Outcome::undecided(format!("the evidence of drills: {why}"), Severity::Warning);
        }
        Some(Observed::Known(drills)) => drills,
    };
    let hit = |says| Hit::new(Severity::Warning, says).with("dir", drills.dir.as_str());
    if let Some(broken) = &drills.broken {
        return Outcome::found(
            hit("The evidence of drills in {dir} is not as it was left ({broken}): none of it counts.")
                .with("broken", broken.as_str())
                .remedy("See what it is with `quorate drill show --verify`; put it back as it was, or drill again elsewhere."),
        );
    }
    let Some(last) = &drills.last else {
        return Outcome::found(
            hit("Drills are kept in {dir}, and {scenario} is none of them.")
                .with("scenario", drills.scenario.as_str()),
        );
    };
    let days = now.duration_since(last.began_at).as_secs_f64() / 86_400.0;
    let max = policy.get(&MAX_AGE);
    let told = |hit: Hit| {
        hit.with("drill", last.id.as_str())
            .with("scenario", drills.scenario.as_str())
            .with("age", Value::Days(days as i64))
            .with("max", Value::Days(max as i64))
            .with("max_set_by", policy.origin(&MAX_AGE))
    };
    match () {
        () if !last.passed => {
            Outcome::found(told(hit("The last drill of {scenario}, {drill}, failed.")).remedy(
                "See why with `quorate drill show`; what it shows is what the next recovery will meet.",
            ))
        }
        () if days < 0.0 => Outcome::found(told(hit(
            "The last drill of {scenario}, {drill}, lies in the future: a clock is wrong.",
        ))),
        () if days > max => Outcome::found(told(hit(
            "{scenario} was last drilled {age} ago ({drill}); at most {max} are allowed.",
        ))),
        () => Outcome::Clear(vec![("age", Value::Days(days as i64)), ("max", Value::Days(max as i64))]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::{DrillFacts, LastDrill};
    use jiff::SignedDuration;

    fn drilled(last: Option<(i64, bool)>, broken: Option<&str>) -> Sample {
        let mut sample = cluster(3);
        let last = last.map(|(days, passed)| LastDrill {
            id: "drill-1".into(),
            passed,
            began_at: sample.0.taken_at - SignedDuration::from_hours(24 * days),
        });
        let (dir, scenario, broken) = ("/drills".into(), "stuck-quorum".into(), broken.map(str::to_owned));
        sample.0.common.drills = Some(Observed::Known(DrillFacts { dir, scenario, last, broken }));
        sample
    }

    #[test]
    fn age_verdict_and_evidence_decide() {
        row(&CHECK, &drilled(Some((89, true)), None), &[]);
        for last in [Some((91, true)), Some((1, false)), Some((-2, true)), None] {
            row(&CHECK, &drilled(last, None), &[Severity::Warning]);
        }
        row(
            &CHECK,
            &drilled(Some((1, true)), Some("line 2 of the chain cannot be read")),
            &[Severity::Warning],
        );
    }

    #[test]
    fn where_nobody_drills_nothing_is_said_and_what_cannot_be_read_is_no_pass() {
        assert!(matches!(cluster(3).run(&CHECK), Outcome::NotApplicable(_)));
        let mut unread = cluster(3);
        unread.0.common.drills = Some(Observed::unknown("permission denied"));
        undecided(&CHECK, &unread, Severity::Warning);
    }
}
