//! A thousand mutations of each kind of a real Consul snapshot, packed and not: each is refused, told with its place, or changes
//! nothing that was saved. And what is no snapshot of Consul.

use crate::cluster::{Home, Ran};
use crate::readers::mutations::{Kind, Watched, each_mutation, watched};
use quorate::format::consul::{Crc64, Snapshot, archive, files, meta};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

const SAVED: &[u8] = include_bytes!("../../data/consul/saved.snap");

/// Nothing is read in larger pieces, whatever lengths a file claims.
const PIECE: usize = 64 << 10;

/// The tar archive in it.
fn unpacked() -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(SAVED).read_to_end(&mut plain).expect("is whole");
    plain
}

/// A file in it.
fn part(name: &str) -> Vec<u8> {
    let plain = unpacked();
    let mut at = 0;
    while plain[at] != 0 {
        let size = std::str::from_utf8(&plain[at + 124..at + 135]).expect("digits");
        let size = usize::from_str_radix(size, 8).expect("a size");
        if plain[at..].starts_with(name.as_bytes()) {
            return plain[at + 512..at + 512 + size].to_vec();
        }
        at += 512 + size.next_multiple_of(512);
    }
    Vec::new()
}

/// `meta.json` as raft keeps it, with the checksum of the state.
fn kept(about: &[u8], state: &[u8]) -> Vec<u8> {
    let mut crc = Crc64::default();
    crc.update(state);
    let bits = u128::from(crc.sum()) << 2;
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text: String =
        (0..11).map(|at| char::from(digits[(bits >> (6 * (10 - at))) as usize & 63])).collect();
    let about = String::from_utf8_lossy(about).trim_end().trim_end_matches('}').to_owned();
    format!("{about},\"CRC\":\"{text}=\"}}").into_bytes()
}

fn told(snapshot: &Snapshot) -> Vec<String> {
    snapshot.damages.first.iter().map(ToString::to_string).collect()
}

#[test]
fn the_originals_are_sound() {
    let snapshot = archive(&watched(SAVED.to_vec())).expect("a snapshot");
    assert!(snapshot.damages.is_empty(), "{:?}", told(&snapshot));
    let state = part("state.bin");
    let about = kept(&part("meta.json"), &state);
    assert_eq!(meta(&about).expect("is understood").size, state.len() as u64);
    assert!(files(Some(&about), &watched(state), None).damages.is_empty());
}

/// All that a snapshot tells.
fn content(snapshot: &Snapshot) -> String {
    let state =
        snapshot.state.as_ref().map(|state| (&state.records, state.keys.by_prefix(), state.keys.vaults()));
    format!("{:?} {state:?} {} {}", snapshot.meta, snapshot.state_bytes, snapshot.sha256)
}

/// Bits that no checksum covers are those of gzip's own header and what fills up its last byte.
#[test]
fn every_mutation_of_an_archive_is_seen() {
    let original = content(&archive(&watched(SAVED.to_vec())).expect("a snapshot"));
    let (mut refused, mut harmless) = (0, 0);
    each_mutation(SAVED, |kind, round, source| {
        pieces(kind, round, source);
        let Ok(snapshot) = archive(source) else {
            refused += 1;
            return;
        };
        match told(&snapshot).first() {
            Some(told) => placed(kind, round, told),
            None => {
                assert_eq!(content(&snapshot), original, "{kind:?} {round}: read as something else");
                harmless += 1;
            }
        }
    });
    // those whose first block is gone are no gzip file any more: a page of zeros is that block half of the time
    assert!(refused < 600 && harmless < 20, "{refused} refused, {harmless} without effect");
}

/// The same without gzip, whose checksum would see everything.
#[test]
fn every_mutation_of_an_unpacked_archive_is_seen() {
    let plain = unpacked();
    let original = content(&archive(&watched(plain.clone())).expect("a snapshot"));
    each_mutation(&plain, |kind, round, source| {
        pieces(kind, round, source);
        let Ok(snapshot) = archive(source) else { return };
        match told(&snapshot).first() {
            Some(told) => placed(kind, round, told),
            None => assert_eq!(content(&snapshot), original, "{kind:?} {round}: read as something else"),
        }
    });
}

#[test]
fn every_mutation_of_a_state_is_seen() {
    let state = part("state.bin");
    let about = kept(&part("meta.json"), &state);
    let mut by_its_form = 0;
    each_mutation(&state, |kind, round, source| {
        let snapshot = files(Some(&about), source, None);
        pieces(kind, round, source);
        let told = told(&snapshot);
        assert!(told.iter().any(|told| told.contains("CRC-64")), "{kind:?} {round}: {told:?}");
        told.iter().for_each(|told| placed(kind, round, told));
        // without its checksum: no more than that it ends, and tells what it can
        let alone = files(None, source, None);
        alone.damages.first.iter().for_each(|damage| placed(kind, round, &damage.to_string()));
        by_its_form += u64::from(!alone.damages.is_empty());
    });
    assert!(by_its_form > 2000, "only {by_its_form} of 5000 are seen without a checksum");
}

#[track_caller]
fn placed(kind: Kind, round: u64, told: &str) {
    let place = told.contains("offset ") || told.starts_with("the file: ");
    assert!(place, "{kind:?} {round}: no place in `{told}`");
}

#[track_caller]
fn pieces(kind: Kind, round: u64, source: &Watched) {
    assert!(source.largest.get() <= PIECE, "{kind:?} {round}: {} bytes at once", source.largest.get());
}

/// A record that claims four gigabytes, and a map of four billion entries: nothing is made ready for them.
#[test]
fn what_is_claimed_is_not_believed() {
    for claim in [&b"\xdb\xff\xff\xff\xff"[..], b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff"] {
        let state = [b"\x81\xa9LastIndex\x07\x02\x81\xa3Key", claim, b"abc"].concat();
        let snapshot = files(None, &watched(state), None);
        assert!(told(&snapshot)[0].starts_with("state.bin, offset"), "{:?}", told(&snapshot));
    }
}

fn inspect(home: &Home, path: &Path) -> Ran {
    home.run(&["inspect", path.to_str().expect("text")])
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory")
}

#[test]
fn what_is_no_snapshot_of_consul_is_named() {
    let home = Home::new();
    let written = |name: &str, bytes: &[u8]| {
        let path = home.path(name);
        fs::write(&path, bytes).expect("is written");
        path
    };
    let etcd = include_bytes!("../../data/etcd/saved.db");
    for check in [false, true] {
        let ran = |path: &Path| {
            if check {
                home.run(&["check", "--snapshot", path.to_str().expect("text")])
            } else {
                inspect(&home, path)
            }
        };
        ran(&written("etcd.db.gz", &gzipped(etcd))).exits(64).says(&["gzip", "etcd snapshot", "gunzip"]);
        ran(&written("nothing.gz", &gzipped(b""))).exits(64).says(&["gzip"]);
        ran(&written("empty.snap", b"")).exits(64).says(&["an empty file"]);
        ran(&written("state.bin", b"")).exits(if check { 3 } else { 2 });
        ran(&home.path("none.snap")).exits(64).says(&["no such file"]);
    }
    let folder = home.path("folder");
    fs::create_dir(&folder).expect("is made");
    for name in ["meta.json", "state.bin", "SHA256SUMS"] {
        fs::write(folder.join(name), part(name)).expect("is written");
    }
    inspect(&home, &folder).exits(0);
    // Consul refuses it: "6144 unread uncompressed bytes remain"
    let padded = home.path("padded.snap");
    let mut tar = Command::new("tar");
    tar.arg("-czf").arg(&padded).arg("-C").arg(&folder).args(["meta.json", "state.bin", "SHA256SUMS"]);
    assert!(tar.status().expect("tar runs").success());
    let told = inspect(&home, &padded).exits(2).stdout;
    assert!(told.contains("behind the end of the archive"), "{told}");
    fs::remove_file(folder.join("meta.json")).expect("is removed");
    let told = inspect(&home, &folder).exits(2).stdout;
    assert!(told.contains("meta.json"), "{told}");
    let cut = written("cut.snap", &SAVED[..SAVED.len() / 2]);
    home.run(&["check", "--snapshot", cut.to_str().expect("text")])
        .exits(3)
        .says(&["damaged", "quorate inspect"]);
    inspect(&home, &written("saved.snap", SAVED)).exits(0);
    home.run(&["inspect", "--log", home.path("saved.snap").to_str().expect("text")])
        .exits(64)
        .says(&["--log", "etcd"]);
}

/// Somebody else than the owner.
#[test]
fn without_permission_nothing_is_decided() {
    let open =
        tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir().expect("a folder");
    let program = open.path().join("quorate");
    fs::copy(env!("CARGO_BIN_EXE_quorate"), &program).expect("is copied");
    let (state, about) = (part("state.bin"), kept(&part("meta.json"), &part("state.bin")));
    let data = open.path().join("data");
    let snapshot = data.join("raft/snapshots/2-106-1795611878498");
    fs::create_dir_all(&snapshot).expect("is made");
    fs::create_dir(data.join("serf")).expect("is made");
    fs::write(snapshot.join("state.bin"), &state).expect("is written");
    fs::write(snapshot.join("meta.json"), &about).expect("is written");
    fs::write(open.path().join("saved.snap"), SAVED).expect("is written");
    let as_nobody = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        let output = command.args(arguments).current_dir(open.path()).output().expect("it runs");
        Ran::new(format!("{arguments:?} as nobody"), &output)
    };
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("is set");
    mode(&open.path().join("saved.snap"), 0);
    mode(&snapshot.join("state.bin"), 0);
    as_nobody(&["inspect", "saved.snap"]).exits(3).says(&["Permission denied", "root"]);
    as_nobody(&["check", "--snapshot", "saved.snap"]).exits(3).says(&["Permission denied"]);
    let ran = as_nobody(&["inspect", "data"]);
    assert!(ran.stdout.contains("Permission denied"), "{}", ran.stdout);
    let report = as_nobody(&["check", "-o", "json", "--snapshot", "data"]);
    assert_eq!(report.code, 3, "{} {}", report.stdout, report.stderr);
}
