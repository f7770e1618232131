//! A snapshot as a whole: an archive as `consul snapshot save` makes it, gzip around tar, or its files as raft keeps them.
//! The state is read once, in pieces, and never unpacked.

use super::snapshot::{Crc64, Meta, meta};
use super::state::{self, State};
use super::streams::{Bytes, Counted, Summed};
use super::tar::{self, Archive};
use super::{kinds, msgpack};
use crate::format::source::{Damage, Damages, Place, Source};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

/// Names of the files.
pub const META: &str = "meta.json";
/// The state.
pub const STATE: &str = "state.bin";
/// The SHA-256 of the other two.
pub const SUMS: &str = "SHA256SUMS";
/// The same, sealed: only in a snapshot of Vault.
const SEALED: &str = "SHA256SUMS.sealed";

/// Much longer than both small files can be: a meta.json has some 120 bytes for each server.
const MOST_SMALL: u64 = 4 << 20;
/// A snapshot has three files: an archive of more than so many is read no further.
const MOST_FILES: usize = 64;
/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// What proves that the state is what was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: a changed byte inside a value cannot be seen.
    #[default]
    None,
    /// SHA-256 in SHA256SUMS.
    Sums,
    /// CRC-64 in meta.json.
    Crc,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// `meta.json`; `None` when it is not there or cannot be read.
    pub meta: Option<Meta>,
    /// The state, as far as it could be read.
    pub state: Option<State>,
    /// Bytes of `state.bin`.
    pub state_bytes: u64,
    /// SHA-256 of `state.bin`, hex.
    pub sha256: String,
    /// What proves the state, whether it fits or not.
    pub proof: Proof,
    /// Everything that is wrong.
    pub damages: Damages,
    /// It is not of Consul, but of one of its siblings.
    pub sibling: Option<&'static str>,
}

/// Why a file is no archive of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// What is compressed is no tar archive.
    NoArchive,
    /// It is compressed, and damaged before it could be told what it is.
    Unpackable(Damage),
    /// It is an archive of something else; its first file is this.
    OtherArchive(String),
}

/// Reads an archive; gzip or not is told by its first bytes.
///
/// # Errors
/// It is something else. What is only damaged is no error.
pub fn archive(source: &dyn Source) -> Result<Snapshot, Foreign> {
    let at = Cell::new(0);
    let mut bytes = Counted::new(BufReader::with_capacity(CHUNK, Bytes::of(source)), &at);
    let compressed = bytes.fill_buf().is_ok_and(|first| first.starts_with(&[0x1f, 0x8b]));
    let mut parts = Parts::default();
    let read = if compressed {
        let mut plain = BufReader::with_capacity(CHUNK, MultiGzDecoder::new(bytes));
        parts.read(&mut plain)
    } else {
        parts.read(&mut bytes)
    };
    let parts_found = !parts.names.is_empty();
    match read {
        Ok(()) if parts_found => {}
        Ok(()) => return Err(Foreign::NoArchive),
        Err(Stop::Foreign(foreign)) => return Err(foreign),
        Err(Stop::Form(damage)) if parts_found => parts.snapshot.damages.push(damage),
        Err(Stop::Form(_)) => return Err(Foreign::NoArchive),
        Err(Stop::Input(error)) => {
            let what = match error.kind() {
                io::ErrorKind::UnexpectedEof => "the compressed data end early: the file is cut".to_owned(),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                    format!("what is compressed is damaged, at or before this place ({error})")
                }
                _ => format!("cannot be read: {error}"),
            };
            let damage = Damage::new(Place::Offset(at.get()), what);
            if !parts_found {
                return Err(Foreign::Unpackable(damage));
            }
            parts.snapshot.damages.push(damage);
            return Ok(parts.snapshot);
        }
    }
    Ok(parts.judged())
}

/// Reads the files of a snapshot that are not in an archive. `sums` is what SHA256SUMS holds, where there is one.
pub fn files(about: Option<&[u8]>, state: &dyn Source, sums: Option<Vec<u8>>) -> Snapshot {
    let mut parts = Parts { sums, ..Parts::default() };
    if let Some(bytes) = about {
        parts.meta(bytes);
    }
    if let Err(Stop::Input(error)) = parts.state(&mut Bytes::of(state)) {
        let at = Place::Inside { file: STATE.to_owned(), offset: parts.snapshot.state_bytes };
        parts.snapshot.damages.push(Damage::new(at, format!("cannot be read: {error}")));
        return parts.snapshot;
    }
    parts.judged()
}

/// Why it is not read on.
enum Stop {
    Input(io::Error),
    Form(Damage),
    Foreign(Foreign),
}

impl From<tar::Broken> for Stop {
    fn from(broken: tar::Broken) -> Stop {
        match broken {
            tar::Broken::Input(error) => Stop::Input(error),
            tar::Broken::Form(Damage { at: Place::Offset(offset), what }) => {
                Stop::Form(Damage::new(Place::Inside { file: "the archive".to_owned(), offset }, what))
            }
            tar::Broken::Form(damage) => Stop::Form(damage),
        }
    }
}

/// What an archive is read into.
#[derive(Default)]
struct Parts {
    snapshot: Snapshot,
    names: Vec<String>,
    sums: Option<Vec<u8>>,
    /// SHA-256 of what was found, by name.
    hashes: BTreeMap<&'static str, String>,
    crc: Option<u64>,
}

impl Parts {
    fn read(&mut self, input: &mut dyn BufRead) -> Result<(), Stop> {
        let mut archive = Archive::new(input);
        while let Some(file) = archive.next()? {
            let (at, known) = (Place::File, [META, STATE, SUMS, SEALED].contains(&file.name.as_str()));
            if self.names.is_empty() && !known && !of_a_snapshot(&file.name) {
                return Err(Stop::Foreign(Foreign::OtherArchive(file.name)));
            }
            if self.names.len() >= MOST_FILES {
                let what = format!("it holds more than {MOST_FILES} files, of which a snapshot has three");
                self.snapshot.damages.push(Damage::new(at, what));
                return Ok(());
            }
            let twice = self.names.contains(&file.name);
            self.names.push(file.name.clone());
            if !known || !file.regular {
                let what =
                    format!("it holds {}, which is no file of a snapshot: a server refuses it", file.name);
                self.snapshot.damages.push(Damage::new(at, what));
            } else if twice {
                self.snapshot.damages.push(Damage::new(at, format!("{} is in it twice", file.name)));
            } else if file.name == STATE {
                self.state(&mut archive)?;
            } else if file.size > MOST_SMALL {
                let what = format!("{} has {} bytes, which is too much to be one", file.name, file.size);
                self.snapshot.damages.push(Damage::new(at, what));
            } else {
                let mut content = Vec::new();
                archive.read_to_end(&mut content).map_err(Stop::Input)?;
                match file.name.as_str() {
                    META => self.meta(&content),
                    SUMS => self.sums = Some(content),
                    _ => self.snapshot.sibling = Some("Vault"),
                }
            }
        }
        let (bytes, _) = archive.behind()?;
        if bytes > 0 {
            let what = format!(
                "{bytes} bytes stand behind the end of the archive, packed with it: a server refuses it"
            );
            self.snapshot.damages.push(Damage::new(Place::File, what));
        }
        self.complete();
        Ok(())
    }

    fn complete(&mut self) {
        for name in [META, STATE, SUMS] {
            if !self.names.iter().any(|there| there == name) {
                self.snapshot.damages.push(Damage::new(Place::File, format!("{name} is missing in it")));
            }
        }
    }

    fn meta(&mut self, bytes: &[u8]) {
        self.hashes.insert(META, hex(&Sha256::digest(bytes)));
        match meta(bytes) {
            Ok(meta) => self.snapshot.meta = Some(meta),
            Err(why) => {
                let at = Place::Inside { file: META.to_owned(), offset: 0 };
                self.snapshot.damages.push(Damage::new(at, format!("cannot be understood: {why}")));
            }
        }
    }

    /// Reads the state to its end, whatever is wrong with it: what was saved is proved by all of its bytes.
    fn state(&mut self, input: &mut dyn Read) -> Result<(), Stop> {
        // an archive's meta.json has no CRC-64
        let crc = self.snapshot.meta.as_ref().is_none_or(|meta| meta.crc.is_some());
        let mut summed = Summed::of(input, crc.then(Crc64::default));
        let mut buffered = BufReader::with_capacity(CHUNK, &mut summed);
        let (state, read) = state::read(&mut buffered);
        let rest = io::copy(&mut buffered, &mut io::sink());
        self.snapshot.state_bytes = summed.bytes;
        self.snapshot.sha256 = hex(&summed.sha256.finalize());
        self.hashes.insert(STATE, self.snapshot.sha256.clone());
        self.crc = summed.crc.map(Crc64::sum);
        if state.of_nomad {
            self.snapshot.sibling = Some("Nomad");
        }
        self.snapshot.state = Some(state);
        match read {
            Err(msgpack::Broken::Input(error)) => return Err(Stop::Input(error)),
            Err(msgpack::Broken::Form(Damage { at: Place::Offset(offset), what })) => {
                let at = Place::Inside { file: STATE.to_owned(), offset };
                self.snapshot.damages.push(Damage::new(at, what));
            }
            Err(msgpack::Broken::Form(damage)) => self.snapshot.damages.push(damage),
            Ok(()) => {}
        }
        rest.map(|_| ()).map_err(Stop::Input)
    }

    /// What was read, held against its proofs.
    fn judged(mut self) -> Snapshot {
        if let Some(sums) = self.sums.take() {
            self.snapshot.proof = Proof::Sums;
            self.judge_sums(&String::from_utf8_lossy(&sums));
        }
        let about = self.snapshot.meta.as_ref().map(|meta| (meta.size, meta.crc));
        let whole = |what: String| Damage::new(Place::Inside { file: STATE.to_owned(), offset: 0 }, what);
        let bytes = self.snapshot.state_bytes;
        if let Some((size, _)) = about.filter(|(size, _)| *size != bytes && self.snapshot.state.is_some()) {
            let at = Place::Inside { file: STATE.to_owned(), offset: bytes.min(size) };
            let what = format!("it has {bytes} bytes, and {size} by its meta.json");
            self.snapshot.damages.push(Damage::new(at, what));
        }
        if let (Some(stored), Some(computed)) = (about.and_then(|(_, crc)| crc), self.crc) {
            if self.snapshot.proof == Proof::None {
                self.snapshot.proof = Proof::Crc;
            }
            if stored != computed {
                let what = "its CRC-64 is not the one in its meta.json: it is not what was written";
                self.snapshot.damages.push(whole(what.to_owned()));
            }
        }
        self.snapshot
    }

    fn judge_sums(&mut self, sums: &str) {
        let damage =
            |file: &str, what: String| Damage::new(Place::Inside { file: file.to_owned(), offset: 0 }, what);
        let mut listed: BTreeMap<&str, &str> = BTreeMap::new();
        for line in sums.lines().filter(|line| !line.trim().is_empty()) {
            match line.split_once(char::is_whitespace) {
                Some((sum, name)) if sum.len() == 64 => drop(listed.insert(name.trim(), sum)),
                _ => self
                    .snapshot
                    .damages
                    .push(damage(SUMS, "a line in it is no SHA-256 and a name".to_owned())),
            }
        }
        for (name, computed) in &self.hashes {
            let what = match listed.remove(name) {
                Some(stored) if stored.eq_ignore_ascii_case(computed) => continue,
                Some(_) => "its SHA-256 is not the one in SHA256SUMS: it is not what was saved".to_owned(),
                None => format!("{SUMS} does not list it"),
            };
            self.snapshot.damages.push(damage(name, what));
        }
        for name in listed.keys().filter(|name| ![META, STATE].contains(name)) {
            let what = format!("it lists {name}, which is no file of a snapshot");
            self.snapshot.damages.push(damage(SUMS, what));
        }
    }
}

/// Whether a file is called as one of a snapshot, but for the directory before it.
fn of_a_snapshot(name: &str) -> bool {
    [META, STATE, SUMS, SEALED].contains(&name.rsplit('/').next().unwrap_or(name))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl State {
    /// Records of kinds that a Community server does not know: those of Enterprise, and others, by their kind.
    pub fn strange(&self) -> (BTreeMap<u8, u64>, BTreeMap<u8, u64>) {
        let strange = self.records.iter().filter(|(kind, _)| kinds::kind_name(**kind).is_none());
        strange.map(|(kind, amount)| (*kind, amount.count)).partition(|(kind, _)| *kind >= kinds::ENTERPRISE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::handmade::{key, state};
    use super::super::tar::handmade::file;
    use super::*;
    use std::io::Write;

    const ABOUT: &str = r#"{"Version":1,"ID":"2-7-1000","Index":7,"Term":2,"Size":"#;

    fn about(size: usize) -> Vec<u8> {
        format!("{ABOUT}{size}}} \n").into_bytes()
    }

    fn sums(files: &[(&str, &[u8])]) -> Vec<u8> {
        let lines = files.iter().map(|(name, bytes)| format!("{}  {name}\n", hex(&Sha256::digest(bytes))));
        lines.collect::<String>().into_bytes()
    }

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut plain: Vec<u8> = files.iter().flat_map(|(name, bytes)| file(name, b'0', bytes)).collect();
        plain.extend([0; 1024]);
        gzipped(&plain)
    }

    fn gzipped(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(plain).and_then(|()| encoder.finish()).expect("memory")
    }

    fn whole() -> Vec<u8> {
        let state = state(&[key("a/b/c", &[7; 3000])]);
        let about = about(state.len());
        packed(&[(META, &about), (STATE, &state), (SUMS, &sums(&[(META, &about), (STATE, &state)]))])
    }

    fn told(snapshot: &Snapshot) -> Vec<String> {
        snapshot.damages.first.iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn damaged(bytes: Vec<u8>, says: &[&str]) {
        let told = told(&archive(&bytes).expect("a snapshot"));
        assert_eq!(told.len(), says.len(), "{told:?}");
        told.iter().zip(says).for_each(|(told, says)| assert!(told.contains(says), "{told}: {says}"));
    }

    #[test]
    fn a_whole_one_is_sound_in_any_order() {
        let bytes = whole();
        let snapshot = archive(&bytes).expect("a snapshot");
        assert_eq!((told(&snapshot), snapshot.proof), (Vec::new(), Proof::Sums));
        assert_eq!(snapshot.meta.map(|meta| (meta.index, meta.size)), Some((7, snapshot.state_bytes)));
        assert_eq!(snapshot.state.expect("is read").keys.all.count, 1);

        let (state, about) = (state(&[]), about(state(&[]).len()));
        let sums = sums(&[(STATE, &state), (META, &about)]);
        let other = packed(&[(SUMS, &sums), (STATE, &state), (META, &about)]);
        assert!(archive(&other).expect("a snapshot").damages.is_empty());
        let mut plain = Vec::new();
        MultiGzDecoder::new(other.as_slice()).read_to_end(&mut plain).expect("memory");
        assert!(archive(&plain).expect("not compressed").damages.is_empty());
    }

    #[test]
    fn what_is_missing_or_too_much_is_told() {
        let state = state(&[]);
        let about = about(state.len());
        let right = sums(&[(META, &about), (STATE, &state)]);
        damaged(packed(&[(META, &about), (STATE, &state)]), &["SHA256SUMS is missing"]);
        let says = ["state.bin is missing", "lists state.bin, which"];
        damaged(packed(&[(META, &about), (SUMS, &right)]), &says[..1]);
        let more = [(META, &about[..]), (STATE, &state), (SUMS, &right), ("x", b"")];
        damaged(packed(&more), &["it holds x, which is no file of a snapshot"]);
        damaged(packed(&[more[0], more[1], more[1], more[2]]), &["state.bin is in it twice"]);
        let many = archive(&packed(&[more[0]; 100])).expect("a snapshot");
        assert!(
            told(&many).last().is_some_and(|told| told.contains("more than 64 files")),
            "{:?}",
            told(&many)
        );
        let wrong = sums(&[(META, b""), ("x", b"")]);
        damaged(
            packed(&[more[0], more[1], (SUMS, &wrong)]),
            &[
                "meta.json, offset 0: its SHA-256",
                "state.bin, offset 0: SHA256SUMS does not list it",
                "it lists x",
            ],
        );
        let short = super::tests::about(state.len() + 1);
        damaged(
            packed(&[(META, &short), more[1], (SUMS, &sums(&[(META, &short), (STATE, &state)]))]),
            &["offset 12: it has 12 bytes, and 13 by its meta.json"],
        );
        let mut plain = Vec::new();
        MultiGzDecoder::new(packed(&more[..3]).as_slice()).read_to_end(&mut plain).expect("memory");
        plain.extend([0; 6144]);
        damaged(gzipped(&plain), &["6144 bytes stand behind the end"]);
    }

    #[test]
    fn what_is_cut_or_changed_has_its_place() {
        let bytes = whole();
        for end in 1..bytes.len() {
            let snapshot = archive(&bytes[..end].to_vec());
            let told = match snapshot {
                Ok(snapshot) => told(&snapshot).join("; "),
                Err(Foreign::Unpackable(damage)) => damage.to_string(),
                Err(foreign) => format!("{foreign:?}"),
            };
            assert!(told.contains("offset") || end < 2, "{end}: {told}");
        }
        damaged([bytes.clone(), b"junk".to_vec()].concat(), &["the compressed data end early"]);
        damaged([bytes, vec![0; 100]].concat(), &["damaged, at or before this place"]);
    }

    #[test]
    fn others_are_told_apart() {
        assert_eq!(archive(&gzipped(b"a database")).err(), Some(Foreign::NoArchive));
        assert_eq!(archive(&gzipped(b"")).err(), Some(Foreign::NoArchive));
        assert_eq!(archive(&gzipped(&[7; 4096])).err(), Some(Foreign::NoArchive));
        let other = packed(&[("etc/passwd", b"x")]);
        assert_eq!(archive(&other).err(), Some(Foreign::OtherArchive("etc/passwd".into())));
        damaged(
            packed(&[("./meta.json", b"x")]),
            &["holds ./meta.json", "meta.json is missing", "state.bin is missing", "SHA256SUMS is missing"],
        );
        let vault = archive(&packed(&[(META, b"{}"), ("SHA256SUMS.sealed", b"x")])).expect("a snapshot");
        assert_eq!(vault.sibling, Some("Vault"));
        let nomad = archive(&packed(&[(STATE, b"\x80\x01")])).expect("a snapshot");
        assert_eq!(nomad.sibling, Some("Nomad"));
    }

    #[test]
    fn files_beside_each_other_are_proved_by_their_checksum() {
        let state = state(&[key("a", b"b")]);
        let mut crc = Crc64::default();
        crc.update(&state);
        let with = |crc: u64| {
            let text = base64(&crc.to_be_bytes());
            format!("{ABOUT}{},\"CRC\":\"{text}\"}}", state.len()).into_bytes()
        };
        let sound = files(Some(&with(crc.sum())), &state, None);
        assert_eq!((told(&sound), sound.proof), (Vec::new(), Proof::Crc));
        let changed = files(Some(&with(crc.sum() ^ 1)), &state, None);
        assert!(told(&changed)[0].contains("state.bin, offset 0: its CRC-64"), "{:?}", told(&changed));
        let alone = files(None, &state, None);
        assert_eq!((told(&alone), alone.proof), (Vec::new(), Proof::None));
        let (meta, sums) = (about(state.len()), sums(&[(META, &about(state.len())), (STATE, &state)]));
        assert_eq!(files(Some(&meta), &state, Some(sums)).proof, Proof::Sums);
    }

    fn base64(bytes: &[u8; 8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits = u128::from(u64::from_be_bytes(*bytes)) << 2;
        let digit = |at: u32| char::from(DIGITS[(bits >> (6 * (10 - at))) as usize & 63]);
        (0..11).map(digit).chain(['=']).collect()
    }
}
