//! What can be drilled. Pure: what each scenario does is in `play/`.

/// A scenario by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A majority is lost for good and the cluster is recovered.
    StuckQuorum,
    /// The same, and then the lost members come back.
    DeadReturn,
    /// The copy that would have been used is damaged.
    CorruptSurvivor,
    /// One member is cut off from the others.
    MinorityPartition,
    /// One member's disk is slow.
    SlowDisk,
}

/// What a scenario needs beside the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Network namespaces: root and iproute2.
    Namespaces,
    /// The program strace, and leave to trace the servers.
    Strace,
}

impl Need {
    /// What to have, for people.
    pub fn name(self) -> &'static str {
        match self {
            Need::Namespaces => "root, iproute2",
            Need::Strace => "strace",
        }
    }
}

/// One scenario.
#[derive(Debug)]
pub struct Scenario {
    /// Which.
    pub kind: Kind,
    /// What to type.
    pub slug: &'static str,
    /// What happens and what must come of it, as a sentence.
    pub about: &'static str,
    /// Members when nothing is said.
    pub nodes: usize,
    /// The fewest that make sense.
    pub least: usize,
    /// What it needs beside the servers.
    pub needs: &'static [Need],
    /// Whether the cluster loses its quorum and is recovered.
    pub recovers: bool,
}

/// All of them, the one that matters most first.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        kind: Kind::StuckQuorum,
        slug: "stuck-quorum",
        about: "A majority is lost for good, leader and disks; the cluster is recovered and no acknowledged write is \
                missing.",
        nodes: 3,
        least: 3,
        needs: &[],
        recovers: true,
    },
    Scenario {
        kind: Kind::DeadReturn,
        slug: "dead-return",
        about: "After the recovery the lost members come back with their old disks: they are found, and do not join, \
                outvote or serve.",
        nodes: 3,
        least: 3,
        needs: &[],
        recovers: true,
    },
    Scenario {
        kind: Kind::CorruptSurvivor,
        slug: "corrupt-survivor",
        about: "Two of five are left, and the copy that would have been used loses a page: it does not become the new \
                cluster.",
        nodes: 5,
        least: 5,
        needs: &[],
        recovers: true,
    },
    Scenario {
        kind: Kind::MinorityPartition,
        slug: "minority-partition",
        about: "The leader is cut off from the others: it refuses writes, the others go on, and nothing is lost when \
                the link is back.",
        nodes: 3,
        least: 3,
        needs: &[Need::Namespaces],
        recovers: false,
    },
    Scenario {
        kind: Kind::SlowDisk,
        slug: "slow-disk",
        about: "Every fdatasync of one member takes 180 ms longer: `check` names that member and no other, and writes go on.",
        nodes: 3,
        least: 3,
        needs: &[Need::Strace],
        recovers: false,
    },
];

/// The scenario of this name.
pub fn find(slug: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.slug == slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_into_the_name_of_a_lab() {
        for scenario in SCENARIOS {
            // `drill-`, the slug, a dash and four digits; a lab's name has at most 30 characters.
            assert!(scenario.slug.len() <= 19, "{}", scenario.slug);
            assert!(scenario.nodes >= scenario.least);
            assert!(find(scenario.slug).is_some_and(|found| found.kind == scenario.kind));
        }
    }
}
