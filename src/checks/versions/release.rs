//! Release numbers, and which members run which.

use crate::facts::{CommonFacts, EtcdFacts};
use crate::finding::{Severity, Tally};
use std::collections::BTreeMap;
use std::fmt;

/// `major.minor.patch`. A pre-release (`-rc.1`) is ordered before its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::checks) struct Release {
    /// First number.
    pub(in crate::checks) major: u32,
    /// Second number.
    pub(in crate::checks) minor: u32,
    /// Third number.
    pub(in crate::checks) patch: u32,
    /// Whether it is a release rather than a pre-release.
    finished: bool,
}

impl Release {
    /// A release.
    pub(in crate::checks) const fn new(major: u32, minor: u32, patch: u32) -> Release {
        Release { major, minor, patch, finished: true }
    }

    /// Reads `3.6.16`, `3.7.0-rc.1`, `3.5.9+vendor`; `None` for anything else, such as `not_decided`.
    pub(in crate::checks) fn parse(text: &str) -> Option<Release> {
        let numbers = text.split(['-', '+']).next()?;
        let mut parts = numbers.split('.').map(|part| part.parse::<u32>().ok());
        let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next()??);
        let finished = !text[numbers.len()..].starts_with('-');
        parts.next().is_none().then_some(Release { major, minor, patch, finished })
    }

    /// Major and minor.
    pub(in crate::checks) fn line(self) -> (u32, u32) {
        (self.major, self.minor)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}{}", self.major, self.minor, self.patch, if self.finished { "" } else { "-pre" })
    }
}

/// Members by the version they run.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    /// Labels of the members on each release.
    pub(super) releases: BTreeMap<Release, Vec<String>>,
    /// Members whose version is no release number, with what they said.
    pub(super) unread: Vec<(String, String)>,
}

impl Fleet {
    /// Of the members that answered.
    pub(super) fn of(etcd: &EtcdFacts, common: &CommonFacts) -> Fleet {
        let mut fleet = Fleet::default();
        for (member, status) in etcd.answering(common) {
            match Release::parse(&status.version) {
                Some(release) => fleet.releases.entry(release).or_default().push(member.label()),
                None => fleet.unread.push((member.label(), status.version.clone())),
            }
        }
        fleet
    }
}

/// Members that answered, by the version that they told whatever they are; those that told none are gaps of this severity.
pub(super) fn told(
    facts: &CommonFacts,
    at_worst: Severity,
    tally: &mut Tally,
) -> BTreeMap<Release, Vec<String>> {
    let mut fleet: BTreeMap<Release, Vec<String>> = BTreeMap::new();
    for member in facts.reachable() {
        match member.version.known().map(|text| (text, Release::parse(text))) {
            Some((_, Some(release))) => fleet.entry(release).or_default().push(member.label()),
            Some((text, None)) => {
                tally.gap(member.label(), format!("`{text}` is no version number"), at_worst)
            }
            None => tally.gap(member.label(), "its version", at_worst),
        }
    }
    fleet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_releases_and_nothing_else() {
        assert_eq!(Release::parse("3.6.16"), Some(Release::new(3, 6, 16)));
        assert_eq!(Release::parse("3.5.9+vendor"), Some(Release::new(3, 5, 9)));
        let candidate = Release::parse("3.7.0-rc.1").expect("a pre-release");
        assert!(candidate < Release::new(3, 7, 0) && candidate > Release::new(3, 6, 99));
        assert_eq!(candidate.to_string(), "3.7.0-pre");
        for text in ["", "not_decided", "3.6", "3.6.x", "3.6.1.2"] {
            assert_eq!(Release::parse(text), None, "{text}");
        }
    }
}
