use crate::checks::agents::any_enterprise;
use crate::facts::{CommonFacts, ConsulFacts, Observed, RedundancyZone};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "redundancy-zones",
    family: Family::Quorum,
    question: "Has every redundancy zone one server that votes, and another that stands by?",
    why: "Autopilot lets one server of each zone vote and promotes one that stands by when that one fails. Where nobody stands \
          by, the loss of a server is the loss of a voter; where two vote in one zone, the loss of the zone costs both.",
    remedy: "Start a server with the zone's node_meta in the zone that lacks one; see `consul operator autopilot state`.",
    runbook: Some("even-members"),
    thresholds: &[],
    sources: &[
        "https://developer.hashicorp.com/consul/docs/enterprise/redundancy",
        "https://developer.hashicorp.com/consul/api-docs/operator/autopilot: the state of Enterprise, of which only made-up answers \
         were tried",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if !any_enterprise(consul, facts) {
        return Outcome::NotApplicable("redundancy zones are a feature of Enterprise".into());
    }
    let tag = consul.autopilot.known().map(|config| config.redundancy_zone_tag.as_str());
    if tag == Some("") {
        return Outcome::NotApplicable("autopilot has no redundancy_zone_tag".into());
    }
    let state = match &consul.zones {
        Observed::Known(state) => state,
        Observed::Unknown(why) => {
            return Outcome::undecided(format!("the zones of autopilot: {why}"), Severity::Warning);
        }
    };
    let mut tally = Tally::new();
    if state.zones.is_empty() {
        let says =
            "autopilot has a redundancy_zone_tag, and no server has node_meta of that name: all of them vote";
        tally.hit(Hit::new(Severity::Warning, says));
    }
    let without: Vec<&str> = state
        .zones
        .iter()
        .filter(|(_, zone)| zone.voters.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    for (name, zone) in &state.zones {
        zone_hits(name, zone, &without, facts).into_iter().for_each(|hit| tally.hit(hit));
    }
    tally.evidence("zones", state.zones.len());
    if let Some(tolerance) = state.optimistic_failure_tolerance {
        tally.evidence("optimistic_failure_tolerance", tolerance);
    }
    tally.outcome()
}

fn zone_hits(name: &str, zone: &RedundancyZone, without: &[&str], facts: &CommonFacts) -> Vec<Hit> {
    let label = |id: &String| facts.member(id).map_or_else(|| id.clone(), |member| member.label());
    let mut hits = Vec::new();
    if zone.voters.len() > 1 && !without.is_empty() {
        let voters: Vec<String> = zone.voters.iter().map(label).collect();
        let says = "{voters} vote in zone {zone}, and nobody in {without}: losing the one zone loses more votes than it should";
        let without: Vec<String> = without.iter().map(|zone| (*zone).to_owned()).collect();
        let hit = Hit::new(Severity::Warning, says).with("voters", voters).with("zone", name);
        hits.push(hit.with("without", without));
    }
    if zone.servers.len() <= zone.voters.len() {
        let servers: Vec<String> = zone.servers.iter().map(label).collect();
        let says = "nobody stands by in zone {zone}: {servers} vote, and their loss is not made good there";
        hits.push(Hit::new(Severity::Warning, says).with("zone", name).with("servers", servers));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, row, servers, undecided};
    use crate::facts::RedundancyZones;

    /// Zones a, b, c by the ids of servers and voters in them. Made by hand: no Enterprise was there to ask.
    fn zones(of: [(&[&str], &[&str]); 3]) -> Sample {
        let mut sample = enterprise();
        let own = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let zones = ["a", "b", "c"].into_iter().zip(of).map(|(name, (all, voters))| {
            let failure_tolerance = all.len() as u64;
            (name.to_owned(), RedundancyZone { servers: own(all), voters: own(voters), failure_tolerance })
        });
        let zones = RedundancyZones { optimistic_failure_tolerance: Some(2), zones: zones.collect() };
        sample.consul_facts_mut().zones = Observed::Known(zones);
        sample
    }

    fn enterprise() -> Sample {
        let mut sample = servers(6);
        sample.settings_mut("n1").enterprise = true;
        if let Observed::Known(config) = &mut sample.consul_facts_mut().autopilot {
            config.redundancy_zone_tag = "zone".into();
        }
        sample
    }

    #[test]
    fn voters_and_those_who_stand_by() {
        assert!(matches!(servers(3).run(&CHECK), Outcome::NotApplicable(_)));
        undecided(&CHECK, &enterprise(), Severity::Warning);
        let well: [(&[&str], &[&str]); 3] =
            [(&["1", "2"], &["1"]), (&["3", "4"], &["3"]), (&["5", "6"], &["5"])];
        row(&CHECK, &zones(well), &[]);
        row(&CHECK, &zones([(&["1", "2", "3"], &["1", "2"]), (&["4"], &[]), well[2]]), &[Severity::Warning]);
        row(&CHECK, &zones([(&["1"], &["1"]), well[1], well[2]]), &[Severity::Warning]);
        let mut untagged = zones(well);
        untagged.consul_facts_mut().zones = Observed::Known(RedundancyZones::default());
        row(&CHECK, &untagged, &[Severity::Warning]);
        if let Observed::Known(config) = &mut untagged.consul_facts_mut().autopilot {
            config.redundancy_zone_tag.clear();
        }
        assert!(matches!(untagged.run(&CHECK), Outcome::NotApplicable(_)));
    }
}
