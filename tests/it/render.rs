//! Every output format over recorded clusters: what is accepted is in `tests/golden`, and nothing a server says gets
//! out unescaped. `QUORATE_BLESS=1 cargo test` accepts what is there now.

use assert_cmd::Command;
use quorate::checks::{self, Selection};
use quorate::facts::Facts;
use quorate::finding::Severity;
use quorate::policy::Policy;
use quorate::render::{self, Style};
use quorate::report::status::StatusReport;
use quorate::report::{CheckReport, Judged};
use std::path::{Path, PathBuf};

/// Recording, and whether it is judged with `tests/facts/quorate.toml` (waivers, declared clusters).
const REPORTS: &[(&str, &str, bool)] = &[
    ("healthy", "healthy", false),
    ("lost", "lost", true),
    ("silent", "silent", false),
    ("hostile", "hostile", false),
    ("waived", "hostile", true),
];

const FORMATS: &[(&str, &str)] = &[
    ("table", "txt"),
    ("json", "json"),
    ("markdown", "md"),
    ("junit", "xml"),
    ("sarif", "sarif"),
    ("github", "github"),
    ("prometheus", "prom"),
    ("nagios", "nagios"),
];

/// The checks that the accepted output shows: a fixed few, so that a new check changes no golden file.
const ONLY: &str = "quorum-lost,quorum-margin,leader-agreement";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn quorate() -> Command {
    let mut command = Command::cargo_bin("quorate").expect("the binary is built");
    command.current_dir(root()).env_clear().env("HOME", "/nonexistent").env("TERM", "dumb");
    command
}

fn check(recording: &str, declared: bool, more: &[&str]) -> Command {
    let mut command = quorate();
    command.args(["check", "--only", ONLY, "--facts", &format!("tests/facts/{recording}.json")]).args(more);
    if declared {
        command.args(["--config", "tests/facts/quorate.toml"]);
    }
    command
}

fn output(recording: &str, declared: bool, format: &str) -> String {
    let output = check(recording, declared, &["-o", format]).output().expect("runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn every(mut see: impl FnMut(&str, &str, &str, &str)) {
    for (name, recording, declared) in REPORTS {
        for (format, extension) in FORMATS {
            see(name, format, extension, &output(recording, *declared, format));
        }
    }
}

#[test]
fn formats_are_as_accepted() {
    let bless = std::env::vars().any(|(key, value)| key == "QUORATE_BLESS" && value == "1");
    let mut stale: Vec<PathBuf> = Vec::new();
    every(|name, _, extension, text| {
        let path = root().join(format!("tests/golden/{name}.{extension}"));
        if bless {
            std::fs::write(&path, text).expect("the golden file is written");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
            stale.push(path);
        }
    });
    assert!(stale.is_empty(), "differ from what is accepted (QUORATE_BLESS=1 accepts): {stale:#?}");
}

#[test]
fn nothing_a_server_says_drives_a_terminal_or_begins_a_line() {
    every(|name, format, _, text| {
        let loose = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{fffe}');
        assert!(!text.contains(loose), "{name} as {format}: {text:?}");
        let forged = |line: &str| line.trim_start().starts_with("::error::forged");
        assert!(!text.lines().any(forged), "{name} as {format}: {text}");
    });
}

/// The library's own drawing, for what only a terminal shows.
fn drawn(recording: &str, style: Style) -> String {
    let bytes = std::fs::read(root().join(format!("tests/facts/{recording}.json"))).expect("a recording");
    let facts: Vec<Facts> = serde_json::from_slice(&bytes).expect("facts");
    let taken_at = facts[0].taken_at;
    let only = Selection { only: ONLY.split(',').map(str::to_owned).collect(), ..Selection::default() };
    let judge = |facts: Facts| Judged {
        findings: checks::evaluate(&facts, &Policy::default(), &[], &only),
        declared_at: None,
        facts,
    };
    let status = StatusReport::new(taken_at, &facts);
    let judged: Vec<Judged> = facts.into_iter().map(judge).collect();
    let report = CheckReport::new(taken_at, 24, &judged, Severity::Critical);
    let mut drawn = Vec::new();
    (render::find("table").expect("exists").write)(&report, style, &mut drawn).expect("writes to memory");
    render::write_status(&status, style, &mut drawn).expect("writes to memory");
    String::from_utf8(drawn).expect("UTF-8")
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for (width, verbose) in (40..130).flat_map(|width| [(width, false), (width, true)]) {
        for recording in ["healthy", "lost", "silent", "hostile"] {
            let text = drawn(recording, Style { color: false, width: Some(width), verbose });
            let wide = text.lines().find(|line| render::columns(line) > width);
            assert_eq!(wide, None, "{recording} at {width} columns:\n{text}");
        }
    }
}

#[test]
fn colour_only_adds_colour() {
    let plain = drawn("lost", Style { color: false, width: Some(80), verbose: true });
    let painted = drawn("lost", Style { color: true, width: Some(80), verbose: true });
    assert!(painted.contains("\u{1b}[") && !plain.contains('\u{1b}'));
    let mut stripped = painted;
    while let Some(start) = stripped.find('\u{1b}') {
        let end = stripped[start..].find('m').expect("a colour ends") + start;
        stripped.replace_range(start..=end, "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn markup_in_names_is_text() {
    let markdown = output("hostile", false, "markdown");
    assert!(
        !markdown.contains("<b>") && !markdown.contains("[x](") && !markdown.contains("@all"),
        "{markdown}"
    );
    for line in markdown.lines().filter(|l| l.starts_with("| n")) {
        let bars = line.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 7, "a name adds columns: {line}");
    }
    let github = output("hostile", false, "github");
    assert!(github.lines().all(|line| line.starts_with("::")), "{github}");
    let nagios = output("hostile", false, "nagios");
    assert_eq!(nagios.lines().count(), 1);
    assert_eq!(nagios.matches('|').count(), 1, "{nagios}");
}

#[test]
fn junit_is_xml_that_counts_right() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    for (name, recording, declared) in REPORTS {
        let text = output(recording, *declared, "junit");
        std::fs::write(file.path(), &text).expect("written");
        let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(text.chars().all(legal), "{name}: a character that XML has not");
        let Ok(output) =
            std::process::Command::new("xmlstarlet").arg("val").arg("-w").arg(file.path()).output()
        else {
            continue; // Not on this machine; the characters and counts are checked all the same.
        };
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert!(output("lost", false, "junit").contains("<failure message="));
    assert!(output("silent", false, "junit").contains("<error message="));
    assert!(output("hostile", true, "junit").contains("<skipped message=\"waived until 9999-12-31"));
}

#[test]
fn sarif_has_what_code_scanning_wants() {
    for (name, recording, declared) in REPORTS {
        let document: serde_json::Value =
            serde_json::from_str(&output(recording, *declared, "sarif")).expect("valid JSON");
        assert_eq!(document["version"], "2.1.0", "{name}");
        let run = &document["runs"][0];
        let rules: Vec<&str> = run["tool"]["driver"]["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|r| r["id"].as_str())
            .collect();
        let results = run["results"].as_array().expect("results");
        let mut fingerprints = Vec::new();
        for result in results {
            assert!(rules.contains(&result["ruleId"].as_str().expect("a rule")), "{name}");
            assert!(result["message"]["text"].is_string() && result["locations"][0].is_object(), "{name}");
            if result["kind"] != "fail" {
                assert_eq!(result["level"], "none", "{name}: the standard wants it so");
            }
            fingerprints
                .push(result["partialFingerprints"]["quorateFinding/v1"].as_str().expect("one").to_owned());
        }
        fingerprints.sort();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), results.len(), "{name}: fingerprints tell results apart");
    }
    let lost: serde_json::Value = serde_json::from_str(&output("lost", true, "sarif")).expect("valid JSON");
    let place = &lost["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "tests/facts/quorate.toml");
    assert_eq!(place["region"]["startLine"], 2);
}

#[test]
fn prometheus_text_parses_and_repeats_nothing() {
    for (name, recording, declared) in REPORTS {
        let text = output(recording, *declared, "prometheus");
        assert_eq!(quorate::format::prometheus::Page::parse(&text, |_| true).bad_lines, 0, "{name}");
        assert!(text.ends_with('\n'));
        let series: Vec<&str> =
            text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(key, _)| key).collect();
        let mut once = series.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), series.len(), "{name}: a series or a HELP comes twice");
    }
    let lost = output("lost", false, "prometheus");
    assert!(lost.contains("check=\"quorum-lost\",member=\"\"} 2"), "{lost}");
    assert!(output("silent", false, "prometheus").contains("check=\"quorum-lost\",member=\"\"} 3"));
}

#[test]
fn exit_codes_are_those_of_the_format() {
    let code = |recording: &str, declared, more: &[&str]| {
        check(recording, declared, more).output().expect("runs").status.code()
    };
    assert_eq!(code("hostile", false, &["-o", "table"]), Some(0), "a warning alone is no failure");
    assert_eq!(code("hostile", false, &["-o", "nagios"]), Some(1), "but it is one to a monitor");
    assert_eq!(code("hostile", true, &["-o", "nagios"]), Some(0), "waived");
    assert_eq!(code("lost", false, &["-o", "nagios"]), Some(2));
    assert_eq!(code("silent", false, &["-o", "nagios"]), Some(3));
    assert_eq!(code("silent", false, &["-o", "nagios", "--fail-on", "never"]), Some(0));
}

#[test]
fn a_monitor_is_told_on_stdout_when_there_is_no_result() {
    for wrong in [&["check", "-o", "nagios", "--bogus"][..], &["check", "--output=nagios", "no|such"]] {
        let output = quorate().args(wrong).output().expect("runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.starts_with("QUORATE UNKNOWN - ") && text.lines().count() == 1, "{text}");
        assert!(!text.contains('|'), "{text}");
    }
}

#[test]
fn reports_are_written_beside_the_output() {
    let dir = tempfile::tempdir().expect("a directory");
    let (xml, prom) = (dir.path().join("a.xml"), dir.path().join("a.prom"));
    let report = |format: &str, path: &Path| format!("{format}={}", path.display());
    check(
        "lost",
        true,
        &["-o", "json", "--report", &report("junit", &xml), "--report", &report("prometheus", &prom)],
    )
    .assert()
    .code(2);
    assert_eq!(std::fs::read_to_string(&xml).expect("written"), output("lost", true, "junit"));
    assert_eq!(std::fs::read_to_string(&prom).expect("written"), output("lost", true, "prometheus"));
    assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 2, "no temporary file is left");
    check("lost", true, &["--report", "junit"]).assert().code(64);
    check("lost", true, &["--report", "junt=x"]).assert().code(64);
    check("lost", true, &["--report", &report("junit", &dir.path().join("no/such"))]).assert().code(64);
}

#[test]
fn wrong_words_are_usage_errors_with_a_cure() {
    let wrong = [
        (&["size"][..], "N"),
        (&["size", "0"], "0"),
        (&["size", "three"], "three"),
        (&["size", "-1"], "-1"),
        (&["size", "99999999999999999999"], "99999"),
        (&["explain"], "CHECK"),
        (&["explain", "quorum-lst"], "quorum-lost"),
        (&["explain", "--list", "quorum-lost"], "--list"),
        (&["schema", "chek"], "check"),
        (&["completions"], "SHELL"),
        (&["completions", "tcsh"], "bash"),
        (&["man", "chek"], "check"),
        (&["status"], "no target"),
        (&["status", "etcd://a", "--watch=1ms"], "100ms"),
        (&["status", "etcd://a", "--count", "1"], "--watch"),
        (&["status", "etcd://a", "--watch", "--count", "0"], "0"),
        (&["doctor", "-o", "yaml"], "json"),
        (&["check", "etcd://a", "-o", "junt"], "junit"),
    ];
    for (words, cure) in wrong {
        let output = quorate().args(words).output().expect("runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{words:?}: {text}");
        assert!(text.contains(cure), "{words:?}: {text}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn status_looks_as_often_as_asked_and_does_not_call_silence_ok() {
    let status =
        |more: &[&str]| quorate().args(["status", "etcd://127.0.0.1:1"]).args(more).output().expect("runs");
    let once = status(&[]);
    assert_eq!(once.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&once.stdout).contains("QUORUM UNKNOWN"));
    let twice = status(&["--watch=100ms", "--count", "2", "-o", "json"]);
    let lines: Vec<serde_json::Value> = twice
        .stdout
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).expect("a document a line"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|d| d["schema"] == "quorate.status/v1"));
    assert!(!status(&["--watch=100ms", "--count", "2"]).stdout.contains(&0x1b), "no terminal, no escapes");
}

#[test]
fn every_document_has_its_schema() {
    let names = ["check", "status", "explain", "size", "doctor", "config"];
    let listed = String::from_utf8(quorate().arg("schema").output().expect("runs").stdout).expect("UTF-8");
    for name in names {
        assert!(listed.contains(name), "{listed}");
        let output = quorate().args(["schema", name]).output().expect("runs");
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
        assert!(schema["properties"].is_object(), "{name}");
    }
    for words in [&["size", "3"][..], &["explain", "--list"], &["doctor"]] {
        let output = quorate().args(words).args(["-o", "json"]).output().expect("runs");
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("valid JSON");
        assert_eq!(document["schema"], format!("quorate.{}/v1", words[0]));
    }
}

#[test]
fn every_command_says_examples_and_exit_codes() {
    let commands = ["check", "status", "explain", "size", "schema", "completions", "man", "doctor"];
    for command in commands {
        let output = quorate().args([command, "--help"]).output().expect("runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Examples:") && text.contains("Exit codes:"), "{command}: {text}");
    }
}

#[test]
fn completions_are_those_of_this_command_line() {
    let dir = tempfile::tempdir().expect("a directory");
    quorate().args(["completions", "--all"]).arg(dir.path()).assert().success();
    let mut stale = Vec::new();
    for entry in std::fs::read_dir(dir.path()).expect("readable") {
        let entry = entry.expect("an entry");
        let kept = std::fs::read(root().join("completions").join(entry.file_name()));
        if kept.ok() != std::fs::read(entry.path()).ok() {
            stale.push(entry.file_name());
        }
    }
    assert!(stale.is_empty(), "stale: {stale:?}; refresh with `quorate completions --all completions/`");
}

#[test]
fn a_manual_page_for_every_command() {
    let dir = tempfile::tempdir().expect("a directory");
    quorate().args(["man", "--dir"]).arg(dir.path()).assert().success();
    for page in ["quorate.1", "quorate-check.1", "quorate-status.1", "quorate-size.1"] {
        let text = std::fs::read_to_string(dir.path().join(page)).expect("written");
        assert!(text.contains(".TH quorate"), "{page}");
    }
    let one = quorate().args(["man", "check"]).output().expect("runs");
    assert_eq!(one.stdout, std::fs::read(dir.path().join("quorate-check.1")).expect("written"));
}
