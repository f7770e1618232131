//! An etcd member as a good plain cluster runs it: what kubeadm sets, plus compaction and the check for corruption at
//! start, in the spelling that each version accepts.

use super::member::{MemberSpec, PortRole, Readiness, Seat, Server, Setup};
use super::servers::{Form, Program, version_numbers};
use crate::facts::BackendKind;
use std::collections::BTreeMap;

/// The server program.
pub const PROGRAM: Program = Program {
    server: "etcd",
    variable: "QUORATE_ETCD",
    form: Form::Executable {
        program: "etcd",
        version_argument: "--version",
        version_prefix: "etcd Version:",
    },
    default_version: "3.6.16",
};

/// etcd 3.4 to 3.7.
#[derive(Debug)]
pub struct EtcdServer;

const CLIENT: &str = "client";
const PEER: &str = "peer";

impl Server for EtcdServer {
    fn backend(&self) -> BackendKind {
        BackendKind::Etcd
    }

    fn program(&self) -> &'static Program {
        &PROGRAM
    }

    fn ports(&self) -> &'static [PortRole] {
        &[PortRole { name: CLIENT, usual: 2379 }, PortRole { name: PEER, usual: 2380 }]
    }

    fn endpoint(&self, seat: &Seat, tls: bool) -> String {
        url(seat, CLIENT, tls)
    }

    fn describe(&self, seat: &Seat, setup: &Setup) -> MemberSpec {
        let tls = setup.tls.is_some();
        let (client, peer) = (url(seat, CLIENT, tls), url(seat, PEER, tls));
        let members: Vec<String> =
            setup.seats.iter().map(|seat| format!("{}={}", seat.name, url(seat, PEER, tls))).collect();
        let mut arguments = vec![
            format!("--name={}", seat.name),
            format!("--data-dir={}", seat.data_dir.display()),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster={}", members.join(",")),
            format!("--initial-cluster-token={}", setup.token),
            "--initial-cluster-state=new".to_owned(),
            "--auto-compaction-mode=periodic".to_owned(),
            "--auto-compaction-retention=1h".to_owned(),
            initial_corrupt_check(&setup.version).to_owned(),
        ];
        arguments.extend(tls_arguments(seat, setup));
        let extra = setup.extra_arguments.iter().map(|argument| argument.replace("{member}", &seat.name));
        arguments.extend(extra);
        MemberSpec {
            program: setup.program.clone(),
            arguments,
            environment: BTreeMap::new(),
            files: BTreeMap::new(),
            declared: BTreeMap::new(),
            readiness: Readiness { url: format!("{client}/health"), contains: r#""health":"true""#.into() },
        }
    }
}

fn url(seat: &Seat, role: &str, tls: bool) -> String {
    format!("{}://{}", if tls { "https" } else { "http" }, seat.socket(role))
}

/// A feature gate since 3.6, a flag before. 3.7 no longer knows the flag. Members that start together may wait up to
/// 7 s for each other's hashes: that is etcd's own limit for this check.
fn initial_corrupt_check(version: &str) -> &'static str {
    if version_numbers(version) >= vec![3, 6] {
        "--feature-gates=InitialCorruptCheck=true"
    } else {
        "--experimental-initial-corrupt-check=true"
    }
}

fn tls_arguments(seat: &Seat, setup: &Setup) -> Vec<String> {
    let Some(tls) = setup.tls else { return Vec::new() };
    let (ca, cert, key) = (tls.ca.display(), tls.cert_of(&seat.name), tls.key_of(&seat.name));
    let mut arguments = vec![
        format!("--cert-file={}", cert.display()),
        format!("--key-file={}", key.display()),
        format!("--peer-cert-file={}", cert.display()),
        format!("--peer-key-file={}", key.display()),
        format!("--peer-trusted-ca-file={ca}"),
        "--peer-client-cert-auth".to_owned(),
    ];
    if setup.client_cert_auth {
        arguments.extend([format!("--trusted-ca-file={ca}"), "--client-cert-auth".to_owned()]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_gets_a_spelling_that_it_accepts() {
        for (version, flag) in [
            ("3.4.23", "--experimental-initial-corrupt-check=true"),
            ("3.5.35", "--experimental-initial-corrupt-check=true"),
            ("3.6.16", "--feature-gates=InitialCorruptCheck=true"),
            ("3.7.3", "--feature-gates=InitialCorruptCheck=true"),
            ("3.10.0-rc.1", "--feature-gates=InitialCorruptCheck=true"),
        ] {
            assert_eq!(initial_corrupt_check(version), flag, "{version}");
        }
    }
}
