//! A change of membership and what it does to the quorum, before anything is done. The guard is shared by everything
//! that changes who is a member.

mod guard;

pub use guard::forecast;

use crate::facts::{CommonFacts, Member, Observed, Role};
use crate::quorum;
use serde::Serialize;

/// One change of the membership. Members are named by their hex id, never by name: names may be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// A further member.
    Add {
        /// What it will call itself; `None` when it is not known yet.
        name: Option<String>,
        /// Where the other members will connect to it.
        peer_urls: Vec<String>,
        /// Whether it joins without a vote.
        learner: bool,
    },
    /// A member leaves for good.
    Remove {
        /// Hex id.
        id: String,
    },
    /// A learner gets a vote.
    Promote {
        /// Hex id.
        id: String,
    },
    /// Another voter leads.
    MoveLeader {
        /// Hex id of the one that will lead.
        id: String,
    },
}

impl Change {
    /// The hex id of the member it is about; `None` for one that has none yet.
    pub fn id(&self) -> Option<&str> {
        match self {
            Change::Add { .. } => None,
            Change::Remove { id } | Change::Promote { id } | Change::MoveLeader { id } => Some(id),
        }
    }
}

/// The numbers that decide whether a cluster can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Arithmetic {
    /// Members that count.
    pub voters: usize,
    /// How many of them must agree.
    pub needed: usize,
    /// How many ever started.
    pub started: usize,
    /// How many take part, as far as they can be seen from here.
    pub serving: usize,
    /// How many more may fail before writes stop; negative: how many are missing.
    pub margin: i64,
    /// Members without a vote.
    pub learners: usize,
}

impl Arithmetic {
    /// Of a cluster as it stands.
    pub fn of(facts: &CommonFacts) -> Arithmetic {
        let quorum = quorum::assess(facts);
        Arithmetic {
            voters: quorum.voters,
            needed: quorum.needed,
            started: facts.voters().filter(|m| m.started).count(),
            serving: quorum.serving,
            margin: quorum.serving as i64 - quorum.needed as i64,
            learners: facts.members.len() - quorum.voters,
        }
    }
}

/// What a change does and whether it may be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Forecast {
    /// As it stands.
    pub before: Arithmetic,
    /// Right after the change: a member that was added has not started yet.
    pub after: Arithmetic,
    /// A change to be made before this one: a leader hands over before it is removed.
    pub first: Option<Change>,
    /// Whether it may be made.
    pub verdict: Verdict,
}

/// Whether a change may be made. What would strand a cluster is refused, and nothing overrides that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Verdict {
    /// It may.
    Allowed {
        /// What to know before consenting, as sentences.
        notes: Vec<String>,
    },
    /// It is already so.
    Nothing {
        /// Lower-case phrase.
        why: String,
    },
    /// It may not.
    Refused {
        /// Lower-case phrase.
        why: String,
        /// What to do instead, as a sentence.
        instead: String,
    },
}

/// Members that a word may mean: the one with this id, and all with this name. More than one is ambiguous.
pub fn meant<'a>(facts: &'a CommonFacts, word: &str) -> Vec<&'a Member> {
    let id = word.strip_prefix("0x").unwrap_or(word).trim_start_matches('0').to_lowercase();
    let is_it = |m: &&Member| !word.is_empty() && (m.name == word || (!id.is_empty() && m.id == id));
    facts.members.iter().filter(is_it).collect()
}

/// One of several changes, as it looks when those before it are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is changed.
    pub change: Change,
    /// The member's name, or its id where it has none.
    pub member: String,
    /// What it does.
    pub forecast: Forecast,
}

/// Changes in this order, each preceded by what must come first, each judged as if those before it were made.
pub fn plan(facts: &CommonFacts, changes: &[Change]) -> Vec<Planned> {
    let mut facts = facts.clone();
    let mut planned = Vec::new();
    for change in changes {
        let judged = step(&facts, change);
        if let Some(first) = &judged.forecast.first {
            planned.push(step(&facts, first));
            facts = imagine(&facts, first);
        }
        facts = imagine(&facts, change);
        planned.push(judged);
    }
    planned
}

fn step(facts: &CommonFacts, change: &Change) -> Planned {
    let member = match change {
        Change::Add { name, peer_urls, .. } => {
            name.clone().or_else(|| peer_urls.first().cloned()).unwrap_or_default()
        }
        Change::Remove { id } | Change::Promote { id } | Change::MoveLeader { id } => {
            facts.member(id).map_or_else(|| id.clone(), Member::label)
        }
    };
    Planned { change: change.clone(), member, forecast: forecast(facts, change) }
}

/// The cluster as it will be right after `change`, everything else staying as it is.
pub fn imagine(facts: &CommonFacts, change: &Change) -> CommonFacts {
    let mut facts = facts.clone();
    match change {
        Change::Add { name, peer_urls, learner } => facts.members.push(Member {
            name: name.clone().unwrap_or_default(),
            peer_urls: peer_urls.clone(),
            voter: !learner,
            ..Member::default()
        }),
        Change::Remove { id } => facts.members.retain(|m| m.id != *id),
        Change::Promote { id } => {
            for member in facts.members.iter_mut().filter(|m| m.id == *id) {
                member.voter = true;
                member.role = Role::Follower;
            }
        }
        Change::MoveLeader { id } => lead(&mut facts, id),
    }
    facts
}

fn lead(facts: &mut CommonFacts, id: &str) {
    for member in facts.members.iter_mut().filter(|m| m.reachable) {
        member.leader = Observed::Known(Some(id.to_owned()));
        if member.voter {
            member.role = if member.id == id { Role::Leader } else { Role::Follower };
        }
    }
}
