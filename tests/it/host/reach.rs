//! Commands, and hosts that cannot be reached.

use super::{Hosts, Sshd, argv, consent, soon};
use quorate::host::ssh::{Options, SshHost};
use quorate::host::{Content, Host, HostError, OUTPUT_LIMIT};
use quorate::transport::Deadline;
use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

#[tokio::test]
async fn a_command_gets_its_words_and_ends_with_its_code() {
    for (host, _dir) in Hosts::start().each() {
        let mut words = argv(&["printf", "[%s]", "", "a b", "$HOME", "'", "-n", "x=1", "two\nlines\n"]);
        words.push(OsString::from_vec(b"\xff\x01".to_vec()));
        let output = host.ask(&words, soon()).await.expect("runs");
        assert_eq!(output.stdout, b"[][a b][$HOME]['][-n][x=1][two\nlines\n][\xff\x01]", "{}", host.name());
        for code in [0, 1, 3, 126, 254, 255] {
            let line = format!("echo out; echo err >&2; exit {code}");
            let output = host.run(&consent(), &argv(&["sh", "-c", &line]), None, soon()).await.expect("runs");
            let seen = (output.code, output.stdout.as_slice(), output.stderr.as_slice());
            assert_eq!(seen, (code, &b"out\n"[..], &b"err\n"[..]), "{}", host.name());
        }
        let killed = host.ask(&argv(&["sh", "-c", "kill -9 $$"]), soon()).await.expect("runs");
        assert_eq!(killed.code, 137);
        let missing = host.ask(&argv(&["quorate-has-no-such-command"]), soon()).await.expect("runs");
        assert_eq!(missing.code, 127);
        let failed = missing.success(host, &argv(&["x"])).expect_err("127");
        assert!(matches!(failed, HostError::Failed { code: 127, .. }), "{failed}");

        let input: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let output = host.run(&consent(), &argv(&["sha256sum"]), Some(&input), soon()).await.expect("runs");
        assert_eq!(output.stdout.len(), 64 + 4);
        let echoed = host.run(&consent(), &argv(&["cat"]), Some(&input), soon()).await.expect("runs");
        assert!(echoed.stdout == input);
        let endless = host.ask(&argv(&["head", "-c", "3000000", "/dev/zero"]), soon()).await.expect("runs");
        assert_eq!((endless.stdout.len(), endless.truncated), (OUTPUT_LIMIT, true));
        assert!(matches!(host.ask(&[], soon()).await, Err(HostError::Refused { .. })));
        assert!(matches!(host.ask(&argv(&["echo", "a\0b"]), soon()).await, Err(HostError::Refused { .. })));
    }
}

#[tokio::test]
async fn a_command_that_does_not_end_is_ended() {
    for (host, _dir) in Hosts::start().each() {
        let sleep = argv(&["sleep", "98.7654321"]);
        let begun = soon();
        let error = host.run(&consent(), &sleep, None, Deadline::after(Duration::from_secs(1))).await;
        let error = error.expect_err("it sleeps");
        assert!(matches!(error, HostError::TimedOut { .. }), "{error}");
        assert!(error.to_string().contains("sleep on"), "{error}");
        assert!(begun.elapsed_ms() < 3000.0);
        // On the other side `timeout` takes a moment longer.
        loop {
            let all = host.processes(&[], soon()).await.expect("listed");
            if !all.iter().any(|process| process.argv == sleep) {
                break;
            }
            assert!(!begun.left().is_zero(), "it sleeps on, on {}", host.name());
        }
    }
}

#[tokio::test]
async fn a_dead_host_is_named_in_time() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    // Accepts (the kernel does) and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_at = silent.local_addr().expect("an address");
    for (address, share) in [(nobody, true), (nobody, false), (silent_at, true), (silent_at, false)] {
        let options = Options { config: Some("/dev/null".into()), share, ..Options::default() };
        let destination = format!("ssh://nobody@{address}");
        let host = SshHost::new(&destination, options).expect("a destination");
        let deadline = Deadline::after(Duration::from_secs(4));
        let error = host.stat(Path::new("/"), deadline).await.expect_err("nobody is there");
        assert!(matches!(error, HostError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(&address.port().to_string()), "{error}");
        assert!(deadline.elapsed_ms() < 4500.0, "after {} ms", deadline.elapsed_ms());
        let late = host.stat(Path::new("/"), Deadline::after(Duration::from_millis(300))).await;
        assert!(matches!(late, Err(HostError::TimedOut { .. } | HostError::Unreachable { .. })));
    }
}

#[tokio::test]
async fn ssh_says_why_and_never_asks() {
    let server = Sshd::start(&[]);
    let stranger = SshHost::new("stranger", server.options()).expect("a destination");
    let error = stranger.stat(Path::new("/"), soon()).await.expect_err("an unknown host key");
    assert!(error.to_string().contains("Host key verification failed"), "{error}");
    let missing = Options { program: "/nowhere/ssh".into(), ..server.options() };
    let host = SshHost::new("box", missing).expect("a destination");
    let error = host.stat(Path::new("/"), soon()).await.expect_err("no ssh");
    assert!(error.to_string().contains("/nowhere/ssh"), "{error}");
    for odd in ["", "-oProxyCommand=touch /tmp/pwned"] {
        assert!(matches!(SshHost::new(odd, Options::default()), Err(HostError::Refused { .. })));
    }
}

#[tokio::test]
async fn a_connection_that_dies_meanwhile_leaves_no_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = Sshd::start(&[]);
    // Half of what was promised: as when the connection is cut.
    let pipe = dir.path().join("ssh");
    let script = "#!/bin/sh\nhead -c 1000 | ssh \"$@\"\n";
    std::fs::write(&pipe, script).expect("written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&pipe, mode).expect("changed");
    let cut = Options { program: pipe, share: false, ..server.options() };
    let host = SshHost::new("box", cut).expect("a destination");
    let target = dir.path().join("target");
    let written = host.write_new(&consent(), &target, Content::Bytes(&[7; 5000]), 0o600, soon()).await;
    let error = written.expect_err("half of it");
    assert!(error.to_string().contains("not all of it arrived"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).expect("read").count(), 1, "only our ssh");
}

#[tokio::test]
async fn many_at_once_share_or_do_not() {
    let server = Sshd::start(&[]);
    for share in [true, false] {
        let host = SshHost::new("box", Options { share, ..server.options() }).expect("a destination");
        let ask = async || host.ask(&argv(&["true"]), soon()).await.map(|output| output.code);
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        assert_eq!([a, b, c].map(|code| code.expect("runs")), [0; 3]);
    }
}
