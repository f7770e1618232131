//! A Consul server as a good plain cluster runs it: production's raft timing, no outside calls, and dead servers that stay
//! in the membership until somebody removes them.

use super::member::{MemberSpec, PortRole, Readiness, Seat, Server, Setup};
use super::servers::{CONSUL, Program, version_numbers};
use crate::facts::BackendKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Consul 1.12 and later: before, there was no `tls` stanza.
#[derive(Debug)]
pub struct ConsulServer;

const HTTP: &str = "http";
const HTTPS: &str = "https";
const RPC: &str = "server";
const GOSSIP: &str = "serf-lan";

/// What every server's certificate must name, for `verify_server_hostname`.
const SERVER_NAME: &str = "server.dc1.consul";

/// In the member's directory.
const CONFIG: &str = "consul.json";

impl Server for ConsulServer {
    fn backend(&self) -> BackendKind {
        BackendKind::Consul
    }

    fn program(&self) -> &'static Program {
        &CONSUL
    }

    fn ports(&self) -> &'static [PortRole] {
        &[
            PortRole { name: HTTP, usual: 8500 },
            PortRole { name: HTTPS, usual: 8501 },
            PortRole { name: RPC, usual: 8300 },
            PortRole { name: GOSSIP, usual: 8301 },
        ]
    }

    fn endpoint(&self, seat: &Seat, tls: bool) -> String {
        if tls { format!("https://{}", seat.socket(HTTPS)) } else { format!("http://{}", seat.socket(HTTP)) }
    }

    fn certificate_names(&self) -> &'static [&'static str] {
        &[SERVER_NAME]
    }

    /// With TLS there are access controls, and this is their first token.
    fn token(&self, setup: &Setup) -> Option<String> {
        setup.tls.map(|_| uuid(setup.secret))
    }

    fn describe(&self, seat: &Seat, setup: &Setup) -> MemberSpec {
        let mut config = plain(seat, setup);
        if let Value::Object(settings) = &mut config {
            settings.extend(secured(self, seat, setup));
        }
        let file = seat.dir().join(CONFIG);
        let mut arguments = vec!["agent".to_owned(), format!("-config-file={}", file.display())];
        arguments.extend(setup.extra_arguments.iter().cloned());
        MemberSpec {
            program: setup.program.clone(),
            arguments,
            environment: BTreeMap::new(),
            declared: BTreeMap::new(),
            files: BTreeMap::from([(CONFIG.into(), format!("{config:#}\n"))]),
            readiness: Readiness {
                // Open to all, and read from this server's own state: the CA is made after the first token, by a
                // leader, through the log.
                url: format!("{}/v1/connect/ca/roots?stale", self.endpoint(seat, setup.tls.is_some())),
                contains: r#""Active":true"#.into(),
            },
        }
    }
}

fn plain(seat: &Seat, setup: &Setup) -> Value {
    let others = setup.seats.iter().filter(|other| other.name != seat.name);
    json!({
        "node_name": seat.name,
        "server": true,
        "data_dir": seat.data_dir,
        "bind_addr": seat.address,
        "client_addr": seat.address,
        "bootstrap_expect": setup.seats.len(),
        "retry_join": others.map(|other| other.socket(GOSSIP)).collect::<Vec<_>>(),
        "retry_interval": "1s",
        "ports": ports(seat, setup),
        // What HashiCorp recommends for production; the default of 5 is for small machines.
        "performance": { "raft_multiplier": 1 },
        // A lost server stays a voter: a lab is made to be looked at while something is broken. By default autopilot
        // would remove it within seconds.
        "autopilot": { "min_quorum": setup.seats.len() },
        // A server that is stopped comes back.
        "leave_on_terminate": false,
        "disable_update_check": true,
    })
}

fn ports(seat: &Seat, setup: &Setup) -> Value {
    let port = |role: &str| seat.ports.get(role).copied().unwrap_or_default();
    let (http, https) =
        if setup.tls.is_some() { (json!(-1), json!(port(HTTPS))) } else { (json!(port(HTTP)), json!(-1)) };
    let mut ports = json!({
        "http": http, "https": https, "server": port(RPC), "serf_lan": port(GOSSIP),
        "serf_wan": -1, "dns": -1, "grpc": -1,
    });
    if version_numbers(&setup.version) >= vec![1, 14] {
        ports["grpc_tls"] = json!(-1);
    }
    ports
}

/// TLS between everybody, encrypted gossip, and access controls that deny by default.
fn secured(server: &ConsulServer, seat: &Seat, setup: &Setup) -> serde_json::Map<String, Value> {
    let Some(tls) = setup.tls else { return serde_json::Map::new() };
    let token = server.token(setup);
    let settings = json!({
        "tls": {
            "defaults": {
                "ca_file": tls.ca,
                "cert_file": tls.cert_of(&seat.name),
                "key_file": tls.key_of(&seat.name),
                "verify_incoming": true,
                "verify_outgoing": true,
            },
            "https": { "verify_incoming": setup.client_cert_auth },
            "internal_rpc": { "verify_server_hostname": true },
        },
        "encrypt": base64(&setup.secret[16..]),
        "acl": {
            "enabled": true,
            "default_policy": "deny",
            "tokens": { "initial_management": token, "agent": token },
        },
    });
    match settings {
        Value::Object(settings) => settings,
        _ => serde_json::Map::new(),
    }
}

/// A UUID of the first 16 bytes: the form in which Consul takes tokens.
fn uuid(secret: &[u8; 32]) -> String {
    let hex = super::hex(&secret[..16]);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// As Consul takes gossip keys; 16 bytes select AES-128.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            match place <= three.len() {
                true => text.push(char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize])),
                false => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_the_forms_that_consul_takes() {
        assert_eq!(base64(b"f"), "Zg==");
        assert_eq!(base64(b"fo"), "Zm8=");
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(uuid(&[0xab; 32]), "abababab-abab-abab-abab-abababababab");
    }

    #[test]
    fn a_port_that_an_old_version_does_not_know_is_not_configured() {
        let seat = Seat {
            name: "n1".into(),
            address: "127.0.0.1".into(),
            ports: BTreeMap::from([(HTTP.into(), 8500)]),
            data_dir: "/lab/n1/data".into(),
        };
        let seats = [seat.clone()];
        let of = |version: &str| {
            let setup = Setup {
                program: "consul".into(),
                version: version.into(),
                token: "t".into(),
                secret: &[7; 32],
                seats: &seats,
                tls: None,
                client_cert_auth: false,
                extra_arguments: &[],
            };
            ports(&seat, &setup)
        };
        assert_eq!(of("1.13.9").get("grpc_tls"), None);
        assert_eq!(of("1.14.11").get("grpc_tls"), Some(&json!(-1)));
        assert_eq!(of("1.14.11")["http"], json!(8500));
    }
}
