//! `/v1/agent/metrics`: one complete interval of ten seconds. Names carry a prefix and, unless `disable_hostname` is set,
//! the host's name in gauges: `consul.myhost.autopilot.healthy`. They are known by their ends.

use super::wire;
use crate::facts::{ConsulMetrics, Sampled, SyncLatency, Trouble, TroubleKind, Window};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Length of an interval: go-metrics' `NewInmemSink(10*time.Second, …)` in Consul's lib/telemetry.go.
const INTERVAL_SECONDS: f64 = 10.0;

const GAUGES: &[&str] = &[
    "agent.tls.cert.expiry",
    "autopilot.failure_tolerance",
    "autopilot.healthy",
    "mesh.active-root-ca.expiry",
    "mesh.active-signing-ca.expiry",
    "raft.boltdb.freePageBytes",
    "raft.boltdb.freelistBytes",
    "raft.fsm.lastRestoreDuration",
    "raft.leader.oldestLogAge",
    "runtime.sys_bytes",
    "system.licenseExpiration",
];

const COUNTERS: &[&str] = &[
    "client.rpc.exceeded",
    "client.rpc.failed",
    "leaf-certs.cert.renewal_failure",
    "raft.logstore.verifier.read_checksum_failures",
    "raft.logstore.verifier.write_checksum_failures",
    "raft.state.candidate",
    "raft.state.leader",
    "raft.transition.heartbeat_timeout",
    "raft.transition.leader_lease_timeout",
    "raft.wal.tail_truncations",
    "rpc.rate_limit.exceeded",
];

const SAMPLES: &[&str] = &[
    "raft.boltdb.logsPerBatch",
    "raft.boltdb.storeLogs",
    "raft.boltdb.writeCapacity",
    "raft.commitTime",
    "raft.leader.dispatchLog",
    "raft.leader.lastContact",
    "raft.rpc.appendEntries.storeLogs",
    "raft.rpc.installSnapshot",
    "raft.thread.fsm.saturation",
    "raft.thread.main.saturation",
    "runtime.gc_pause_ns",
];

/// Told once for each peer, by a label.
const HEARTBEAT: &str = "raft.replication.heartbeat";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page<'a> {
    timestamp: String,
    #[serde(borrow, default)]
    gauges: Vec<Gauge<'a>>,
    #[serde(borrow, default)]
    counters: Vec<Sample<'a>>,
    #[serde(borrow, default)]
    samples: Vec<Sample<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Gauge<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    /// NaN where the server has nothing to tell, such as a follower of what only a leader knows.
    #[serde(default, deserialize_with = "wire::number")]
    value: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sample<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default)]
    count: u64,
    #[serde(default, deserialize_with = "wire::number")]
    sum: Option<f64>,
    #[serde(default, deserialize_with = "wire::number")]
    min: Option<f64>,
    #[serde(default, deserialize_with = "wire::number")]
    max: Option<f64>,
    #[serde(default, deserialize_with = "wire::number")]
    mean: Option<f64>,
    #[serde(borrow, default)]
    labels: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

pub(super) fn read(body: &[u8]) -> Result<ConsulMetrics, Trouble> {
    if body.starts_with(b"{\"error\"") {
        return Err(Trouble::new(TroubleKind::ServerError, String::from_utf8_lossy(body).into_owned()));
    }
    let page: Page<'_> = wire::page(body, "the page of metrics")?;
    let mut metrics = ConsulMetrics { interval: page.timestamp, ..ConsulMetrics::default() };
    for gauge in page.gauges {
        if let (Some(name), Some(value)) = (known(&gauge.name, GAUGES), gauge.value) {
            metrics.gauges.insert(name.to_owned(), value);
        }
    }
    for counter in page.counters {
        if let (Some(name), Some(sum)) = (known(&counter.name, COUNTERS), counter.sum) {
            *metrics.counters.entry(name.to_owned()).or_default() += sum;
        }
    }
    for sample in page.samples {
        let Some(mean) = sample.mean else { continue };
        let (min, max) = (sample.min.unwrap_or(mean), sample.max.unwrap_or(mean));
        let sampled = Sampled { count: sample.count, min, mean, max };
        if let Some(name) = known(&sample.name, SAMPLES) {
            metrics.samples.insert(name.to_owned(), sampled);
        } else if let (Some(_), Some(peer)) =
            (known(&sample.name, &[HEARTBEAT]), sample.labels.get("peer_id"))
        {
            metrics.heartbeats.insert(peer.clone().into_owned(), sampled);
        }
    }
    Ok(metrics)
}

/// The known name that `name` ends with after a dot.
fn known(name: &str, names: &[&'static str]) -> Option<&'static str> {
    names.iter().find(|known| name.strip_suffix(**known).is_some_and(|before| before.ends_with('.'))).copied()
}

/// The slowest write of the log in the interval; `None` when nothing was written. One interval has no percentiles.
pub(super) fn log_sync(metrics: &ConsulMetrics) -> Option<SyncLatency> {
    let (_, sample) = metrics.log_sync()?;
    Some(SyncLatency {
        p99_low_ms: sample.max,
        p99_high_ms: Some(sample.max),
        slowest_only: true,
        samples: sample.count,
        mean_ms: sample.mean,
        over_100ms: if sample.max > 100.0 { 1.0 / sample.count as f64 } else { 0.0 },
        window: Window::LastInterval { seconds: INTERVAL_SECONDS },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"{"Timestamp":"2026-11-24 20:52:10 +0000 UTC",
        "Gauges":[{"Name":"consul.my.host.autopilot.healthy","Value":1,"Labels":{}},
                  {"Name":"consul.autopilot.failure_tolerance","Value":"NaN","Labels":{}},
                  {"Name":"consul.raft.leader.oldestLogAge","Value":null,"Labels":{}},
                  {"Name":"consul.notautopilot.healthyx","Value":3,"Labels":{}}],
        "Points":[],
        "Counters":[{"Name":"consul.raft.state.candidate","Count":2,"Rate":0.2,"Sum":2,"Min":1,"Max":1,"Mean":1,"Stddev":0,"Labels":{}}],
        "Samples":[{"Name":"consul.raft.rpc.appendEntries.storeLogs","Count":3,"Rate":1,"Sum":6,"Min":1,"Max":3,"Mean":2,"Stddev":1,"Labels":{}},
            {"Name":"consul.raft.replication.heartbeat.a","Count":3,"Mean":9,"Labels":{}},
            {"Name":"consul.raft.replication.heartbeat","Count":3,"Mean":0.5,"Max":1,"Labels":{"peer_id":"a"}}]}"#;

    #[test]
    fn names_are_known_by_their_ends_and_nan_is_no_number() {
        let metrics = read(PAGE.as_bytes()).expect("a page");
        assert_eq!(metrics.gauges.iter().collect::<Vec<_>>(), [(&"autopilot.healthy".to_owned(), &1.0)]);
        assert_eq!(metrics.counters["raft.state.candidate"], 2.0);
        let beats: Vec<_> =
            metrics.heartbeats.iter().map(|(peer, s)| (peer.as_str(), s.mean, s.max)).collect();
        assert_eq!(beats, [("a", 0.5, 1.0)]);
        let sync = log_sync(&metrics).expect("something was written");
        assert_eq!((sync.p99_low_ms, sync.samples, sync.slowest_only), (3.0, 3, true));
    }

    #[test]
    fn what_is_no_page_of_metrics_is_named() {
        for (body, kind) in [
            ("{\"error\":\"no data\"}", TroubleKind::ServerError),
            ("<html>", TroubleKind::WrongService),
            ("{\"Gauges\":[{\"Name\":\"consul.a\",\"Value\":NaN}]}", TroubleKind::Garbage),
            ("", TroubleKind::Garbage),
        ] {
            assert_eq!(read(body.as_bytes()).map_err(|t| t.kind), Err(kind), "{body}");
        }
    }
}
