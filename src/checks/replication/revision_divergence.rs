use crate::facts::{CommonFacts, EtcdFacts, EtcdMember, EtcdStatus, Member};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};
use std::collections::BTreeMap;

const SLACK: Threshold = Threshold {
    key: "revision_slack",
    default: Limit::Count(1000.0),
    source: "our own: Status reads the revision and the applied index one after the other while writes go on",
};

pub(super) const CHECK: Check = Check {
    slug: "revision-divergence",
    family: Family::Replication,
    question: "Did the same log lead every member to the same revision?",
    why: "Members that applied the same entries must be at the same revision; one that is not holds other data and will \
          answer it. A cluster whose revision fell was restored or lost writes, and watchers notice nothing.",
    remedy: "Do not write with this cluster if you can avoid it. Compare the data (`quorate check --deep`), take a \
             snapshot of every member, then replace the member that differs.",
    runbook: Some("data-divergence"),
    thresholds: &[SLACK],
    sources: &[
        "https://etcd.io/docs/v3.6/op-guide/data_corruption/",
        "etcd CHANGELOG-3.5: 3.5.0 to 3.5.5 could diverge after a crash",
    ],
    rules: &[Rule::Etcd(judge)],
};

/// How far one member was, at one look.
#[derive(Clone)]
struct Point {
    member: String,
    applied: u64,
    revision: u64,
}

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    let answered: Vec<Answered> = etcd.answered(facts).collect();
    if answered.is_empty() {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    let mut tally = Tally::new();
    if let Some(hit) = fell_back(etcd, facts) {
        tally.hit(hit);
    } else if answered.len() == 1 {
        return Outcome::NotApplicable("one member has nobody to be compared with".into());
    }
    let compared = exactly(&answered, &mut tally);
    if compared < answered.len()
        && let Some(hit) = impossible(&looks(&answered, policy.get(&SLACK)), policy.get(&SLACK))
    {
        tally.hit(hit);
    }
    tally.evidence("members_compared", compared);
    match tally.outcome() {
        Outcome::Clear(_) if compared == 0 => incomparable(&answered),
        outcome => outcome,
    }
}

type Answered<'a> = (&'a Member, &'a EtcdMember, &'a EtcdStatus);

/// Compares the members at rest that applied the same log; how many could be compared.
fn exactly(answered: &[Answered], tally: &mut Tally) -> usize {
    let at_rest: Vec<Point> = answered
        .iter()
        .filter(|(_, native, status)| at_rest(native, status))
        .map(|(member, _, status)| point(member.label(), status))
        .collect();
    let mut compared = 0;
    for same in by_applied(&at_rest).into_values().filter(|same| same.len() > 1) {
        compared += same.len();
        if let Some(hit) = differ(&same) {
            tally.hit(hit);
        }
    }
    compared
}

/// Both looks at every member, where they can be believed.
fn looks(answered: &[Answered], slack: f64) -> Vec<Point> {
    let both = answered.iter().flat_map(|(member, native, status)| {
        std::iter::once(*status).chain(native.status_again.known()).map(move |status| (member, status))
    });
    both.filter(|(_, status)| trusted(status, slack))
        .map(|(member, status)| point(member.label(), status))
        .collect()
}

/// A busy cluster moves while it is read; one whose second look failed was not read.
fn incomparable(answered: &[Answered]) -> Outcome {
    let unread = answered.iter().find_map(|(member, native, _)| Some((member, native.status_again.why()?)));
    match unread {
        Some((member, why)) => Outcome::undecided(
            format!("whether the members are at one revision: the second look at {}: {why}", member.label()),
            Severity::Critical,
        ),
        None => Outcome::NotApplicable(
            "members were at different applied indexes while being read; nothing they said contradicts each other"
                .into(),
        ),
    }
}

fn point(member: String, status: &EtcdStatus) -> Point {
    Point { member, applied: status.raft_applied, revision: status.revision }
}

/// All that is committed is applied, and nothing was between two looks: then index and revision belong together.
fn at_rest(native: &EtcdMember, status: &EtcdStatus) -> bool {
    trusted(status, 0.0)
        && native.status_again.known().is_some_and(|again| {
            (again.raft_applied, again.revision) == (status.raft_applied, status.revision)
        })
}

/// A member that received a snapshot tells the applied index from before until the next write, beside the revision
/// that came with the snapshot. What it has not applied of the committed log shows it.
fn trusted(status: &EtcdStatus, slack: f64) -> bool {
    status.raft_index.saturating_sub(status.raft_applied) as f64 <= slack
}

fn by_applied(points: &[Point]) -> BTreeMap<u64, Vec<&Point>> {
    let mut groups: BTreeMap<u64, Vec<&Point>> = BTreeMap::new();
    for point in points {
        groups.entry(point.applied).or_default().push(point);
    }
    groups
}

fn differ(same: &[&Point]) -> Option<Hit> {
    let first = same.first()?;
    if same.iter().all(|point| point.revision == first.revision) {
        return None;
    }
    let claims: Vec<String> = same.iter().map(|p| format!("{} at {}", p.member, p.revision)).collect();
    let hit = Hit::new(
        Severity::Critical,
        "members that applied the same log up to {applied} are at different revisions: {claims}",
    );
    Some(hit.with("applied", first.applied).with("claims", claims))
}

/// An entry raises the revision by one at most. Two looks whose revisions differ by more than their applied indexes
/// can (and than the reading itself may be off) contradict each other however busy the cluster is.
fn impossible(looks: &[Point], slack: f64) -> Option<Hit> {
    let pairs = looks.iter().flat_map(|a| looks.iter().map(move |b| (a, b)));
    let contradicts = |(a, b): &(&Point, &Point)| {
        let entries = b.applied as f64 - a.applied as f64;
        let revisions = b.revision as f64 - a.revision as f64;
        a.member != b.member && entries >= 0.0 && (revisions > entries + slack || revisions < -slack)
    };
    let (a, b) = pairs.filter(contradicts).max_by_key(|(a, b)| a.revision.abs_diff(b.revision))?;
    let hit = Hit::new(
        Severity::Critical,
        "{a} applied the log up to {a_applied} and is at revision {a_revision}, but {b} applied {b_applied} and is at \
         revision {b_revision}: one log cannot lead to both",
    );
    Some(
        hit.with("a", a.member.as_str())
            .with("a_applied", a.applied)
            .with("a_revision", a.revision)
            .with("b", b.member.as_str())
            .with("b_applied", b.applied)
            .with("b_revision", b.revision),
    )
}

/// Judged by a leader that applied all that is committed: anybody else may simply be late.
fn fell_back(etcd: &EtcdFacts, facts: &CommonFacts) -> Option<Hit> {
    let remembered = etcd.remembered?;
    let (_, native, status) = etcd.leader(facts)?;
    let latest = native.status_again.known().unwrap_or(status);
    if latest.raft_applied < latest.raft_index || latest.revision >= remembered.revision {
        return None;
    }
    let (severity, says) = if latest.raft_index >= remembered.raft_index {
        (
            Severity::Critical,
            "the log went on, but the revision fell from {before} (seen {seen_at}) to {now}: writes were lost",
        )
    } else if latest.revision > latest.raft_index {
        // An entry raises the revision by one at most: this revision did not come from this log.
        (
            Severity::Critical,
            "an older backup was restored under the same cluster id: the revision was {before} (seen {seen_at}) and is {now}",
        )
    } else {
        (
            Severity::Warning,
            "the cluster was made anew under the same cluster id: the revision was {before} (seen {seen_at}) and is {now}",
        )
    };
    let hit = Hit::new(severity, says)
        .with("before", remembered.revision)
        .with("seen_at", Value::Time(remembered.seen_at))
        .with("now", latest.revision);
    Some(hit.remedy(
        "If nobody meant it, stop writing and keep every member's data directory. Otherwise restart every client that \
         watches: they hold revisions that no longer exist. Give each new cluster its own --initial-cluster-token.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};
    use crate::facts::{Observed, RememberedRevision};

    fn set(facts: &mut Sample, name: &str, first: (u64, u64), again: (u64, u64)) {
        let status = facts.status_mut(name);
        status.raft_index = status.raft_index.min(first.0);
        (status.raft_applied, status.revision) = first;
        let mut later = status.clone();
        (later.raft_applied, later.revision) = again;
        facts.etcd_mut(name).status_again = Observed::Known(later);
    }

    #[test]
    fn the_same_log_must_lead_to_the_same_revision() {
        row(&CHECK, &cluster(3), &[]);
        let mut facts = cluster(3);
        set(&mut facts, "n3", (1100, 999), (1100, 999));
        row(&CHECK, &facts, &[Severity::Critical]);
    }

    #[test]
    fn a_busy_cluster_is_not_called_divergent_nor_unknown() {
        let mut facts = cluster(3);
        set(&mut facts, "n1", (1100, 1000), (1108, 1008));
        set(&mut facts, "n2", (1100, 1003), (1112, 1012));
        set(&mut facts, "n3", (1105, 1004), (1119, 1019));
        assert!(matches!(facts.run(&CHECK), Outcome::NotApplicable(_)));
        // but what no log can explain is found even then
        set(&mut facts, "n3", (1105, 3004), (1119, 3019));
        row(&CHECK, &facts, &[Severity::Critical]);
        set(&mut facts, "n1", (5100, 5000), (5108, 5008));
        set(&mut facts, "n3", (9105, 14), (9119, 20));
        row(&CHECK, &facts, &[Severity::Critical]);
    }

    #[test]
    fn a_late_member_does_not_spoil_the_comparison_of_the_others() {
        let mut facts = cluster(3);
        set(&mut facts, "n3", (900, 800), (900, 800));
        assert!(matches!(facts.run(&CHECK), Outcome::Clear(_)));
    }

    #[test]
    fn a_revision_that_fell() {
        let mut facts = cluster(3);
        let seen_at = "2026-11-23T12:00:00Z".parse().expect("a valid time");
        let remember = |facts: &mut Sample, revision, raft_index| {
            facts.native_mut().remembered = Some(RememberedRevision { revision, raft_index, seen_at });
        };
        remember(&mut facts, 1000, 1100);
        row(&CHECK, &facts, &[]);
        remember(&mut facts, 1001, 1100);
        row(&CHECK, &facts, &[Severity::Critical]);
        remember(&mut facts, 5000, 9000);
        row(&CHECK, &facts, &[Severity::Warning]);
        let mut restored = facts.clone();
        for name in ["n1", "n2", "n3"] {
            restored.status_mut(name).raft_index = 10;
            set(&mut restored, name, (10, 1000), (10, 1000));
        }
        row(&CHECK, &restored, &[Severity::Critical]);
        let mut applying = facts.status_mut("n1").clone();
        (applying.raft_applied, applying.revision) = (1090, 990);
        facts.etcd_mut("n1").status_again = Observed::Known(applying);
        assert!(!matches!(facts.run(&CHECK), Outcome::Judged { .. }), "a leader that is still applying");
    }

    #[test]
    fn a_second_look_that_failed_is_not_a_comparison() {
        let mut facts = cluster(3);
        for name in ["n1", "n2", "n3"] {
            facts.etcd_mut(name).status_again = Observed::unknown("no answer");
        }
        undecided(&CHECK, &facts, Severity::Critical);
    }

    #[test]
    fn alone_or_silent() {
        assert!(matches!(cluster(1).run(&CHECK), Outcome::NotApplicable(_)));
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }
}
