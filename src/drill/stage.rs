//! The lab of one drill and what every scenario does with it. Scenarios read as what happens; how it happens is here.

use super::evidence::Evidence;
use super::ground::Ground;
use super::oracle::Judgement;
use super::report::{Expectation, Held, Measure, Recovery, Times};
use super::timeline::Timeline;
use crate::backend::keys::Session;
use crate::backend::{Ask, Backend, Looking};
use crate::consent::Consent;
use crate::facts::{Facts, Role};
use crate::lab::state::Lab;
use crate::lab::{self, Control, Entry, Home, LabError};
use crate::quorum::{self, Quorum, QuorumState};
use crate::recover::Plan;
use crate::recover::executor::Event;
use crate::target::Target;
use crate::transport::Deadline;
use jiff::Timestamp;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time for one look at the cluster.
const LOOK: Duration = Duration::from_secs(2);
/// Between two looks while something is waited for.
const AGAIN: Duration = Duration::from_millis(50);
/// How long anything that must come may take on a slow machine. Whether it came fast enough is judged apart from that.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What the drill says while it runs.
pub enum Said<'a> {
    /// A sentence without its full stop.
    Line(&'a str),
    /// A step of a recovery.
    Step(&'a Plan, &'a Event),
}

/// A recovery that the tool does not plan.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Why, as a phrase.
    pub why: String,
    /// What it says to do instead.
    pub instead: String,
}

/// What the command line lends to a drill: the recovery that is drilled is the one that people type.
pub trait Command {
    /// The lab as every command reads it from its config file.
    fn target(&self, lab: &Lab) -> Result<Target, String>;

    /// `quorate recover plan`, with `--assume-dead` for these members and its runs in this directory.
    fn plan<'a>(
        &'a self,
        target: &'a Target,
        dead: &'a [String],
        runs: &'a Path,
    ) -> Looking<'a, Result<Plan, Refused>>;
}

/// Something without which the scenario cannot go on. The drill proves nothing then.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Broken {
        Broken(error.to_string())
    }
}

/// What a scenario found out so far.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) expectations: Vec<Expectation>,
    pub(super) measures: Vec<Measure>,
    pub(super) recoveries: Vec<Recovery>,
    pub(super) times: Times,
    pub(super) writes: Option<Judgement>,
    /// What `check` found critical before the fault.
    pub(super) critical_before: BTreeSet<String>,
}

/// The lab and everything around it.
pub(super) struct Stage<'a> {
    pub(super) home: &'a Home<'a>,
    pub(super) entry: Entry,
    pub(super) target: Target,
    pub(super) backend: Box<dyn Backend>,
    pub(super) ground: &'static dyn Ground,
    pub(super) command: &'a dyn Command,
    pub(super) consent: &'a Consent,
    pub(super) evidence: &'a Evidence,
    pub(super) timeline: &'a Timeline,
    pub(super) say: &'a dyn Fn(Said<'_>),
    pub(super) now: &'a dyn Fn() -> Timestamp,
    pub(super) order: &'a super::Order,
    pub(super) kept: &'a RefCell<Kept>,
}

impl Stage<'_> {
    pub(super) fn say(&self, line: &str) {
        (self.say)(Said::Line(line));
    }

    /// Something that must hold.
    pub(super) fn expect(&self, what: &str, held: Held, found: impl Into<String>) {
        let found = found.into();
        let word = match held {
            Held::Yes => "holds",
            Held::No => "DOES NOT HOLD",
            Held::Unseen => "was not seen",
        };
        self.say(&format!("{word}: {what} ({found})"));
        self.kept.borrow_mut().expectations.push(Expectation { what: what.to_owned(), held, found });
    }

    /// The same, of what is known.
    pub(super) fn must(&self, what: &str, holds: bool, found: impl Into<String>) {
        self.expect(what, if holds { Held::Yes } else { Held::No }, found);
    }

    pub(super) fn measure(&self, what: &str, value: f64, unit: &str) {
        let measure = Measure { what: what.to_owned(), value, unit: unit.to_owned() };
        self.kept.borrow_mut().measures.push(measure);
    }

    /// The lab, to be changed. Let go of it before anything else works on the lab: a recovery does.
    pub(super) fn control(&self) -> Result<Control<'_>, LabError> {
        Control::take(&self.entry, self.home)
    }

    /// The lab as it is now.
    pub(super) fn lab(&self) -> Result<Lab, LabError> {
        Lab::look(&self.entry)?.ok_or_else(|| LabError::NotALab(self.entry.dir.clone()))
    }

    /// One look, as `check` takes it.
    pub(super) async fn look(&self) -> Facts {
        self.look_with(&*self.backend, None).await
    }

    pub(super) async fn look_with(&self, backend: &dyn Backend, window: Option<Duration>) -> Facts {
        let ask = Ask { timeout: LOOK, deep: false, window, state_dir: None, now: (self.now)() };
        backend.observe(&ask).await
    }

    /// Looks until it is so; the last look, and whether it is.
    pub(super) async fn until(
        &self,
        deadline: Deadline,
        so: impl Fn(&Facts, &Quorum) -> bool,
    ) -> (Facts, Quorum, bool) {
        loop {
            let facts = self.look().await;
            let quorum = quorum::assess(&facts.common);
            let is = so(&facts, &quorum);
            if is || deadline.left().is_zero() {
                return (facts, quorum, is);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Names of members: the leader first, then the others in their order.
    pub(super) async fn leader_first(&self) -> Result<Vec<String>, Broken> {
        let voters = self.order.nodes;
        let (facts, quorum, healthy) = self
            .until(Deadline::after(PATIENCE), |facts, quorum| {
                let leaders = facts.common.members.iter().filter(|m| m.role == Role::Leader);
                quorum.state == QuorumState::Healthy && quorum.voters == voters && leaders.count() == 1
            })
            .await;
        if !healthy {
            return Err(Broken(format!("the cluster was not whole to begin with: {}", quorum.why)));
        }
        self.before(&facts);
        let mut members: Vec<_> = facts.common.members.iter().collect();
        members.sort_by_key(|member| (member.role != Role::Leader, member.name.clone()));
        Ok(members.into_iter().map(|member| member.name.clone()).collect())
    }

    /// A client of one member.
    pub(super) async fn session(&self, member: &str) -> Result<Box<dyn Session>, Broken> {
        let endpoint = self.lab()?.member(member)?.endpoint.clone();
        self.session_at(&endpoint).await
    }

    pub(super) async fn session_at(&self, endpoint: &str) -> Result<Box<dyn Session>, Broken> {
        let keys = self.backend.keys().ok_or_else(|| Broken("no keys can be written to it".into()))?;
        let opened = keys.session(self.consent, endpoint, Deadline::after(LOOK)).await;
        opened.map_err(|trouble| Broken(format!("no client of {endpoint}: {trouble}")))
    }

    /// Kills members and takes their disks away, as a machine is gone that burned down. Proves that they are.
    pub(super) fn lose(&self, members: &[String]) -> Result<(), Broken> {
        let mut control = self.control()?;
        control.kill(members, lab::KILL)?;
        for name in members {
            let dir = &control.lab().member(name)?.data_dir;
            std::fs::rename(dir, lost(dir))?;
        }
        let running =
            members.iter().filter(|name| control.lab().member(name).is_ok_and(|member| member.pid.is_some()));
        match running.count() {
            0 => Ok(()),
            left => Err(Broken(format!("{left} of the killed members run"))),
        }
    }

    /// Waits until the cluster looks whole: every voter serves. Whether it does.
    pub(super) async fn whole(&self, voters: usize) -> (Facts, Quorum, bool) {
        let healthy =
            |_: &Facts, quorum: &Quorum| quorum.state == QuorumState::Healthy && quorum.voters == voters;
        self.until(Deadline::after(PATIENCE), healthy).await
    }
}

/// Where the disk of a lost member went.
pub(super) fn lost(data_dir: &Path) -> PathBuf {
    data_dir.with_extension("lost")
}
