//! Files: names are bytes, nothing is replaced, nothing is left half done.

use super::{Hosts, Sshd, argv, consent, is_root, soon};
use quorate::host::local::LocalHost;
use quorate::host::{Content, Host, HostError, Kind, Owner};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const WEIRD: [&[u8]; 14] = [
    b"a b",
    b"line\nbreak",
    b"newline at the end\n",
    b"-rf",
    b"--help",
    b"\xff\xfe\x80",
    b"'quoted'",
    b"$(touch pwned)",
    b"`id`; exit 3",
    b"*",
    b"\\n\\0",
    b".hidden",
    b"..two",
    b"\x1b[31mred",
];

async fn write(host: &dyn Host, path: &Path, bytes: &[u8]) -> Result<(), HostError> {
    host.write_new(&consent(), path, Content::Bytes(bytes), 0o640, soon()).await
}

#[tokio::test]
async fn a_name_is_any_bytes() {
    let long = vec![b'x'; 200];
    let mut names: Vec<&[u8]> = WEIRD.to_vec();
    names.push(&long);
    for (host, dir) in Hosts::start().each() {
        for name in &names {
            // The same name as a directory and, inside it, as a file.
            let inner = dir.path().join(OsStr::from_bytes(name));
            let path = inner.join(OsStr::from_bytes(name));
            host.make_dir(&consent(), &inner, 0o750, soon()).await.expect("a directory");
            write(host, &path, b"hello").await.expect("written");
            let stat = host.stat(&path, soon()).await.expect("answers").expect("is there");
            assert_eq!((stat.kind, stat.size, stat.mode), (Kind::File, 5, 0o640));
            assert_eq!(stat.ino, fs::metadata(&path).expect("is there").ino());
            assert_eq!(host.read(&path, 5, soon()).await.expect("read"), b"hello");
            let mut fetched = tempfile::tempfile().expect("a file");
            host.fetch(&path, &fetched, soon()).await.expect("fetched");
            let mut text = String::new();
            fetched.seek(SeekFrom::Start(0)).and_then(|_| fetched.read_to_string(&mut text)).expect("read");
            assert_eq!(text, "hello");
            for odd in [&inner, &dir.path().join("nowhere")] {
                assert!(host.fetch(odd, &fetched, soon()).await.is_err(), "{}", odd.display());
            }
            let digest = host.sha256(&path, soon()).await.expect("hashed");
            assert_eq!(digest, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
            assert_eq!(host.real_path(&path, soon()).await.expect("resolved"), path);
            assert_eq!(host.list(&inner, soon()).await.expect("listed"), [OsStr::from_bytes(name)]);
            assert!(!host.locked(&path, soon()).await.expect("seen"));
            assert!(host.same_filesystem(&path, dir.path(), soon()).await.expect("compared"));
            host.chmod(&consent(), &path, 0o600, soon()).await.expect("changed");

            let (copy, moved) = (dir.path().join("copy"), dir.path().join("moved"));
            host.copy_tree(&consent(), &inner, &copy, soon()).await.expect("copied");
            host.rename(&consent(), &copy, &moved, soon()).await.expect("renamed");
            host.rename(&consent(), &moved, &copy, soon()).await.expect("renamed back");
            let copied = copy.join(OsStr::from_bytes(name));
            assert_eq!(fs::metadata(&copied).expect("is there").permissions().mode() & 0o777, 0o600);
            host.rename(&consent(), &copied, &moved, soon()).await.expect("renamed");
            fs::remove_dir(&copy).expect("empty");
            fs::remove_file(&moved).expect("a file");
        }
        let listed = host.list(dir.path(), soon()).await.expect("listed");
        let mut expected: Vec<OsString> =
            names.iter().map(|name| OsString::from_vec(name.to_vec())).collect();
        expected.sort();
        assert_eq!(listed, expected, "{}", host.name());
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_wrong_is_named() {
    for (host, dir) in Hosts::start().each() {
        let nothing = dir.path().join("nothing");
        assert_eq!(host.stat(&nothing, soon()).await.expect("answers"), None);
        let error = host.read(&nothing, 10, soon()).await.expect_err("nothing is there");
        assert!(matches!(error, HostError::NotFound(_)), "{error}");
        assert!(error.to_string().contains("nothing") && error.to_string().contains(host.name()), "{error}");
        assert!(matches!(host.list(&nothing, soon()).await, Err(HostError::NotFound(_))));
        assert!(matches!(host.sha256(&nothing, soon()).await, Err(HostError::NotFound(_))));
        assert!(matches!(host.real_path(&nothing, soon()).await, Err(HostError::NotFound(_))));
        assert!(matches!(host.locked(&nothing, soon()).await, Err(HostError::NotFound(_))));
        assert!(matches!(host.free_space(&nothing, soon()).await, Err(HostError::NotFound(_))));
        assert!(matches!(
            host.same_filesystem(&nothing, dir.path(), soon()).await,
            Err(HostError::NotFound(_))
        ));
        assert!(matches!(write(host, &nothing.join("x"), b"").await, Err(HostError::NotFound(_))));
        let copied = host.copy_tree(&consent(), &nothing, &dir.path().join("c"), soon()).await;
        assert!(matches!(copied, Err(HostError::NotFound(_))));
        assert!(matches!(host.chmod(&consent(), &nothing, 0, soon()).await, Err(HostError::NotFound(_))));

        let relative = host.stat(Path::new("etc"), soon()).await;
        assert!(matches!(relative, Err(HostError::Refused { .. })), "relative to what?");
        let file = dir.path().join("file");
        write(host, &file, b"12345").await.expect("written");
        assert!(matches!(host.read(&file, 4, soon()).await, Err(HostError::Refused { .. })), "too large");
        assert!(matches!(host.list(&file, soon()).await, Err(HostError::Refused { .. })), "no directory");
        assert!(matches!(host.read(dir.path(), 4, soon()).await, Err(HostError::Refused { .. })), "no file");
        let pipe = dir.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("runs").success());
        assert!(
            matches!(host.read(&pipe, 4, soon()).await, Err(HostError::Refused { .. })),
            "would wait for ever"
        );
        let made = host.make_dir(&consent(), &file, 0o700, soon()).await;
        assert!(matches!(made, Err(HostError::Exists(_))));

        let link = dir.path().join("link");
        symlink(&file, &link).expect("a link");
        assert_eq!(host.stat(&link, soon()).await.expect("answers").expect("is there").kind, Kind::Link);
        assert_eq!(host.read(&link, 9, soon()).await.expect("followed"), b"12345");
        assert_eq!(host.real_path(&link, soon()).await.expect("resolved"), file);
        let changed = host.chmod(&consent(), &link, 0o777, soon()).await;
        assert!(matches!(changed, Err(HostError::Refused { .. })), "a link is not followed: {changed:?}");
        let free = host.free_space(dir.path(), soon()).await.expect("measured");
        assert!(free > 1 << 20 && free < 1 << 60, "{free}");
    }
}

#[tokio::test]
async fn a_new_file_appears_whole_or_not_at_all() {
    for (host, dir) in Hosts::start().each() {
        let big = dir.path().join("big");
        let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
        fs::write(&big, &bytes).expect("written");
        let target = dir.path().join("target");
        host.write_new(&consent(), &target, Content::File(&big), 0o666, soon()).await.expect("written");
        assert!(fs::read(&target).expect("read") == bytes);
        assert_eq!(
            fs::metadata(&target).expect("is there").mode() & 0o7777,
            0o666,
            "whatever the umask says"
        );
        let again = write(host, &target, b"other").await;
        assert!(matches!(again, Err(HostError::Exists(_))), "{again:?}");
        assert!(fs::read(&target).expect("read") == bytes, "untouched");
        let dangling = dir.path().join("dangling");
        symlink("/nowhere", &dangling).expect("a link");
        assert!(matches!(write(host, &dangling, b"").await, Err(HostError::Exists(_))));
        write(host, &dir.path().join("empty"), b"").await.expect("nothing is something");
        let left: Vec<_> = fs::read_dir(dir.path()).expect("read").flatten().map(|e| e.file_name()).collect();
        assert_eq!(left.len(), 4, "{left:?}");
    }
}

#[tokio::test]
async fn rename_never_replaces() {
    for (host, dir) in Hosts::start().each() {
        let path = |name: &str| dir.path().join(name);
        fs::write(path("file"), "mine").expect("written");
        fs::write(path("taken"), "theirs").expect("written");
        fs::create_dir(path("empty")).expect("made");
        symlink("/nowhere", path("dangling")).expect("a link");
        fs::create_dir(path("dir")).expect("made");
        for from in ["file", "dir"] {
            for to in ["taken", "empty", "dangling"] {
                let result = host.rename(&consent(), &path(from), &path(to), soon()).await;
                assert!(
                    matches!(result, Err(HostError::Exists(_))),
                    "{}: {from} to {to}: {result:?}",
                    host.name()
                );
            }
        }
        assert_eq!(fs::read(path("taken")).expect("read"), b"theirs");
        assert_eq!(fs::read_dir(path("empty")).expect("read").count(), 0, "nothing went into it");
        assert!(path("file").exists() && path("dir").exists());
        let gone = host.rename(&consent(), &path("gone"), &path("new"), soon()).await;
        assert!(matches!(gone, Err(HostError::NotFound(_))), "{gone:?}");
        host.rename(&consent(), &path("dangling"), &path("moved"), soon()).await.expect("the link itself");
        assert!(path("moved").is_symlink());
    }
}

#[tokio::test]
async fn what_cannot_be_renamed_is_not_copied() {
    let elsewhere = tempfile::tempdir_in("/dev/shm").expect("another file system");
    for (host, dir) in Hosts::start().each() {
        let (from, to) = (dir.path().join("from"), elsewhere.path().join("to"));
        fs::write(&from, "mine").expect("written");
        let result = host.rename(&consent(), &from, &to, soon()).await;
        assert!(matches!(result, Err(HostError::CrossDevice(_))), "{result:?}");
        assert!(from.exists() && !to.exists());
        assert!(!host.same_filesystem(dir.path(), elsewhere.path(), soon()).await.expect("compared"));

        if is_root() {
            // One device under two mounts: only the mount table tells.
            let (point, _mounted) = Mount::new(&["--bind", &dir.path().display().to_string()]);
            let result = host.rename(&consent(), &from, &point.join("to"), soon()).await;
            assert!(matches!(result, Err(HostError::CrossDevice(_))), "{}: {result:?}", host.name());
            assert!(from.exists() && !dir.path().join("to").exists());
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_named_and_nothing_half_written_gets_a_name() {
    if !is_root() {
        return;
    }
    for (host, dir) in Hosts::start().each() {
        let (point, _mounted) = Mount::new(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"]);
        let result = write(host, &point.join("new"), &vec![1; 3 << 20]).await;
        assert!(matches!(result, Err(HostError::NoSpace(_))), "{}: {result:?}", host.name());
        assert_eq!(fs::read_dir(&point).expect("read").count(), 0, "{}", host.name());
        let tree = dir.path().join("tree");
        fs::create_dir(&tree).expect("made");
        fs::write(tree.join("big"), vec![1; 3 << 20]).expect("written");
        let result = host.copy_tree(&consent(), &tree, &point.join("copy"), soon()).await;
        assert!(matches!(result, Err(HostError::NoSpace(_))), "{}: {result:?}", host.name());
        assert_eq!(host.free_space(&point, soon()).await.expect("measured"), 0);
    }
}

#[tokio::test]
async fn a_copy_is_the_same_in_all_that_counts() {
    for (host, dir) in Hosts::start().each() {
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        make_tree(&from);
        host.copy_tree(&consent(), &from, &to, soon()).await.expect("copied");
        assert_eq!(described(&from), described(&to), "{}", host.name());
        let holes = fs::metadata(to.join("member/sparse")).expect("is there");
        assert!(holes.blocks() * 512 < holes.len() / 2, "{} of {} bytes", holes.blocks() * 512, holes.len());

        let refused = async |from: &Path, to: &Path| host.copy_tree(&consent(), from, to, soon()).await;
        assert!(matches!(refused(&from, &to).await, Err(HostError::Exists(_))));
        assert!(matches!(refused(&from, &from.join("in")).await, Err(HostError::Refused { .. })));
        assert!(!from.join("in").exists());
        let link = dir.path().join("link");
        symlink(&from, &link).expect("a link");
        assert!(matches!(refused(&link, &dir.path().join("n1")).await, Err(HostError::Refused { .. })));
        assert!(Command::new("mkfifo").arg(from.join("member/pipe")).status().expect("runs").success());
        let error = refused(&from, &dir.path().join("n2")).await.expect_err("a pipe");
        assert!(error.to_string().contains("neither a file"), "{error}");

        if is_root() {
            let outside = dir.path().join("outside");
            fs::write(&outside, "").expect("written");
            symlink(&outside, to.join("way-out")).expect("a link");
            let owner = Owner { uid: 4321, gid: 8765 };
            host.chown_tree(&consent(), &to, owner, soon()).await.expect("given away");
            for (path, meta) in walk(&to) {
                assert_eq!((meta.uid(), meta.gid()), (4321, 8765), "{}", path.display());
            }
            assert_eq!(fs::metadata(&outside).expect("is there").uid(), 0, "a link was followed");
        }
    }
}

/// Everything that a data directory may hold, and more.
fn make_tree(from: &Path) {
    fs::create_dir_all(from.join("member/deep/er")).expect("made");
    fs::write(from.join("member/db"), vec![7; 100_000]).expect("written");
    fs::write(from.join("member/empty"), "").expect("written");
    let sparse = fs::File::create(from.join("member/sparse")).expect("made");
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"x", 3 << 20).expect("written");
    sparse.set_len(4 << 20).expect("longer");
    symlink("/etc/passwd", from.join("member/out")).expect("a link");
    symlink("nowhere", from.join("member/deep/dangling")).expect("a link");
    let mode = |path: &str, mode| {
        fs::set_permissions(from.join(path), fs::Permissions::from_mode(mode)).expect("changed");
    };
    mode("member/db", 0o4751);
    mode("member/deep", 0o1711);
    mode("", 0o700);
    let made =
        Command::new("touch").args(["-d", "2001-02-03 04:05:06.789"]).arg(from.join("member/db")).status();
    assert!(made.expect("touch runs").success());
    if is_root() {
        std::os::unix::fs::chown(from.join("member/empty"), Some(1234), Some(5678)).expect("given away");
        std::os::unix::fs::lchown(from.join("member/out"), Some(1234), Some(5678)).expect("given away");
    }
}

fn walk(top: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let meta = top.symlink_metadata().expect("is there");
    let mut found = vec![(top.to_owned(), meta.clone())];
    if meta.is_dir() {
        let mut inside: Vec<_> = fs::read_dir(top).expect("read").flatten().map(|e| e.path()).collect();
        inside.sort();
        found.extend(inside.iter().flat_map(|path| walk(path)));
    }
    found
}

/// Path, kind and mode, owner, size, time and content of everything in a tree.
fn described(top: &Path) -> Vec<String> {
    let describe = |(path, meta): (PathBuf, fs::Metadata)| {
        let content = match () {
            () if meta.is_file() => {
                format!("{:?}", fs::read(&path).expect("read").iter().map(|b| u64::from(*b)).sum::<u64>())
            }
            () if meta.is_symlink() => format!("{:?}", fs::read_link(&path).expect("read")),
            () => String::new(),
        };
        let size = if meta.is_dir() { 0 } else { meta.len() };
        format!(
            "{} {:o} {}:{} {size} {}.{} {content}",
            path.strip_prefix(top).expect("below").display(),
            meta.mode(),
            meta.uid(),
            meta.gid(),
            meta.mtime(),
            meta.mtime_nsec()
        )
    };
    walk(top).into_iter().map(describe).collect()
}

/// What root may is no test of permissions: over ssh a forced command gives them up, and for this machine the test binary
/// calls itself as somebody else.
#[tokio::test]
async fn a_plain_user_is_told_what_it_may_not() {
    if !is_root() {
        return as_a_plain_user(&LocalHost).await;
    }
    let server = Sshd::start(&[
        "ForceCommand setpriv --reuid=65534 --regid=65534 --clear-groups sh -c \"$SSH_ORIGINAL_COMMAND\"",
    ]);
    as_a_plain_user(&server.host()).await;

    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("changed");
    let program = dir.path().join("it");
    fs::copy(std::env::current_exe().expect("this program"), &program).expect("copied");
    let itself = "host::files::a_plain_user_is_told_what_it_may_not";
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(["--exact", itself])
        .current_dir("/")
        .output()
        .expect("setpriv runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

async fn as_a_plain_user(host: &dyn Host) {
    let file = Path::new("/etc/quorate-is-not-here");
    let denied = |result: Result<(), HostError>| {
        let error = result.expect_err("not for everybody");
        assert!(matches!(error, HostError::Permission(_)), "{error}");
    };
    denied(write(host, file, b"x").await);
    denied(host.make_dir(&consent(), file, 0o700, soon()).await);
    denied(host.rename(&consent(), Path::new("/etc/passwd"), file, soon()).await);
    denied(host.read(Path::new("/etc/shadow"), 1 << 20, soon()).await.map(|_| ()));
    denied(host.list(Path::new("/root"), soon()).await.map(|_| ()));
    denied(host.stat(Path::new("/proc/1/fd/0"), soon()).await.map(|_| ()));
    let owner = Owner { uid: 0, gid: 0 };
    denied(host.chown_tree(&consent(), Path::new("/etc/passwd"), owner, soon()).await);
    let made = host.ask(&argv(&["mktemp", "-d"]), soon()).await.expect("runs");
    let dir = PathBuf::from(OsStr::from_bytes(made.stdout.trim_ascii_end()));
    let copied = host.copy_tree(&consent(), Path::new("/etc/passwd"), &dir.join("copy"), soon()).await;
    denied(copied);
    let processes = host.processes(&["PATH"], soon()).await.expect("listed");
    let first = processes.iter().find(|process| process.id.pid == 1).expect("there is always one");
    assert_eq!((first.env.as_ref(), first.exe.as_ref()), (None, None), "not readable is not empty");
    host.run(&consent(), &argv(&["rm", "-rf", &dir.display().to_string()]), None, soon())
        .await
        .expect("runs");
}

/// A mount that ends with the test.
struct Mount(tempfile::TempDir);

impl Mount {
    fn new(arguments: &[&str]) -> (PathBuf, Mount) {
        let point = tempfile::tempdir().expect("a directory");
        let mounted = Command::new("mount").args(arguments).arg(point.path()).status().expect("mount runs");
        assert!(mounted.success(), "cannot mount {arguments:?}");
        (point.path().to_owned(), Mount(point))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}
