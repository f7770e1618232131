//! What a check is, and what comes of it. Words are held here and in the checks; values stay typed until a renderer
//! turns them into text.

use crate::facts::{
    BackendKind, CommonFacts, ConsulFacts, ConsulFiles, EtcdFacts, Facts, FileFacts, NativeFacts,
    SnapshotFacts, ZookeeperFacts, ZookeeperFiles,
};
use crate::policy::{Policy, Threshold};
use crate::runbook::Page;
pub use crate::value::{Value, human_bytes, human_millis};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// How bad it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; never changes an exit code.
    Info,
    /// Should be fixed in working hours.
    Warning,
    /// Should wake somebody.
    Critical,
}

impl Severity {
    /// The word of the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// Groups of checks, in the order they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Majority, leader, sizing.
    Quorum,
    /// Lag, divergence, churn.
    Replication,
    /// Latency, space, quotas.
    Disk,
    /// Releases and clocks.
    Versions,
    /// Who is in.
    Membership,
    /// TLS on every listener.
    Transport,
    /// Who may do what.
    Access,
    /// Stored data.
    AtRest,
    /// How the servers were started.
    Configuration,
    /// What is kept for the day on which all is lost.
    Backup,
}

impl Family {
    /// The name used in listings.
    pub fn name(self) -> &'static str {
        match self {
            Family::Quorum => "quorum",
            Family::Replication => "replication",
            Family::Disk => "disk",
            Family::Versions => "versions",
            Family::Membership => "membership",
            Family::Transport => "transport",
            Family::Access => "access",
            Family::AtRest => "at-rest",
            Family::Configuration => "configuration",
            Family::Backup => "backup",
        }
    }

    /// Topic of the runbook for what has no page of its own.
    pub fn topic(self) -> &'static str {
        match self {
            Family::Quorum => "stuck-quorum",
            Family::Replication => "slow-cluster",
            Family::Disk => "full-disk",
            Family::Versions => "rolling-upgrade",
            Family::Membership => "membership-drift",
            Family::Backup => "take-snapshots",
            Family::Transport | Family::Access | Family::AtRest | Family::Configuration => "hardening",
        }
    }
}

/// What a check found wrong, once per subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// How bad.
    pub severity: Severity,
    /// The member it is about, by label; `None` for the cluster.
    pub member: Option<String>,
    /// The sentence, with `{name}` for each value.
    pub says: &'static str,
    /// The values. All are evidence; those named in `says` also appear in the sentence.
    pub values: Vec<(&'static str, Value)>,
    /// Instead of the check's own remedy, where this hit needs another.
    pub remedy: Option<&'static str>,
}

impl Hit {
    /// A hit about the whole cluster.
    pub fn new(severity: Severity, says: &'static str) -> Self {
        Hit { severity, member: None, says, values: Vec::new(), remedy: None }
    }

    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// Says which member it is about.
    #[must_use]
    pub fn on(mut self, member: impl Into<String>) -> Self {
        self.member = Some(member.into());
        self
    }

    /// Replaces the check's remedy.
    #[must_use]
    pub fn remedy(mut self, remedy: &'static str) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// The sentence with its values filled in. Not yet escaped.
    pub fn sentence(&self) -> String {
        fill(self.says, &self.values)
    }
}

/// Replaces each `{name}` in `template` by the value of that name, in one pass: text that a server supplied is never
/// itself looked at for placeholders.
pub fn fill(template: &str, values: &[(&'static str, Value)]) -> String {
    let mut sentence = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        sentence.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('}') else {
            rest = &rest[open..];
            break;
        };
        let name = &rest[open + 1..open + close];
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => sentence.push_str(&value.human()),
            None => {
                let _ = write!(sentence, "{{{name}}}");
            }
        }
        rest = &rest[open + close + 1..];
    }
    sentence.push_str(rest);
    sentence
}

/// A datum a check needed and did not get.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The member it is about, by label; `None` for the cluster.
    pub member: Option<String>,
    /// What is missing and why: a sentence fragment.
    pub missing: String,
    /// The worst this check could have said had it known. An unknown that could hide something at or above
    /// `--fail-on` makes the exit code 3.
    pub at_worst: Severity,
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Looked, and all is well; the values say what was seen.
    Clear(Vec<(&'static str, Value)>),
    /// The question does not arise here, and why.
    NotApplicable(String),
    /// Something is wrong, or could not be seen. Never both empty.
    Judged {
        /// Found wrong.
        hits: Vec<Hit>,
        /// Not seen.
        gaps: Vec<Gap>,
    },
}

/// Collects hits and gaps over several subjects and makes the outcome.
#[derive(Debug, Default)]
pub struct Tally {
    hits: Vec<Hit>,
    gaps: Vec<Gap>,
    evidence: Vec<(&'static str, Value)>,
    nearest: Option<(f64, Vec<(&'static str, Value)>)>,
}

impl Tally {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a hit.
    pub fn hit(&mut self, hit: Hit) {
        self.hits.push(hit);
    }

    /// Records a datum of one member that could not be read.
    pub fn gap(&mut self, member: impl Into<Option<String>>, missing: impl Into<String>, at_worst: Severity) {
        self.gaps.push(Gap { member: member.into(), missing: missing.into(), at_worst });
    }

    /// Keeps a value to show when all is well.
    pub fn evidence(&mut self, name: &'static str, value: impl Into<Value>) {
        self.evidence.push((name, value.into()));
    }

    /// Of several subjects, keeps the values of the one nearest to a finding (greatest `closeness`), to show when all
    /// is well.
    pub fn nearest(&mut self, closeness: f64, values: Vec<(&'static str, Value)>) {
        if self.nearest.as_ref().is_none_or(|(kept, _)| closeness > *kept) {
            self.nearest = Some((closeness, values));
        }
    }

    /// Clear if nothing was recorded.
    pub fn outcome(self) -> Outcome {
        if self.hits.is_empty() && self.gaps.is_empty() {
            let nearest = self.nearest.map(|(_, values)| values).unwrap_or_default();
            Outcome::Clear(self.evidence.into_iter().chain(nearest).collect())
        } else {
            Outcome::Judged { hits: self.hits, gaps: self.gaps }
        }
    }
}

impl Outcome {
    /// One hit and nothing else.
    pub fn found(hit: Hit) -> Outcome {
        Outcome::Judged { hits: vec![hit], gaps: Vec::new() }
    }

    /// Clear, without anything to show.
    pub fn clear() -> Outcome {
        Outcome::Clear(Vec::new())
    }

    /// Not decidable for the whole cluster.
    pub fn undecided(missing: impl Into<String>, at_worst: Severity) -> Outcome {
        Outcome::Judged {
            hits: Vec::new(),
            gaps: vec![Gap { member: None, missing: missing.into(), at_worst }],
        }
    }
}

/// How a check judges: by the facts it takes. One check may have a rule for each backend; the slug asks the same
/// question everywhere.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// On any backend.
    Common(fn(&CommonFacts, &Policy, Timestamp) -> Outcome),
    /// On etcd only.
    Etcd(fn(&EtcdFacts, &CommonFacts, &Policy) -> Outcome),
    /// On ZooKeeper only.
    Zookeeper(fn(&ZookeeperFacts, &CommonFacts, &Policy) -> Outcome),
    /// On Consul only.
    Consul(fn(&ConsulFacts, &CommonFacts, &Policy) -> Outcome),
    /// On a snapshot of etcd instead of a running cluster.
    EtcdFile(fn(&SnapshotFacts, &Policy) -> Outcome),
    /// On files of ZooKeeper instead of a running ensemble.
    ZookeeperFile(fn(&ZookeeperFiles, &Policy) -> Outcome),
    /// On a snapshot of Consul instead of running servers.
    ConsulFile(fn(&ConsulFiles, &Policy) -> Outcome),
}

impl Rule {
    /// Judges facts of its own kind; `None` for others.
    fn judge(&self, facts: &Facts, policy: &Policy) -> Option<Outcome> {
        match (self, &facts.native) {
            (Rule::Common(judge), _) => Some(judge(&facts.common, policy, facts.taken_at)),
            (Rule::Etcd(judge), NativeFacts::Etcd(etcd)) => Some(judge(etcd, &facts.common, policy)),
            (Rule::Zookeeper(judge), NativeFacts::Zookeeper(native)) => {
                Some(judge(native, &facts.common, policy))
            }
            (Rule::Consul(judge), NativeFacts::Consul(native)) => Some(judge(native, &facts.common, policy)),
            _ => None,
        }
    }
}

/// One check: identity, words, thresholds and rules. One file each, listed in `checks::CATALOGUE`.
#[derive(Debug)]
pub struct Check {
    /// Stable kebab-case name.
    pub slug: &'static str,
    /// Its group.
    pub family: Family,
    /// The question it answers, with a question mark.
    pub question: &'static str,
    /// Why it matters: one or two sentences.
    pub why: &'static str,
    /// What to do about a finding: imperative, with the next command where there is one.
    pub remedy: &'static str,
    /// Topic of the page under `runbooks/` that a finding names, such as `replace-member`; the family's when `None`.
    pub runbook: Option<&'static str>,
    /// Thresholds it uses.
    pub thresholds: &'static [Threshold],
    /// Where the knowledge comes from: documents, source files, issues.
    pub sources: &'static [&'static str],
    /// Rules in order; the first that fits the facts is run.
    pub rules: &'static [Rule],
}

impl Check {
    /// Runs the check on facts. `NotApplicable` when no rule fits the backend.
    pub fn run(&self, facts: &Facts, policy: &Policy) -> Outcome {
        let judged = self.rules.iter().find_map(|rule| rule.judge(facts, policy));
        judged.unwrap_or_else(|| {
            Outcome::NotApplicable(format!("{} has no such thing", facts.common.backend.name()))
        })
    }

    /// Runs the check on files; `None` when they cannot answer its question.
    pub fn run_on_file(&self, file: &FileFacts, policy: &Policy) -> Option<Outcome> {
        self.rules.iter().find_map(|rule| match (rule, file) {
            (Rule::EtcdFile(judge), FileFacts::Etcd(file)) => Some(judge(file, policy)),
            (Rule::ZookeeperFile(judge), FileFacts::Zookeeper(files)) => Some(judge(files, policy)),
            (Rule::ConsulFile(judge), FileFacts::Consul(files)) => Some(judge(files, policy)),
            _ => None,
        })
    }

    /// The runbook for what it finds on this backend.
    pub fn page(&self, backend: BackendKind) -> Option<&'static Page> {
        let own = self.runbook.and_then(|topic| Page::on(topic, backend.name()));
        own.or_else(|| Page::on(self.family.topic(), backend.name()))
    }

    /// Backends it has a rule for.
    pub fn backends(&self) -> Vec<BackendKind> {
        let mut backends = Vec::new();
        for rule in self.rules {
            let backend = match rule {
                Rule::Common(_) => {
                    return vec![BackendKind::Etcd, BackendKind::Zookeeper, BackendKind::Consul];
                }
                Rule::Etcd(_) | Rule::EtcdFile(_) => BackendKind::Etcd,
                Rule::Zookeeper(_) | Rule::ZookeeperFile(_) => BackendKind::Zookeeper,
                Rule::Consul(_) | Rule::ConsulFile(_) => BackendKind::Consul,
            };
            if !backends.contains(&backend) {
                backends.push(backend);
            }
        }
        backends
    }
}

/// How a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Looked, all is well.
    Pass,
    /// Found wrong.
    Fail,
    /// Could not be seen.
    Unknown,
    /// Found wrong, and silenced until a date.
    Waived,
}

impl Status {
    /// The word of the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Unknown => "unknown",
            Status::Waived => "waived",
        }
    }
}

/// A known finding, silenced until a date.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiver {
    /// The check's slug.
    pub check: String,
    /// Only this cluster; any when `None`.
    pub cluster: Option<String>,
    /// Only this member; any when `None`.
    pub member: Option<String>,
    /// Last day on which it holds.
    pub until: jiff::civil::Date,
    /// Why, in the user's words.
    pub reason: String,
}

/// One line of the result.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which check.
    pub check: &'static Check,
    /// How it stands.
    pub status: Status,
    /// How bad; for `Unknown`, at worst; `None` for `Pass`.
    pub severity: Option<Severity>,
    /// The sentence. Server-supplied text in it is not yet escaped.
    pub summary: String,
    /// The member's label, when it is about one.
    pub member: Option<String>,
    /// The values behind it.
    pub evidence: Vec<(&'static str, Value)>,
    /// What to do; `None` for `Pass`.
    pub remedy: Option<&'static str>,
    /// The waiver that silences it.
    pub waiver: Option<Waiver>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fill_does_not_look_inside_values() {
        let values = vec![("name", Value::Text("{used}".into())), ("used", Value::Bytes(2048))];
        assert_eq!(fill("{name} uses {used}", &values), "{used} uses 2 KiB");
        assert_eq!(fill("{absent} and {", &values), "{absent} and {");
    }
}
