//! What the peer ports tell: a second, independent view of the membership, the cluster they belong to, and a clock
//! that is precise to the round trip. A peer port that refuses us is normal under `--peer-client-cert-auth`.

use super::wire;
use crate::backend::clock;
use crate::facts::{
    ClockOffset, CommonFacts, EtcdPeerView, ListedMember, MembershipView, Observed, Reach, Trouble,
    TroubleKind,
};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What one peer URL told.
pub(super) struct PeerLook {
    /// As the member list spells it.
    pub(super) url: String,
    told: Result<Told, Trouble>,
    clock: Observed<ClockOffset>,
}

/// `/members` of a peer port.
struct Told {
    cluster_id: Option<String>,
    members: BTreeMap<String, ListedMember>,
}

/// Asks one peer URL for its members, then for its time: the second request finds a warm connection, so half its
/// round trip is all that the clock may be off by.
pub(super) async fn look(url: String, http: Option<&Http>, now: Timestamp, deadline: Deadline) -> PeerLook {
    let failed = |url, trouble: Trouble| {
        let clock = Observed::unknown(trouble.to_string());
        PeerLook { url, told: Err(trouble), clock }
    };
    let Some(http) = http else {
        return failed(url, Trouble::new(TroubleKind::TlsFailure, "the TLS material makes no HTTP client"));
    };
    let base = match Address::parse(&url, false, 2380) {
        Ok(address) => address.url(),
        Err(reason) => return failed(url, Trouble::new(TroubleKind::DnsFailure, reason)),
    };
    let answer = match http.page(&format!("{base}/members"), deadline).await {
        Ok(answer) => answer,
        Err(trouble) => return failed(url, trouble),
    };
    let told = wire::peer_members(&answer.body)
        .map(|members| Told { cluster_id: answer.header("x-etcd-cluster-id").map(str::to_owned), members });
    let sent = deadline.elapsed_ms();
    let probed = http.page(&format!("{base}/raft/probing"), deadline).await;
    let received = deadline.elapsed_ms();
    let clock = match probed.and_then(|answer| wire::probed_now(&answer.body)) {
        Ok(theirs) => Observed::Known(offset(theirs, now, sent, received)),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    };
    PeerLook { url, told, clock }
}

fn offset(theirs: Timestamp, start: Timestamp, sent_ms: f64, received_ms: f64) -> ClockOffset {
    let middle = clock::wall(start, (sent_ms + received_ms) / 2.0);
    ClockOffset {
        offset_ms: theirs.duration_since(middle).as_secs_f64() * 1000.0,
        uncertainty_ms: (received_ms - sent_ms) / 2.0,
    }
}

impl PeerLook {
    /// Whether it answered at all.
    pub(super) fn answered(&self) -> bool {
        self.told.is_ok()
    }
}

/// The looks of one run, by peer URL as listed.
#[derive(Default)]
pub(super) struct Peers(BTreeMap<String, PeerLook>);

impl Peers {
    pub(super) fn new(looks: Vec<PeerLook>) -> Self {
        Peers(looks.into_iter().map(|look| (look.url.clone(), look)).collect())
    }

    /// What a member's peer port told, by its first URL that answered.
    pub(super) fn view_of(&self, listed: &ListedMember) -> Observed<EtcdPeerView> {
        if let Some((url, told)) = self.answer(&listed.peer_urls) {
            return Observed::Known(EtcdPeerView {
                url: url.to_owned(),
                cluster_id: told.cluster_id.clone(),
                serves_clients: Observed::default(),
            });
        }
        let Some(url) = listed.peer_urls.first() else {
            return Observed::unknown("no peer URL is known");
        };
        match self.0.get(url).map(|look| &look.told) {
            Some(Err(trouble)) => Observed::unknown(trouble.to_string()),
            _ => Observed::unknown("its peer port gave no answer while everything else was read"),
        }
    }

    /// A member's clock, where its peer port told it.
    pub(super) fn clock_of(&self, listed: &ListedMember) -> Option<Observed<ClockOffset>> {
        let looks = listed.peer_urls.iter().filter_map(|url| self.0.get(url));
        looks.map(|look| &look.clock).find(|clock| clock.known().is_some()).cloned()
    }

    /// The lists that the peer ports of these members told.
    pub(super) fn views<'a>(
        &'a self,
        list: &'a BTreeMap<String, ListedMember>,
    ) -> impl Iterator<Item = MembershipView> + 'a {
        list.iter().filter_map(|(id, listed)| {
            let (_, told) = self.answer(&listed.peer_urls)?;
            Some(MembershipView {
                source: id.clone(),
                interface: "peer".into(),
                members: told.members.clone(),
            })
        })
    }

    /// Says of every member that gave no answer on its client port, but did on its peer port, that its process lives:
    /// the trouble is then in the client listener or in what we present to it.
    pub(super) fn tell_the_living(&self, common: &mut CommonFacts) {
        for member in common.members.iter_mut().filter(|m| !m.reachable) {
            let (Some(trouble), Some((url, _))) = (&mut member.trouble, self.answer(&member.peer_urls))
            else {
                continue;
            };
            let note = format!("; its peer port {url} answers, so the process runs");
            trouble.detail.push_str(&note);
            for endpoint in common.endpoints.iter_mut().filter(|e| Some(&e.url) == member.endpoint.as_ref()) {
                if let Reach::Failed(trouble) = &mut endpoint.reach {
                    trouble.detail.push_str(&note);
                }
            }
        }
    }

    fn answer<'a>(&'a self, urls: &[String]) -> Option<(&'a str, &'a Told)> {
        urls.iter().find_map(|url| {
            let look = self.0.get(url)?;
            Some((look.url.as_str(), look.told.as_ref().ok()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str) -> PeerLook {
        let told = Told { cluster_id: Some("c1".into()), members: BTreeMap::new() };
        PeerLook { url: url.into(), told: Ok(told), clock: Observed::default() }
    }

    fn listed(urls: &[&str]) -> ListedMember {
        ListedMember { peer_urls: urls.iter().map(|u| (*u).to_owned()).collect(), ..ListedMember::default() }
    }

    #[test]
    fn the_first_url_that_answered_speaks_for_the_member() {
        let refused = PeerLook {
            url: "http://a:1".into(),
            told: Err(Trouble::new(TroubleKind::ConnectionRefused, "nothing listens on that port")),
            clock: Observed::default(),
        };
        let peers = Peers::new(vec![refused, told("http://b:1")]);
        let both = peers.view_of(&listed(&["http://a:1", "http://b:1"]));
        assert_eq!(both.known().map(|v| v.url.as_str()), Some("http://b:1"));
        let one = peers.view_of(&listed(&["http://a:1"]));
        assert!(one.why().is_some_and(|why| why.contains("connection-refused")), "{one:?}");
        assert!(
            peers.view_of(&listed(&["http://late:1"])).why().is_some_and(|why| why.contains("no answer"))
        );
        assert!(peers.view_of(&listed(&[])).why().is_some());
    }

    #[test]
    fn a_clock_is_off_by_no_more_than_half_the_round_trip() {
        let start: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a valid time");
        let theirs: Timestamp = "2026-11-24T12:00:01.006Z".parse().expect("a valid time");
        let clock = offset(theirs, start, 4.0, 8.0);
        assert!((clock.offset_ms - 1000.0).abs() < 0.01, "{clock:?}");
        assert_eq!(clock.uncertainty_ms, 2.0);
    }
}
