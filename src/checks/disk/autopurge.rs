use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, Observed, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "autopurge",
    family: Family::Disk,
    question: "Does every server remove old snapshots and logs by itself?",
    why: "By default nothing is ever removed: the disk fills until the server cannot write its log any more and stops. \
          It is the most common cause of a whole ensemble's outage.",
    remedy: "Set autopurge.purgeInterval=24 (hours) and autopurge.snapRetainCount=5 in zoo.cfg and restart the servers \
             one at a time; until then run zkCleanup.sh -n 5.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "zookeeperAdmin.md: autopurge.purgeInterval (0: never)",
        "bitnami/charts#1097, stackabletech/zookeeper-operator#1029",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    if let Some(why) = hidden_alike(zookeeper, |member| &member.settings.file) {
        return Outcome::undecided(format!("the servers' settings: {why}"), Severity::Warning);
    }
    each(zookeeper, Severity::Warning, |member, tally| {
        match member.settings.parsed("autopurge.purgeInterval") {
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("autopurge.purgeInterval: {why}"), Severity::Warning);
            }
            Observed::Known(interval) => {
                let digits: String =
                    interval.unwrap_or("0").trim().chars().take_while(char::is_ascii_digit).collect();
                if digits.parse::<u64>().unwrap_or(0) == 0 {
                    tally.hit(on(
                        member,
                        Severity::Warning,
                        "old snapshots and logs are never removed (autopurge.purgeInterval is 0)",
                    ));
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row, undecided};

    #[test]
    fn nothing_said_is_never() {
        row(&CHECK, &ensemble(3), &[]);
        for (value, expected) in [(Some("0"), 1), (None, 1), (Some("1"), 0), (Some("12h"), 0)] {
            let mut sample = ensemble(3);
            sample.set_in_file("n1", "autopurge.purgeInterval", value);
            row(&CHECK, &sample, &vec![Severity::Warning; expected]);
        }
        let mut sample = ensemble(3);
        sample.zookeeper_mut("n1").settings.file = Observed::unknown("elsewhere");
        undecided(&CHECK, &sample, Severity::Warning);
    }
}
