//! Whether the leader that a server names still leads. A follower goes on naming it until its own election begins: for as long
//! as the heartbeat timeout and up to twice that.

use crate::facts::*;

/// A leader sends heartbeats at intervals of one to two tenths of the heartbeat timeout (hashicorp/raft `replicate`): after three
/// tenths of silence one has been missed.
const MISSED: f64 = 0.3;

/// A follower of a leader that is gone follows nobody: what it names is forgotten.
pub(super) fn forget_gone(members: &mut [Member], told: &[ConsulMember]) {
    let orphans: Vec<usize> =
        (0..members.len()).filter(|at| named_is_gone(&members[*at], members, told)).collect();
    for at in orphans {
        members[at].leader = Observed::Known(None);
        if members[at].role == Role::Follower {
            members[at].role = Role::Leaderless;
        }
    }
}

fn named_is_gone(member: &Member, members: &[Member], told: &[ConsulMember]) -> bool {
    let Observed::Known(Some(named)) = &member.leader else { return false };
    if *named == member.id {
        return false;
    }
    let trouble = members.iter().find(|other| other.id == *named).and_then(|leader| leader.trouble.as_ref());
    if trouble.is_some_and(|trouble| trouble.kind.proves_down()) {
        return true;
    }
    let native = told.iter().find(|native| native.id == member.id);
    let heard = native.and_then(|native| native.raft.known()?.last_contact_ms);
    let timeout = native.and_then(|native| native.settings.known()?.heartbeat_ms);
    let (Some(heard), Some(timeout)) = (heard, timeout) else { return false };
    // Silent to us and to its follower: it hangs.
    let hangs = trouble.is_some_and(|trouble| trouble.kind.means_hung()) && heard > timeout * MISSED;
    hangs || heard > timeout
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follower(heard_ms: f64, trouble: Option<TroubleKind>) -> (Vec<Member>, Vec<ConsulMember>) {
        let member = |id: &str| Member {
            id: id.into(),
            role: Role::Follower,
            leader: Observed::Known(Some("1".into())),
            ..Member::default()
        };
        let leader = Member { trouble: trouble.map(|kind| Trouble::new(kind, "")), ..member("1") };
        let raft = RaftStats { last_contact_ms: Some(heard_ms), ..RaftStats::default() };
        let settings = ConsulSettings { heartbeat_ms: Some(5000.0), ..ConsulSettings::default() };
        let told = ConsulMember {
            id: "2".into(),
            raft: Observed::Known(raft),
            settings: Observed::Known(settings),
            ..ConsulMember::default()
        };
        (vec![leader, member("2")], vec![told])
    }

    fn follows(heard_ms: f64, trouble: Option<TroubleKind>) -> bool {
        let (mut members, told) = follower(heard_ms, trouble);
        forget_gone(&mut members, &told);
        let follows = members[1].leader == Observed::Known(Some("1".into()));
        assert_eq!(members[1].role, if follows { Role::Follower } else { Role::Leaderless });
        assert_eq!(members[0].leader, Observed::Known(Some("1".into())), "a leader names itself");
        follows
    }

    #[test]
    fn a_leader_is_gone_when_it_is_proven_or_heard_of_by_nobody() {
        assert!(follows(40.0, None));
        assert!(!follows(40.0, Some(TroubleKind::ConnectionRefused)));
        // A pause of ours may be our own network's.
        assert!(follows(900.0, Some(TroubleKind::NoAnswer)));
        assert!(!follows(1600.0, Some(TroubleKind::NoAnswer)));
        assert!(follows(1600.0, None), "it answers us, and may be slow");
        assert!(!follows(5100.0, None));
        assert!(follows(1600.0, Some(TroubleKind::ConnectTimeout)), "its host may be beyond our reach only");
    }
}
