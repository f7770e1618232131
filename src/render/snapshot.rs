//! Snapshots for people: what a file holds, what was saved, what lies in a directory, how two differ.

use super::Style;
use super::layout::{grid, hanging};
use super::text::{escape, wrap};
use crate::facts::{
    Drift, Leftovers, SnapshotFacts, Soundness, StoredDigest, StoredDrift, StoredMember, StoredPrefix,
    StoredResource,
};
use crate::snapshot::{Difference, Kept, Manifest, Side};
use crate::value::human_bytes;
use anstyle::AnsiColor;
use std::io::{self, Write};

/// Columns of the names of fields.
const NAME: usize = 12;
/// Prefixes shown.
const PREFIXES: usize = 20;

/// A name and its text, which wraps beside it. The text is not yet escaped.
pub fn field(name: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let room = style.width.map(|width| width.saturating_sub(NAME).max(20));
    for (at, line) in wrap(&escape(text), room).iter().enumerate() {
        writeln!(out, "{:<NAME$}{line}", if at == 0 { name } else { "" })?;
    }
    Ok(())
}

/// What a file holds; with `all` also members, prefixes and resources.
pub fn write_snapshot(facts: &SnapshotFacts, all: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    field("file", &format!("{}  {}", facts.file, human_bytes(facts.size_bytes)), style, out)?;
    verdict(facts, style, out)?;
    field("digest", &digest(facts), style, out)?;
    if let Some(manifest) = &facts.manifest {
        let word = if manifest.matches { "as saved" } else { "NOT the file that was saved" };
        let text = format!("{word}: cluster {}, {}", manifest.cluster_id, manifest.taken_at);
        field("manifest", &text, style, out)?;
    }
    field("pages", &pages(facts), style, out)?;
    field("revision", &revision(facts), style, out)?;
    field("keys", &keys(facts), style, out)?;
    field("raft", &raft(facts), style, out)?;
    field("restore by", &restorable(facts), style, out)?;
    membership(facts, style, out)?;
    leftovers(&facts.leftovers, facts, style, out)?;
    kubernetes(facts, style, out)?;
    if all {
        members(facts, style, out)?;
        prefixes(facts, style, out)?;
        resources(facts, style, out)?;
    }
    damages(facts, style, out)
}

fn verdict(facts: &SnapshotFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match facts.verdict {
        Soundness::Sound => {
            let proof = match facts.digest {
                StoredDigest::Absent => {
                    "pages and records are whole; without a digest a flipped bit inside a value cannot be seen"
                }
                _ => "digest, pages and records are whole",
            };
            hanging("SOUND     ", AnsiColor::Green, proof, style, out)
        }
        Soundness::Damaged => {
            let count = facts.damages.len() as u64 + facts.more_damages;
            hanging("DAMAGED   ", AnsiColor::Red, &format!("{count} found, below"), style, out)
        }
    }
}

fn digest(facts: &SnapshotFacts) -> String {
    match &facts.digest {
        StoredDigest::Matches { sha256 } => format!("matches {sha256}"),
        StoredDigest::Differs { stored, computed } => {
            format!("DIFFERS: stored {stored}, computed {computed}")
        }
        StoredDigest::Absent => "absent, as in a copied database".to_owned(),
    }
}

fn pages(facts: &SnapshotFacts) -> String {
    let pages = facts.pages;
    format!("{} of {} bytes: {} used, {} free", pages.total, pages.page_size, pages.used, pages.free)
}

fn revision(facts: &SnapshotFacts) -> String {
    let compacted =
        facts.compacted.map_or_else(|| "never compacted".into(), |at| format!("compacted at {at}"));
    let hash = facts.status_hash;
    format!("{}, {compacted}; etcdutl's hash {hash:x} ({hash})", facts.revision)
}

fn keys(facts: &SnapshotFacts) -> String {
    format!("{} live, {} revisions of them and of deleted ones", facts.keys, facts.key_revisions)
}

fn raft(facts: &SnapshotFacts) -> String {
    let number = |value: Option<u64>| value.map_or_else(|| "unknown".to_owned(), |value| value.to_string());
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not told".into());
    format!(
        "index {}, term {}; cluster version {}, storage version {}",
        number(facts.consistent_index),
        number(facts.term),
        text(&facts.cluster_version),
        text(&facts.storage_version),
    )
}

fn restorable(facts: &SnapshotFacts) -> String {
    match facts.restorable_by.as_slice() {
        [] => "no version that is known here".to_owned(),
        minors => format!("etcd {}", minors.join(", ")),
    }
}

fn membership(facts: &SnapshotFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let named: Vec<String> = facts.members.iter().map(member).collect();
    let named = if named.is_empty() { "none".to_owned() } else { named.join(", ") };
    field("members", &format!("{named}; {} removed", facts.removed_members.len()), style, out)?;
    for drift in &facts.membership {
        field("", &drift_sentence(drift, facts), style, out)?;
    }
    Ok(())
}

fn member(member: &StoredMember) -> String {
    let name = if member.name.is_empty() { &member.id } else { &member.name };
    if member.learner { format!("{name} (learner)") } else { name.clone() }
}

fn drift_sentence(drift: &StoredDrift, facts: &SnapshotFacts) -> String {
    let who = drift.members.iter().map(|id| facts.label(id)).collect::<Vec<_>>().join(", ");
    match drift.kind {
        Drift::Ghosts => format!("GHOSTS: raft counts members that are not listed: {who}"),
        Drift::Zombies => {
            format!("ZOMBIES: listed, but raft does not count them; they come back with 3.6: {who}")
        }
        Drift::VotersCalledLearners => format!("listed as learners, but raft lets them vote: {who}"),
        Drift::LearnersCalledVoters => format!("listed as voters, but raft has them as learners: {who}"),
        Drift::PresentAndRemoved => format!("listed and removed at once: {who}"),
        Drift::FreshlyRestored => "freshly restored: never started since".to_owned(),
    }
}

fn leftovers(left: &Leftovers, facts: &SnapshotFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for alarm in &left.alarms {
        let text = format!(
            "{} of {}: a restored cluster has it too, until `etcdctl alarm disarm`",
            alarm.kind,
            facts.label(&alarm.member)
        );
        field("ALARM", &text, style, out)?;
    }
    let auth = match left.auth_enabled {
        Some(true) => format!("on: a restored cluster asks for these users: {}", left.users.join(", ")),
        _ if left.users.is_empty() => "off".to_owned(),
        _ => format!("off; users: {}", left.users.join(", ")),
    };
    field("auth", &auth, style, out)?;
    let lost = match left.keys_without_lease {
        0 => String::new(),
        keys => format!("; {keys} keys are under leases that do not exist"),
    };
    field("leases", &format!("{}{lost}", left.leases), style, out)?;
    match &left.downgrade_target {
        Some(target) => field("downgrade", &format!("under way to {target}"), style, out),
        None => Ok(()),
    }
}

fn kubernetes(facts: &SnapshotFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if facts.kubernetes.is_empty() {
        return Ok(());
    }
    let plaintext = facts.kubernetes.get("secrets").map_or(0, |secrets| secrets.plaintext);
    let keys: Vec<&str> = facts.encryption_keys().into_iter().collect();
    let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
    let text =
        format!("encryption keys needed: {keys}; secrets in plaintext, old revisions included: {plaintext}");
    field("kubernetes", &text, style, out)
}

fn lines(lines: Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn members(facts: &SnapshotFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let row = |member: &StoredMember| {
        let role = if member.learner { "learner" } else { "voter" };
        let cells =
            [&member.name, &member.id, role, &member.peer_urls.join(","), &member.client_urls.join(",")];
        cells.iter().map(|cell| escape(cell)).collect()
    };
    let rows: Vec<Vec<String>> = facts.members.iter().map(row).collect();
    lines(
        grid(&["MEMBER", "ID", "LISTED AS", "PEERS", "CLIENTS"], &rows, &["PEERS", "CLIENTS"], style.width),
        out,
    )
}

fn prefixes(facts: &SnapshotFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut sorted: Vec<(&String, &StoredPrefix)> = facts.prefixes.iter().collect();
    sorted.sort_by_key(|(name, prefix)| (std::cmp::Reverse(prefix.revision_bytes), (*name).clone()));
    let row = |(name, prefix): &(&String, &StoredPrefix)| {
        let name = if name.is_empty() { "(no prefix)".to_owned() } else { escape(name) };
        let counts = [prefix.keys.to_string(), human_bytes(prefix.bytes), prefix.revisions.to_string()];
        std::iter::once(name).chain(counts).chain([human_bytes(prefix.revision_bytes)]).collect()
    };
    let rows: Vec<Vec<String>> = sorted.iter().take(PREFIXES).map(row).collect();
    lines(
        grid(&["PREFIX", "KEYS", "BYTES", "REVISIONS", "THEIR BYTES"], &rows, &["PREFIX"], style.width),
        out,
    )?;
    match sorted.len().saturating_sub(PREFIXES) {
        0 => Ok(()),
        more => writeln!(out, "… and {more} smaller ones; -o json has all"),
    }
}

fn resources(facts: &SnapshotFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if facts.kubernetes.is_empty() {
        return Ok(());
    }
    let row = |(name, resource): (&String, &StoredResource)| {
        let keys: Vec<String> =
            resource.encrypted.iter().map(|(key, count)| format!("{key}: {count}")).collect();
        let cells = [escape(name), resource.values.to_string(), resource.plaintext.to_string()];
        cells.into_iter().chain([escape(&keys.join(", "))]).collect()
    };
    let rows: Vec<Vec<String>> = facts.kubernetes.iter().map(row).collect();
    lines(
        grid(
            &["RESOURCE", "VALUES", "PLAINTEXT", "ENCRYPTED"],
            &rows,
            &["RESOURCE", "ENCRYPTED"],
            style.width,
        ),
        out,
    )
}

fn damages(facts: &SnapshotFacts, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if facts.damages.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for damage in &facts.damages {
        field("damage", &format!("{}: {}", damage.at, damage.what), style, out)?;
    }
    match facts.more_damages {
        0 => Ok(()),
        more => writeln!(out, "… and {more} more"),
    }
}

/// What was saved.
pub fn write_manifest(manifest: &Manifest, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let from =
        format!("{} ({}) at {}: {}", manifest.member, manifest.role, manifest.endpoint, manifest.chosen);
    field("from", &from, style, out)?;
    let index = manifest.raft_index.map_or_else(|| "unknown".to_owned(), |index| index.to_string());
    let holds = format!(
        "revision {}, raft index {index}, {} keys; {} entries behind the newest member",
        manifest.revision, manifest.keys, manifest.behind_entries
    );
    field("holds", &holds, style, out)?;
    field("verified", &format!("digest, pages, records; sha256 {}", manifest.sha256), style, out)?;
    field("restore by", &format!("etcd {}", manifest.restorable_by.join(", ")), style, out)?;
    if !manifest.encryption_keys.is_empty() {
        field("needs", &format!("encryption keys {}", manifest.encryption_keys.join(", ")), style, out)?;
    }
    Ok(())
}

/// What lies in a directory.
pub fn write_kept(kept: &[Kept], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let row = |kept: &Kept| {
        let of = |get: fn(&Manifest) -> String| {
            kept.manifest.as_ref().map_or_else(|| "-".into(), |m| escape(&get(m)))
        };
        let state = match (&kept.trouble, kept.verified, &kept.manifest) {
            (Some(trouble), _, _) => format!("NO: {}", escape(trouble)),
            (None, true, _) => "when saved".to_owned(),
            (None, false, None) => "no: no manifest".to_owned(),
            (None, false, Some(_)) => "no".to_owned(),
        };
        vec![
            escape(&kept.file),
            kept.age_seconds.map_or_else(|| "-".into(), age),
            of(|manifest| manifest.cluster.clone()),
            of(|manifest| manifest.member.clone()),
            of(|manifest| manifest.revision.to_string()),
            human_bytes(kept.size_bytes),
            state,
        ]
    };
    let rows: Vec<Vec<String>> = kept.iter().map(row).collect();
    let header = ["FILE", "AGE", "CLUSTER", "MEMBER", "REVISION", "SIZE", "VERIFIED"];
    grid(&header, &rows, &["FILE", "CLUSTER", "VERIFIED"], style.width)
        .iter()
        .try_for_each(|line| writeln!(out, "{line}"))
}

fn age(seconds: i64) -> String {
    match seconds {
        ..0 => "in the future".to_owned(),
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// How the keys of two files differ.
pub fn write_difference(difference: &Difference, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Vec<String>> = difference
        .prefixes
        .iter()
        .map(|(name, counts)| {
            let name = if name.is_empty() { "(no prefix)".to_owned() } else { escape(name) };
            let numbers = [counts.only_in_a, counts.only_in_b, counts.changed].map(|count| count.to_string());
            std::iter::once(name).chain(numbers).collect()
        })
        .collect();
    lines(grid(&["PREFIX", "ONLY IN A", "ONLY IN B", "CHANGED"], &rows, &["PREFIX"], style.width), out)?;
    writeln!(out)?;
    for example in &difference.examples {
        let side = match example.side {
            Side::OnlyInA => "only in A",
            Side::OnlyInB => "only in B",
            Side::Changed => "changed",
        };
        field(side, &example.key, style, out)?;
    }
    Ok(())
}
