//! The catalogue: every check there is, in the order shown. Adding one = its file, its `mod` line in the family, and
//! its entry in the family's list.

mod access;
mod agents;
mod at_rest;
mod backup;
mod configuration;
mod disk;
mod membership;
mod quorum;
mod remedies;
mod replication;
mod servers;
mod snapshots;
#[cfg(test)]
pub(crate) mod testing;
mod transport;
mod versions;

use crate::facts::{BackendKind, Facts, FileFacts};
use crate::finding::{Check, Finding, Gap, Hit, Outcome, Severity, Status, Waiver};
use crate::policy::{Policy, Threshold};
use jiff::tz::TimeZone;

/// The families' lists, in the order shown.
const FAMILIES: &[&[&Check]] = &[
    quorum::CHECKS,
    replication::CHECKS,
    disk::CHECKS,
    versions::CHECKS,
    membership::CHECKS,
    transport::CHECKS,
    access::CHECKS,
    at_rest::CHECKS,
    configuration::CHECKS,
    backup::CHECKS,
];

/// Every check.
pub fn catalogue() -> impl Iterator<Item = &'static Check> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// The check with this slug.
pub fn find(slug: &str) -> Option<&'static Check> {
    catalogue().find(|check| check.slug == slug)
}

/// What to do about a finding of this check on this backend, where the finding itself does not say.
pub fn remedy(check: &Check, backend: BackendKind) -> &'static str {
    remedies::of(check, backend)
}

/// Every threshold of every check, once per key.
pub fn thresholds() -> Vec<&'static Threshold> {
    let mut all: Vec<&Threshold> = catalogue().flat_map(|check| check.thresholds).collect();
    all.sort_by_key(|t| t.key);
    all.dedup_by_key(|t| t.key);
    all
}

/// Which checks to run.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these slugs; all when empty.
    pub only: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
}

impl Selection {
    fn includes(&self, check: &Check) -> bool {
        (self.only.is_empty() || self.only.iter().any(|s| s == check.slug))
            && !self.skip.iter().any(|s| s == check.slug)
    }
}

/// Runs the selected checks. Checks that do not apply give nothing; every other gives at least one finding.
pub fn evaluate(facts: &Facts, policy: &Policy, waivers: &[Waiver], selection: &Selection) -> Vec<Finding> {
    let selected = catalogue().filter(|check| selection.includes(check));
    selected.flat_map(|check| findings(check, check.run(facts, policy), facts, waivers)).collect()
}

/// Judges whether a member may be restarted now; `None` when the membership has no such name, id or address. Where the
/// membership is not known that is a finding.
pub fn before_restart(
    facts: &Facts,
    member: &str,
    policy: &Policy,
    waivers: &[Waiver],
) -> Option<Vec<Finding>> {
    use quorum::before_restart;
    let outcome = match before_restart::named(facts, member) {
        Some(member) => before_restart::judge(facts, member, policy),
        None if facts.common.members.is_empty() => {
            let why = facts.common.membership.why().unwrap_or("the member list is empty");
            Outcome::undecided(format!("who is a member: {why}"), Severity::Critical)
        }
        None => return None,
    };
    Some(findings(&before_restart::CHECK, outcome, facts, waivers))
}

/// Runs those of the selected checks that files can answer. `facts` are of the file: its name and the time, and
/// nothing of a running cluster.
pub fn evaluate_file(
    file: &FileFacts,
    facts: &Facts,
    policy: &Policy,
    waivers: &[Waiver],
    selection: &Selection,
) -> Vec<Finding> {
    let selected = catalogue().filter(|check| selection.includes(check));
    let judged = selected.filter_map(|check| Some((check, check.run_on_file(file, policy)?)));
    judged.flat_map(|(check, outcome)| findings(check, outcome, facts, waivers)).collect()
}

fn findings(check: &'static Check, outcome: Outcome, facts: &Facts, waivers: &[Waiver]) -> Vec<Finding> {
    match outcome {
        Outcome::NotApplicable(_) => Vec::new(),
        Outcome::Clear(evidence) => vec![Finding {
            check,
            status: Status::Pass,
            severity: None,
            summary: check.question.to_owned(),
            member: None,
            evidence,
            remedy: None,
            waiver: None,
        }],
        Outcome::Judged { hits, gaps } => {
            let hits = hits.into_iter().map(|hit| from_hit(check, hit, facts, waivers));
            hits.chain(gaps.into_iter().map(|gap| from_gap(check, gap))).collect()
        }
    }
}

fn from_hit(check: &'static Check, hit: Hit, facts: &Facts, waivers: &[Waiver]) -> Finding {
    let waiver = waivers.iter().find(|w| waives(w, check, &hit, facts)).cloned();
    Finding {
        check,
        status: if waiver.is_some() { Status::Waived } else { Status::Fail },
        severity: Some(hit.severity),
        summary: hit.sentence(),
        member: hit.member,
        evidence: hit.values,
        remedy: Some(hit.remedy.unwrap_or_else(|| remedy(check, facts.common.backend))),
        waiver,
    }
}

fn from_gap(check: &'static Check, gap: Gap) -> Finding {
    Finding {
        check,
        status: Status::Unknown,
        severity: Some(gap.at_worst),
        summary: format!("cannot tell: {}", gap.missing),
        member: gap.member,
        evidence: Vec::new(),
        remedy: None,
        waiver: None,
    }
}

fn waives(waiver: &Waiver, check: &Check, hit: &Hit, facts: &Facts) -> bool {
    let today = facts.taken_at.to_zoned(TimeZone::UTC).date();
    waiver.check == check.slug
        && waiver.cluster.as_ref().is_none_or(|c| *c == facts.cluster)
        && waiver.member.as_ref().is_none_or(|m| Some(m) == hit.member.as_ref())
        && today <= waiver.until
}

/// The verdict on one cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing wrong, all that matters was seen.
    Ok,
    /// The worst is a warning.
    Warning,
    /// Not enough was seen: something critical may be hidden.
    Unknown,
    /// Something is critical.
    Critical,
}

impl Verdict {
    /// The word of the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Unknown => "unknown",
            Verdict::Critical => "critical",
        }
    }
}

/// Judges a list of findings. An unknown counts when it could hide something at or above `fail_on` that is worse than
/// what was found: more of the same would not change the answer.
pub fn verdict(findings: &[Finding], fail_on: Severity) -> Verdict {
    let worst =
        |status: Status| findings.iter().filter(|f| f.status == status).filter_map(|f| f.severity).max();
    let failed = worst(Status::Fail);
    if failed == Some(Severity::Critical) {
        return Verdict::Critical;
    }
    let hidden = worst(Status::Unknown).filter(|at_worst| *at_worst >= fail_on.max(Severity::Warning));
    if hidden.is_some() && hidden > failed {
        return Verdict::Unknown;
    }
    if failed == Some(Severity::Warning) { Verdict::Warning } else { Verdict::Ok }
}

#[cfg(test)]
mod tests {
    use super::testing::cluster;
    use super::*;

    fn finding(status: Status, severity: Severity) -> Finding {
        let sample = cluster(3);
        let mut findings = evaluate(&sample.0, &Policy::default(), &[], &Selection::default());
        Finding { status, severity: Some(severity), ..findings.swap_remove(0) }
    }

    #[test]
    fn an_unknown_counts_only_when_it_could_change_the_answer() {
        use Severity::{Critical, Warning};
        use Status::{Fail, Unknown};
        let judge = |findings: &[(Status, Severity)], fail_on| {
            let findings: Vec<Finding> =
                findings.iter().map(|(status, severity)| finding(*status, *severity)).collect();
            verdict(&findings, fail_on)
        };
        assert_eq!(judge(&[(Unknown, Warning)], Critical), Verdict::Ok);
        assert_eq!(judge(&[(Unknown, Warning)], Warning), Verdict::Unknown);
        assert_eq!(judge(&[(Unknown, Warning), (Fail, Warning)], Warning), Verdict::Warning);
        assert_eq!(judge(&[(Unknown, Critical), (Fail, Warning)], Critical), Verdict::Unknown);
        assert_eq!(judge(&[(Unknown, Critical), (Fail, Critical)], Critical), Verdict::Critical);
    }

    #[test]
    fn a_healthy_cluster_has_no_finding() {
        for sample in [cluster(3), super::testing::ensemble(3), super::testing::servers(3)] {
            let findings = evaluate(&sample.0, &Policy::default(), &[], &Selection::default());
            let bad: Vec<_> = findings
                .iter()
                .filter(|f| f.status != Status::Pass && f.severity > Some(Severity::Info))
                .map(|f| f.check.slug)
                .collect();
            assert!(bad.is_empty(), "{bad:?}");
        }
    }
}
