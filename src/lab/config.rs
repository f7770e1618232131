//! The config file of a lab, which every other command accepts.

use super::state::Lab;
use super::{LabError, at};
use crate::private;
use std::fmt::Write as _;
use std::path::Path;

/// Name of the file in the lab's directory.
pub(super) const FILE: &str = "quorate.toml";

/// Writes it. `quorate`: this program, for the commands that start and stop members.
pub(super) fn write(lab: &Lab, quorate: &Path) -> Result<(), LabError> {
    private::write(&lab.config, text(lab, quorate).as_bytes()).map_err(at("cannot write", &lab.config))
}

fn text(lab: &Lab, quorate: &Path) -> String {
    let mut text = format!(
        "# Lab {}: {} {}. Gone with `quorate lab down {}`.\n",
        lab.name, lab.backend, lab.version, lab.name
    );
    let endpoints: Vec<String> = lab.endpoints().into_iter().map(quoted).collect();
    let _ = writeln!(text, "[clusters.{}]\nbackend = {}", lab.name, quoted(&lab.backend));
    let _ = writeln!(text, "endpoints = [{}]", endpoints.join(", "));
    if let Some(tls) = &lab.tls {
        let _ = writeln!(
            text,
            "tls = {{ ca = {}, cert = {}, key = {} }}",
            path(&tls.ca),
            path(&tls.cert),
            path(&tls.key)
        );
    }
    if let Some(file) = &lab.token_file {
        let _ = writeln!(text, "auth = {{ token_file = {} }}", path(file));
    }
    for member in &lab.members {
        let command = |verb: &str, option: &str| {
            let words = [
                shell_word(&quorate.display().to_string()),
                format!("lab {verb} --dir"),
                shell_word(&lab.dir.display().to_string()),
                format!("{option}{}", member.name),
            ];
            quoted(&words.join(" "))
        };
        let _ = writeln!(text, "\n[clusters.{}.members.{}]", lab.name, member.name);
        let _ = writeln!(text, "endpoint = {}\nhost = {{ local = true }}", quoted(&member.endpoint));
        let _ = writeln!(text, "data_dir = {}", path(&member.data_dir));
        // Only etcd is one program; the others are more than that, and nothing asks for it.
        if lab.backend == "etcd" {
            let _ = writeln!(text, "program = {}", path(&member.spec.program));
        }
        for (key, value) in &member.spec.declared {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
        let _ = writeln!(
            text,
            "service = {{ start = {}, stop = {}, status = {} }}",
            command("start", ""),
            command("kill", "--signal TERM "),
            command("status", "--member ")
        );
    }
    text
}

fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A word that a POSIX shell takes literally.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("/a/b-c.d"), "/a/b-c.d");
        assert_eq!(shell_word("/a b/it's"), r"'/a b/it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
