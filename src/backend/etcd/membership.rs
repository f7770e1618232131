//! etcd's own membership calls, each through one member's client.

use super::client::answer;
use super::{Etcd, client, wire};
use crate::backend::Looking;
use crate::backend::membership::{Joining, Members, Membership, NewMember, Setback};
use crate::consent::Consent;
use crate::facts::{Facts, Trouble, TroubleKind};
use crate::transport::Deadline;
use etcd_client::{Client, Error, GetOptions, MemberAddOptions};

impl Membership for Etcd {
    fn list<'a>(&'a self, through: &'a str, deadline: Deadline) -> Looking<'a, Result<Members, Trouble>> {
        Box::pin(async move {
            let client = self.client_for(through, deadline).await?;
            // etcd-client asks for the member's own list only: a linearizable read before it makes that one have
            // everything that is committed.
            let options = GetOptions::new().with_count_only();
            match answer(deadline, client.kv_client().get("health", Some(options))).await {
                Err(trouble) if trouble.kind != TroubleKind::PermissionDenied => return Err(trouble),
                _ => {}
            }
            answer(deadline, client.cluster_client().member_list()).await.map(|list| wire::members(&list))
        })
    }

    fn add<'a>(
        &'a self,
        _: &'a Consent,
        through: &'a str,
        member: NewMember<'a>,
        deadline: Deadline,
    ) -> Looking<'a, Result<String, Setback>> {
        Box::pin(async move {
            let client = self.reach(through, deadline).await?;
            let options = MemberAddOptions::new();
            let options = if member.learner { options.with_is_learner() } else { options };
            let mut cluster = client.cluster_client();
            let added = change(deadline, cluster.member_add(member.peer_urls, Some(options))).await?;
            Ok(added.member().map_or_else(String::new, |m| wire::hex(m.id())))
        })
    }

    fn remove<'a>(
        &'a self,
        _: &'a Consent,
        through: &'a str,
        id: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<(), Setback>> {
        Box::pin(async move {
            let (client, id) = (self.reach(through, deadline).await?, number(id)?);
            change(deadline, client.cluster_client().member_remove(id)).await.map(drop)
        })
    }

    fn promote<'a>(
        &'a self,
        _: &'a Consent,
        through: &'a str,
        id: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<(), Setback>> {
        Box::pin(async move {
            let (client, id) = (self.reach(through, deadline).await?, number(id)?);
            change(deadline, client.cluster_client().member_promote(id)).await.map(drop)
        })
    }

    fn move_leader<'a>(
        &'a self,
        _: &'a Consent,
        through: &'a str,
        id: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<(), Setback>> {
        Box::pin(async move {
            let (client, id) = (self.reach(through, deadline).await?, number(id)?);
            change(deadline, client.maintenance_client().move_leader(id)).await.map(drop)
        })
    }

    fn caught_up(&self, facts: &Facts, id: &str) -> Option<String> {
        let etcd = facts.native.etcd()?;
        let (leader, native, leads) = etcd.leader(&facts.common)?;
        let progress = native.vars.known().map(|vars| &vars.progress);
        let (has, of) = match progress.and_then(|p| Some((p.get(id)?.matched, p.get(&leader.id)?.matched))) {
            Some(tracked) => tracked,
            None => {
                let own = etcd.answered(&facts.common).find(|(m, _, _)| m.id == id)?.2;
                (own.raft_index, leads.raft_index)
            }
        };
        Some(format!("it has {has} of {of} log entries"))
    }

    fn joining(&self, members: &Members, name: &str, peer_urls: &[String]) -> Joining {
        joining(members, name, peer_urls)
    }
}

impl Etcd {
    async fn reach(&self, through: &str, deadline: Deadline) -> Result<Client, Setback> {
        self.client_for(through, deadline).await.map_err(Setback::NotAsked)
    }
}

/// The server refuses to start unless its `--initial-cluster` is exactly the list of members.
fn joining(members: &Members, name: &str, peer_urls: &[String]) -> Joining {
    let is_new = |urls: &[String]| urls.iter().any(|url| peer_urls.contains(url));
    let others = members.values().filter(|m| !is_new(&m.peer_urls));
    let mut cluster: Vec<String> = others
        .flat_map(|m| m.peer_urls.iter().map(move |url| format!("{}={url}", m.name)))
        .chain(peer_urls.iter().map(|url| format!("{name}={url}")))
        .collect();
    cluster.sort();
    let settings = [
        ("name", name.to_owned()),
        ("initial-advertise-peer-urls", peer_urls.join(",")),
        ("initial-cluster", cluster.join(",")),
        ("initial-cluster-state", "existing".to_owned()),
    ];
    let variable = |flag: &str| format!("ETCD_{}", flag.to_uppercase().replace('-', "_"));
    Joining {
        arguments: settings.iter().map(|(flag, value)| format!("--{flag}={value}")).collect(),
        environment: settings.iter().map(|(flag, value)| (variable(flag), value.clone())).collect(),
        remember: vec![
            "Start it with an empty data directory (and WAL directory).".to_owned(),
            "Give it its own --listen-peer-urls, --listen-client-urls and --advertise-client-urls, and the TLS \
             settings that the other members have."
                .to_owned(),
        ],
    }
}

fn number(id: &str) -> Result<u64, Setback> {
    u64::from_str_radix(id, 16).map_err(|_| Setback::Refused(format!("{id} is no member id")))
}

async fn change<T>(deadline: Deadline, call: impl Future<Output = Result<T, Error>>) -> Result<T, Setback> {
    match deadline.run(call).await {
        Some(result) => result.map_err(|error| setback(client::name(&error))),
        None => Err(Setback::InDoubt(Trouble::new(TroubleKind::NoAnswer, "no answer within the deadline"))),
    }
}

/// Refusals that time heals (etcd api/v3rpc/rpctypes/error.go), with what they mean.
const NOT_YET: [(&str, &str); 5] = [
    // server/etcdserver/server.go: HealthInterval
    ("unhealthy cluster", "its members must have been connected for 5 seconds"),
    ("in sync with leader", "the learner has not caught up yet"),
    ("not leader", "the leader has just changed"),
    ("too many requests", "the server is busy"),
    ("member ID already exist", "another member was added in the same second"),
];

/// Answers that leave it open whether the proposal was made.
const OPEN: [&str; 4] = ["request timed out", "leader changed", "server stopped", "request is canceled"];

fn setback(trouble: Trouble) -> Setback {
    let says = |words: &[&str]| words.iter().any(|word| trouble.detail.contains(word));
    match trouble.kind {
        TroubleKind::DnsFailure
        | TroubleKind::ConnectionRefused
        | TroubleKind::HostUnreachable
        | TroubleKind::ConnectTimeout
        | TroubleKind::TlsOnPlaintext
        | TroubleKind::PlaintextOnTls
        | TroubleKind::WrongCa
        | TroubleKind::CertificateExpired
        | TroubleKind::CertificateNotYetValid
        | TroubleKind::CertificateName
        | TroubleKind::CertificatePurpose
        | TroubleKind::ClientCertificate
        | TroubleKind::TlsFailure
        | TroubleKind::Unauthenticated
        | TroubleKind::PermissionDenied
        | TroubleKind::NoAddress => Setback::NotAsked(trouble),
        _ if says(&OPEN) => Setback::InDoubt(trouble),
        TroubleKind::ServerError => match NOT_YET.iter().find(|(word, _)| trouble.detail.contains(word)) {
            Some((_, meaning)) => Setback::NotYet(format!("{} ({meaning})", trouble.detail)),
            None => Setback::Refused(trouble.detail),
        },
        _ => Setback::InDoubt(trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::ListedMember;

    #[test]
    fn a_refusal_is_told_from_doubt() {
        let server =
            |text: &str| setback(Trouble::new(TroubleKind::ServerError, format!("etcdserver: {text}")));
        for later in [
            "unhealthy cluster",
            "can only promote a learner member which is in sync with leader",
            "not leader",
        ] {
            assert!(matches!(server(later), Setback::NotYet(_)), "{later}");
        }
        for never in ["too many learner members in cluster", "Peer URLs already exists", "member not found"] {
            assert!(matches!(server(never), Setback::Refused(_)), "{never}");
        }
        for open in ["request timed out", "request timed out, possibly due to previous leader failure"] {
            assert!(matches!(server(open), Setback::InDoubt(_)), "{open}");
        }
        let of = |kind| setback(Trouble::new(kind, ""));
        assert!(matches!(of(TroubleKind::NoAnswer), Setback::InDoubt(_)));
        assert!(matches!(of(TroubleKind::ConnectionReset), Setback::InDoubt(_)));
        assert!(matches!(of(TroubleKind::ConnectionRefused), Setback::NotAsked(_)));
    }

    #[test]
    fn the_new_member_is_told_exactly_the_list() {
        let url = |n: u8| format!("http://10.0.0.{n}:2380");
        let listed = |name: &str, n| ListedMember {
            name: name.into(),
            voter: true,
            peer_urls: vec![url(n)],
            client_urls: vec![],
        };
        // The list as it is after the addition: the new one is in it without a name.
        let members = Members::from([
            ("1".into(), listed("a", 1)),
            ("2".into(), listed("b", 2)),
            ("3".into(), listed("", 3)),
        ]);
        let joining = joining(&members, "c", &[url(3)]);
        assert_eq!(
            joining.environment["ETCD_INITIAL_CLUSTER"],
            "a=http://10.0.0.1:2380,b=http://10.0.0.2:2380,c=http://10.0.0.3:2380"
        );
        assert_eq!(joining.environment["ETCD_INITIAL_CLUSTER_STATE"], "existing");
        assert!(joining.arguments.contains(&"--name=c".to_owned()));
    }
}
