//! SARIF 2.1.0 for code scanning: one run, a rule per check, fingerprints that stay the same between runs.
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use super::json::write_json;
use super::text::escape;
use super::{Case, Style, cases, weight};
use crate::checks;
use crate::facts::BackendKind;
use crate::finding::{Check, Family, Severity, Status};
use crate::report::{CheckReport, ClusterReport, FindingReport};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(super) fn write(report: &CheckReport, _: Style, out: &mut dyn Write) -> io::Result<()> {
    let all: Vec<(&ClusterReport, Case<'_>)> = report
        .clusters
        .iter()
        .flat_map(|c| cases(&c.findings).into_iter().map(move |case| (c, case)))
        .collect();
    let rules = rules(&all);
    let results: Vec<Value> = all.iter().flat_map(|(cluster, case)| results(cluster, case)).collect();
    let undecided: Vec<Value> = all.iter().flat_map(|(cluster, case)| notifications(cluster, case)).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "quorate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": "quorate/check/" },
            "invocations": [{
                "executionSuccessful": report.verdict != "unknown",
                "startTimeUtc": report.taken_at,
                "toolExecutionNotifications": undecided,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    write_json(&document, out)
}

/// What is known of a rule from its results.
struct Named {
    worst: Severity,
    /// Systems in which it found something: what to do differs.
    backends: Vec<BackendKind>,
}

/// The rules that some result names, by slug.
fn rules(all: &[(&ClusterReport, Case<'_>)]) -> BTreeMap<&'static str, Value> {
    let mut named: BTreeMap<&'static str, Named> = BTreeMap::new();
    for (cluster, case) in all {
        let backend = BackendKind::ALL.iter().find(|kind| kind.name() == cluster.backend);
        for finding in case.findings.iter().filter(|f| f.status != Status::Pass) {
            let worst = finding.severity.unwrap_or(Severity::Info);
            let so_far = named.entry(finding.check).or_insert(Named { worst, backends: Vec::new() });
            so_far.worst = worst.max(so_far.worst);
            so_far.backends.extend(backend.filter(|kind| !so_far.backends.contains(kind)).copied());
        }
    }
    let known = named.into_iter().filter_map(|(slug, named)| Some((slug, checks::find(slug)?, named)));
    known.map(|(slug, check, named)| (slug, rule(check, &named))).collect()
}

fn rule(check: &Check, named: &Named) -> Value {
    let worst = named.worst;
    let mut properties = json!({ "tags": [check.family.name()], "problem.severity": level(worst) });
    // This property makes a security alert of it: only where strangers may get in or read.
    if matches!(check.family, Family::Transport | Family::Access | Family::AtRest) {
        properties["security-severity"] = json!(security_score(worst));
    }
    json!({
        "id": check.slug,
        "name": check.slug,
        "shortDescription": { "text": message(check.question) },
        "fullDescription": { "text": message(check.why) },
        "help": { "text": message(&help(check, &named.backends)) },
        "defaultConfiguration": { "level": level(worst) },
        "properties": properties,
    })
}

/// What to do, in the words of the systems in which the rule found something; with their names where they differ.
fn help(check: &Check, backends: &[BackendKind]) -> String {
    let mut remedies: Vec<(&BackendKind, &str)> = Vec::new();
    for backend in backends {
        let remedy = checks::remedy(check, *backend);
        if remedies.iter().all(|(_, said)| *said != remedy) {
            remedies.push((backend, remedy));
        }
    }
    match remedies.as_slice() {
        [] => check.remedy.to_owned(),
        [(_, remedy)] => (*remedy).to_owned(),
        several => {
            let each = several.iter().map(|(backend, remedy)| format!("{}: {remedy}", backend.name()));
            each.collect::<Vec<_>>().join(" ")
        }
    }
}

/// GitHub calls above 7 high, above 4 medium, below low.
fn security_score(worst: Severity) -> &'static str {
    match worst {
        Severity::Critical => "8.0",
        Severity::Warning => "5.0",
        Severity::Info => "2.0",
    }
}

fn results(cluster: &ClusterReport, case: &Case<'_>) -> Vec<Value> {
    let told = case.findings.iter().filter(|f| f.status != Status::Pass);
    told.enumerate().map(|(at, finding)| result(cluster, finding, at)).collect()
}

/// A result; `at` tells apart what one check says of one member.
fn result(cluster: &ClusterReport, finding: &FindingReport, at: usize) -> Value {
    let severity = finding.severity.unwrap_or(Severity::Info);
    // The standard wants level none for everything that is not a failure.
    let (kind, level) = match finding.status {
        Status::Unknown => ("open", "none"),
        _ if severity == Severity::Info => ("informational", "none"),
        _ => ("fail", level(severity)),
    };
    let fix = finding.remedy.map_or_else(String::new, |remedy| format!(" Fix: {remedy}"));
    let member = finding.member.as_deref().map_or_else(String::new, |m| format!(" {m}:"));
    let text = format!("{}:{member} {}{fix}", cluster.name, finding.summary);
    let mut result = json!({
        "ruleId": finding.check,
        "kind": kind,
        "level": level,
        "message": { "text": message(&text) },
        "locations": [location(cluster, finding)],
        "partialFingerprints": { "quorateFinding/v1": fingerprint(cluster, finding, at) },
        "properties": { "cluster": escape(&cluster.name), "member": finding.member.as_deref().map(escape) },
    });
    if let Some(waiver) = &finding.waiver {
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": format!("until {}: {}", waiver.until, escape(&waiver.reason)),
        }]);
    }
    result
}

/// What could not be decided is not a result of the cluster but of this run.
fn notifications(cluster: &ClusterReport, case: &Case<'_>) -> Vec<Value> {
    let undecided = case.findings.iter().filter(|f| weight(f) == 4);
    undecided
        .map(|f| {
            json!({
                "level": level(f.severity.unwrap_or(Severity::Info)),
                "associatedRule": { "id": f.check },
                "message": { "text": message(&format!("{}: {}", cluster.name, f.summary)) },
            })
        })
        .collect()
}

/// The config file's line, which code scanning can show; and the member, which it cannot.
fn location(cluster: &ClusterReport, finding: &FindingReport) -> Value {
    let member = finding.member.as_deref().map_or_else(String::new, |m| format!("/{}", escape(m)));
    let logical =
        json!([{ "fullyQualifiedName": format!("{}{member}", escape(&cluster.name)), "kind": "resource" }]);
    match &cluster.declared_at {
        None => json!({ "logicalLocations": logical }),
        Some(place) => json!({
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&place.file) },
                "region": { "startLine": place.line },
            },
            "logicalLocations": logical,
        }),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// In a message, brackets would make a link.
fn message(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in escape(text).chars() {
        if matches!(character, '[' | ']' | '\\') {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let relative = path.trim_start_matches("./");
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in relative.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// FNV-1a of what a finding is about: the same in every run and release, whatever the sentence says.
fn fingerprint(cluster: &ClusterReport, finding: &FindingReport, at: usize) -> String {
    let cluster = cluster.cluster_id.as_deref().unwrap_or(&cluster.name);
    let subject = [cluster, finding.check, finding.member.as_deref().unwrap_or_default()].join("\0");
    let hash = subject
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}:{at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_helps_in_the_words_of_the_systems_that_were_looked_at() {
        let check = checks::find("client-tls").expect("a check");
        let alone = |backend| help(check, &[backend]);
        assert!(alone(BackendKind::Etcd).contains("--cert-file"), "{}", alone(BackendKind::Etcd));
        assert!(alone(BackendKind::Consul).contains("ports.https"), "{}", alone(BackendKind::Consul));
        assert!(alone(BackendKind::Zookeeper).contains("secureClientPort"));
        let both = help(check, &[BackendKind::Consul, BackendKind::Zookeeper]);
        let own = |backend: BackendKind| format!("{}: {}", backend.name(), checks::remedy(check, backend));
        assert_eq!(both, [own(BackendKind::Consul), own(BackendKind::Zookeeper)].join(" "));
        let same = checks::find("drill-overdue").expect("a check");
        assert_eq!(help(same, &BackendKind::ALL), same.remedy);
    }
}
