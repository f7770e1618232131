//! Records that vouch for each other. `chain.jsonl` has a line for each drill that came to its end: which record, the
//! SHA-256 of its file, and the SHA-256 of the line before. Each record in turn holds the digests of its other files.
//! Whoever changes, removes or inserts one has to change all that came later, and the last line, which every report
//! prints. Pure: what is on disk is an argument.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One line of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// From 1.
    pub seq: u64,
    /// Id of the drill, and name of its directory.
    pub id: String,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// SHA-256 of its `record.json`, lower-case hex.
    pub record: String,
    /// SHA-256 of the line before, without its end; 64 zeros in the first.
    pub prev: String,
}

/// A file of a drill's evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sealed {
    /// Relative to the drill's directory.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

/// Something that is not as it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Break {
    /// Which drill; `null` when it is the chain itself.
    pub drill: Option<String>,
    /// What, as a phrase.
    pub what: String,
}

impl Break {
    /// Of one drill.
    pub fn of(drill: &str, what: impl Into<String>) -> Break {
        Break { drill: Some(drill.to_owned()), what: what.into() }
    }

    fn at(line: usize, what: &str) -> Break {
        Break { drill: None, what: format!("line {line} of the chain {what}") }
    }
}

/// What comes before the first line.
pub fn beginning() -> String {
    "0".repeat(64)
}

/// SHA-256 in lower-case hex.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The links of a chain, and what is wrong with it. A line that cannot be read breaks the chain and is left out; the
/// second answer is the digest that the next line has to hold.
pub fn read(text: &str) -> (Vec<Link>, String, Vec<Break>) {
    let (mut links, mut prev, mut breaks) = (Vec::<Link>::new(), beginning(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        match serde_json::from_str::<Link>(line) {
            Err(_) => breaks.push(Break::at(at + 1, "cannot be read")),
            Ok(link) => {
                if link.prev != prev {
                    breaks.push(Break::at(at + 1, "does not follow from the one before it"));
                } else if link.seq != at as u64 + 1 {
                    breaks.push(Break::at(at + 1, "has another's number"));
                }
                links.push(link);
            }
        }
        prev = digest(line.as_bytes());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        breaks.push(Break { drill: None, what: "the last line of the chain has no end".into() });
    }
    (links, prev, breaks)
}

/// The line that comes after `lines` lines, the last of which has the digest `prev`.
pub fn next(lines: usize, prev: String, id: &str, record: &[u8], now: Timestamp) -> Link {
    Link { seq: lines as u64 + 1, id: id.to_owned(), sealed_at: now, record: digest(record), prev }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<String> {
        let (mut prev, mut lines) = (beginning(), Vec::new());
        for id in ["a", "b", "c"] {
            let link = next(lines.len(), prev, id, id.as_bytes(), Timestamp::UNIX_EPOCH);
            let line = serde_json::to_string(&link).expect("JSON");
            prev = digest(line.as_bytes());
            lines.push(line);
        }
        lines
    }

    fn breaks(lines: &[String]) -> usize {
        read(&lines.iter().map(|line| format!("{line}\n")).collect::<String>()).2.len()
    }

    #[test]
    fn a_chain_that_was_left_alone_is_whole() {
        assert_eq!(breaks(&chain()), 0);
        assert_eq!(breaks(&[]), 0);
        let (links, prev, _) = read(&(chain().join("\n") + "\n"));
        assert_eq!((links.len(), prev), (3, digest(chain()[2].as_bytes())));
    }

    #[test]
    fn whatever_is_changed_removed_or_inserted_is_noticed() {
        let lines = chain();
        assert!(breaks(&[lines[0].clone(), lines[2].clone()]) > 0, "one is missing");
        assert!(breaks(&lines[1..]) > 0, "the first is missing");
        assert!(breaks(&[lines[1].clone(), lines[0].clone(), lines[2].clone()]) > 0, "order");
        for at in 0..2 {
            let mut changed = lines.clone();
            changed[at] = changed[at].replace("1970", "1971");
            assert!(breaks(&changed) > 0, "line {at} is changed");
        }
        let torn = chain().join("\n");
        assert!(!read(&torn).2.is_empty(), "the last line has no end");
        assert!(!read("nonsense\n").2.is_empty());
    }
}
