//! A ZooKeeper server as a good plain ensemble runs it: the sample's timing, purging on, the AdminServer for this
//! machine only, a member list that names the client ports.

use super::member::{MemberSpec, PortRole, Readiness, Seat, Server, Setup};
use super::servers::{Program, ZOOKEEPER, version_numbers};
use super::state::TlsPaths;
use crate::facts::BackendKind;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// ZooKeeper 3.5 to 3.9.
#[derive(Debug)]
pub struct ZookeeperServer;

const CLIENT: &str = "client";
const QUORUM: &str = "quorum";
const ELECTION: &str = "election";
const ADMIN: &str = "admin";

/// The configuration, in the member's directory.
const CONFIG: &str = "zoo.cfg";

/// Heap of a server that holds nothing: enough for tests, little enough for nine on a small machine.
const HEAP: &str = "-Xmx128m";

impl Server for ZookeeperServer {
    fn backend(&self) -> BackendKind {
        BackendKind::Zookeeper
    }

    fn program(&self) -> &'static Program {
        &ZOOKEEPER
    }

    fn ports(&self) -> &'static [PortRole] {
        &[
            PortRole { name: CLIENT, usual: 2181 },
            PortRole { name: QUORUM, usual: 2888 },
            PortRole { name: ELECTION, usual: 3888 },
            PortRole { name: ADMIN, usual: 8080 },
        ]
    }

    fn endpoint(&self, seat: &Seat, tls: bool) -> String {
        format!("{}://{}", if tls { "zk+tls" } else { "zk" }, seat.socket(CLIENT))
    }

    fn describe(&self, seat: &Seat, setup: &Setup) -> MemberSpec {
        let (jvm, settings): (Vec<_>, Vec<_>) =
            setup.extra_arguments.iter().cloned().partition(|argument| argument.starts_with('-'));
        let mut arguments = vec![
            HEAP.to_owned(),
            "-XX:+UseSerialGC".to_owned(),
            // Two compilers' threads are most of the processor time of a server that lives for a minute.
            "-XX:TieredStopAtLevel=1".to_owned(),
            format!("-Dlogback.configurationFile={}", seat.dir().join(LOGBACK).display()),
            format!("-Dlog4j.configuration=file:{}", seat.dir().join(LOG4J).display()),
        ];
        arguments.extend(jvm);
        arguments.extend([
            "-cp".to_owned(),
            format!("{}/*", setup.program.display()),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain".to_owned(),
            seat.dir().join(CONFIG).display().to_string(),
        ]);
        MemberSpec {
            program: PathBuf::from("java"),
            arguments,
            environment: BTreeMap::new(),
            files: files(seat, setup, &settings),
            declared: BTreeMap::from([("admin".to_owned(), format!("http://{}", seat.socket(ADMIN)))]),
            readiness: Readiness {
                url: format!("{}/srvr", self.endpoint(seat, setup.tls.is_some())),
                contains: "Mode: ".into(),
            },
        }
    }
}

const LOGBACK: &str = "logback.xml";
const LOG4J: &str = "log4j.properties";

fn files(seat: &Seat, setup: &Setup, settings: &[String]) -> BTreeMap<PathBuf, String> {
    let id = setup.seats.iter().position(|other| other.name == seat.name).unwrap_or_default() + 1;
    BTreeMap::from([
        (PathBuf::from(CONFIG), config(seat, setup, settings)),
        (Path::new("data").join("myid"), format!("{id}\n")),
        (PathBuf::from(LOGBACK), LOGBACK_TEXT.to_owned()),
        (PathBuf::from(LOG4J), LOG4J_TEXT.to_owned()),
    ])
}

/// 3.8.1 and later log with logback; Debian's 3.8.0 with log4j 1.2.
const LOGBACK_TEXT: &str = r#"<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{ISO8601} %-5p %c{1} - %m%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
"#;

const LOG4J_TEXT: &str = "log4j.rootLogger=WARN, OUT
log4j.appender.OUT=org.apache.log4j.ConsoleAppender
log4j.appender.OUT.layout=org.apache.log4j.PatternLayout
log4j.appender.OUT.layout.ConversionPattern=%d{ISO8601} %-5p %c{1} - %m%n
";

fn config(seat: &Seat, setup: &Setup, settings: &[String]) -> String {
    let port = |role: &str| seat.ports.get(role).copied().unwrap_or_default();
    let mut text = format!(
        "tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir={}\n\
         autopurge.snapRetainCount=3\nautopurge.purgeInterval=1\n\
         admin.serverAddress={}\nadmin.serverPort={}\n",
        seat.data_dir.display(),
        seat.address,
        port(ADMIN)
    );
    match setup.tls {
        // 64 MiB of preallocated log a member are nothing to a disk and much to a test's temporary directory.
        None => text.push_str("preAllocSize=1024\n"),
        Some(tls) => {
            let _ = write!(
                text,
                "preAllocSize=1024\nsecureClientPort={}\nsecureClientPortAddress={}\n{}",
                port(CLIENT),
                seat.address,
                tls_settings(seat, tls, setup)
            );
        }
    }
    for (position, seat) in setup.seats.iter().enumerate() {
        let port = |role: &str| seat.ports.get(role).copied().unwrap_or_default();
        let _ = write!(
            text,
            "server.{}={}:{}:{}:participant",
            position + 1,
            seat.address,
            port(QUORUM),
            port(ELECTION)
        );
        // Until 3.10 a server line has no place for a port that speaks TLS.
        text.push_str(&if setup.tls.is_none() { format!(";{}\n", seat.socket(CLIENT)) } else { "\n".into() });
    }
    // A key that is given again is given last, and wins.
    for setting in settings {
        let _ = writeln!(text, "{setting}");
    }
    text
}

fn tls_settings(seat: &Seat, tls: &TlsPaths, setup: &Setup) -> String {
    let (bundle, ca) = (tls.bundle_of(&seat.name).display().to_string(), tls.ca.display().to_string());
    let mut text = String::from(
        "sslQuorum=true\nserverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory\n",
    );
    for family in ["ssl", "ssl.quorum"] {
        let _ = write!(
            text,
            "{family}.keyStore.location={bundle}\n{family}.keyStore.type=PEM\n\
             {family}.trustStore.location={ca}\n{family}.trustStore.type=PEM\n"
        );
    }
    if !setup.client_cert_auth {
        text.push_str("ssl.clientAuth=none\n");
    }
    // From 3.9 on, FIPS mode is the default and takes the verification of host names in the quorum away.
    if version_numbers(&setup.version) >= vec![3, 8, 2] {
        text.push_str("fips-mode=false\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(number: u16) -> Seat {
        let ports = [(CLIENT, 1), (QUORUM, 2), (ELECTION, 3), (ADMIN, 4)];
        Seat {
            name: format!("n{number}"),
            address: "127.0.0.1".into(),
            ports: ports.iter().map(|(role, port)| ((*role).to_owned(), number * 10 + port)).collect(),
            data_dir: PathBuf::from(format!("/lab/n{number}/data")),
        }
    }

    #[test]
    fn settings_come_last_and_options_of_the_machine_before_the_class() {
        let seats = [seat(1), seat(2)];
        let extra = ["4lw.commands.whitelist=*".to_owned(), "-Dx=y".to_owned()];
        let setup = Setup {
            program: "/jars".into(),
            version: "3.9.5".into(),
            token: "t".into(),
            secret: &[7; 32],
            seats: &seats,
            tls: None,
            client_cert_auth: false,
            extra_arguments: &extra,
        };
        let spec = ZookeeperServer.describe(&seats[1], &setup);
        let config = &spec.files[Path::new(CONFIG)];
        assert!(config.ends_with("\n4lw.commands.whitelist=*\n"), "{config}");
        assert!(config.contains("\nserver.1=127.0.0.1:12:13:participant;127.0.0.1:11\n"), "{config}");
        assert_eq!(spec.files[Path::new("data/myid")], "2\n");
        let at = |word: &str| spec.arguments.iter().position(|a| a == word);
        assert!(at("-Dx=y") < at("-cp"), "{:?}", spec.arguments);
    }
}
