//! What a drill showed: the document that is kept, rendered, and read again by `due`.

use super::oracle::Judgement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Schema of [`DrillReport`].
pub const SCHEMA: &str = "quorate.drill/v1";

/// How a drill ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that must hold was seen to hold.
    Pass,
    /// Something does not hold.
    Fail,
    /// It proves nothing: the fault did not happen, there was no load, or something could not be seen.
    Invalid,
}

impl Verdict {
    /// The word of the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Invalid => "invalid",
        }
    }

    /// Of what must hold: what does not is worse than what was not seen. Nothing at all proves nothing.
    pub fn of(expectations: &[Expectation]) -> Verdict {
        let any = |held: Held| expectations.iter().any(|expectation| expectation.held == held);
        match () {
            () if any(Held::No) => Verdict::Fail,
            () if any(Held::Unseen) || expectations.is_empty() => Verdict::Invalid,
            () => Verdict::Pass,
        }
    }
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// It was seen to.
    Yes,
    /// It was seen not to.
    No,
    /// It could not be seen, or the drill did not come so far.
    Unseen,
}

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Expectation {
    /// What, as a sentence.
    pub what: String,
    /// Whether it does.
    pub held: Held,
    /// What was seen, as a phrase.
    pub found: String,
}

/// A part of the drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Phase {
    /// `lab`, `load`, `detect`, `plan`, the phases of the recovery plan, `verify`, …
    pub name: String,
    /// Milliseconds since the drill began.
    pub began_ms: u64,
    /// How long, in milliseconds.
    pub took_ms: u64,
}

/// Something that happened at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// What, as a phrase.
    pub what: String,
    /// Milliseconds since the drill began.
    pub at_ms: u64,
}

/// The times that people ask for, in milliseconds from the fault. `null` where the scenario has none, or the drill did
/// not come so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Times {
    /// Until the loss of the quorum was seen.
    pub detected_ms: Option<u64>,
    /// Until a client's write was acknowledged again.
    pub service_ms: Option<u64>,
    /// Until the cluster had its full size and every member the same data.
    pub whole_ms: Option<u64>,
}

/// A number that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// What, as a phrase.
    pub what: String,
    /// How much.
    pub value: f64,
    /// `ms`, `writes`, …
    pub unit: String,
}

/// What clients got over time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// Length of one slot, in milliseconds.
    pub slot_ms: u64,
    /// Writes acknowledged in each slot since the drill began.
    pub acknowledged: Vec<u32>,
    /// Writes that failed or got no answer in each slot.
    pub failed: Vec<u32>,
}

/// One recovery that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recovery {
    /// Id of its run.
    pub run_id: String,
    /// Hash of its plan.
    pub plan: String,
    /// What the plan said would be lost.
    pub loss: String,
    /// The member whose data was used.
    pub seed: String,
    /// Hex id of the cluster that was lost.
    pub old_cluster: String,
    /// Hex id of the cluster that was made.
    pub new_cluster: Option<String>,
    /// Steps taken, of so many.
    pub steps_done: u64,
    /// Steps of the plan.
    pub steps: u64,
    /// Why it ended before its end.
    pub stopped: Option<String>,
}

/// The machine that it ran on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// Its name.
    pub host: String,
    /// Operating system and its version, such as `Linux 6.1.0 x86_64`.
    pub system: String,
    /// Processors that this process may use.
    pub processors: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
}

/// Result of `quorate drill run`, and what is kept of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DrillReport {
    /// `quorate.drill/v1`.
    pub schema: String,
    /// `drill-<UTC>-<random>`: also the name of its evidence directory.
    pub id: String,
    /// Which scenario.
    pub scenario: String,
    /// Which system.
    pub backend: String,
    /// Version of its servers.
    pub server_version: String,
    /// Version of quorate.
    pub quorate: String,
    /// How many members.
    pub nodes: u64,
    /// Whether they spoke TLS.
    pub tls: bool,
    /// How it ended.
    pub verdict: Verdict,
    /// When it began, RFC 3339 UTC.
    pub began_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// The times that people ask for.
    pub times: Times,
    /// What became of the writes; `null` when they could not be read back.
    pub writes: Option<Judgement>,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// Parts, in the order in which they began.
    pub phases: Vec<Phase>,
    /// What happened at a moment.
    pub moments: Vec<Moment>,
    /// Other numbers.
    pub measures: Vec<Measure>,
    /// What clients got over time.
    pub traffic: Traffic,
    /// Recoveries that were carried out or stopped.
    pub recoveries: Vec<Recovery>,
    /// The machine that it ran on.
    pub machine: Machine,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_hold_fails_and_what_was_not_seen_proves_nothing() {
        let of = |held: &[Held]| {
            let one = |held: &Held| Expectation { what: String::new(), held: *held, found: String::new() };
            Verdict::of(&held.iter().map(one).collect::<Vec<_>>())
        };
        assert_eq!(of(&[Held::Yes, Held::Yes]), Verdict::Pass);
        assert_eq!(of(&[Held::Yes, Held::Unseen]), Verdict::Invalid);
        assert_eq!(of(&[Held::Unseen, Held::No]), Verdict::Fail);
        assert_eq!(of(&[]), Verdict::Invalid);
    }
}
