//! The house's order, held: a module uses only those above it in lib.rs, and the pure ones touch nothing outside.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules that take values and return values: no clock, no network, no files, no async.
const PURE: [&str; 9] =
    ["facts", "value", "quorum", "policy", "finding", "checks", "membership", "report", "format"];

/// What a pure module may not name.
const IMPURE: [&str; 9] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "tokio",
    "reqwest",
    "SystemTime",
    "Instant",
    "Timestamp::now",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Modules of the library in the order in which lib.rs declares them.
fn modules() -> Vec<String> {
    let text = fs::read_to_string(source().join("lib.rs")).expect("lib.rs is there");
    text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect()
}

/// Every file of a module.
fn files(module: &str) -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("a readable folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    let single = source().join(format!("{module}.rs"));
    if single.exists() {
        found.push(single);
    } else {
        walk(&source().join(module), &mut found);
    }
    found
}

/// Code lines with their numbers, without comments.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).expect("a readable file");
    let lines =
        text.lines().enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or("").to_owned()));
    lines.filter(|(_, line)| !line.trim().is_empty()).collect()
}

#[test]
fn a_module_uses_only_those_above_it() {
    let order = modules();
    let mut wrong = Vec::new();
    for (rank, module) in order.iter().enumerate() {
        for file in files(module) {
            for (number, line) in code(&file) {
                for used in line.split("crate::").skip(1) {
                    let name: String =
                        used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if order.iter().position(|m| *m == name).is_some_and(|used| used > rank) {
                        wrong.push(format!("{}:{number}: {module} may not use {name}", file.display()));
                    }
                }
            }
        }
    }
    assert!(order.len() > 8, "lib.rs declares its modules as `pub mod name;`");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_modules_touch_nothing_outside() {
    let mut wrong = Vec::new();
    for module in PURE {
        for file in files(module) {
            for (number, line) in code(&file) {
                if let Some(word) = IMPURE.iter().find(|word| line.contains(*word)) {
                    wrong.push(format!(
                        "{}:{number}: {module} is pure and may not name {word}",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_names_every_module() {
    let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let map = fs::read_to_string(map).expect("ARCHITECTURE.md is there");
    let told = |module: &str| {
        map.contains(&format!("\nsrc/{module}.rs ")) || map.contains(&format!("\nsrc/{module}/ "))
    };
    let missing: Vec<String> = modules().into_iter().filter(|module| !told(module)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md lacks {missing:?}");
}
