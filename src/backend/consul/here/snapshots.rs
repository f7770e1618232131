//! Raft's own snapshots on the disk. A server that cannot read the newest starts from the one before it, if its log reaches
//! back so far, and else not at all.

use crate::backend::Ask;
use crate::facts::{BegunSnapshot, Observed, RaftSnapshot, SnapshotsDir};
use crate::format::consul::{Crc64, SnapshotName, meta};
use crate::transport::Deadline;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Larger ones are read by a deep look only: their checksum takes as long as reading them.
const READ_AT_ONCE: u64 = 16 << 20;

/// How much is read between two looks at the clock.
const CHUNK: usize = 1 << 20;

pub(super) fn look(dir: &Path, ask: &Ask, deadline: Deadline) -> Observed<SnapshotsDir> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        // A server that has never taken one.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Observed::Known(SnapshotsDir::default());
        }
        Err(error) => return Observed::unknown(format!("{}: {error}", dir.display())),
    };
    let mut found = SnapshotsDir::default();
    let mut named: Vec<(SnapshotName, String)> = Vec::new();
    for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
        if name.ends_with(".tmp") {
            found.begun.extend(begun(&dir.join(&name), name, ask.now));
        } else if let Some(order) = SnapshotName::parse(&name) {
            named.push((order, name));
        }
    }
    named.sort_by(|one, other| other.cmp(one));
    for (order, name) in named {
        let path = dir.join(&name);
        let damage = sound(&path, ask.deep, deadline);
        // What is gone meanwhile was replaced by a newer one.
        if !path.is_dir() {
            continue;
        }
        found.finished.push(RaftSnapshot {
            name,
            index: order.index,
            taken: Timestamp::from_millisecond(order.millis).ok(),
            bytes: std::fs::metadata(path.join("state.bin")).map(|about| about.len()).unwrap_or_default(),
            damage,
        });
    }
    Observed::Known(found)
}

fn begun(path: &Path, name: String, now: Timestamp) -> Option<BegunSnapshot> {
    let about = std::fs::metadata(path).ok()?;
    let files: Vec<std::fs::Metadata> =
        std::fs::read_dir(path).ok()?.flatten().filter_map(|entry| entry.metadata().ok()).collect();
    let written = files.iter().map(MetadataExt::mtime).fold(about.mtime(), i64::max);
    Some(BegunSnapshot {
        name,
        bytes: files.iter().map(std::fs::Metadata::len).sum(),
        idle_seconds: (now.as_second() - written) as f64,
    })
}

/// What is wrong with a snapshot, as raft would find when it opens it.
fn sound(path: &Path, deep: bool, deadline: Deadline) -> Observed<Option<String>> {
    let broken = |says: String| Observed::Known(Some(says));
    let bytes = match std::fs::read(path.join("meta.json")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return broken("it has no meta.json".into()),
        Err(error) => return Observed::unknown(format!("meta.json: {error}")),
    };
    let meta = match meta(&bytes) {
        Ok(meta) => meta,
        Err(why) => return broken(format!("its meta.json is damaged: {why}")),
    };
    let mut file = match File::open(path.join("state.bin")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return broken("it has no state.bin".into()),
        Err(error) => return Observed::unknown(format!("state.bin: {error}")),
    };
    let length = file.metadata().map(|about| about.len()).unwrap_or_default();
    if length != meta.size {
        return broken(format!("its state.bin has {length} bytes, and {} by its meta.json", meta.size));
    }
    if length > READ_AT_ONCE && !deep {
        return Observed::unknown(
            "it is too large to be read at every check: `--deep` verifies its checksum",
        );
    }
    let Some(crc) = meta.crc else { return broken("its meta.json has no checksum of its state.bin".into()) };
    match checksum(&mut file, deadline) {
        Ok(Some(sum)) if sum == crc => Observed::Known(None),
        Ok(Some(_)) => broken("the checksum of its state.bin is not the one of its meta.json".into()),
        Ok(None) => Observed::unknown("it could not be read within the time given (--timeout)"),
        Err(error) => broken(format!("its state.bin cannot be read: {error}")),
    }
}

/// `None` when the time was not enough.
fn checksum(file: &mut File, deadline: Deadline) -> io::Result<Option<u64>> {
    let mut crc = Crc64::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok(Some(crc.sum()));
        }
        crc.update(&chunk[..read]);
        if deadline.left().is_zero() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A snapshot of nine bytes with a right checksum.
    fn snapshot(dir: &Path, name: &str) {
        std::fs::create_dir(dir.join(name)).expect("a directory");
        std::fs::write(dir.join(name).join("state.bin"), "123456789").expect("a file");
        let meta = r#"{"Version":1,"Index":7,"Term":2,"Size":9,"CRC":"mV3Ju98ZOfo="}"#;
        std::fs::write(dir.join(name).join("meta.json"), meta).expect("a file");
    }

    fn seen(dir: &Path) -> SnapshotsDir {
        let timeout = Duration::from_secs(60);
        let ask = Ask { timeout, deep: false, window: None, state_dir: None, now: Timestamp::UNIX_EPOCH };
        match look(dir, &ask, Deadline::after(timeout)) {
            Observed::Known(seen) => seen,
            Observed::Unknown(why) => SnapshotsDir {
                begun: vec![BegunSnapshot { name: why, ..BegunSnapshot::default() }],
                ..SnapshotsDir::default()
            },
        }
    }

    #[test]
    fn each_kind_of_damage_is_named() {
        let home = tempfile::tempdir().expect("a directory");
        let dir = home.path().join("snapshots");
        assert_eq!(seen(&dir), SnapshotsDir::default(), "none was taken yet");
        std::fs::create_dir(&dir).expect("a directory");
        snapshot(&dir, "2-7-1000");
        snapshot(&dir, "2-16-2000");
        snapshot(&dir, "2-20-3000.tmp");
        std::fs::create_dir(dir.join("other")).expect("a directory");
        let both = seen(&dir);
        let names: Vec<&str> = both.finished.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["2-16-2000", "2-7-1000"], "the newest first");
        assert_eq!(both.finished[0].damage, Observed::Known(None));
        assert_eq!((both.finished[0].index, both.finished[0].bytes), (16, 9));
        assert_eq!(both.begun.len(), 1);

        let file = |name: &str| dir.join("2-16-2000").join(name);
        let damage = |says: &str| {
            let seen = seen(&dir);
            let found = seen.finished[0].damage.known().and_then(Option::as_deref);
            assert!(found.is_some_and(|found| found.contains(says)), "{says}: {found:?}");
            assert_eq!(seen.finished[1].damage, Observed::Known(None));
        };
        std::fs::write(file("state.bin"), "12345678X").expect("a file");
        damage("checksum");
        std::fs::write(file("state.bin"), "1234").expect("a file");
        damage("4 bytes, and 9");
        std::fs::remove_file(file("state.bin")).expect("is removed");
        damage("no state.bin");
        std::fs::write(file("meta.json"), "{").expect("a file");
        damage("meta.json is damaged");
        std::fs::remove_file(file("meta.json")).expect("is removed");
        damage("no meta.json");
    }
}
