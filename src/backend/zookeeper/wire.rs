//! ZooKeeper's spelling to facts. Pure; whatever a server sends is read or refused, never trusted.

use crate::facts::{ZookeeperConfig, ZookeeperServer, ZookeeperSrvr};
use std::collections::BTreeMap;

/// What an answer to a four-letter word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// An answer.
    Answered(String),
    /// The word is not in the server's whitelist.
    NotListed,
    /// The server runs, and has no quorum or is synchronising.
    NotServing,
}

/// Tells the three apart. An empty answer is none.
pub(super) fn word(text: &str) -> Word {
    if text.contains("is not executed because it is not in the whitelist") {
        Word::NotListed
    } else if text.starts_with("This ZooKeeper instance is not currently serving requests") {
        Word::NotServing
    } else {
        Word::Answered(text.to_owned())
    }
}

/// Reads `srvr`. `None` when the text is not the whole of such an answer: a mode that was cut is no mode.
pub(super) fn srvr(text: &str) -> Option<ZookeeperSrvr> {
    let rest = text.strip_prefix("READ-ONLY mode; serving only read-only clients\n");
    let (read_only, text) = (rest.is_some(), rest.unwrap_or(text));
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.map(str::trim)
    };
    let version = field("Zookeeper version")?.split(['-', ',', ' ']).next()?.to_owned();
    let zxid = u64::from_str_radix(field("Zxid")?.strip_prefix("0x")?, 16).ok()?;
    let number = |name: &str| field(name)?.parse::<u64>().ok();
    // The line after the mode: without it the mode itself may be half a word.
    let nodes = number("Node count")?;
    let mut latency =
        field("Latency min/avg/max").unwrap_or_default().split('/').map(|n| n.parse::<f64>().ok());
    let (_, latency_avg_ms, latency_max_ms) =
        (latency.next(), latency.next().flatten(), latency.next().flatten());
    Some(ZookeeperSrvr {
        version,
        mode: field("Mode")?.to_owned(),
        read_only: read_only || field("Mode") == Some("read-only"),
        zxid,
        nodes: Some(nodes),
        connections: number("Connections"),
        received: number("Received"),
        outstanding: number("Outstanding"),
        latency_avg_ms,
        latency_max_ms,
    })
}

/// Reads `mntr` in both spellings: the default provider's `zk_NAME<TAB>VALUE`, and the Prometheus provider's
/// `zk_NAME_count`, `zk_NAME{quantile="0.5"}`. What is no finite number is left out.
pub(super) fn mntr(text: &str) -> BTreeMap<String, f64> {
    let pairs = text.lines().filter_map(|line| {
        let (name, value) = line.rsplit_once(['\t', ' '])?;
        Some((name.trim().strip_prefix("zk_")?, value.trim().parse::<f64>().ok()?))
    });
    numbers(pairs)
}

/// Reads a page of the Prometheus provider, whose names have no prefix.
pub(super) fn metrics_page(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    numbers(lines.filter_map(|line| {
        let (name, value) = line.rsplit_once(' ')?;
        Some((name, value.parse::<f64>().ok()?))
    }))
}

/// One spelling: of a summary `s` there are `s_cnt`, `s_sum`, `s_avg`, `s_max`, `s_p50`, `s_p99`, ….
pub(super) fn numbers<'a>(pairs: impl Iterator<Item = (&'a str, f64)>) -> BTreeMap<String, f64> {
    let mut numbers = BTreeMap::new();
    for (name, value) in pairs.filter(|(_, value)| value.is_finite()) {
        if let Some(name) = spelling(name).filter(|name| KEPT.iter().any(|kept| name.starts_with(kept))) {
            numbers.insert(name, value);
        }
    }
    // The provider for Prometheus tells no mean.
    let means: Vec<(String, f64)> = numbers
        .iter()
        .filter_map(|(name, sum)| {
            let stem = name.strip_suffix("_sum")?;
            let count = numbers.get(&format!("{stem}_cnt")).filter(|count| **count > 0.0)?;
            Some((format!("{stem}_avg"), sum / count))
        })
        .collect();
    for (name, mean) in means {
        numbers.entry(name).or_insert(mean);
    }
    numbers
}

/// How the names begin that checks and windows use: a server tells six hundred, and facts are kept.
const KEPT: [&str; 35] = [
    "approximate_data_size",
    "commit_count",
    "connection_",
    "digest_mismatches",
    "election_time",
    "ephemerals_count",
    "fsync",
    "global_sessions",
    "jvm_memory",
    "jvm_pause",
    "large_requests",
    "leader_uptime",
    "learners",
    "local_sessions",
    "looking_count",
    "max_file_descriptor",
    "max_latency",
    "num_alive",
    "open_file_descriptor",
    "outstanding",
    "packets_received",
    "pending_syncs",
    "quorum_size",
    "snapshot",
    "stale_requests",
    "stale_sessions",
    "synced_",
    "throttled_ops",
    "tls_handshake",
    "unavailable_time",
    "unrecoverable_error",
    "uptime",
    "watch_",
    "updatelatency",
    "znode_count",
];

fn spelling(name: &str) -> Option<String> {
    const KINDS: [&str; 9] = ["avg", "min", "max", "cnt", "sum", "p50", "p95", "p99", "p999"];
    // Gauges of old that begin like a summary's part.
    const PLAIN: [&str; 6] = [
        "avg_latency",
        "min_latency",
        "max_latency",
        "max_file_descriptor_count",
        "min_proposal_size",
        "max_proposal_size",
    ];
    if let Some((stem, labels)) = name.split_once('{') {
        // The page ends its list of labels with a comma, mntr does not.
        let label = labels.strip_suffix('}')?.trim_end_matches(',');
        if label == "area=\"heap\"" {
            return Some(format!("{stem}_heap"));
        }
        let quantile = label.strip_prefix("quantile=\"")?.strip_suffix('"')?;
        let kind = match quantile {
            "0.5" => "p50",
            "0.9" => "p90",
            "0.95" => "p95",
            "0.99" => "p99",
            "0.999" => "p999",
            _ => return None,
        };
        return Some(format!("{stem}_{kind}"));
    }
    if let Some(stem) = name.strip_suffix("_count").filter(|_| !COUNTERS_NAMED_COUNT.contains(&name)) {
        return Some(format!("{stem}_cnt"));
    }
    match name.split_once('_') {
        Some((kind, stem)) if KINDS.contains(&kind) && !PLAIN.contains(&name) => {
            Some(format!("{stem}_{kind}"))
        }
        _ => Some(name.to_owned()),
    }
}

/// Names that end like a summary's count and are plain numbers. Kept as they are.
const COUNTERS_NAMED_COUNT: &[&str] = &[
    "znode_count",
    "watch_count",
    "ephemerals_count",
    "open_file_descriptor_count",
    "max_file_descriptor_count",
    "digest_mismatches_count",
    "looking_count",
    "unrecoverable_error_count",
    "snapshot_error_count",
    "restore_error_count",
    "connection_drop_count",
    "auth_failed_count",
    "non_mtls_remote_conn_count",
    "non_mtls_local_conn_count",
    "insecure_admin_count",
    "fsync_threshold_exceed_count",
    "diff_count",
    "snap_count",
    "proposal_count",
    "commit_count",
    "connection_request_count",
    "connection_revalidate_count",
    "revalidate_count",
    "learner_commit_received_count",
    "learner_proposal_received_count",
    "request_throttle_wait_count",
    "bytes_received_count",
    "snapshot_rate_limited_count",
    "restore_rate_limited_count",
];

/// Reads the member list: `/zookeeper/config`, or the lines of a `zoo.cfg`. `None` when it names no server.
pub(super) fn config(text: &str) -> Option<ZookeeperConfig> {
    let mut config = ZookeeperConfig::default();
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
            continue;
        };
        if key == "version" {
            config.version = u64::from_str_radix(value, 16).ok();
        } else if let Some(id) = key.strip_prefix("group.") {
            config.groups.insert(id.to_owned(), value.split(':').map(|id| id.trim().to_owned()).collect());
        } else if let Some(id) = key.strip_prefix("weight.") {
            config.weights.insert(id.to_owned(), value.parse().ok()?);
        } else if let Some(id) = key.strip_prefix("server.") {
            config.servers.insert(id.parse::<u64>().ok()?.to_string(), server(value)?);
        }
    }
    (!config.servers.is_empty()).then_some(config)
}

/// `HOST:QUORUM:ELECTION[:ROLE][|HOST:QUORUM:ELECTION…][;[HOST:]CLIENT]`. Of several addresses the first is kept.
fn server(text: &str) -> Option<ZookeeperServer> {
    let (peers, client) = match text.split_once(';') {
        Some((peers, client)) => (peers, Some(client.split(';').next().unwrap_or(client))),
        None => (text, None),
    };
    let (first, observer) = (peers.split('|').next()?, peers.ends_with(":observer"));
    let first = first.trim_end_matches(":participant").trim_end_matches(":observer");
    let (rest, election) = first.rsplit_once(':')?;
    let (host, quorum) = rest.rsplit_once(':')?;
    let port = |text: &str| text.parse::<u16>().ok();
    let (quorum, election) = (port(quorum)?, port(election)?);
    let client = client.and_then(|client| {
        let (address, number) = client.rsplit_once(':').unwrap_or(("0.0.0.0", client));
        // Where it listens everywhere, clients dial the host.
        let everywhere = matches!(address, "0.0.0.0" | "[::]" | "[0:0:0:0:0:0:0:0]" | "");
        Some(format!("{}:{}", if everywhere { host } else { address }, port(number)?))
    });
    Some(ZookeeperServer {
        quorum: format!("{host}:{quorum}"),
        election: format!("{host}:{election}"),
        client,
        observer,
    })
}

/// Reads lines `KEY=VALUE`: the word `conf`, or a `zoo.cfg`. The last of several is in force.
pub(super) fn settings(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| kept(key.trim(), value.trim())).collect()
}

/// A setting as it may be kept: of a secret only that there is one.
pub(super) fn kept(key: &str, value: &str) -> (String, String) {
    let secret = secret(key) && !value.is_empty();
    (key.to_owned(), if secret { SECRET.to_owned() } else { value.to_owned() })
}

/// Keys that ZooKeeper reads from the machine's options only, without the prefix `zookeeper.`.
const UNPREFIXED: [&str; 2] = ["jute.maxbuffer", "readonlymode.enabled"];

/// A line of `zoo.cfg` as the property that it becomes: one that nobody reads keeps its prefix.
pub(super) fn misplaced(key: &str, value: &str) -> (String, String) {
    let (name, value) = kept(key, value);
    (if UNPREFIXED.contains(&key) { format!("zookeeper.{name}") } else { name }, value)
}

/// What stands for a secret.
pub(super) const SECRET: &str = "(set)";

/// Whether a key's value is a secret.
pub(super) fn secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    (key.contains("password") && !key.ends_with("passwordpath")) || key.ends_with("superdigest")
}

/// Reads a JSON answer of the AdminServer. What is wrong with it is the error: status 200 says nothing.
pub(super) fn admin(body: &[u8]) -> Result<serde_json::Map<String, serde_json::Value>, String> {
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(|_| "what answers there is no AdminServer".to_owned())?;
    let serde_json::Value::Object(map) = value else {
        return Err("what answers there is no AdminServer".to_owned());
    };
    match map.get("error") {
        Some(serde_json::Value::Null) => Ok(map),
        Some(error) => Err(error.as_str().unwrap_or("an error without words").to_owned()),
        None => Err("what answers there is no AdminServer".to_owned()),
    }
}

/// The AdminServer's `configuration` in the names of `zoo.cfg`.
pub(super) fn running(map: &serde_json::Map<String, serde_json::Value>) -> BTreeMap<String, String> {
    let named = |key: &str| match key {
        "max_client_cnxns" => "maxClientCnxns".to_owned(),
        _ => camel(key),
    };
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.trim_end_matches("/version-2").to_owned(),
        other => other.to_string(),
    };
    let kept = map.iter().filter(|(key, _)| !matches!(key.as_str(), "command" | "error"));
    kept.map(|(key, value)| (named(key), text(value))).collect()
}

/// `data_log_dir` → `dataLogDir`.
fn camel(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let head = letters.next().map(|c| c.to_ascii_uppercase());
        name + &head.into_iter().chain(letters).collect::<String>()
    })
}

/// The AdminServer's `voting_view` as a member list: it names the voters only.
pub(super) fn voting_view(map: &serde_json::Map<String, serde_json::Value>) -> Option<ZookeeperConfig> {
    let servers = map.get("current_config")?.as_object()?;
    let first = |server: &serde_json::Value, key: &str| {
        Some(server.get(key)?.as_array()?.first()?.as_str()?.to_owned())
    };
    let servers: BTreeMap<String, ZookeeperServer> = servers
        .iter()
        .filter_map(|(id, server)| {
            let client = server.get("client_address").and_then(|c| c.as_str()).filter(|c| !c.is_empty());
            let read = ZookeeperServer {
                quorum: first(server, "server_addresses")?,
                election: first(server, "election_addresses")?,
                client: client.map(str::to_owned),
                observer: server.get("learner_type").and_then(|t| t.as_str()) == Some("observer"),
            };
            Some((id.parse::<u64>().ok()?.to_string(), read))
        })
        .collect();
    (!servers.is_empty()).then(|| ZookeeperConfig { servers, ..ZookeeperConfig::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SRVR: &str = "Zookeeper version: 3.9.5-293c895a8d966a3ecb92872be4a1daf87d725da2, built on 2026-02-11 20:18 UTC\n\
        Latency min/avg/max: 0/0.3056/7\nReceived: 40\nSent: 36\nConnections: 1\nOutstanding: 0\n\
        Zxid: 0x10000000a\nMode: follower\nNode count: 5\n";

    #[test]
    fn srvr_of_several_versions() {
        let read = srvr(SRVR).expect("whole");
        assert_eq!(
            (read.version.as_str(), read.mode.as_str(), read.zxid),
            ("3.9.5", "follower", 0x1_0000_000a)
        );
        assert_eq!(
            (read.latency_avg_ms, read.latency_max_ms, read.connections),
            (Some(0.3056), Some(7.0), Some(1))
        );
        let debian = SRVR.replace(
            "3.9.5-293c895a8d966a3ecb92872be4a1daf87d725da2, built",
            "3.8.0-${mvngit.commit.id}, built",
        );
        assert_eq!(srvr(&debian).map(|s| s.version), Some("3.8.0".into()));
        let alone = format!("READ-ONLY mode; serving only read-only clients\n{SRVR}")
            .replace("follower", "read-only");
        assert!(srvr(&alone).is_some_and(|s| s.read_only));
    }

    #[test]
    fn half_a_srvr_is_none() {
        let end = SRVR.len() - "5\n".len();
        for cut in 0..end {
            assert_eq!(srvr(&SRVR[..cut]), None, "cut at {cut}: {:?}", &SRVR[..cut]);
        }
    }

    #[test]
    fn both_providers_spell_a_summary_the_same_here() {
        let ours = mntr(
            "zk_avg_fsynctime\t1.5\nzk_cnt_fsynctime\t4\nzk_sum_fsynctime\t6\nzk_max_fsynctime\t3\n\
                         zk_znode_count\t5\nzk_max_latency\t9\nzk_server_state\tleader\nzk_watch_bytes\tNaN\n",
        );
        let theirs = mntr(
            "zk_fsynctime_count\t4.0\nzk_fsynctime_sum\t6.0\nzk_fsynctime{quantile=\"0.5\"}\t1.0\n\
                           zk_znode_count\t5.0\nzk_max_latency\t9.0\n",
        );
        for name in ["fsynctime_cnt", "fsynctime_sum", "fsynctime_avg", "znode_count", "max_latency"] {
            assert_eq!(ours.get(name), theirs.get(name), "{name}");
            assert!(ours.contains_key(name), "{name}");
        }
        assert_eq!((theirs.get("fsynctime_p50"), ours.get("watch_bytes")), (Some(&1.0), None));
        let page = metrics_page(
            "# TYPE fsynctime summary\nfsynctime{quantile=\"0.5\",} 1.0\nfsynctime_count 4.0\nfsynctime_sum 6.0\n\
             znode_count 5.0\njvm_memory_bytes_used{area=\"heap\",} 1.8E7\njvm_memory_bytes_used{area=\"nonheap\",} 2.0\n\
             updatelatency{key=\"a,b\",quantile=\"0.5\",} 1.0\nfsynctime{quantile=\"0.99\",} NaN\n",
        );
        let of = |name: &str| page.get(name).copied();
        assert_eq!(
            [of("fsynctime_avg"), of("fsynctime_p50"), of("fsynctime_p99"), of("jvm_memory_bytes_used_heap")],
            [Some(1.5), Some(1.0), None, Some(1.8e7)]
        );
    }

    #[test]
    fn reads_member_lists() {
        let list = config(
            "server.1=zk1:2888:3888:participant;0.0.0.0:2181\nserver.2=[::1]:2888:3888;2182\n\
             server.3=10.0.0.3:2888:3888:observer\nserver.4=a:1:2|b:3:4:participant;c:5\nversion=10000000b\n",
        )
        .expect("a list");
        let client = |id: &str| list.servers[id].client.as_deref();
        assert_eq!(list.version, Some(0x1_0000_000b));
        assert_eq!(
            [client("1"), client("2"), client("3"), client("4")],
            [Some("zk1:2181"), Some("[::1]:2182"), None, Some("c:5")]
        );
        assert!(list.servers["3"].observer && !list.servers["1"].observer);
        assert_eq!(list.servers["4"].quorum, "a:1");
        assert_eq!(config("version=0"), None);
        let grouped =
            config("server.1=a:1:2\nserver.2=b:1:2\ngroup.7=1:2\nweight.2=3\nversion=0").expect("a list");
        assert_eq!(grouped.groups["7"], ["1", "2"]);
        assert_eq!(grouped.weights["2"], 3);
        assert_eq!(config("server.x=a:1:2"), None);
    }

    #[test]
    fn passwords_are_not_kept() {
        let read =
            settings("ssl.keyStore.password=geheim\nssl.keyStore.passwordPath=/p\nskipACL = yes\n# a=b\n");
        assert_eq!(read["ssl.keyStore.password"], SECRET);
        assert_eq!((read["skipACL"].as_str(), read["ssl.keyStore.passwordPath"].as_str()), ("yes", "/p"));
        assert_eq!(kept("DigestAuthenticationProvider.superDigest", "super:x").1, SECRET);
    }

    #[test]
    fn an_admin_answer_is_judged_by_its_error_and_not_by_its_status() {
        assert!(admin(br#"{"command":"leader","error":null}"#).is_ok());
        for bad in [
            "{\"command\":\"monitor\",\"error\":\"This ZooKeeper instance is not currently serving requests\"}",
            "<html>",
            "[]",
            "{}",
            "",
        ] {
            assert!(admin(bad.as_bytes()).is_err(), "{bad}");
        }
        let map = admin(br#"{"client_port":1,"data_log_dir":"/d/version-2","error":null}"#).expect("good");
        assert_eq!(
            running(&map),
            BTreeMap::from([("clientPort".into(), "1".into()), ("dataLogDir".into(), "/d".into())])
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC*") {
            let _ = (srvr(&text), mntr(&text), config(&text), settings(&text), metrics_page(&text), word(&text));
        }
    }
}
