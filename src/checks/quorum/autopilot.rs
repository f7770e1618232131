use crate::facts::{CommonFacts, ConsulFacts, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "autopilot",
    family: Family::Quorum,
    question: "May autopilot remove what is dead, and never too much?",
    why: "A dead server that is not removed goes on counting for the majority; one that is removed \
          too soon makes the cluster smaller than it was built to be.",
    remedy: "See `consul operator autopilot get-config`.",
    runbook: Some("membership-drift"),
    thresholds: &[],
    sources: &["Consul autopilot: reconcile.go removes dead servers, never below MinQuorum"],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let config = match &consul.autopilot {
        Observed::Known(config) => config,
        Observed::Unknown(why) => {
            return Outcome::undecided(format!("autopilot's configuration: {why}"), Severity::Warning);
        }
    };
    let voters = facts.voters().count() as u64;
    let mut tally = Tally::new();
    if !config.cleanup_dead_servers {
        let says =
            "dead servers are not removed: each goes on counting for the majority until somebody removes it";
        let remedy = "Set it with `consul operator autopilot set-config -cleanup-dead-servers=true`, and -min-quorum with it.";
        tally.hit(Hit::new(Severity::Info, says).remedy(remedy));
    } else if config.min_quorum == 0 && voters >= 3 {
        let says = "autopilot may remove dead servers until {fewest} of {voters} voters are left: min_quorum is not set";
        let hit = Hit::new(Severity::Info, says).with("fewest", 2_u64).with("voters", voters);
        tally.hit(hit.remedy(
            "Set `consul operator autopilot set-config -min-quorum=N` to the number of servers that must stay.",
        ));
    } else if facts.membership_unseen().is_none() && config.min_quorum > voters && voters > 0 {
        let says = "min_quorum is {min_quorum}, and only {voters} vote: autopilot removes nobody";
        let hit = Hit::new(Severity::Info, says).with("min_quorum", config.min_quorum).with("voters", voters);
        tally.hit(hit.remedy("Add the servers that are missing, or lower -min-quorum."));
    }
    tally.evidence("min_quorum", config.min_quorum);
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};
    use crate::facts::AutopilotConfig;

    #[test]
    fn who_is_removed_when_dead() {
        row(&CHECK, &servers(3), &[]);
        let with = |cleanup_dead_servers, min_quorum| {
            let mut sample = servers(3);
            sample.consul_facts_mut().autopilot = Observed::Known(AutopilotConfig {
                cleanup_dead_servers,
                min_quorum,
                ..AutopilotConfig::default()
            });
            sample
        };
        row(&CHECK, &with(true, 0), &[Severity::Info]);
        row(&CHECK, &with(false, 0), &[Severity::Info]);
        row(&CHECK, &with(true, 5), &[Severity::Info]);
    }
}
