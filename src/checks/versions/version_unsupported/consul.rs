//! version-unsupported, asked of Consul.

use crate::checks::agents::nobody;
use crate::checks::versions::release::told;
use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;

/// The newest release line that is known here.
const NEWEST_KNOWN: (u32, u32) = (2, 0);

/// The oldest line that still gets fixes: the three newest do.
const OLDEST_SUPPORTED: (u32, u32) = (1, 21);

pub(super) fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let fleet = told(facts, Severity::Warning, &mut tally);
    if fleet.is_empty() {
        return nobody(Severity::Warning);
    }
    let enterprise =
        consul.answered(facts).any(|(_, native)| native.settings.known().is_some_and(|s| s.enterprise));
    let mut supported = Vec::new();
    for (release, members) in fleet {
        let hit = match release.line() {
            line if line < OLDEST_SUPPORTED && enterprise => Hit::new(
                Severity::Info,
                "{version} on {members} gets fixes only as a long-term release of Enterprise, if it is one",
            ),
            line if line < OLDEST_SUPPORTED => Hit::new(
                Severity::Warning,
                "{version} on {members} is of a line that gets no fixes any more: the three newest lines do",
            ),
            line if line > NEWEST_KNOWN => {
                Hit::new(Severity::Info, "{version} on {members} is newer than what this quorate knows")
            }
            _ => {
                supported.push(release.to_string());
                continue;
            }
        };
        let remedy = "Upgrade one minor line after the other as its upgrade notes say, servers before clients and one at a \
                      time, with a snapshot taken before.";
        tally.hit(hit.with("version", release.to_string()).with("members", members).remedy(remedy));
    }
    tally.evidence("versions", supported);
    tally.outcome()
}

#[cfg(test)]
mod tests {
    use super::super::CHECK;
    use crate::checks::testing::{Sample, row, servers};
    use crate::facts::Observed;
    use crate::finding::Severity;

    fn running(versions: [&str; 3]) -> Sample {
        let mut sample = servers(3);
        for (name, version) in ["n1", "n2", "n3"].into_iter().zip(versions) {
            sample.member_mut(name).version = Observed::Known(version.into());
        }
        sample
    }

    #[test]
    fn lines_that_have_ended() {
        row(&CHECK, &running(["1.22.1"; 3]), &[]);
        row(&CHECK, &running(["1.14.11"; 3]), &[Severity::Warning]);
        row(&CHECK, &running(["1.22.1+ent"; 3]), &[]);
        let mut enterprise = running(["1.18.3+ent"; 3]);
        enterprise.settings_mut("n1").enterprise = true;
        row(&CHECK, &enterprise, &[Severity::Info]);
        row(&CHECK, &running(["9.0.0"; 3]), &[Severity::Info]);
    }
}
