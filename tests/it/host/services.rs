//! Services: stopped means that nothing runs.

use super::{Hosts, Sshd, consent, soon};
use quorate::host::service::{Held, Service, ServiceError, Standing, Status, Trace};
use quorate::host::{Host, HostError, ProcessId, Signal};
use quorate::target::DeclaredService;
use quorate::transport::Deadline;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A server of three lines: it writes its pid down and, on demand, does not listen to SIGTERM.
fn declared(dir: &Path, deaf: bool) -> DeclaredService {
    let (pid, server) = (dir.join("pid"), dir.join("server"));
    let trap = if deaf { "trap '' TERM; " } else { "" };
    let script = format!("{trap}echo $$ >'{}'; while :; do echo works; sleep 0.05; done\n", pid.display());
    fs::write(&server, script).expect("written");
    DeclaredService::Commands {
        // It keeps the output of the command that started it, as careless start scripts do.
        start: format!("setsid sh '{s}' & sleep 0.3", s = server.display()),
        stop: format!("kill \"$(cat '{}')\"", pid.display()),
        status: format!("grep -qs '^State:[[:space:]][^ZX]' \"/proc/$(cat '{}')/status\"", pid.display()),
    }
}

fn trace(dir: &Path) -> Trace {
    let server = dir.join("server");
    Trace {
        prefixes: Vec::new(),
        belongs: Box::new(move |process| process.argv.iter().any(|word| *word == server)),
    }
}

async fn kill(host: &dyn Host, service: &Service<'_>) {
    for id in service.processes(soon()).await.expect("listed").expect("there is a trace") {
        host.signal(&consent(), id, Signal::Kill, soon()).await.expect("killed");
    }
}

#[tokio::test]
async fn commands_start_and_stop_what_goes_on_without_them() {
    for (host, dir) in Hosts::start().each() {
        let (declared, trace) = (declared(dir.path(), false), trace(dir.path()));
        for trace in [None, Some(&trace)] {
            let service = Service::new(host, &declared, trace);
            assert_eq!(service.status(soon()).await.expect("asked"), Status::Stopped);
            service.start(&consent(), soon()).await.expect("started");
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(service.status(soon()).await.expect("asked"), Status::Running, "{}", host.name());
            service.stop(&consent(), soon()).await.expect("stopped");
            assert_eq!(service.status(soon()).await.expect("asked"), Status::Stopped);
            service.stop(&consent(), soon()).await.expect("what has stopped is stopped");
            assert!(matches!(service.disable(&consent(), soon()).await, Ok(Held::Loosely(_))));
        }
    }
}

#[tokio::test]
async fn what_does_not_stop_is_named() {
    for (host, dir) in Hosts::start().each() {
        let (declared, trace) = (declared(dir.path(), true), trace(dir.path()));
        let service = Service::new(host, &declared, Some(&trace));
        service.start(&consent(), soon()).await.expect("started");
        let deadline = Deadline::after(Duration::from_secs(4));
        let error = service.stop(&consent(), deadline).await.expect_err("it does not listen");
        assert!(matches!(error, ServiceError::StillRunning { status: Status::Running, .. }), "{error}");
        assert!(
            error.to_string().contains(host.name()) && error.to_string().contains("does not stop"),
            "{error}"
        );
        assert!(deadline.elapsed_ms() < 6000.0);
        kill(host, &service).await;
        service.stop(&consent(), soon()).await.expect("now it has");
    }
}

#[tokio::test]
async fn a_living_process_outweighs_what_a_command_says() {
    for (host, dir) in Hosts::start().each() {
        let DeclaredService::Commands { start, .. } = declared(dir.path(), false) else { return };
        let lying = DeclaredService::Commands { start, stop: "true".into(), status: "false".into() };
        let trace = trace(dir.path());
        let service = Service::new(host, &lying, Some(&trace));
        service.start(&consent(), soon()).await.expect("started");
        assert_eq!(service.status(soon()).await.expect("asked"), Status::Running);
        let error = service.stop(&consent(), Deadline::after(Duration::from_secs(1))).await;
        assert!(matches!(error, Err(ServiceError::StillRunning { .. })), "{error:?}");
        kill(host, &service).await;

        let commands = |status: &str| DeclaredService::Commands {
            start: "echo no luck >&2; exit 9".into(),
            stop: "echo cannot >&2; exit 8".into(),
            status: status.into(),
        };
        for status in ["exit 4", "no-such-command-here", "kill -9 $$"] {
            let declared = commands(status);
            let seen = Service::new(host, &declared, None).status(soon()).await.expect("asked");
            assert!(matches!(seen, Status::Unknown(_)), "{status}: {seen:?}");
        }
        let running = commands("true");
        let service = Service::new(host, &running, None);
        let error = service.start(&consent(), soon()).await.expect_err("9");
        assert!(error.to_string().contains("9: no luck"), "{error}");
        let error = service.stop(&consent(), soon()).await.expect_err("8");
        assert!(matches!(error, ServiceError::Host(HostError::Failed { code: 8, .. })), "{error}");
    }
}

#[tokio::test]
async fn a_manifest_is_moved_out_and_in_and_never_lost() {
    for (host, dir) in Hosts::start().each() {
        let watched = dir.path().join("manifests");
        fs::create_dir(&watched).expect("made");
        let manifest = watched.join("a pod.yaml");
        fs::write(&manifest, "kind: Pod\n").expect("written");
        let declared = DeclaredService::StaticPod(manifest.clone());
        let none = Trace { prefixes: Vec::new(), belongs: Box::new(|_| false) };
        let service = Service::new(host, &declared, Some(&none));
        let before = service.standing(soon()).await.expect("asked");
        assert_eq!(before, Standing::Manifest { in_place: true });
        assert!(matches!(service.status(soon()).await, Ok(Status::Unknown(_))), "it may start at any moment");
        for _ in 0..2 {
            assert_eq!(service.disable(&consent(), soon()).await.expect("held"), Held::Firmly);
            assert_eq!(fs::read_dir(&watched).expect("read").count(), 0);
            assert_eq!(service.status(soon()).await.expect("asked"), Status::Stopped);
        }
        let moved = dir.path().join("quorate-moved/a pod.yaml");
        assert_eq!(fs::read(&moved).expect("moved"), b"kind: Pod\n");
        for _ in 0..2 {
            service.enable(&consent(), &before, soon()).await.expect("back");
            assert!(manifest.exists() && !moved.exists());
        }

        let blind = Service::new(host, &declared, None);
        let error = blind.stop(&consent(), soon()).await.expect_err("nothing shows that it stopped");
        assert!(matches!(error, ServiceError::Unproven { .. }), "{error}");
        fs::write(&manifest, "another\n").expect("written");
        let error = service.stop(&consent(), soon()).await.expect_err("one is there already");
        assert!(matches!(error, ServiceError::Host(HostError::Exists(_))), "{error}");
        assert_eq!(fs::read(&moved).expect("still there"), b"kind: Pod\n");
        let nowhere = DeclaredService::StaticPod(watched.join("nothing.yaml"));
        let error = Service::new(host, &nowhere, None).status(soon()).await.expect_err("nowhere");
        assert!(matches!(error, ServiceError::Missing { .. }), "{error}");
    }
}

/// A `systemctl` that keeps state in files and writes its arguments down: there is no systemd to talk to where this runs.
struct FakeSystemd {
    dir: tempfile::TempDir,
    server: Sshd,
}

impl FakeSystemd {
    fn start() -> FakeSystemd {
        let dir = tempfile::tempdir().expect("a directory");
        let at = dir.path().display();
        let script = format!(
            r#"#!/bin/sh
cd '{at}' || exit 1
echo "$*" >>calls
for unit; do :; done
case $1 in
show) [ "$unit" = x.service ] || {{ echo LoadState=not-found; exit 0; }}; cat unit ;;
start) cat unit.started >unit ;;
stop) cat unit.stopped >unit ;;
is-enabled) cat enabled 2>/dev/null || {{ echo "Failed to get unit file state" >&2; exit 1; }}; [ "$(cat enabled)" = enabled ] ;;
disable) echo disabled >enabled ;;
enable | unmask) echo enabled >enabled ;;
mask) [ ! -e unmaskable ] || {{ echo "File $unit already exists." >&2; exit 1; }}; echo masked >enabled ;;
esac
"#
        );
        let program = dir.path().join("systemctl");
        fs::write(&program, script).expect("written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, mode).expect("changed");
        let server = Sshd::start(&[&format!("SetEnv PATH={at}:/usr/bin:/bin HOME={at}")]);
        let fake = FakeSystemd { dir, server };
        fake.put("unit", RESTS);
        fake.put("unit.started", "LoadState=loaded\nActiveState=activating\nMainPID=7\n");
        fake.put("unit.stopped", RESTS);
        fake.put("enabled", "enabled\n");
        fake
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    /// What was called since the last time, without the looks.
    fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        self.put("calls", "");
        let looks = |line: &&str| !line.starts_with("show") && !line.starts_with("is-enabled");
        text.lines().filter(looks).map(str::to_owned).collect()
    }
}

const RESTS: &str =
    "LoadState=loaded\nActiveState=inactive\nSubState=dead\nMainPID=0\nJob=\nResult=success\n";

#[tokio::test]
async fn a_unit_is_driven_through_systemctl() {
    let fake = FakeSystemd::start();
    let host = fake.server.host();
    let declared = DeclaredService::Systemd("x.service".into());
    let service = Service::new(&host, &declared, None);
    assert_eq!(service.status(soon()).await.expect("asked"), Status::Stopped);
    service.start(&consent(), soon()).await.expect("started");
    assert_eq!(service.status(soon()).await.expect("asked"), Status::Running, "activating");
    assert_eq!(fake.calls(), ["start --no-block -- x.service"]);

    let before = service.standing(soon()).await.expect("asked");
    assert_eq!(before, Standing::Unit("enabled".into()));
    assert_eq!(service.disable(&consent(), soon()).await.expect("held"), Held::Firmly);
    let holding = ["disable -- x.service", "mask -- x.service", "stop --no-block -- x.service"];
    assert_eq!(fake.calls(), holding);
    assert_eq!(service.disable(&consent(), soon()).await.expect("held"), Held::Firmly);
    assert_eq!(fake.calls(), ["stop --no-block -- x.service"], "masked already");
    service.enable(&consent(), &before, soon()).await.expect("released");
    assert_eq!(fake.calls(), ["unmask -- x.service", "enable -- x.service"]);
    service.enable(&consent(), &Standing::Unit("disabled".into()), soon()).await.expect("released");
    assert_eq!(fake.calls(), ["unmask -- x.service"]);

    fake.put("unmaskable", "");
    let held = service.disable(&consent(), soon()).await.expect("held");
    assert!(matches!(&held, Held::Loosely(why) if why.contains("already exists")), "{held:?}");

    fake.put("unit.started", &RESTS.replace("inactive", "failed").replace("success", "exit-code"));
    let error = service.start(&consent(), soon()).await.expect_err("it failed");
    assert!(error.to_string().contains("failed (dead), result exit-code"), "{error}");
    // As systemd 252 has it of a masked unit that takes its time to stop.
    let stopping = "MainPID=140\nResult=success\nLoadState=masked\nActiveState=deactivating\nSubState=stop-sigterm\nJob=27\n";
    fake.put("unit", RESTS);
    assert_eq!(service.at_work(soon()).await.expect("asked"), None);
    fake.put("unit", &stopping.replace("deactivating", "activating").replace("stop-sigterm", "start"));
    assert_eq!(service.at_work(soon()).await.expect("asked"), None, "a server without a quorum");
    for moves in [stopping.to_owned(), stopping.replace("deactivating", "active")] {
        fake.put("unit", &moves);
        let what = service.at_work(soon()).await.expect("asked").expect("a stop is under way");
        assert!(what.contains("the unit x.service is"), "{what}");
    }
    fake.put("unit.stopped", stopping);
    let error = service.stop(&consent(), Deadline::after(Duration::from_secs(2))).await;
    assert!(matches!(error, Err(ServiceError::StillRunning { .. })), "{error:?}");

    let unknown = DeclaredService::Systemd("y.service".into());
    let error = Service::new(&host, &unknown, None).status(soon()).await.expect_err("no such unit");
    assert!(matches!(error, ServiceError::Missing { .. }), "{error}");
    fs::remove_file(fake.path("enabled")).expect("removed");
    assert!(matches!(service.standing(soon()).await, Err(ServiceError::Missing { .. })));
}

#[test]
fn a_standing_goes_into_a_journal_and_back() {
    for standing in
        [Standing::Unit("static".into()), Standing::Manifest { in_place: true }, Standing::Commands]
    {
        let text = serde_json::to_string(&standing).expect("written");
        assert_eq!(serde_json::from_str::<Standing>(&text).expect("read"), standing);
    }
    let id = ProcessId { pid: 7, start_ticks: 9 };
    let text = serde_json::to_string(&id).expect("written");
    assert_eq!(serde_json::from_str::<ProcessId>(&text).expect("read"), id);
}
