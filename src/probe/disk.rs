//! How long a disk takes to make a write durable, measured as etcd's documentation measures it with fio:
//! `fio --rw=write --ioengine=sync --fdatasync=1 --bs=2300 --size=22m`.
//!
//! Like fio (and like etcd with its WAL) the file's space is reserved first, so that what is timed is the write and
//! not the growth of the file.

use super::samples::{Bucket, Latency, Samples};
use crate::policy::{Limit, Threshold};
use crate::report::rfc3339;
use crate::transport::Deadline;
use rustix::fs::{FallocateFlags, fallocate, statfs};
use rustix::io::Errno;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;

/// The limit the measurement is held against: the same policy key as the check `wal-fsync`.
pub const FSYNC_P99: Threshold = Threshold {
    key: "fsync_p99_warn",
    default: Limit::Millis(10.0),
    source: "https://etcd.io/docs/v3.6/faq/ (failed to send out heartbeat on time): p99 of wal_fsync_duration_seconds \
             below 10 ms; measured as in \"Using Fio to Tell Whether Your Storage is Fast Enough for Etcd\", to which \
             https://etcd.io/docs/v3.6/op-guide/hardware/#disks points",
};

/// What to write.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the temporary file is made.
    pub directory: PathBuf,
    /// Bytes of each write.
    pub block: usize,
    /// Bytes in all; a last piece smaller than `block` is not written.
    pub size: u64,
    /// No new write is begun after this long.
    pub timeout: Duration,
}

impl Plan {
    /// How many writes it is.
    pub fn writes(&self) -> u64 {
        self.size / self.block as u64
    }
}

/// Why it ended before every write was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// The time was up.
    Timeout,
    /// The user said so.
    Interrupted,
}

/// What the measurement says about the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiskVerdict {
    /// The 99th percentile is within the limit.
    Ok,
    /// It is not.
    Slow,
    /// The directory is in memory: nothing was learnt about a disk.
    NoDisk,
}

/// Result of `quorate probe disk`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DiskReport {
    /// `quorate.probe-disk/v1`.
    pub schema: &'static str,
    /// When it began, RFC 3339 UTC.
    pub taken_at: String,
    /// Where the temporary file was.
    pub directory: String,
    /// Type of the file system, such as `ext4`; `null` when it is none we know.
    pub filesystem: Option<&'static str>,
    /// What the file system takes away from the measurement.
    pub caution: Option<&'static str>,
    /// Whether the file's space was reserved first, as fio and etcd do.
    pub preallocated: bool,
    /// Whether the file had no name, so that nothing is left behind whatever happens.
    pub unnamed: bool,
    /// Bytes of each write.
    pub block_bytes: u64,
    /// How many writes were asked for.
    pub planned: u64,
    /// How many were made, each followed by an fdatasync.
    pub samples: u64,
    /// Why fewer were made than asked for.
    pub stopped: Option<Stopped>,
    /// How long it took in all, in milliseconds.
    pub duration_ms: f64,
    /// Write and fdatasync pairs a second.
    pub iops: f64,
    /// Duration of the fdatasync.
    pub fdatasync: Latency,
    /// Duration of the write before it.
    pub write: Latency,
    /// The fdatasyncs by duration.
    pub histogram: Vec<Bucket>,
    /// What the 99th percentile is held against, in milliseconds.
    pub limit_ms: f64,
    /// Where the limit comes from.
    pub limit_source: String,
    /// `ok`, `slow`, `no-disk`.
    pub verdict: DiskVerdict,
}

/// What was measured, before it is held against a limit.
#[derive(Debug, Clone)]
pub struct Measured {
    filesystem: Option<&'static Filesystem>,
    preallocated: bool,
    unnamed: bool,
    planned: u64,
    block: usize,
    stopped: Option<Stopped>,
    duration_ms: f64,
    syncs: Samples,
    writes: Samples,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The directory cannot be used.
    #[error("cannot make a temporary file in {}: {reason}", directory.display())]
    Directory {
        /// As given.
        directory: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// The device is full, or the user's quota is.
    #[error("no space for {bytes} bytes in {}: {source}", directory.display())]
    NoSpace {
        /// As given.
        directory: PathBuf,
        /// What was to be written.
        bytes: u64,
        /// The system's reason.
        source: io::Error,
    },
    /// A write or a sync failed.
    #[error("{call} failed after {samples} samples: {source}")]
    Call {
        /// `write`, `fdatasync` or `fallocate`.
        call: &'static str,
        /// How many went well before.
        samples: u64,
        /// The system's reason.
        source: io::Error,
    },
}

/// Writes and syncs until the plan is done, `stop` says so or the time is up. At least one sample is taken. `progress`
/// is told after each how many there are; what it takes is not measured.
pub fn measure(
    plan: &Plan,
    stop: impl Fn() -> bool,
    mut progress: impl FnMut(u64),
) -> Result<Measured, DiskError> {
    let filesystem = filesystem(&plan.directory);
    let unnamed = filesystem.is_some_and(|f| f.syncs_unnamed);
    let scratch = Scratch::create(plan, unnamed)?;
    let preallocated = reserve(scratch.file(), plan)?;
    let block = pattern(plan.block);
    let planned = plan.writes();
    let mut times = Times::with_capacity(planned);
    let deadline = Deadline::after(plan.timeout);
    let mut stopped = None;
    while (times.syncs.len() as u64) < planned {
        times.pair(scratch.file(), &block, deadline).map_err(|error| error.at(plan, times.syncs.len()))?;
        progress(times.syncs.len() as u64);
        stopped = match (stop(), deadline.left().is_zero()) {
            (true, _) => Some(Stopped::Interrupted),
            (_, true) => Some(Stopped::Timeout),
            _ => continue,
        };
        break;
    }
    let duration_ms = deadline.elapsed_ms();
    // The last write may have used up the time.
    let stopped = stopped.filter(|_| (times.syncs.len() as u64) < planned);
    match (Samples::new(times.syncs), Samples::new(times.writes)) {
        (Some(syncs), Some(writes)) => Ok(Measured {
            filesystem,
            preallocated,
            unnamed: scratch.unnamed(),
            planned,
            block: plan.block,
            stopped,
            duration_ms,
            syncs,
            writes,
        }),
        _ => Err(CallError("write", io::ErrorKind::InvalidInput.into()).at(plan, 0)),
    }
}

impl Measured {
    /// The document. `limit` is in milliseconds.
    pub fn report(&self, plan: &Plan, taken_at: jiff::Timestamp, limit: f64, source: String) -> DiskReport {
        let fdatasync = self.syncs.latency();
        let verdict = match self.filesystem {
            Some(filesystem) if filesystem.in_memory => DiskVerdict::NoDisk,
            _ if fdatasync.p99_ms <= limit => DiskVerdict::Ok,
            _ => DiskVerdict::Slow,
        };
        DiskReport {
            schema: "quorate.probe-disk/v1",
            taken_at: rfc3339(taken_at),
            directory: plan.directory.display().to_string(),
            filesystem: self.filesystem.map(|f| f.name),
            caution: self.filesystem.and_then(|f| f.caution),
            preallocated: self.preallocated,
            unnamed: self.unnamed,
            block_bytes: self.block as u64,
            planned: self.planned,
            samples: self.syncs.count(),
            stopped: self.stopped,
            duration_ms: self.duration_ms,
            iops: self.syncs.count() as f64 / (self.duration_ms / 1000.0),
            fdatasync,
            write: self.writes.latency(),
            histogram: self.syncs.histogram(),
            limit_ms: limit,
            limit_source: source,
            verdict,
        }
    }
}

struct Times {
    writes: Vec<f64>,
    syncs: Vec<f64>,
}

impl Times {
    /// Room is bounded: a plan of a terabyte is not memory reserved.
    fn with_capacity(planned: u64) -> Times {
        let room = planned.min(1 << 20) as usize;
        Times { writes: Vec::with_capacity(room), syncs: Vec::with_capacity(room) }
    }

    fn pair(&mut self, mut file: &File, block: &[u8], clock: Deadline) -> Result<(), CallError> {
        let began = clock.elapsed_ms();
        file.write_all(block).map_err(|error| CallError("write", error))?;
        let written = clock.elapsed_ms();
        // fdatasync(2): what etcd calls after each append to its WAL.
        file.sync_data().map_err(|error| CallError("fdatasync", error))?;
        let synced = clock.elapsed_ms();
        self.writes.push(written - began);
        self.syncs.push(synced - written);
        Ok(())
    }
}

struct CallError(&'static str, io::Error);

impl CallError {
    fn at(self, plan: &Plan, samples: usize) -> DiskError {
        let CallError(call, source) = self;
        let full = matches!(
            source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        if full {
            DiskError::NoSpace { directory: plan.directory.clone(), bytes: plan.size, source }
        } else {
            DiskError::Call { call, samples: samples as u64, source }
        }
    }
}

/// A temporary file that goes away: without a name by itself, with one when it is dropped.
enum Scratch {
    Unnamed(File),
    Named(NamedTempFile),
}

impl Scratch {
    fn create(plan: &Plan, unnamed: bool) -> Result<Scratch, DiskError> {
        let made = if unnamed {
            // O_TMPFILE, so that not even kill -9 leaves anything.
            tempfile::tempfile_in(&plan.directory).map(Scratch::Unnamed)
        } else {
            tempfile::Builder::new()
                .prefix(".quorate-probe-")
                .tempfile_in(&plan.directory)
                .map(Scratch::Named)
        };
        made.map_err(|error| DiskError::Directory {
            directory: plan.directory.clone(),
            reason: reason(&error),
        })
    }

    fn file(&self) -> &File {
        match self {
            Scratch::Unnamed(file) => file,
            Scratch::Named(file) => file.as_file(),
        }
    }

    fn unnamed(&self) -> bool {
        matches!(self, Scratch::Unnamed(_))
    }
}

/// The system's own words: tempfile adds the path of the file that it could not make, and hides the cause.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" at path ").next().unwrap_or(&text).to_owned()
}

/// Reserves the file's space; `false` where the file system cannot.
fn reserve(file: &File, plan: &Plan) -> Result<bool, DiskError> {
    match fallocate(file, FallocateFlags::empty(), 0, plan.writes() * plan.block as u64) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(false),
        Err(errno) => Err(CallError("fallocate", errno.into()).at(plan, 0)),
    }
}

/// Bytes that no device compresses or stores as a hole.
fn pattern(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

/// A file system as far as it matters here.
#[derive(Debug)]
struct Filesystem {
    /// `f_type` of statfs(2).
    magic: u64,
    name: &'static str,
    in_memory: bool,
    /// Whether fdatasync of a file without a name does the same work as of one with a name. btrfs and ZFS do not log
    /// a file that nobody could open again, and f2fs writes a whole checkpoint for it.
    syncs_unnamed: bool,
    caution: Option<&'static str>,
}

const IN_MEMORY: Option<&str> =
    Some("the directory is in memory: fdatasync does nothing here and says nothing about a disk");
const OVERLAY: Option<&str> = Some(
    "the directory is a container's writable layer: what was measured is the disk under it, not a volume that the \
     server would use",
);
const NETWORK: Option<&str> =
    Some("the directory is on a network file system, whose server may answer before the data is on its disk");

const FILESYSTEMS: [Filesystem; 13] = [
    on_disk(0xef53, "ext4", true),
    on_disk(0x5846_5342, "xfs", true),
    on_disk(0x9123_683e, "btrfs", false),
    on_disk(0xf2f5_2010, "f2fs", false),
    on_disk(0x2fc1_2fc1, "zfs", false),
    Filesystem { caution: IN_MEMORY, in_memory: true, ..on_disk(0x0102_1994, "tmpfs", true) },
    Filesystem { caution: IN_MEMORY, in_memory: true, ..on_disk(0x8584_58f6, "ramfs", true) },
    Filesystem { caution: OVERLAY, ..on_disk(0x794c_7630, "overlay", false) },
    Filesystem { caution: NETWORK, ..on_disk(0x6969, "nfs", false) },
    Filesystem { caution: NETWORK, ..on_disk(0xff53_4d42, "cifs", false) },
    Filesystem { caution: NETWORK, ..on_disk(0xfe53_4d42, "smb2", false) },
    Filesystem { caution: NETWORK, ..on_disk(0x00c3_6400, "ceph", false) },
    Filesystem { caution: NETWORK, ..on_disk(0x0102_1997, "9p", false) },
];

const fn on_disk(magic: u64, name: &'static str, syncs_unnamed: bool) -> Filesystem {
    Filesystem { magic, name, in_memory: false, syncs_unnamed, caution: None }
}

fn filesystem(directory: &Path) -> Option<&'static Filesystem> {
    // The magic is 32 bits wide; on some machines the field is a signed word.
    let magic = statfs(directory).ok()?.f_type as u64 & 0xffff_ffff;
    FILESYSTEMS.iter().find(|f| f.magic == magic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn plan(directory: &Path) -> Plan {
        Plan {
            directory: directory.into(),
            block: 512,
            size: 5 * 512 + 100,
            timeout: Duration::from_secs(30),
        }
    }

    #[test]
    fn writes_whole_blocks_and_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let told = Cell::new(0);
        let plan = plan(dir.path());
        let measured = measure(&plan, || false, |n| told.set(n)).expect("measures");
        let report = measured.report(&plan, jiff::Timestamp::UNIX_EPOCH, f64::MAX, "a test".into());
        assert_eq!((report.samples, report.planned, report.stopped, told.get()), (5, 5, None, 5));
        assert_eq!(report.histogram.iter().map(|b| b.count).sum::<u64>(), 5);
        assert!(report.fdatasync.min_ms > 0.0 && report.fdatasync.p50_ms <= report.fdatasync.max_ms);
        assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 0);
    }

    #[test]
    fn the_limit_decides_unless_there_is_no_disk() {
        let dir = tempfile::tempdir().expect("a directory");
        let plan = plan(dir.path());
        let mut measured = measure(&plan, || false, |_| {}).expect("measures");
        let verdict = |measured: &Measured, limit| {
            measured.report(&plan, jiff::Timestamp::UNIX_EPOCH, limit, "a test".into()).verdict
        };
        let find = |name| FILESYSTEMS.iter().find(|f| f.name == name);
        measured.filesystem = find("ext4");
        assert_eq!(verdict(&measured, f64::MAX), DiskVerdict::Ok);
        assert_eq!(verdict(&measured, 0.0), DiskVerdict::Slow);
        measured.filesystem = find("tmpfs");
        assert_eq!(verdict(&measured, f64::MAX), DiskVerdict::NoDisk);
    }

    #[test]
    fn a_stop_keeps_what_was_measured() {
        let dir = tempfile::tempdir().expect("a directory");
        let plan = Plan { timeout: Duration::ZERO, ..plan(dir.path()) };
        let measured = measure(&plan, || false, |_| {}).expect("measures");
        assert_eq!((measured.syncs.count(), measured.stopped), (1, Some(Stopped::Timeout)));
        let measured = measure(&plan, || true, |_| {}).expect("measures");
        assert_eq!(measured.stopped, Some(Stopped::Interrupted));
    }

    #[test]
    fn a_named_file_is_removed_too() {
        let dir = tempfile::tempdir().expect("a directory");
        let scratch = Scratch::create(&plan(dir.path()), false).expect("is made");
        let entries = || std::fs::read_dir(dir.path()).expect("readable").count();
        assert_eq!((entries(), scratch.unnamed()), (1, false));
        drop(scratch);
        assert_eq!(entries(), 0);
    }

    #[test]
    fn a_directory_that_is_none() {
        let dir = tempfile::tempdir().expect("a directory");
        let error = measure(&plan(&dir.path().join("absent")), || false, |_| {}).expect_err("there is none");
        assert!(error.to_string().ends_with("No such file or directory (os error 2)"), "{error}");
    }

    #[test]
    fn a_plan_larger_than_the_disk_writes_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let error =
            measure(&Plan { size: 1 << 50, ..plan(dir.path()) }, || false, |_| {}).expect_err("no space");
        assert!(matches!(error, DiskError::NoSpace { .. }), "{error}");
    }
}
