//! Consul's files, read completely and judged. Nothing of them is changed or locked, and no secret is kept.

mod data_dir;

use super::recognise::{Unrecognised, is_log_store, names, other, unreadable};
use super::verify::judged;
use crate::facts::{
    ConsulCatalog, ConsulFiles, ConsulFilesKind, ConsulKeys, ConsulMeshCa, ConsulPrefix, ConsulProof,
    ConsulRecords, ConsulSecrets, ConsulSnapshot, ConsulStoredServer, ConsulVault, FileReaders,
};
use crate::files::{FileSource, Readers, readers};
use crate::format::consul::{
    Foreign, META, Meta, Proof, STATE, SUMS, Secrets, Snapshot, SnapshotName, State, Vault, archive, files,
    kind_text,
};
use crate::format::source::{Damage, Damages, Place, Source};
use jiff::Timestamp;
use std::io::{self, Read};
use std::path::Path;

/// What a gzip file is that is not Consul's.
const GZIP: &str = "a gzip file, but no Consul snapshot (`tar tzf` lists meta.json and state.bin in one); for an etcd \
                    snapshot that was compressed, unpack it with gunzip first";

/// Much longer than `meta.json` and `SHA256SUMS` can be.
const MOST_SMALL: u64 = 4 << 20;

/// Reads what lies at `path`. A damaged file is read as far as it goes; the facts say what is wrong with it. `now` is what
/// ages are reckoned from.
///
/// # Errors
/// There is nothing of Consul there, or it cannot be opened.
pub fn read(path: &Path, now: Timestamp) -> Result<ConsulFiles, Unrecognised> {
    let about = path.metadata().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unrecognised::Absent(path.to_owned()),
        _ => unreadable(path, error),
    })?;
    let mut facts = ConsulFiles { path: path.display().to_string(), ..ConsulFiles::default() };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut damages = Damages::default();
    if about.is_dir() {
        let names = names(path)?;
        if names.iter().any(|name| name == META || name == STATE) {
            facts.kind = ConsulFilesKind::SnapshotDirectory;
            facts.snapshot = Some(directory(path, now, &mut damages)?);
        } else {
            data_dir::read(path, &names, now, &mut facts, &mut damages)?;
        }
    } else if name == STATE && path.with_file_name(META).exists() {
        facts.kind = ConsulFilesKind::SnapshotDirectory;
        facts.snapshot = Some(directory(path.parent().unwrap_or(Path::new(".")), now, &mut damages)?);
    } else {
        file(path, name, now, &mut facts, &mut damages)?;
    }
    (facts.verdict, facts.more_damages, facts.damages) = judged(damages);
    Ok(facts)
}

fn file(
    path: &Path,
    name: &str,
    now: Timestamp,
    facts: &mut ConsulFiles,
    damages: &mut Damages,
) -> Result<(), Unrecognised> {
    let source = FileSource::open(path).map_err(|error| unreadable(path, error))?;
    if name == "raft.db" || is_log_store(&source) {
        facts.kind = ConsulFilesKind::LogStore;
        data_dir::log_alone(path, facts, damages);
        return Ok(());
    }
    let snapshot = if name == STATE {
        facts.kind = ConsulFilesKind::State;
        files(None, &source, None)
    } else {
        archive(&source).map_err(|foreign| match foreign {
            Foreign::NoArchive if source.is_empty() => other(path, "an empty file", None),
            Foreign::NoArchive => other(path, GZIP, None),
            Foreign::Unpackable(damage) => {
                let what = format!(
                    "a gzip file, as a Consul snapshot is, and damaged before anything could be unpacked; {damage}"
                );
                other(path, what, Some("another copy of it"))
            }
            Foreign::OtherArchive(first) => {
                let what = format!("an archive, and not of a Consul snapshot: its first file is {first}");
                other(path, what, Some("the files in it"))
            }
        })?
    };
    facts.snapshot = Some(describe(path, path, snapshot, now, damages)?);
    Ok(())
}

/// A directory with `meta.json` and `state.bin`, as raft keeps them, or as an archive holds them.
fn directory(path: &Path, now: Timestamp, damages: &mut Damages) -> Result<ConsulSnapshot, Unrecognised> {
    let state = path.join(STATE);
    let (snapshot, missing) = parts(path).map_err(|(file, error)| unreadable(&path.join(file), error))?;
    for file in missing {
        damages.push(Damage::new(Place::File, format!("{file} is missing beside the other")));
    }
    describe(path, &state, snapshot, now, damages)
}

/// Reads a snapshot's files; also says which of the two that must be there are not. The error names the file.
fn parts(path: &Path) -> Result<(Snapshot, Vec<&'static str>), (&'static str, io::Error)> {
    let mut missing = Vec::new();
    let about = small(&path.join(META)).map_err(|error| (META, error))?;
    let sums = small(&path.join(SUMS)).map_err(|error| (SUMS, error))?;
    if about.is_none() {
        missing.push(META);
    }
    let snapshot = match FileSource::open(&path.join(STATE)) {
        Ok(source) => files(about.as_deref(), &source, sums),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            missing.push(STATE);
            Snapshot::default()
        }
        Err(error) => return Err((STATE, error)),
    };
    Ok((snapshot, missing))
}

/// A small file; `None` when there is none.
fn small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.take(MOST_SMALL).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// What was read, as facts. `file` is what holds the state.
fn describe(
    path: &Path,
    file: &Path,
    snapshot: Snapshot,
    now: Timestamp,
    damages: &mut Damages,
) -> Result<ConsulSnapshot, Unrecognised> {
    if let Some(sibling) = snapshot.sibling {
        return Err(other(
            path,
            format!("a snapshot of {sibling}, a sibling of Consul; it is not read"),
            None,
        ));
    }
    damages.absorb(snapshot.damages);
    let mut facts = ConsulSnapshot {
        file: path.display().to_string(),
        state_bytes: snapshot.state_bytes,
        sha256: snapshot.sha256,
        proof: match snapshot.proof {
            Proof::Sums => ConsulProof::Sha256,
            Proof::Crc => ConsulProof::Crc64,
            Proof::None => ConsulProof::None,
        },
        readers: readers(file).ok().map(|readers| told_readers(&readers)),
        ..ConsulSnapshot::default()
    };
    if let Some(state) = &snapshot.state {
        describe_state(state, &mut facts);
    }
    if let Some(meta) = snapshot.meta {
        describe_meta(meta, snapshot.state.as_ref(), now, &mut facts);
    }
    Ok(facts)
}

fn told_readers(readers: &Readers) -> FileReaders {
    FileReaders { mode: format!("{:04o}", readers.mode), group: readers.group, others: readers.others }
}

fn describe_meta(meta: Meta, state: Option<&State>, now: Timestamp, facts: &mut ConsulSnapshot) {
    let taken = SnapshotName::parse(&meta.id).and_then(|name| Timestamp::from_millisecond(name.millis).ok());
    facts.taken_at = taken.map(crate::report::rfc3339);
    facts.age_seconds = taken.map(|taken| now.duration_since(taken).as_secs_f64());
    facts.id = Some(meta.id);
    (facts.version, facts.index, facts.term) = (Some(meta.version), Some(meta.index), Some(meta.term));
    facts.configuration_index = Some(meta.configuration_index);
    let names = state.map(|state| &state.catalog.servers);
    let servers = meta.servers.into_iter().map(|server| ConsulStoredServer {
        name: names.and_then(|names| names.get(&server.id)).cloned(),
        id: server.id,
        address: server.address,
        voter: server.suffrage == 0,
    });
    facts.servers = servers.collect();
}

fn describe_state(state: &State, facts: &mut ConsulSnapshot) {
    facts.last_index = state.last_index;
    let records = state.records.iter().map(|(kind, amount)| {
        let records = ConsulRecords { kind: *kind, count: amount.count, bytes: amount.bytes };
        (kind_text(*kind), records)
    });
    facts.records = records.collect();
    let prefixes = state
        .keys
        .by_prefix()
        .into_iter()
        .map(|(prefix, amount)| (prefix, ConsulPrefix { count: amount.count, bytes: amount.bytes }));
    facts.keys = ConsulKeys {
        count: state.keys.all.count,
        bytes: state.keys.all.bytes,
        prefixes: prefixes.collect(),
        private_keys: state.keys.private_keys,
        private_key_names: state.keys.examples.clone(),
    };
    let catalog = &state.catalog;
    facts.catalog =
        ConsulCatalog { nodes: catalog.nodes, services: catalog.services, checks: catalog.checks };
    let provider = Some(state.ca.provider.clone()).filter(|provider| !provider.is_empty());
    facts.mesh_ca = ConsulMeshCa { provider, roots: state.ca.roots };
    facts.secrets = told_secrets(&state.secrets);
    facts.vaults = state.keys.vaults().into_iter().map(told_vault).collect();
    (facts.enterprise, facts.unknown) = state.strange();
}

fn told_secrets(secrets: &Secrets) -> ConsulSecrets {
    ConsulSecrets {
        ca_private_keys: secrets.ca_keys,
        ca_credentials: secrets.ca_credentials,
        acl_tokens: secrets.tokens,
        management_tokens: secrets.management,
        auth_methods: secrets.auth_methods,
        peering_secrets: secrets.peerings,
    }
}

fn told_vault(vault: Vault) -> ConsulVault {
    ConsulVault { prefix: vault.prefix, keys: vault.keys, missing: vault.missing }
}
