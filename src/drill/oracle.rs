//! What a client knows of its writes, held against what is read back. Pure.
//!
//! Each key is written by one writer, one write after the other, and every value is written once. So a key must hold
//! what its last acknowledged write left, or what a write in doubt would have left: that one may take effect at any
//! time, also later than writes that came after it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a write does to its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Sets this value, which no other write sets.
    Put(String),
    /// Deletes it.
    Delete,
}

impl Change {
    /// What the key holds afterwards.
    fn leaves(&self) -> Option<&str> {
        match self {
            Change::Put(value) => Some(value),
            Change::Delete => None,
        }
    }
}

/// What the client knows of a write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The cluster said that it is done; where it stands in the cluster's history.
    Acknowledged {
        /// etcd: its revision.
        position: u64,
    },
    /// Nothing of it left the client: it can never take effect.
    NeverSent,
    /// No answer, or an error that may come after the fact.
    InDoubt {
        /// What was seen.
        why: String,
    },
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// Which writer, from 0.
    pub writer: usize,
    /// The key.
    pub key: String,
    /// What it does.
    pub change: Change,
    /// When it was sent, in milliseconds since the drill began.
    pub began_ms: u64,
    /// When its outcome was known, likewise.
    pub ended_ms: u64,
    /// What came of it.
    pub outcome: Outcome,
}

impl Write {
    /// Whether the cluster said that it is done.
    pub fn acknowledged(&self) -> bool {
        matches!(self.outcome, Outcome::Acknowledged { .. })
    }
}

/// What reading back showed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// Keys that were written.
    pub keys: u64,
    /// Writes that the cluster said are done.
    pub acknowledged: u64,
    /// Writes of which nothing left the client.
    pub never_sent: u64,
    /// Writes without a clear answer.
    pub in_doubt: u64,
    /// Those of them whose effect was read back.
    pub in_doubt_done: u64,
    /// Acknowledged writes whose effect is gone.
    pub lost: u64,
    /// Keys that came back after an acknowledged delete.
    pub resurrected: u64,
    /// Keys that hold what no write could have left there.
    pub invented: u64,
    /// Acknowledged writes that do not stand after their writer's previous one in the cluster's history.
    pub backwards: u64,
    /// Each key that is not as it must be, as a sentence; the first hundred.
    pub wrong: Vec<String>,
}

impl Judgement {
    /// Whether every key holds what it may hold.
    pub fn nothing_lost(&self) -> bool {
        self.lost + self.resurrected + self.invented == 0
    }
}

/// Sentences kept: a whole lost database needs no line for each key.
const SENTENCES: usize = 100;

/// Holds the writes against what was read back. `writes`: each writer's in the order in which it made them.
pub fn judge(writes: &[Write], found: &BTreeMap<String, String>) -> Judgement {
    let mut judgement = Judgement { backwards: backwards(writes), ..Judgement::default() };
    let mut by_key: BTreeMap<&str, Vec<&Write>> = BTreeMap::new();
    for write in writes {
        by_key.entry(&write.key).or_default().push(write);
        match write.outcome {
            Outcome::Acknowledged { .. } => judgement.acknowledged += 1,
            Outcome::NeverSent => judgement.never_sent += 1,
            Outcome::InDoubt { .. } => judgement.in_doubt += 1,
        }
    }
    judgement.keys = by_key.len() as u64;
    for (key, writes) in &by_key {
        one_key(key, writes, found.get(*key).map(String::as_str), &mut judgement);
    }
    for (key, value) in found.iter().filter(|(key, _)| !by_key.contains_key(key.as_str())) {
        judgement.invented += 1;
        judgement.say(format!("{key} holds {value}, and was never written"));
    }
    judgement
}

fn one_key(key: &str, writes: &[&Write], found: Option<&str>, judgement: &mut Judgement) {
    let settled = writes.iter().rposition(|write| write.acknowledged());
    let due = settled.and_then(|at| writes[at].change.leaves());
    if found == due {
        return;
    }
    let doubted = |write: &&&Write| matches!(write.outcome, Outcome::InDoubt { .. });
    if writes.iter().filter(doubted).any(|write| write.change.leaves() == found) {
        judgement.in_doubt_done += 1;
        return;
    }
    let acknowledged_after = |from: usize| writes[from..].iter().filter(|write| write.acknowledged()).count();
    let holds = found.map_or("nothing".to_owned(), |value| format!("`{value}`"));
    let origin = found.and_then(|value| writes.iter().position(|w| w.change.leaves() == Some(value)));
    match (due, found, origin) {
        (None, Some(_), Some(at)) if writes[at].acknowledged() => {
            judgement.resurrected += 1;
            judgement.say(format!("{key} was deleted, acknowledged, and holds {holds} again"));
        }
        (Some(due), None, _) => {
            let emptied = writes.iter().rposition(|w| w.acknowledged() && w.change.leaves().is_none());
            let lost = acknowledged_after(emptied.map_or(0, |at| at + 1));
            judgement.lost += lost as u64;
            judgement
                .say(format!("{key} holds nothing instead of `{due}`: {lost} acknowledged writes are lost"));
        }
        (Some(due), Some(_), Some(at)) if writes[at].acknowledged() => {
            let lost = acknowledged_after(at + 1);
            judgement.lost += lost as u64;
            judgement
                .say(format!("{key} holds {holds} instead of `{due}`: {lost} acknowledged writes are lost"));
        }
        _ => {
            judgement.invented += 1;
            let what =
                if origin.is_some() { "which was never sent" } else { "which was never written there" };
            judgement.say(format!("{key} holds {holds}, {what}"));
        }
    }
}

impl Judgement {
    fn say(&mut self, sentence: String) {
        if self.wrong.len() < SENTENCES {
            self.wrong.push(sentence);
        }
    }
}

/// One writer waits for each answer, so the cluster's history must hold its writes in its order.
fn backwards(writes: &[Write]) -> u64 {
    let mut highest: BTreeMap<usize, u64> = BTreeMap::new();
    let mut backwards = 0;
    for write in writes {
        let Outcome::Acknowledged { position } = write.outcome else { continue };
        // A delete of a key that is not there changes nothing, and stands where the last change stands.
        let before = highest.entry(write.writer).or_default();
        if position < *before {
            backwards += 1;
        }
        *before = position.max(*before);
    }
    backwards
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOUBT: Outcome = Outcome::InDoubt { why: String::new() };

    fn done(position: u64) -> Outcome {
        Outcome::Acknowledged { position }
    }

    fn put(value: &str) -> Change {
        Change::Put(value.to_owned())
    }

    fn of(writes: &[(Change, Outcome)], found: Option<&str>) -> Judgement {
        let write = |(change, outcome): &(Change, Outcome)| Write {
            writer: 0,
            key: "k".into(),
            change: change.clone(),
            began_ms: 0,
            ended_ms: 0,
            outcome: outcome.clone(),
        };
        let writes: Vec<Write> = writes.iter().map(write).collect();
        let found = found.map(|value| ("k".to_owned(), value.to_owned()));
        judge(&writes, &found.into_iter().collect())
    }

    /// lost, resurrected, invented, done in doubt
    fn counts(judgement: &Judgement) -> [u64; 4] {
        [judgement.lost, judgement.resurrected, judgement.invented, judgement.in_doubt_done]
    }

    #[test]
    fn what_was_acknowledged_must_be_there() {
        let two = [(put("a"), done(1)), (put("b"), done(2))];
        assert_eq!(counts(&of(&two, Some("b"))), [0; 4]);
        assert_eq!(counts(&of(&two, Some("a"))), [1, 0, 0, 0]);
        assert_eq!(counts(&of(&two, None)), [2, 0, 0, 0]);
        let again = [(put("a"), done(1)), (Change::Delete, done(2)), (put("c"), done(3))];
        assert_eq!(counts(&of(&again, None)), [1, 0, 0, 0], "only what came after the delete");
    }

    #[test]
    fn what_was_deleted_must_stay_away() {
        let gone = [(put("a"), done(1)), (Change::Delete, done(2))];
        assert_eq!(counts(&of(&gone, None)), [0; 4]);
        let back = of(&gone, Some("a"));
        assert_eq!(counts(&back), [0, 1, 0, 0]);
        assert!(!back.nothing_lost() && back.wrong[0].contains("holds `a` again"), "{back:?}");
    }

    #[test]
    fn a_write_in_doubt_may_be_there_or_not_also_late() {
        let open = [(put("a"), done(1)), (put("b"), DOUBT)];
        assert_eq!(counts(&of(&open, Some("a"))), [0; 4]);
        assert_eq!(counts(&of(&open, Some("b"))), [0, 0, 0, 1]);
        assert_eq!(counts(&of(&open, None)), [1, 0, 0, 0], "but the one before it may not be gone");
        let late = [(put("a"), done(1)), (put("b"), DOUBT), (put("c"), done(2))];
        assert_eq!(counts(&of(&late, Some("b"))), [0, 0, 0, 1]);
        assert_eq!(counts(&of(&late, Some("a"))), [1, 0, 0, 0]);
        let deleted = [(put("a"), done(1)), (Change::Delete, DOUBT)];
        assert_eq!(counts(&of(&deleted, None)), [0, 0, 0, 1]);
    }

    #[test]
    fn nothing_may_be_there_that_was_never_sent_or_never_written() {
        assert_eq!(counts(&of(&[(put("a"), Outcome::NeverSent)], None)), [0; 4]);
        assert_eq!(counts(&of(&[(put("a"), Outcome::NeverSent)], Some("a"))), [0, 0, 1, 0]);
        assert_eq!(counts(&of(&[(put("a"), done(1))], Some("x"))), [0, 0, 1, 0]);
        assert_eq!(counts(&of(&[], Some("x"))), [0, 0, 1, 0]);
    }

    #[test]
    fn history_does_not_go_backwards() {
        let raised = [(put("a"), done(9)), (put("b"), done(1_000_000_009))];
        assert_eq!(of(&raised, Some("b")).backwards, 0);
        let fell = [(put("a"), done(9)), (put("b"), done(4)), (put("c"), done(5))];
        assert_eq!(of(&fell, Some("c")).backwards, 2);
    }
}
