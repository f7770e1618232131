//! The other ports of a server that does not answer its clients: a server of an ensemble takes votes on one, whatever it
//! says on others, and the one that leads opens another. Those of servers that answer are left alone: a connection that
//! says nothing leaves a warning in their log.

use super::look::Look;
use super::roll::Roll;
use crate::facts::{ListedMember, MembershipSource, Observed, Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::exchange::dial;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, join_all};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A connection within a data centre takes a hundredth of this.
const PATIENCE: Duration = Duration::from_millis(250);

/// Where servers listen unless they are told otherwise (ZooKeeper's administrator's guide).
const USUAL: [(&str, u16); 3] = [(VOTES, 3888), (LEADS, 2888), (SECURE, 2281)];
const VOTES: &str = "votes";
const LEADS: &str = "leader only";
const SECURE: &str = "usual for TLS";

/// Addresses that have not answered, and their servers' other ports.
#[derive(Default)]
pub(super) struct Doors {
    addresses: Vec<Address>,
    /// Authorities of those that have not answered.
    silent: BTreeSet<String>,
    /// Whether those of the silent were tried.
    pub(super) tried: bool,
    tries: FuturesUnordered<LocalBoxFuture<'static, (String, Tried)>>,
    found: BTreeMap<String, Tried>,
}

impl Doors {
    /// An address that is looked at now.
    pub(super) fn looked_at(&mut self, address: &Address) {
        self.silent.insert(address.authority());
        self.addresses.push(address.clone());
    }

    /// What came of it. Whoever hangs up or fails a handshake lives, and its other ports tell no more.
    pub(super) fn seen(&mut self, look: &Look) {
        let silent = |trouble: &Trouble| {
            matches!(
                trouble.kind,
                TroubleKind::ConnectionRefused
                    | TroubleKind::ConnectTimeout
                    | TroubleKind::NoAnswer
                    | TroubleKind::HostUnreachable
            )
        };
        if !look.core.as_ref().is_err_and(silent) {
            self.silent.remove(&look.address.authority());
        }
    }

    /// Begins to try the ports of all that are silent so far.
    pub(super) fn try_silent(&mut self, roll: &Roll, deadline: Deadline) {
        self.tried = true;
        for address in self.addresses.iter().filter(|address| self.silent.contains(&address.authority())) {
            let doors = of_address(address, roll, &self.addresses);
            self.tries.push(tried(address.authority(), doors, deadline).boxed_local());
        }
    }

    /// What has been found, as it comes.
    pub(super) async fn next(&mut self) -> Option<()> {
        let (place, tried) = self.tries.next().await?;
        self.found.insert(place, tried);
        Some(())
    }

    /// Tells each look that failed what was seen beside it; returns what there is to say of the members that nobody
    /// knows an address of, by key.
    pub(super) async fn end(
        mut self,
        roll: &Roll,
        looks: &mut [Look],
        deadline: Deadline,
    ) -> BTreeMap<String, Trouble> {
        if !self.tried {
            self.try_silent(roll, deadline);
        }
        let unseen = || roll.members.iter().filter(|(key, _)| !roll.looks.contains_key(*key));
        for (key, member) in unseen() {
            self.tries.push(tried(key.clone(), of_member(member), deadline).boxed_local());
        }
        while self.next().await.is_some() {}
        for look in looks {
            if let (Err(trouble), Some(tried)) = (&mut look.core, self.found.get(&look.address.authority())) {
                *trouble = with(trouble, tried);
            }
        }
        let untold = Trouble::new(
            TroubleKind::AddressUnknown,
            "the member list does not tell where clients connect to it, and no address that was given is its",
        );
        unseen().map(|(key, _)| (key.clone(), with(&untold, &self.found[key]))).collect()
    }
}

/// One port, and what is done there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Door {
    purpose: &'static str,
    at: Address,
}

/// Where a member's other ports are, if a list tells.
fn of_member(member: &ListedMember) -> Vec<Door> {
    let [quorum, election] = member.peer_urls.as_slice() else { return Vec::new() };
    let door = |purpose, at: &str| Some(Door { purpose, at: Address::parse(at, false, 0).ok()? });
    door(VOTES, election).into_iter().chain(door(LEADS, quorum)).collect()
}

/// Where the other ports of the server at this address are: as the list says, else the usual ones of its host, if none
/// of the `others` is on it.
fn of_address(address: &Address, roll: &Roll, others: &[Address]) -> Vec<Door> {
    let authority = address.authority();
    let listed = roll.members.values().find(|member| member.client_urls.contains(&authority));
    let told = listed.map(of_member).unwrap_or_default();
    let alone = others.iter().all(|other| other == address || other.host != address.host);
    let by_a_list = roll.source == Observed::Known(MembershipSource::Cluster);
    if !told.is_empty() || by_a_list || !alone {
        return told;
    }
    let usual = USUAL.iter().filter(|(_, port)| *port != address.port);
    let at = |port: u16| Address { tls: false, host: address.host.clone(), port };
    usual.map(|(purpose, port)| Door { purpose, at: at(*port) }).collect()
}

/// What trying them brought.
type Tried = Vec<(Door, Result<(), Trouble>)>;

/// Tries each once, and says nothing.
async fn tried(whose: String, doors: Vec<Door>, deadline: Deadline) -> (String, Tried) {
    let deadline = deadline.within(PATIENCE);
    let tries = doors.into_iter().map(|door| async move {
        let outcome = dial(&door.at, deadline).await.map(drop);
        (door, outcome)
    });
    (whose, join_all(tries).await)
}

/// What does not answer its clients, seen together with its other ports. A process that takes votes is not down, though
/// nothing listens where clients were looked for.
fn with(trouble: &Trouble, tried: &Tried) -> Trouble {
    let places = |is: &dyn Fn(&Result<(), Trouble>) -> bool| {
        let found = tried.iter().filter(|(_, outcome)| is(outcome));
        let named = found.map(|(door, _)| format!("{} ({})", door.at.authority(), door.purpose));
        named.collect::<Vec<_>>().join(", ")
    };
    let refused = |outcome: &Result<(), Trouble>| {
        outcome.as_ref().is_err_and(|trouble| trouble.kind == TroubleKind::ConnectionRefused)
    };
    let (open, closed) = (places(&Result::is_ok), places(&refused));
    let (kind, seen) = match (open.is_empty(), trouble.kind) {
        (false, TroubleKind::ConnectionRefused) => (
            TroubleKind::AddressUnknown,
            format!("a server runs there, for open is {open}; its clientPort is another"),
        ),
        (false, kind) => (kind, format!("open is {open}")),
        (true, _) if closed.is_empty() => return trouble.clone(),
        (true, kind) => (kind, format!("closed is {closed}")),
    };
    Trouble::new(kind, format!("{}; {seen}", trouble.detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::VoteRule;
    use TroubleKind::{AddressUnknown, ConnectTimeout, ConnectionRefused, NoAnswer};

    fn address(text: &str) -> Address {
        Address::parse(text, false, 0).expect("an address")
    }

    fn roll(source: MembershipSource, members: &[(&str, &[&str])]) -> Roll {
        let member = |(client, peers): &(&str, &[&str])| ListedMember {
            name: String::new(),
            voter: true,
            peer_urls: peers.iter().map(|peer| (*peer).to_owned()).collect(),
            client_urls: vec![(*client).to_owned()],
        };
        Roll {
            members: members.iter().map(|m| (m.0.to_owned(), member(m))).collect(),
            looks: BTreeMap::new(),
            renamed: BTreeMap::new(),
            source: Observed::Known(source),
            votes: VoteRule::Majority,
        }
    }

    fn ports(doors: &[Door]) -> Vec<String> {
        doors.iter().map(|door| door.at.authority()).collect()
    }

    #[test]
    fn a_list_tells_the_ports_and_where_there_is_none_they_are_the_usual_ones() {
        let told = roll(MembershipSource::Cluster, &[("a:2181", &["a:1", "a:2"])]);
        let (a, b) = (address("a:2181"), address("b:2181"));
        let both = [a.clone(), b.clone()];
        assert_eq!(ports(&of_address(&a, &told, &both)), ["a:2", "a:1"]);
        assert_eq!(ports(&of_address(&b, &told, &both)), [""; 0], "no member is there");
        let declared = roll(MembershipSource::Declared, &[("a:2181", &[]), ("b:2181", &[])]);
        assert_eq!(ports(&of_address(&a, &declared, &both)), ["a:3888", "a:2888", "a:2281"]);
        let secure = address("a:2281");
        assert_eq!(
            ports(&of_address(&secure, &declared, std::slice::from_ref(&secure))),
            ["a:3888", "a:2888"]
        );
    }

    #[test]
    fn of_two_servers_on_one_host_usual_ports_say_nothing() {
        let declared = roll(MembershipSource::Declared, &[("a:2181", &[]), ("a:2182", &[])]);
        let both = [address("a:2181"), address("a:2182")];
        assert_eq!(ports(&of_address(&both[0], &declared, &both)), [""; 0]);
    }

    fn seen(kind: TroubleKind, election: Option<TroubleKind>) -> (TroubleKind, String) {
        let door = Door { purpose: VOTES, at: address("a:3888") };
        let outcome = election.map_or(Ok(()), |kind| Err(Trouble::new(kind, "so")));
        let with = with(&Trouble::new(kind, "seen"), &vec![(door, outcome)]);
        (with.kind, with.detail)
    }

    #[test]
    fn only_an_open_port_changes_what_a_refusal_proves() {
        let (kind, detail) = seen(ConnectionRefused, None);
        assert!(kind == AddressUnknown && !kind.proves_down(), "it runs: {detail}");
        assert_eq!(
            seen(ConnectionRefused, Some(ConnectionRefused)),
            (ConnectionRefused, "seen; closed is a:3888 (votes)".into())
        );
        // What a firewall drops proves nothing, nor does it take anything away.
        assert_eq!(seen(ConnectionRefused, Some(ConnectTimeout)), (ConnectionRefused, "seen".into()));
        assert_eq!(seen(NoAnswer, None), (NoAnswer, "seen; open is a:3888 (votes)".into()));
        assert_eq!(seen(ConnectTimeout, Some(ConnectionRefused)).0, ConnectTimeout);
    }
}
