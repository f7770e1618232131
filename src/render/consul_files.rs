//! `quorate inspect` on files of Consul, for people: damage first, then the snapshot, what goes with it, and the log.

use super::Style;
use super::inspect::{fact, heading, stored_damages, table};
use super::layout::hanging;
use super::text::{escape, wrap};
use crate::facts::{
    ConsulDataDir, ConsulFiles, ConsulLog, ConsulProof, ConsulRaftSnapshot, ConsulSecrets, ConsulSnapshot,
    ConsulVault, Soundness,
};
use crate::value::human_bytes;
use anstyle::AnsiColor;
use std::io::{self, Write};

/// Prefixes, records and damages that are shown without `--verbose`.
const SHOWN: usize = 12;

/// Writes what the files hold.
///
/// # Errors
/// The output cannot be written.
pub fn write_consul_files(files: &ConsulFiles, style: Style, out: &mut dyn Write) -> io::Result<()> {
    title(files, style, out)?;
    troubles(files, style, out)?;
    // of one that is cut at its beginning nothing is known
    let known = |snapshot: &&ConsulSnapshot| snapshot.id.is_some() || snapshot.state_bytes > 0;
    if let Some(snapshot) = files.snapshot.as_ref().filter(known) {
        about(snapshot, files, style, out)?;
        records(snapshot, style, out)?;
        prefixes(snapshot, style, out)?;
        goes_with_it(snapshot, files.verdict == Soundness::Sound, style, out)?;
    }
    if let Some(dir) = &files.data_dir {
        data_dir(dir, files.snapshot.is_some(), style, out)?;
    }
    Ok(())
}

fn title(files: &ConsulFiles, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let node = files.data_dir.as_ref().and_then(|dir| dir.node_id.as_ref());
    let node = node.map_or_else(String::new, |id| format!(" of node {id}"));
    let line = format!("{}  {}{}", escape(&files.path), files.kind.name(), escape(&node));
    for line in wrap(&line, style.width) {
        writeln!(out, "{line}")?;
    }
    let count = files.damages.len() as u64 + files.more_damages;
    let proof = files.snapshot.as_ref().map(|snapshot| snapshot.proof);
    let (word, color, text) = match files.verdict {
        Soundness::Damaged if count == 1 => ("DAMAGED", AnsiColor::Red, "in 1 place".to_owned()),
        Soundness::Damaged => ("DAMAGED", AnsiColor::Red, format!("in {count} places")),
        Soundness::Sound if !files.unread.is_empty() => {
            ("UNDECIDED", AnsiColor::Magenta, "not all of it could be read".to_owned())
        }
        Soundness::Sound if proof == Some(ConsulProof::None) => {
            let text =
                "every record is whole; without a checksum a flipped bit inside a value cannot be seen";
            ("SOUND", AnsiColor::Green, text.to_owned())
        }
        Soundness::Sound => ("SOUND", AnsiColor::Green, "everything in it was read and is whole".to_owned()),
    };
    hanging(word, color, &text, style, out)
}

fn troubles(files: &ConsulFiles, style: Style, out: &mut dyn Write) -> io::Result<()> {
    stored_damages(&files.damages, files.more_damages, style, out)?;
    for unread in &files.unread {
        hanging("  unread", AnsiColor::Magenta, &escape(unread), style, out)?;
    }
    for note in &files.notes {
        hanging("  note", AnsiColor::Cyan, &escape(note), style, out)?;
    }
    Ok(())
}

fn about(
    snapshot: &ConsulSnapshot,
    files: &ConsulFiles,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    heading("Snapshot", style, out)?;
    let unknown = || "unknown, without its meta.json".to_owned();
    if files.data_dir.is_some() {
        fact("newest", snapshot.id.as_deref().unwrap_or(&snapshot.file), style, out)?;
    } else {
        fact("id", &snapshot.id.clone().unwrap_or_else(unknown), style, out)?;
    }
    let age = snapshot.age_seconds.map_or_else(String::new, |age| format!(", {}", ago(age)));
    let taken = snapshot.taken_at.as_ref().map(|taken| format!("{taken}{age}"));
    fact("taken", &taken.unwrap_or_else(unknown), style, out)?;
    let index = snapshot.index.zip(snapshot.term).map(|(index, term)| format!("{index} of term {term}"));
    fact("raft index", &index.unwrap_or_else(unknown), style, out)?;
    let proof = match snapshot.proof {
        ConsulProof::Sha256 => "proved by SHA-256",
        ConsulProof::Crc64 => "proved by CRC-64",
        ConsulProof::None => "without a checksum",
    };
    fact("state", &format!("{}, {proof}", human_bytes(snapshot.state_bytes)), style, out)?;
    if style.verbose {
        fact("sha256", &snapshot.sha256, style, out)?;
    }
    let catalog = snapshot.catalog;
    let catalog = [
        counted(catalog.nodes, "node", "nodes"),
        counted(catalog.services, "service instance", "service instances"),
        counted(catalog.checks, "check", "checks"),
    ];
    let least = if files.verdict == Soundness::Sound { "" } else { "at least " };
    fact("catalog", &format!("{least}{}", catalog.join(", ")), style, out)?;
    if let Some(readers) = &snapshot.readers {
        let who = match (readers.others, readers.group) {
            (true, _) => "every user of this machine can read it",
            (false, true) => "its group can read it",
            (false, false) => "only its owner can read it",
        };
        fact("mode", &format!("{}: {who}", readers.mode), style, out)?;
    }
    let row = |server: &crate::facts::ConsulStoredServer| {
        let name = server.name.as_deref().unwrap_or("(unknown)");
        let role = if server.voter { "voter" } else { "non-voter" };
        vec![escape(name), escape(&server.id), role.to_owned(), escape(&server.address)]
    };
    let rows: Vec<Vec<String>> = snapshot.servers.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    table(&["SERVER", "ID", "ROLE", "ADDRESS"], &rows, &["SERVER", "ID", "ADDRESS"], style, out)
}

fn records(snapshot: &ConsulSnapshot, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut all: Vec<_> = snapshot.records.iter().collect();
    all.sort_by_key(|(_, records)| std::cmp::Reverse(records.bytes));
    let shown = if style.verbose { all.len() } else { all.len().min(SHOWN) };
    let row = |(name, records): &(&String, &crate::facts::ConsulRecords)| {
        vec![(*name).clone(), records.count.to_string(), human_bytes(records.bytes)]
    };
    let rows: Vec<Vec<String>> = all[..shown].iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    table(&["RECORDS", "COUNT", "BYTES"], &rows, &["RECORDS"], style, out)?;
    more(all.len() - shown, "kinds", style, out)
}

fn prefixes(snapshot: &ConsulSnapshot, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut all: Vec<_> = snapshot.keys.prefixes.iter().collect();
    all.sort_by_key(|(_, amount)| std::cmp::Reverse(amount.bytes));
    let shown = if style.verbose { all.len() } else { all.len().min(SHOWN) };
    let row = |(name, amount): &(&String, &crate::facts::ConsulPrefix)| {
        vec![escape(name), amount.count.to_string(), human_bytes(amount.bytes)]
    };
    let rows: Vec<Vec<String>> = all[..shown].iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    table(&["PREFIX", "KEYS", "BYTES"], &rows, &["PREFIX"], style, out)?;
    more(all.len() - shown, "prefixes", style, out)
}

fn more(rest: usize, what: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if rest == 0 {
        return Ok(());
    }
    for line in
        wrap(&format!("{rest} more {what} (--verbose shows all)"), style.width.map(|w| w.saturating_sub(2)))
    {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// What a restore brings along with keys and services, and whoever reads the file gets. What was not seen in a file that is
/// not `whole` may be in it.
fn goes_with_it(snapshot: &ConsulSnapshot, whole: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (title, no_ca, no_secret) = match whole {
        true => ("Goes with the data", "not configured", "none that are known here"),
        false => ("Goes with the data, as far as seen", "none seen", "none seen"),
    };
    heading(title, style, out)?;
    let provider = snapshot.mesh_ca.provider.as_deref().unwrap_or(no_ca);
    let roots = counted(snapshot.mesh_ca.roots, "root certificate", "root certificates");
    fact("mesh CA", &format!("{provider}, {roots}"), style, out)?;
    let secrets = Some(secrets(&snapshot.secrets)).filter(|told| !told.is_empty());
    fact("secrets", secrets.as_deref().unwrap_or(no_secret), style, out)?;
    let names = &snapshot.keys.private_key_names;
    if !names.is_empty() {
        let rest = snapshot.keys.private_keys - names.len() as u64;
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        fact("PEM in KV", &format!("private keys in {}{rest}", names.join(", ")), style, out)?;
    }
    for vault in &snapshot.vaults {
        fact("Vault", &told_vault(vault, whole), style, out)?;
    }
    for (name, kinds) in [("Enterprise", &snapshot.enterprise), ("unknown", &snapshot.unknown)] {
        if !kinds.is_empty() {
            let kinds: Vec<String> =
                kinds.iter().map(|(kind, count)| format!("{count} of kind {kind}")).collect();
            fact(name, &format!("records: {}", kinds.join(", ")), style, out)?;
        }
    }
    Ok(())
}

fn secrets(secrets: &ConsulSecrets) -> String {
    let all = [
        (secrets.ca_private_keys, "private key of the mesh's CA", "private keys of the mesh's CA"),
        (secrets.ca_credentials, "credential for an outside CA", "credentials for an outside CA"),
        (secrets.acl_tokens, "ACL token", "ACL tokens"),
        (secrets.auth_methods, "credential of an auth method", "credentials of auth methods"),
        (secrets.peering_secrets, "secret of a peering", "secrets of peerings"),
    ];
    let management = format!(" ({} with global-management)", secrets.management_tokens);
    let told: Vec<String> = all
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, several)| {
            let more = if *one == "ACL token" { management.as_str() } else { "" };
            format!("{}{more}", counted(*count, one, several))
        })
        .collect();
    told.join(", ")
}

fn told_vault(vault: &ConsulVault, whole: bool) -> String {
    let below = format!("{} below {}", counted(vault.keys, "key", "keys"), vault.prefix);
    match vault.missing.as_slice() {
        [] => format!("{below}, with its keyring and seal configuration"),
        missing if whole => format!("{below}; MISSING: {}", missing.join(", ")),
        unseen => format!("{below}; not seen: {}", unseen.join(", ")),
    }
}

fn data_dir(dir: &ConsulDataDir, has_snapshot: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if let Some(log) = &dir.log {
        write_log(log, style, out)?;
        if has_snapshot {
            behind(log, style, out)?;
        }
    }
    let row = |snapshot: &ConsulRaftSnapshot| {
        let damage = snapshot.damage.as_deref().unwrap_or("whole");
        vec![escape(&snapshot.name), human_bytes(snapshot.bytes), escape(damage)]
    };
    let rows: Vec<Vec<String>> = dir.snapshots.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    table(&["SNAPSHOT OF RAFT", "BYTES", "STATE"], &rows, &["SNAPSHOT OF RAFT", "STATE"], style, out)
}

fn write_log(log: &ConsulLog, style: Style, out: &mut dyn Write) -> io::Result<()> {
    heading("Log", style, out)?;
    let text = |number: Option<u64>| number.map_or_else(|| "none".to_owned(), |number| number.to_string());
    fact("term", &text(log.current_term), style, out)?;
    let vote = log.vote.as_ref().zip(log.vote_term);
    let vote = vote.map_or_else(|| "none".to_owned(), |(who, term)| format!("for {who} in term {term}"));
    fact("last vote", &vote, style, out)?;
    let term = log.last_term.map_or_else(String::new, |term| format!(" of term {term}"));
    fact("last entry", &format!("{}{term}", text(log.last)), style, out)?;
    let first = log.first.map_or_else(String::new, |first| format!(", the first is {first}"));
    fact("entries", &format!("{}{first}, in {}", log.entries, human_bytes(log.bytes)), style, out)?;
    for (from, to) in &log.holes {
        let missing = if from == to { format!("{from} is") } else { format!("{from} to {to} are") };
        fact("hole", &format!("{missing} not in it"), style, out)?;
    }
    Ok(())
}

/// What is in the log only.
fn behind(log: &ConsulLog, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let kinds: Vec<String> =
        log.behind_by_kind.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    fact("behind", &format!("{} of them behind the snapshot{kinds}", log.behind_snapshot), style, out)?;
    if log.behind_changes.is_empty() {
        return Ok(());
    }
    let shown = if style.verbose { log.behind_changes.len() } else { log.behind_changes.len().min(SHOWN) };
    let rest = (log.behind_changes.len() - shown) as u64 + log.more_behind_changes;
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    fact("keys there", &format!("{}{rest}", log.behind_changes[..shown].join(", ")), style, out)
}

fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// `3 hours ago`, in the largest unit.
fn ago(seconds: f64) -> String {
    let units = [(86_400.0, "day", "days"), (3600.0, "hour", "hours"), (60.0, "minute", "minutes")];
    if seconds < 0.0 {
        return "in the future: a clock is wrong".to_owned();
    }
    let unit = units.iter().find(|(unit, ..)| seconds >= *unit);
    unit.map_or_else(
        || "less than a minute ago".to_owned(),
        |(unit, one, several)| format!("{} ago", counted((seconds / unit) as u64, one, several)),
    )
}

#[cfg(test)]
mod tests {
    use super::super::text::columns;
    use super::*;
    use crate::facts::{
        ConsulFilesKind, ConsulPrefix, ConsulRecords, ConsulStoredServer, FileReaders, StoredDamage,
    };

    fn sample() -> ConsulFiles {
        let servers = vec![ConsulStoredServer {
            id: "031d976a-1305-6c77-0fe6-afe4a82916cd".into(),
            name: None,
            address: "10.0.0.1:8300".into(),
            voter: true,
        }];
        let records = ConsulRecords { kind: 2, count: 3, bytes: 2048 };
        let prefix = ConsulPrefix { count: 3, bytes: 2048 };
        let mut snapshot = ConsulSnapshot {
            file: "/backups/a.snap".into(),
            id: Some("2-300-1795609836913".into()),
            taken_at: Some("2026-11-25T12:30:36Z".into()),
            age_seconds: Some(7300.0),
            index: Some(300),
            term: Some(2),
            servers,
            records: [("KVS".to_owned(), records)].into(),
            readers: Some(FileReaders { mode: "0644".into(), group: true, others: true }),
            ..ConsulSnapshot::default()
        };
        snapshot.keys.prefixes = (0..20).map(|n| (format!("app\u{1b}[31m/{n}"), prefix)).collect();
        snapshot.keys.private_keys = 9;
        snapshot.keys.private_key_names = vec!["tls/key".into()];
        snapshot.secrets = ConsulSecrets { ca_private_keys: 1, acl_tokens: 2, ..ConsulSecrets::default() };
        snapshot.vaults =
            vec![ConsulVault { prefix: "vault/".into(), keys: 7, missing: vec!["core/keyring".into()] }];
        snapshot.enterprise = [(64, 3)].into();
        let log = ConsulLog {
            last: Some(310),
            holes: vec![(7, 8)],
            behind_snapshot: 20,
            behind_by_kind: [("KVS".to_owned(), 20)].into(),
            behind_changes: vec!["set app/\u{1b}a".into(); 20],
            more_behind_changes: 5,
            ..ConsulLog::default()
        };
        let dir = ConsulDataDir {
            node_id: Some("031d976a-1305-6c77-0fe6-afe4a82916cd".into()),
            log: Some(log),
            snapshots: vec![ConsulRaftSnapshot {
                name: "2-300-1795609836913".into(),
                bytes: 2048,
                damage: Some("state.bin, offset 0: its CRC-64 is not the one in its meta.json".into()),
            }],
            ..ConsulDataDir::default()
        };
        ConsulFiles {
            path: "/var/lib/consul".into(),
            kind: ConsulFilesKind::DataDirectory,
            damages: vec![StoredDamage { at: "offset 7".into(), what: "it ends".into() }; 20],
            unread: vec!["raft/wal: not read".into()],
            notes: vec!["peers.json waits".into()],
            snapshot: Some(snapshot),
            data_dir: Some(dir),
            ..ConsulFiles::default()
        }
    }

    fn written(files: &ConsulFiles, width: Option<usize>, verbose: bool) -> String {
        let style = Style { color: false, width, verbose };
        let mut out = Vec::new();
        write_consul_files(files, style, &mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn nothing_is_wider_than_the_terminal_and_nothing_drives_it() {
        let files = sample();
        for width in [40, 60, 80, 200] {
            let text = written(&files, Some(width), false);
            let widest = text.lines().map(columns).max().unwrap_or(0);
            assert!(widest <= width, "{width}: {widest}\n{text}");
            assert!(!text.contains('\u{1b}'), "{text}");
        }
        let text = written(&files, None, false);
        for words in [
            "DAMAGED",
            "and 8 more",
            "2 hours ago",
            "300 of term 2",
            "every user of this machine can read it",
            "8 more prefixes",
            "1 private key of the mesh's CA, 2 ACL tokens (0 with global-management)",
            "private keys in tls/key and 8 more",
            "not seen: core/keyring",
            "3 of kind 64",
            "7 to 8 are not in it",
            "20 of them behind the snapshot: KVS 20",
            "and 13 more",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!written(&files, None, true).contains("--verbose"));
    }

    #[test]
    fn of_a_damaged_file_nothing_is_said_to_be_missing() {
        let snapshot = ConsulSnapshot { state_bytes: 7, ..ConsulSnapshot::default() };
        let snapshot = ConsulSnapshot { vaults: sample().snapshot.expect("one").vaults, ..snapshot };
        let files =
            |verdict| ConsulFiles { verdict, snapshot: Some(snapshot.clone()), ..ConsulFiles::default() };
        let damaged = written(&files(Soundness::Damaged), None, false);
        for words in ["as far as seen", "at least 0 nodes", "none seen", "not seen: core/keyring"] {
            assert!(damaged.contains(words), "{words}: {damaged}");
        }
        assert!(!damaged.contains("not configured") && !damaged.contains("MISSING"), "{damaged}");
        let sound = written(&files(Soundness::Sound), None, false);
        for words in ["not configured", "none that are known here", "MISSING: core/keyring"] {
            assert!(sound.contains(words), "{words}: {sound}");
        }
    }

    #[test]
    fn what_is_not_known_says_so() {
        let snapshot = ConsulSnapshot { state_bytes: 7, ..ConsulSnapshot::default() };
        let mut files = ConsulFiles { snapshot: Some(snapshot), ..ConsulFiles::default() };
        files.verdict = Soundness::Sound;
        let text = written(&files, Some(80), false);
        assert!(text.contains("without a checksum") && text.contains("without its meta.json"), "{text}");
        files.unread = vec!["raft.db: permission denied".into()];
        assert!(written(&files, Some(80), false).contains("UNDECIDED"));
        let ages = [-1.0, 30.0, 90.0, 200_000.0].map(ago);
        let expected =
            ["in the future: a clock is wrong", "less than a minute ago", "1 minute ago", "2 days ago"];
        assert_eq!(ages, expected);
    }
}
