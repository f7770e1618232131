use crate::checks::servers::{each_with_settings, unpublished};
use crate::checks::versions::release::Release;
use crate::facts::{CommonFacts, Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "empty-start",
    family: Family::Configuration,
    question: "Does a server whose data are gone stay out of elections?",
    why: "By default a server that finds no data takes itself for a new one, with a full vote: a majority of such servers, \
          after a disk was not mounted, elects a leader that knows nothing and makes the others forget.",
    remedy: "Set -Dzookeeper.db.autocreate=false and -Dzookeeper.datadir.autocreate=false on servers that are established; a \
             new one then needs a file `initialize` beside version-2 of its log's directory.",
    runbook: Some("zookeeper-replace-member"),
    thresholds: &[],
    sources: &[
        "zookeeperAdmin.md: zookeeper.db.autocreate (3.6 and later), zookeeper.datadir.autocreate",
        "ZooKeeper FileTxnSnapLog.restore, FastLeaderElection: votes of a server without data are not counted",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let alone = |member: &ZookeeperMember| member.srvr.known().is_some_and(|srvr| srvr.mode == "standalone");
    if zookeeper.answering().next().is_some() && zookeeper.answering().all(alone) {
        return Outcome::NotApplicable("a standalone server has nobody to outvote".into());
    }
    let mut may = Vec::new();
    let outcome = each_with_settings(zookeeper, Severity::Info, |member, tally| {
        let old = member.srvr.known().and_then(|srvr| Release::parse(&srvr.version));
        if old.is_some_and(|release| release.line() < (3, 6)) {
            return;
        }
        match member.settings.property("db.autocreate") {
            Observed::Known(value) if value.is_some_and(|v| v.trim().eq_ignore_ascii_case("false")) => {}
            Observed::Known(_) => may.push(member.label()),
            Observed::Unknown(why) => {
                let at_worst = unpublished(member, Severity::Info);
                tally.gap(member.label(), format!("db.autocreate: {why}"), at_worst);
            }
        }
    });
    // One line for all: it is the default.
    let says =
        "{members} would start empty, with a full vote, if their data were gone (db.autocreate is not false)";
    let hit = (!may.is_empty()).then(|| Hit::new(Severity::Info, says).with("members", may));
    match (hit, outcome) {
        (None, outcome) => outcome,
        (Some(hit), Outcome::Judged { mut hits, gaps }) => {
            hits.push(hit);
            Outcome::Judged { hits, gaps }
        }
        (Some(hit), _) => Outcome::found(hit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row, undecided};

    #[test]
    fn the_default_is_one_line_for_all() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.set_property("n1", "db.autocreate", None);
        sample.set_property("n2", "db.autocreate", Some("true"));
        row(&CHECK, &sample, &[Severity::Info]);
        // It was not there before 3.6.
        for name in ["n1", "n2", "n3"] {
            sample.srvr_mut(name).version = "3.5.10".into();
        }
        row(&CHECK, &sample, &[]);
        let mut alone = ensemble(1);
        alone.srvr_mut("n1").mode = "standalone".into();
        assert!(matches!(alone.run(&CHECK), Outcome::NotApplicable(_)));
        let mut hidden = ensemble(3);
        hidden.zookeeper_mut("n1").settings = Default::default();
        undecided(&CHECK, &hidden, Severity::Info);
    }
}
