//! The plan: a flat list of steps with everything decided. No clock, no choice and no lookup is left in it, so it can
//! be shown, hashed, scripted, executed and resumed from the same value.

mod action;
mod condition;

pub use action::*;
pub use condition::*;

use super::commands;
use crate::host::service::Standing;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Schema of a plan.
pub const SCHEMA: &str = "quorate.plan/v1";

/// The host that is this machine.
pub const HERE: &str = "localhost";

/// What is going to be done to a cluster, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// `quorate.plan/v1`.
    pub schema: String,
    /// Names this run: in the journal's path, in the names of what is set aside.
    pub run_id: String,
    /// Which system: `etcd`.
    pub backend: String,
    /// Name of the cluster, as the user calls it.
    pub cluster: String,
    /// Hex id of the cluster that is lost.
    pub cluster_id: String,
    /// Hex id of the cluster that will be; `None` where the system has none.
    pub new_cluster_id: Option<String>,
    /// When the facts were taken and the plan was made.
    #[schemars(with = "String")]
    pub made_at: Timestamp,
    /// Version of quorate that made it.
    pub quorate: String,
    /// What will be lost, or why nothing will.
    pub loss: Loss,
    /// Entries of the log that are not in the database yet and will be in the new cluster, one line each: index, term,
    /// what it does, and whether it is known to be committed.
    pub kept: Vec<String>,
    /// What a person vouched for, word by word.
    pub statements: Vec<Statement>,
    /// Members, and what becomes of each.
    pub members: Vec<Fate>,
    /// Machines by the name that steps use.
    pub hosts: BTreeMap<String, HostSpec>,
    /// What else to know before consenting, as sentences.
    pub notes: Vec<String>,
    /// In order.
    pub steps: Vec<Step>,
    /// SHA-256 of the plan's JSON with this field empty, 64 lower-case hex digits.
    pub hash: String,
}

impl Plan {
    /// Fills in the hash.
    #[must_use]
    pub fn sealed(mut self) -> Plan {
        self.hash = self.digest();
        self
    }

    /// Whether it is as it was when it was made.
    pub fn is_intact(&self) -> bool {
        self.hash == self.digest()
    }

    fn digest(&self) -> String {
        let open = Plan { hash: String::new(), ..self.clone() };
        // Fields serialize in the order of their declaration and maps are sorted: the same plan gives the same text.
        let text = serde_json::to_vec(&open).unwrap_or_default();
        hex(&Sha256::digest(text))
    }

    /// The step with this id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}

/// Lower-case hex digits of bytes.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bound on what is lost, stated before anything is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// Every acknowledged write is on the copy that is used.
    Lossless {
        /// Why that is certain, as a sentence.
        why: String,
    },
    /// Writes may be lost.
    AtRisk {
        /// Why, as a sentence.
        why: String,
        /// What is known of the entries at risk, one line each: index, term, keys.
        entries: Vec<String>,
    },
}

/// What a person vouched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// About which member.
    pub member: String,
    /// What, as a sentence.
    pub says: String,
}

/// What becomes of one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fate {
    /// Its name.
    pub name: String,
    /// Its hex id in the lost cluster.
    pub id: String,
    /// What becomes of it.
    pub becomes: Becomes,
    /// On which of the plan's hosts; `None` when it is not known.
    pub host: Option<String>,
    /// Its data directory there.
    pub data_dir: Option<PathBuf>,
    /// Its client and peer URLs: where it would be found again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
}

/// What becomes of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Becomes {
    /// Its data is what the new cluster begins with.
    Seed,
    /// It joins the new cluster, empty.
    Rejoins,
    /// It is left out: nobody said where it is.
    LeftOut,
}

/// How a machine is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostSpec {
    /// This machine.
    Local,
    /// Through the system's ssh.
    Ssh(String),
}

/// A server on its host: how it is started and stopped, and how it is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// By what.
    pub manager: Manager,
    /// How it stood when the plan was made: what starting it again brings back.
    pub standing: Standing,
    /// What its process looks like, so that it can be seen that none is left.
    pub trace: TraceSpec,
}

/// What a process looks like: its program has this name, and its arguments or environment name this path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceSpec {
    /// File name of the program.
    pub program: String,
    /// The path, as the process was given it.
    pub path: PathBuf,
}

/// What starts and stops a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Manager {
    /// A systemd unit.
    Systemd(String),
    /// A static pod's manifest, moved out and in.
    StaticPod(PathBuf),
    /// Command lines for `sh -c`.
    Commands {
        /// Starts it.
        start: String,
        /// Stops it.
        stop: String,
        /// Exits 0 when it runs.
        status: String,
    },
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Stable and in order: `07-swap-in-n1`.
    pub id: String,
    /// Which part of the recovery it belongs to.
    pub phase: Phase,
    /// On which of the plan's hosts.
    pub host: String,
    /// What is done, as a short sentence.
    pub what: String,
    /// Why it is needed.
    pub why: String,
    /// What must be so before.
    pub pre: Vec<Condition>,
    /// What is done.
    pub action: Action,
    /// What is so afterwards and stays so to the end of the plan.
    pub effect: Vec<Condition>,
    /// How long the effect may take to show, in seconds, once the action has returned.
    pub settle_s: u32,
    /// How it is undone.
    pub undo: Undo,
    /// What must be so for a rollback over this step.
    pub undo_pre: Vec<Condition>,
    /// What could go wrong, as a sentence; `None` for a step that cannot hurt.
    pub danger: Option<String>,
    /// The same as argument vectors that a person would type on the host.
    pub commands: Vec<Vec<String>>,
}

impl Step {
    /// A step without conditions, which needs no undoing; `number` is its place in the plan, from 1.
    pub fn new(number: usize, slug: &str, phase: Phase, host: &str, action: Action) -> Step {
        Step {
            id: format!("{number:02}-{slug}"),
            phase,
            host: host.to_owned(),
            what: String::new(),
            why: String::new(),
            pre: Vec::new(),
            commands: commands::of(&action),
            action,
            effect: Vec::new(),
            settle_s: 0,
            undo: Undo::NotNeeded("it changes nothing that was there".into()),
            undo_pre: Vec::new(),
            danger: None,
        }
    }
}

/// Parts of a recovery, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The world is still as the plan was made for.
    Triage,
    /// Copies that survive whatever comes.
    Evidence,
    /// Nothing of the old cluster can come back.
    Fence,
    /// The new data, beside the old.
    Restore,
    /// What was restored is what was meant.
    Verify,
    /// Old data aside, new data in place.
    Swap,
    /// The first member of the new cluster.
    Start,
    /// The others, one at a time.
    Rejoin,
    /// The whole is verified and saved.
    Finish,
}

impl Phase {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Triage => "triage",
            Phase::Evidence => "evidence",
            Phase::Fence => "fence",
            Phase::Restore => "restore",
            Phase::Verify => "verify",
            Phase::Swap => "swap",
            Phase::Start => "start",
            Phase::Rejoin => "rejoin",
            Phase::Finish => "finish",
        }
    }
}

/// How a step is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Undo {
    /// By an action, which is not carried out where its effect is there already.
    By {
        /// What undoes it.
        action: Box<Action>,
        /// What is so once it is undone, or was never done.
        effect: Vec<Condition>,
    },
    /// Nothing that was there is different; the reason.
    NotNeeded(String),
    /// It cannot be; the reason.
    Impossible(String),
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    #[test]
    fn a_plan_survives_json_and_a_changed_one_is_noticed() {
        let plan = testing::plan();
        let text = serde_json::to_string(&plan).expect("serializes");
        let mut again: super::Plan = serde_json::from_str(&text).expect("reads back");
        assert_eq!(again, plan);
        assert!(again.is_intact());
        again.steps[0].why.push('!');
        assert!(!again.is_intact());
    }
}
