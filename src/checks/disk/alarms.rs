use crate::facts::{CommonFacts, EtcdFacts, Member, SnapshotFacts};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const CHECK: Check = Check {
    slug: "alarms",
    family: Family::Disk,
    question: "Is no alarm raised?",
    why: "A NOSPACE alarm makes the whole cluster refuse writes; a CORRUPT alarm says that members' data differ. Neither \
          goes away by itself.",
    remedy: "NOSPACE: compact, defragment one member at a time (the leader last), then `etcdctl alarm disarm`. CORRUPT: \
             replace the member whose data differ, then disarm.",
    runbook: Some("nospace"),
    thresholds: &[],
    sources: &[
        "https://etcd.io/docs/v3.6/op-guide/maintenance/#space-quota",
        "https://etcd.io/docs/v3.6/op-guide/data_corruption/",
        "etcd server/etcdserver/api/v3rpc/maintenance.go: Status lists every alarm in `errors`",
    ],
    rules: &[Rule::Etcd(judge), Rule::EtcdFile(judge_file)],
};

/// One alarm: the member it is about (hex id; empty when the server does not name one) and its type.
type Alarm = (String, String);

fn judge(etcd: &EtcdFacts, common: &CommonFacts, _: &Policy) -> Outcome {
    let mut raised: BTreeMap<Alarm, Vec<String>> = BTreeMap::new();
    let mut other: BTreeSet<&str> = BTreeSet::new();
    let mut tally = Tally::new();
    let mut asked = 0usize;
    for (member, status) in etcd.answering(common) {
        asked += 1;
        for error in &status.errors {
            match alarm(error) {
                Some(alarm) => raised.entry(alarm).or_default().push(member.label()),
                // Said by leader-agreement.
                None if error.contains("no leader") => {}
                None => {
                    other.insert(error);
                }
            }
        }
    }
    if asked == 0 {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    for ((id, kind), reporters) in raised {
        tally.hit(raised_alarm(&id, kind, common).with("reported_by", reporters));
    }
    for error in other {
        tally.hit(Hit::new(Severity::Warning, "the server reports: {error}").with("error", error));
    }
    tally.evidence("members_asked", asked);
    tally.outcome()
}

/// An alarm in a file is raised again by a restore, under an id that no member has then.
fn judge_file(file: &SnapshotFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    for alarm in &file.leftovers.alarms {
        let says =
            "a {alarm} alarm of {member} is stored in it: a cluster restored from it has the alarm too";
        let hit = Hit::new(Severity::Warning, says)
            .with("alarm", alarm.kind.as_str())
            .with("member", file.label(&alarm.member));
        tally.hit(hit.remedy(
            "After a restore: see that the cause is gone (NOSPACE: room and quota; CORRUPT: equal data), then `etcdctl \
             alarm disarm`: until then a NOSPACE alarm refuses every write.",
        ));
    }
    tally.outcome()
}

fn raised_alarm(id: &str, kind: String, common: &CommonFacts) -> Hit {
    let means = match kind.as_str() {
        "NOSPACE" => "every write is refused until it is disarmed",
        "CORRUPT" => "the member's data differs from the others'",
        _ => "its meaning is not known to this version of quorate",
    };
    let listed = common.member(id).map(Member::label);
    let hit = match &listed {
        Some(member) => Hit::new(Severity::Critical, "a {alarm} alarm of this member is raised: {means}").on(member.clone()),
        None if id.is_empty() => Hit::new(Severity::Critical, "a {alarm} alarm is raised: {means}; it names no member"),
        // Without a member list every id is a stranger's.
        None if common.members.is_empty() => {
            Hit::new(Severity::Critical, "a {alarm} alarm of member {id} is raised: {means}")
        }
        None => Hit::new(
            Severity::Critical,
            "a {alarm} alarm of member {id} is raised: {means}, and there is no such member: it is left over from a \
             member that was removed, or from before a restore",
        )
        .remedy(
            "Check that the members that exist have room and equal data (`quorate check --deep`), then `etcdctl alarm \
             disarm`: the alarm blocks the cluster although its member is gone.",
        ),
    };
    hit.with("alarm", kind).with("id", id).with("means", means)
}

/// `memberID:7264708119075129276 alarm:NOSPACE `. The blanks vary between versions, and since 3.5.7 a CORRUPT alarm may
/// lack the member.
fn alarm(error: &str) -> Option<Alarm> {
    let field =
        |name: &str| error.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix(':'));
    let kind = field("alarm")?.to_owned();
    let id = field("memberID").and_then(|id| id.parse::<u64>().ok()).filter(|id| *id != 0);
    Some((id.map_or_else(String::new, |id| format!("{id:x}")), kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, undecided};

    fn with(errors: &[&str]) -> Sample {
        let mut sample = cluster(3);
        for name in ["n1", "n2", "n3"] {
            sample.status_mut(name).errors = errors.iter().map(|e| (*e).to_owned()).collect();
        }
        sample
    }

    #[test]
    fn reads_what_every_version_writes() {
        let id = "64d16d8b525e87bc".to_owned();
        // 3.4 to 3.6, then 3.7.
        for text in
            ["memberID:7264708119075129276 alarm:NOSPACE ", "memberID:7264708119075129276  alarm:NOSPACE"]
        {
            assert_eq!(alarm(text), Some((id.clone(), "NOSPACE".into())));
        }
        assert_eq!(alarm("alarm:CORRUPT "), Some((String::new(), "CORRUPT".into())));
        assert_eq!(alarm("etcdserver: no leader"), None);
    }

    #[test]
    fn an_alarm_is_said_once_whoever_reports_it() {
        row(&CHECK, &cluster(3), &[]);
        row(&CHECK, &with(&["memberID:2 alarm:NOSPACE "]), &[Severity::Critical]);
        row(
            &CHECK,
            &with(&["memberID:2 alarm:NOSPACE ", "memberID:3 alarm:NOSPACE "]),
            &[Severity::Critical; 2],
        );
        row(&CHECK, &with(&["etcdserver: no leader"]), &[]);
        row(&CHECK, &with(&["etcdserver: something new"]), &[Severity::Warning]);
        undecided(&CHECK, &cluster(1).down("n1"), Severity::Critical);
    }

    #[test]
    fn an_alarm_of_nobody_is_a_leftover() {
        let Outcome::Judged { hits, .. } = with(&["memberID:99 alarm:NOSPACE "]).run(&CHECK) else {
            unreachable!("an alarm")
        };
        assert!(hits[0].sentence().contains("and there is no such member"));
        assert_eq!(hits[0].member, None);
    }
}
