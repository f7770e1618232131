//! Why no plan is made. Nothing was changed, and each says what to do instead.

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    /// Which rule.
    pub rule: Rule,
    /// A lower-case phrase.
    pub why: String,
    /// What to do instead, as a sentence.
    pub instead: String,
}

/// The rules, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The cluster can write.
    HasQuorum,
    /// Not enough was seen.
    Undecided,
    /// A member may live where it cannot be seen.
    NotProvenDead,
    /// A member's server runs and does not answer: on its way in or out, or cut off. A second look may tell.
    RunsSilent,
    /// A lost member only has to be started.
    CanBeStarted,
    /// Nobody answers: there is nothing to take a snapshot of.
    NoSurvivor,
    /// Where the survivor's data is, is not known.
    NoSite,
    /// Too little room.
    NoSpace,
    /// No tool of the server's version.
    NoTool,
    /// The new cluster will ask for a login, and there is none.
    NoLogin,
    /// What is left goes further than the snapshot that is given.
    OlderSnapshot,
    /// The snapshot is damaged, or none.
    UnfitSnapshot,
    /// The snapshot is of another cluster.
    OtherCluster,
    /// Something this version cannot do.
    Unsupported,
}

impl Refusal {
    pub(super) fn new(rule: Rule, why: impl Into<String>, instead: impl Into<String>) -> Refusal {
        Refusal { rule, why: why.into(), instead: instead.into() }
    }

    pub(super) fn unsupported(why: impl Into<String>) -> Refusal {
        Refusal::new(Rule::Unsupported, why, "Recover by hand as the etcd runbook says.")
    }
}
