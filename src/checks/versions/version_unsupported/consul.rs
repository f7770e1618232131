//! version-unsupported, asked of Consul. Planned ends are those of the page on long-term support in the documentation of 1.22;
//! the Community edition gets fixes in its newest line only, as the bulletins since 2024 show ("fixed in Community Edition
//! 1.22.0 and Enterprise 1.22.0, 1.21.6, 1.20.8, 1.18.12").

use crate::checks::agents::{any_enterprise, nobody};
use crate::checks::versions::release::told;
use crate::facts::{CommonFacts, ConsulFacts};
use crate::finding::{Hit, Outcome, Severity, Tally};
use crate::policy::Policy;

/// The newest release line that is known here: supported until 2028-04-30.
const NEWEST_KNOWN: (u32, u32) = (2, 0);

/// Older lines that end, or ended, on a day that was announced, for Enterprise.
const ENTERPRISE: &[((u32, u32), &str)] =
    &[((1, 15), "2025-04-30"), ((1, 18), "2026-04-30"), ((1, 21), "2027-04-30"), ((1, 22), "2026-10-31")];

/// Those of them that had not ended when this was written, 2026-11.
const LONG_TERM: (u32, u32) = (1, 21);

pub(super) fn judge(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let fleet = told(facts, Severity::Warning, &mut tally);
    if fleet.is_empty() {
        return nobody(Severity::Warning);
    }
    let enterprise = any_enterprise(consul, facts);
    let mut supported = Vec::new();
    for (release, members) in fleet {
        let ends = ENTERPRISE.iter().find(|(line, _)| *line == release.line()).map(|(_, day)| *day);
        let hit = match (release.line(), ends) {
            (line, _) if line > NEWEST_KNOWN => {
                Hit::new(Severity::Info, "{version} on {members} is newer than what this quorate knows")
                    .remedy("Use a newer quorate: this one may not know what has changed.")
            }
            (NEWEST_KNOWN, _) => {
                supported.push(release.to_string());
                continue;
            }
            (LONG_TERM, Some(day)) if enterprise => {
                Hit::new(Severity::Info, "{version} on {members} gets fixes until {day}, as a long-term release")
                    .with("day", day)
            }
            (_, Some(day)) if enterprise => {
                Hit::new(Severity::Warning, "{version} on {members} is of a line whose support ended on {day}")
                    .with("day", day)
            }
            _ if enterprise => Hit::new(
                Severity::Warning,
                "{version} on {members} is of a line that gets no fixes any more",
            ),
            _ => Hit::new(
                Severity::Warning,
                "{version} on {members} is of a line that gets no fixes any more: the Community edition gets them in \
                 its newest line only, {newest}",
            )
            .with("newest", format!("{}.{}", NEWEST_KNOWN.0, NEWEST_KNOWN.1)),
        };
        tally.hit(hit.with("version", release.to_string()).with("members", members));
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

    fn running(version: &str, enterprise: bool) -> Sample {
        let mut sample = servers(3);
        for name in ["n1", "n2", "n3"] {
            sample.member_mut(name).version = Observed::Known(version.into());
            sample.settings_mut(name).enterprise = enterprise;
        }
        sample
    }

    #[test]
    fn lines_that_have_ended() {
        row(&CHECK, &running("2.0.3", false), &[]);
        for ended in ["1.14.11", "1.21.6", "1.22.5"] {
            row(&CHECK, &running(ended, false), &[Severity::Warning]);
        }
        row(&CHECK, &running("1.21.11+ent", true), &[Severity::Info]);
        row(&CHECK, &running("1.22.5+ent", true), &[Severity::Warning]);
        row(&CHECK, &running("1.17.0+ent", true), &[Severity::Warning]);
        row(&CHECK, &running("9.0.0", false), &[Severity::Info]);
    }
}
