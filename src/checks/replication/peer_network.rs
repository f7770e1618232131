use super::window::Spoken;
use crate::checks::agents::unread;
use crate::facts::{
    CommonFacts, ConsulFacts, EtcdFacts, EtcdMember, EtcdMetrics, EtcdWindow, Histogram, Member, Observed,
    Window,
};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const FAILURES: Threshold = Threshold {
    key: "peer_sent_failures_warn",
    default: Limit::PerSecond(0.01),
    source: "etcd contrib/mixin/alerts: etcdMembersDown (peer_sent_failures over 0.01 per second)",
};
const RTT: Threshold = Threshold {
    key: "peer_rtt_p99_warn",
    default: Limit::Millis(150.0),
    source: "etcd contrib/mixin/alerts: etcdMemberCommunicationSlow (p99 over 150 ms)",
};

const HEARTBEAT: Threshold = Threshold {
    key: "heartbeat_rtt_warn",
    default: Limit::Millis(50.0),
    source: "Consul reference architecture: round trips between servers below 50 ms on average",
};

/// How long before a window a peer must have been started, in seconds: it takes a while to listen, and the start that
/// /metrics tells is only as exact as the kernel's boot time.
const SETTLED: f64 = 60.0;

/// Fewer round trips say nothing: etcd measures one every 30 seconds, the first while it starts.
const FEWEST_ROUND_TRIPS: f64 = 10.0;

pub(super) const CHECK: Check = Check {
    slug: "peer-network",
    family: Family::Replication,
    question: "Do the members reach each other, without losses and fast?",
    why: "Members may answer clients and still be cut off from each other. Every write costs a round trip between \
          them, and heartbeats that are lost end in an election.",
    remedy: "Look at the network between the peer ports of the two members: firewalls, routes, MTU, certificates. If \
             the distance cannot change, raise --heartbeat-interval and --election-timeout on every member.",
    runbook: None,
    thresholds: &[FAILURES, RTT, HEARTBEAT],
    sources: &[
        "etcd contrib/mixin/alerts: etcdMembersDown, etcdMemberCommunicationSlow",
        "https://etcd.io/docs/v3.6/tuning/",
        "Consul telemetry reference: consul.raft.replication.heartbeat, of the leader's last interval of 10 s",
    ],
    rules: &[Rule::Etcd(judge), Rule::Consul(judge_consul)],
};

/// A heartbeat is answered as it comes, without a look at a disk: it takes a round trip. One that is lost is heartbeats'.
fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.members.len() == 1 {
        return Outcome::NotApplicable("one server has no peers".into());
    }
    let Some((leader, native)) = consul.leader(facts) else {
        return Outcome::undecided("round trips to the leader: no leader answered", Severity::Warning);
    };
    let mut tally = Tally::new();
    unread(leader, native, &mut tally);
    let beats = native.metrics.known().map(|metrics| &metrics.heartbeats);
    for (peer, beats) in beats.into_iter().flatten() {
        let Some(peer) = facts.member(peer).filter(|peer| peer.reachable) else { continue };
        let values = vec![
            ("peer", peer.label().into()),
            ("mean", Value::Millis(beats.mean)),
            ("longest", Value::Millis(beats.max)),
        ];
        if beats.mean > policy.get(&HEARTBEAT) {
            let mut hit = Hit::new(
                Severity::Warning,
                "heartbeats to {peer} took {mean} on average in the last 10 s, {longest} at the slowest",
            );
            hit.values = values;
            tally.hit(hit.on(leader.label()));
        } else {
            tally.nearest(beats.mean, values);
        }
    }
    tally.outcome()
}

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.members.len() == 1 {
        return Outcome::NotApplicable("one member has no peers".into());
    }
    let mut tally = Tally::new();
    let mut asked = 0;
    for (member, native, _) in etcd.answered(facts) {
        asked += 1;
        match &native.metrics {
            Observed::Known(metrics) => disconnected(facts, member, metrics, &mut tally),
            Observed::Unknown(why) => {
                tally.gap(member.label(), format!("its links to the others: {why}"), Severity::Warning)
            }
        }
        for hit in losses(etcd, facts, member, native, policy.get(&FAILURES)) {
            tally.hit(hit);
        }
        if let Some(counted) = native.window.known() {
            round_trips(facts, member, counted, policy.get(&RTT), &mut tally);
        }
    }
    if asked == 0 {
        return Outcome::undecided("no member answered", Severity::Warning);
    }
    tally.outcome()
}

/// A peer that answers us, but that this member has no connection to. One that answers nobody is quorum-margin's.
fn disconnected(facts: &CommonFacts, member: &Member, metrics: &EtcdMetrics, tally: &mut Tally) {
    let connected = |peer: &&Member| metrics.active_peers.get(&peer.id).is_some_and(|active| *active > 0.0);
    for peer in facts.reachable().filter(|peer| peer.id != member.id && !connected(peer)) {
        let hit = Hit::new(Severity::Warning, "it has no connection to {peer}, though both answer from here");
        tally.hit(hit.with("peer", peer.label()).on(member.label()));
    }
}

/// Judged only over a window whose beginning we know, and for peers that ran all the while: sends to a member that has
/// not started, is down or was restarted fail, and that is no news about the network.
fn losses(
    etcd: &EtcdFacts,
    facts: &CommonFacts,
    member: &Member,
    native: &EtcdMember,
    limit: f64,
) -> Vec<Hit> {
    let (Some(counted), Some(metrics)) = (native.window.known(), native.metrics.known()) else {
        return vec![];
    };
    let (false, Some(length)) =
        (matches!(counted.window, Window::SinceStart { .. }), counted.window.seconds())
    else {
        return vec![];
    };
    let began = metrics.read_at.as_millisecond() as f64 / 1000.0 - length;
    let mut hits = Vec::new();
    for (peer, theirs, _) in etcd.answered(facts) {
        let started = theirs.metrics.known().and_then(|m| m.process_start_seconds);
        let failed = counted.peer_sent_failures.get(&peer.id).copied().unwrap_or(0.0);
        let rate = counted.window.rate(failed);
        if rate > limit && started.is_some_and(|started| started + SETTLED < began) {
            let hit = Hit::new(Severity::Warning, "{failed} messages to {peer} could not be sent {during}")
                .with("peer", peer.label())
                .with("failed", failed as u64)
                .with("during", counted.window.spoken())
                .with("per_second", Value::Number(rate));
            hits.push(hit.on(member.label()));
        }
    }
    hits
}

/// The limit is no bucket bound: what lies in its bucket can be neither passed nor failed.
fn round_trips(facts: &CommonFacts, member: &Member, counted: &EtcdWindow, limit: f64, tally: &mut Tally) {
    for (id, histogram) in &counted.peer_rtt {
        let Some(peer) = facts.member(id).filter(|peer| peer.reachable) else { continue };
        let Some((low, high)) = slowest(histogram) else { continue };
        let (low, high) = (low * 1000.0, high.map(|high| high * 1000.0));
        if low >= limit {
            let says = match high {
                Some(_) => {
                    "round trips to {peer} take {low} to {high} at the slowest, over {limit} ({samples} {during})"
                }
                None => "round trips to {peer} take over {low} at the slowest ({samples} {during})",
            };
            let hit = Hit::new(Severity::Warning, says)
                .with("peer", peer.label())
                .with("low", Value::Millis(low))
                .with("high", Value::Millis(high.unwrap_or(low)))
                .with("limit", Value::Millis(limit))
                .with("samples", histogram.count as u64)
                .with("during", counted.window.spoken());
            tally.hit(hit.on(member.label()));
        } else if high.is_none_or(|high| high > limit) {
            let missing = format!(
                "whether its round trips to {} stay under the limit: the slowest are in the bucket from {} to {}",
                peer.label(),
                Value::Millis(low).human(),
                high.map_or_else(|| "no bound".to_owned(), |high| Value::Millis(high).human()),
            );
            tally.gap(member.label(), missing, Severity::Warning);
        }
    }
}

/// The bucket of the 99th percentile, or of the slowest sample where there are too few for one.
fn slowest(histogram: &Histogram) -> Option<(f64, Option<f64>)> {
    if histogram.count < FEWEST_ROUND_TRIPS {
        return None;
    }
    histogram.quantile_bounds(if histogram.count < 100.0 { 1.0 } else { 0.99 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::replication::window::testing::windowed;
    use crate::checks::testing::{Sample, cluster, row, sampled, servers, undecided};

    fn rtt(buckets: &[(f64, f64)], count: f64) -> Sample {
        let mut facts = cluster(3);
        if let Observed::Known(counted) = &mut facts.etcd_mut("n1").window {
            let histogram = Histogram { buckets: buckets.to_vec(), count, sum: 1.0 };
            counted.peer_rtt.insert("2".into(), histogram);
        }
        facts
    }

    #[test]
    fn heartbeats_that_take_long() {
        row(&CHECK, &servers(3), &[]);
        let took = |mean| {
            let mut sample = servers(3);
            sample.interval_mut("n1").heartbeats.insert("2".into(), sampled(mean, 90.0));
            sample
        };
        row(&CHECK, &took(50.0), &[]);
        row(&CHECK, &took(51.0), &[Severity::Warning]);
        // Its absence is quorum-margin's finding.
        row(&CHECK, &took(51.0).down("n2"), &[]);
        undecided(&CHECK, &servers(3).down("n1"), Severity::Warning);
    }

    #[test]
    fn a_missing_link_between_members_that_both_answer() {
        row(&CHECK, &cluster(3), &[]);
        let mut cut = cluster(3);
        cut.metrics_mut("n2").active_peers.insert("3".into(), 0.0);
        row(&CHECK, &cut, &[Severity::Warning]);
        cut.metrics_mut("n1").active_peers.remove("3");
        row(&CHECK, &cut, &[Severity::Warning, Severity::Warning]);
        row(&CHECK, &cut.down("n3"), &[]);
    }

    /// n1 failed to send 30 messages to n2 over this window.
    fn lossy(window: Window) -> Sample {
        let mut facts = windowed(window, |_| {});
        if let Observed::Known(counted) = &mut facts.etcd_mut("n1").window {
            counted.peer_sent_failures.insert("2".into(), 30.0);
        }
        let started = facts.metrics_mut("n2").process_start_seconds.unwrap_or_default();
        let read_at = jiff::Timestamp::from_second(started as i64 + 4000).expect("a valid time");
        facts.metrics_mut("n1").read_at = read_at;
        facts
    }

    #[test]
    fn losses_are_judged_over_a_known_window_with_peers_that_ran_all_the_while() {
        row(&CHECK, &lossy(Window::SinceLastRun { seconds: 600.0 }), &[Severity::Warning]);
        row(&CHECK, &lossy(Window::SinceLastRun { seconds: 3000.0 }), &[]);
        row(&CHECK, &lossy(Window::SinceStart { seconds: Some(600.0) }), &[]);
        row(&CHECK, &lossy(Window::SinceLastRun { seconds: 600.0 }).down("n2"), &[]);
        let mut restarted = lossy(Window::SinceLastRun { seconds: 600.0 });
        let metrics = restarted.metrics_mut("n2");
        metrics.process_start_seconds = metrics.process_start_seconds.map(|s| s + 3600.0);
        row(&CHECK, &restarted, &[]);
    }

    #[test]
    fn round_trips_by_bucket_bounds() {
        row(&CHECK, &rtt(&[(0.1024, 20.0), (0.2048, 20.0)], 20.0), &[]);
        row(&CHECK, &rtt(&[(0.2048, 19.0), (0.4096, 20.0)], 20.0), &[Severity::Warning]);
        row(&CHECK, &rtt(&[(0.2048, 0.0), (0.4096, 2.0)], 2.0), &[]);
        undecided(&CHECK, &rtt(&[(0.1024, 19.0), (0.2048, 20.0)], 20.0), Severity::Warning);
    }

    #[test]
    fn unread_metrics_are_unknown() {
        let mut facts = cluster(3);
        facts.etcd_mut("n2").metrics = Observed::unknown("HTTP status 404");
        undecided(&CHECK, &facts, Severity::Warning);
        assert!(matches!(cluster(1).run(&CHECK), Outcome::NotApplicable(_)));
    }
}
