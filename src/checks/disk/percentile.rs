//! Judges a 99th percentile of which only two bounds are known. The documented limits are no bucket bounds (10 ms lies
//! between 8 and 16): a percentile that may be on either side of a limit is undecided, never rounded.

use crate::facts::{CommonFacts, EtcdFacts, Member, Observed, SyncLatency, Window};
use crate::finding::{Hit, Outcome, Severity, Tally, Value, fill};
use crate::policy::{Policy, Threshold};

/// What is judged and by which limits.
pub(super) struct Question {
    /// What one sample is called, in the plural: `fsyncs`.
    pub(super) samples: &'static str,
    /// The latency of a member.
    pub(super) pick: fn(&Member) -> &Observed<SyncLatency>,
    /// Above it a warning.
    pub(super) warn: &'static Threshold,
    /// Above it critical.
    pub(super) critical: &'static Threshold,
}

/// Judges every member that answered.
pub(super) fn judge(question: &Question, etcd: &EtcdFacts, common: &CommonFacts, policy: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut seen = false;
    for (member, _) in etcd.answering(common) {
        seen = true;
        let latency = common.member(&member.id).map(question.pick);
        match (&member.metrics, latency) {
            (_, Some(Observed::Known(latency))) => {
                one_member(question, latency, member.label(), policy, &mut tally);
            }
            // The page was read and holds no sample: a server that syncs nothing cannot be a slow one.
            (Observed::Known(_), why) => {
                let why = why.and_then(Observed::why).unwrap_or("it is not in the member list");
                tally.gap(member.label(), why, Severity::Warning);
            }
            (Observed::Unknown(why), _) => {
                tally.gap(member.label(), format!("its metrics: {why}"), Severity::Critical);
            }
        }
    }
    if seen { tally.outcome() } else { Outcome::undecided("no member answered", Severity::Critical) }
}

fn one_member(
    question: &Question,
    latency: &SyncLatency,
    member: String,
    policy: &Policy,
    tally: &mut Tally,
) {
    let (warn, critical) = (policy.get(question.warn), policy.get(question.critical));
    if let Some(high) = latency.p99_high_ms.filter(|high| *high <= warn) {
        let mut values = values(question, latency, warn);
        values.insert(0, ("slowest_member", member.into()));
        tally.nearest(high, values);
        return;
    }
    // The slowest of a few samples proves nothing about the rest, in either direction.
    let few = latency.slowest_only;
    let severity = match latency.p99_low_ms {
        low if few || low < warn => None,
        low if low >= critical => Some(Severity::Critical),
        _ => Some(Severity::Warning),
    };
    let may_be_critical = latency.p99_high_ms.is_none_or(|high| high > critical);
    let limit = if severity == Some(Severity::Critical) { critical } else { warn };
    let values = values(question, latency, limit);
    match severity {
        Some(severity) => {
            let says = says(latency);
            tally.hit(
                values.into_iter().fold(Hit::new(severity, says), |hit, (n, v)| hit.with(n, v)).on(member),
            );
        }
        None => {
            let at_worst = if may_be_critical && !few { Severity::Critical } else { Severity::Warning };
            tally.gap(member, fill(says(latency), &values), at_worst);
        }
    }
}

fn says(latency: &SyncLatency) -> &'static str {
    match (latency.slowest_only, latency.p99_high_ms) {
        (false, Some(_)) => {
            "{low} to {high} at the 99th percentile of {samples} {what} {window}; limit {limit}"
        }
        (false, None) => "over {low} at the 99th percentile of {samples} {what} {window}; limit {limit}",
        (true, Some(_)) => {
            "the slowest of only {samples} {what} {window} took {low} to {high}; limit {limit}. A window with at \
             least 100 of them would tell"
        }
        (true, None) => {
            "the slowest of only {samples} {what} {window} took over {low}; limit {limit}. A window with at least 100 \
             of them would tell"
        }
    }
}

fn values(question: &Question, latency: &SyncLatency, limit: f64) -> Vec<(&'static str, Value)> {
    let mut values = vec![
        ("low", Value::Millis(latency.p99_low_ms)),
        ("samples", latency.samples.into()),
        ("what", question.samples.into()),
        ("window", window(latency.window).into()),
        ("limit", Value::Millis(limit)),
        ("mean", Value::Millis((latency.mean_ms * 100.0).round() / 100.0)),
        ("slower_than_100ms", Value::Percent(latency.over_100ms * 100.0)),
    ];
    if let Some(high) = latency.p99_high_ms {
        values.insert(1, ("high", Value::Millis(high)));
    }
    values
}

/// Over which time, as it follows a count.
fn window(window: Window) -> String {
    match window {
        Window::SinceStart { seconds: None } => "since its start".into(),
        Window::SinceStart { seconds: Some(seconds) } => {
            format!("since its start {} ago", Value::Seconds(seconds.round()).human())
        }
        Window::SinceLastRun { seconds } => {
            format!("since the last run {} ago", Value::Seconds(seconds.round()).human())
        }
        Window::LastInterval { seconds } | Window::Measured { seconds } => {
            format!("in {}", Value::Seconds(seconds.round()).human())
        }
    }
}
