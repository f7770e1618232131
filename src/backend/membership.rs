//! The door for changes of the membership. Who may ask for one is `crate::membership`'s business: this only asks.

use super::Looking;
use crate::consent::Consent;
use crate::facts::{Facts, ListedMember, Trouble};
use crate::transport::Deadline;
use serde::Serialize;
use std::collections::BTreeMap;

/// Members by hex id, as the cluster lists them.
pub type Members = BTreeMap<String, ListedMember>;

/// A system whose membership can be changed. `through` is the client URL of the member that is asked; `id` is hex.
pub trait Membership {
    /// Who is a member, with everything that was committed before the question: needs a quorum.
    fn list<'a>(&'a self, through: &'a str, deadline: Deadline) -> Looking<'a, Result<Members, Trouble>>;

    /// Adds a member; its hex id.
    fn add<'a>(
        &'a self,
        consent: &'a Consent,
        through: &'a str,
        member: NewMember<'a>,
        deadline: Deadline,
    ) -> Looking<'a, Result<String, Setback>>;

    /// Removes a member.
    fn remove<'a>(
        &'a self,
        consent: &'a Consent,
        through: &'a str,
        id: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<(), Setback>>;

    /// Gives a learner a vote.
    fn promote<'a>(
        &'a self,
        consent: &'a Consent,
        through: &'a str,
        id: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<(), Setback>>;

    /// Lets another voter lead. `through` must be the leader.
    fn move_leader<'a>(
        &'a self,
        consent: &'a Consent,
        through: &'a str,
        id: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<(), Setback>>;

    /// How far a learner has come, as a lower-case phrase; `None` when nobody told.
    fn caught_up(&self, facts: &Facts, id: &str) -> Option<String>;

    /// How the server of a member that was added must be started to join.
    fn joining(&self, members: &Members, name: &str, peer_urls: &[String]) -> Joining;
}

/// A member to add.
#[derive(Debug, Clone, Copy)]
pub struct NewMember<'a> {
    /// Where the others will connect to it.
    pub peer_urls: &'a [String],
    /// Whether it joins without a vote.
    pub learner: bool,
}

/// Why a change did not come about, or may not have.
#[derive(Debug, Clone, PartialEq)]
pub enum Setback {
    /// The server refuses for now: asked again later it may agree. Nothing was changed.
    NotYet(String),
    /// The server refuses. Nothing was changed.
    Refused(String),
    /// No answer: it may have been made, and may still be.
    InDoubt(Trouble),
    /// The server was not asked. Nothing was changed.
    NotAsked(Trouble),
}

/// How to start the server of a new member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Joining {
    /// Arguments of the server.
    pub arguments: Vec<String>,
    /// The same as environment variables.
    pub environment: BTreeMap<String, String>,
    /// What else must be so, as sentences.
    pub remember: Vec<String>,
}
