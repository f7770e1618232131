//! What the checks of this family have in common: they walk the sockets of the members that answered.

use crate::facts::{CommonFacts, Listener, ListenerKind, Member, Observed};
use crate::finding::{Hit, Outcome, Severity, Tally};

/// Critical, but a warning where only the machine itself can connect.
pub(super) fn unless_loopback(loopback: bool) -> Severity {
    if loopback { Severity::Warning } else { Severity::Critical }
}

/// The sockets of one kind of one member.
pub(super) fn of_kind(member: &Member, kind: ListenerKind) -> impl Iterator<Item = &Listener> {
    member.listeners.iter().filter(move |l| l.kind == kind)
}

/// Judges every member that answered by the sockets of one kind that do what they must not, `open`: one hit a member.
pub(super) fn open_sockets(
    facts: &CommonFacts,
    kind: ListenerKind,
    open: fn(&Listener) -> &Observed<bool>,
    hit: impl Fn(&Member, Sockets<'_>) -> Hit,
) -> Outcome {
    let mut tally = Tally::new();
    let mut looked_at = 0;
    for member in facts.reachable() {
        let sockets: Vec<&Listener> = of_kind(member, kind).collect();
        if sockets.is_empty() {
            let missing = format!("no {} address of it is known", kind.name());
            tally.gap(member.label(), missing, Severity::Critical);
        }
        looked_at += sockets.len();
        for (socket, why) in sockets.iter().filter_map(|s| Some((s, open(s).why()?))) {
            let missing = format!("its {} listener {}: {why}", kind.name(), socket.address);
            tally.gap(member.label(), missing, unless_loopback(socket.loopback));
        }
        let faulty: Vec<&Listener> =
            sockets.iter().filter(|s| open(s).known() == Some(&true)).copied().collect();
        if !faulty.is_empty() {
            let found = Sockets { all: sockets.len(), faulty };
            let addresses = found.addresses();
            tally.hit(hit(member, found).with("listeners", addresses).on(member.label()));
        }
    }
    if facts.reachable().next().is_none() {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    tally.evidence("listeners", looked_at);
    tally.outcome()
}

/// The sockets of one member that do what they must not.
pub(super) struct Sockets<'a> {
    /// How many of that kind the member has.
    all: usize,
    faulty: Vec<&'a Listener>,
}

impl Sockets<'_> {
    pub(super) fn severity(&self) -> Severity {
        unless_loopback(self.faulty.iter().all(|s| s.loopback))
    }

    /// Whether another socket of that kind does what it should.
    pub(super) fn beside_a_good_one(&self) -> bool {
        self.faulty.len() < self.all
    }

    fn addresses(&self) -> Vec<String> {
        self.faulty.iter().map(|s| s.address.clone()).collect()
    }
}
