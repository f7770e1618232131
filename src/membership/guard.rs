//! Which changes a cluster survives. Pure.

use super::{Arithmetic, Change, Forecast, Verdict, imagine};
use crate::facts::{CommonFacts, Member, Observed, Role};
use crate::quorum::{self, QuorumState};

/// More voters than this cost every write more than they add (etcd FAQ: "What is maximum cluster size").
const MANY_VOTERS: usize = 7;

/// What `change` does to the quorum, and whether it may be made.
///
/// Whatever cannot be seen counts against the change: a voter that did not answer us does not serve.
pub fn forecast(facts: &CommonFacts, change: &Change) -> Forecast {
    let before = Arithmetic::of(facts);
    let after = Arithmetic::of(&imagine(facts, change));
    let first = hand_over(facts, change);
    let verdict = quorate(facts).and_then(|()| match change {
        Change::Add { name, peer_urls, learner } => add(facts, name.as_deref(), peer_urls, *learner, after),
        Change::Remove { id } => remove(facts, id, before, after, first.as_ref()),
        Change::Promote { id } => promote(facts, id, after),
        Change::MoveLeader { id } => move_leader(facts, id),
    });
    Forecast { before, after, first, verdict: verdict.unwrap_or_else(|stop| stop) }
}

/// Either way a verdict; `Err` ends the judging.
type Judged = Result<Verdict, Verdict>;

fn refuse<T>(why: impl Into<String>, instead: impl Into<String>) -> Result<T, Verdict> {
    Err(Verdict::Refused { why: why.into(), instead: instead.into() })
}

/// Without a quorum no change is ever made by asking for it: it hangs, and may be committed long after, as a surprise.
fn quorate(facts: &CommonFacts) -> Result<(), Verdict> {
    let quorum = quorum::assess(facts);
    match quorum.state {
        QuorumState::Healthy | QuorumState::Degraded | QuorumState::AtRisk => Ok(()),
        QuorumState::Lost => refuse(
            format!(
                "quorum is lost: {}; a change could not be committed now, but might be later",
                quorum.why
            ),
            "Start the voters that are down. Only if they are gone for good: `quorate recover plan`.",
        ),
        QuorumState::Unknown => refuse(
            format!("it cannot be told whether there is a quorum: {}", quorum.why),
            "See what is wrong with `quorate check`, or ask from where the members can be reached.",
        ),
    }
}

fn add(
    facts: &CommonFacts,
    name: Option<&str>,
    peer_urls: &[String],
    learner: bool,
    after: Arithmetic,
) -> Judged {
    unused(facts, name, peer_urls)?;
    if let Some(other) = facts.members.iter().find(|m| !m.started) {
        return refuse(
            format!("{} was added before and has never started", called(other)),
            "One at a time: start it, or remove it again with `quorate member remove`.",
        );
    }
    if learner {
        let voting = Change::Add { name: None, peer_urls: Vec::new(), learner: false };
        let voters = Arithmetic::of(&imagine(facts, &voting));
        beside_the_dead(facts, voters.needed, voters.voters, voters.serving + 1)?;
    } else {
        beside_the_dead(facts, after.needed, after.voters, after.serving)?;
        carried(after)?;
    }
    let mut notes = Vec::new();
    if learner {
        notes.push(
            "It joins as a learner, without a vote: the quorum stays as it is until it is promoted.".into(),
        );
        if let Some(other) = facts.members.iter().find(|m| !m.voter) {
            notes.push(format!(
                "{} is a learner already: etcd allows one at a time, unless --max-learners says otherwise.",
                called(other)
            ));
        }
    } else {
        notes.push(format!(
            "It votes from this moment on: until it has started, {} of {} voters must agree and {} of them serve. \
             A learner (the default) costs nothing until it has caught up.",
            after.needed, after.voters, after.serving
        ));
        notes.extend(size_notes(after.voters));
    }
    notes.extend(absent_notes(facts, None));
    Ok(Verdict::Allowed { notes })
}

/// Two members under one address or name are one of the ways to lose a cluster.
fn unused(facts: &CommonFacts, name: Option<&str>, peer_urls: &[String]) -> Result<(), Verdict> {
    let taken = facts.members.iter().find_map(|m| {
        peer_urls
            .iter()
            .find(|url| m.peer_urls.iter().any(|theirs| same_url(theirs, url)))
            .map(|url| (m, url))
    });
    if let Some((member, url)) = taken {
        return refuse(
            format!("the peer URL {url} belongs to {}", called(member)),
            "To put a new server in its place: `quorate member replace`.",
        );
    }
    match name.and_then(|name| facts.members.iter().find(|m| m.name == name)) {
        Some(member) => refuse(
            format!("a member is called {} already (id {})", member.name, member.id),
            "Give it another name. To put a new server in its place: `quorate member replace`.",
        ),
        None => Ok(()),
    }
}

fn same_url(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}

/// One voter more beside one that is dead: where exactly those that serve must then agree, nothing is won, and the dead
/// one goes first.
fn beside_the_dead(facts: &CommonFacts, needed: usize, voters: usize, serving: usize) -> Result<(), Verdict> {
    match facts.voters().find(|m| !serves(m)) {
        Some(dead) if serving <= needed => refuse(
            format!(
                "{} does not serve: with one voter more, {needed} of {voters} must agree, and no more than {serving} \
                 would serve",
                called(dead),
            ),
            format!(
                "Start {} again, or remove it first: `quorate member remove {}`.",
                called(dead),
                called(dead)
            ),
        ),
        _ => Ok(()),
    }
}

/// A further voter that has not started needs the others to carry it.
fn carried(after: Arithmetic) -> Result<(), Verdict> {
    if after.margin >= 0 {
        return Ok(());
    }
    refuse(
        format!(
            "{} of {} voters would have to agree, and only {} serve until the new one has started: every write would \
             stop, for good if it never starts",
            after.needed, after.voters, after.serving
        ),
        "Add it as a learner (leave out --voter) and promote it when it has caught up.",
    )
}

fn remove(
    facts: &CommonFacts,
    id: &str,
    before: Arithmetic,
    after: Arithmetic,
    first: Option<&Change>,
) -> Judged {
    let member = known(facts, id)?;
    let mut notes = absent_notes(facts, Some(id));
    if !member.reachable && member.started {
        let trouble = member.trouble.as_ref().map_or("no-answer", |t| t.kind.name());
        notes.push(format!(
            "{} does not answer ({trouble}). Once removed it can never come back with its data: whatever takes its \
             place starts with an empty data directory.",
            called(member)
        ));
    }
    if !member.voter {
        return Ok(Verdict::Allowed { notes });
    }
    if after.voters == 0 {
        return refuse(
            format!("{} is the last voter: nothing would be left", called(member)),
            "To move to another server, add that one as a learner, promote it, then remove this one. To end the \
             cluster, stop the server.",
        );
    }
    if after.margin < 0 {
        let instead = match facts.voters().find(|m| !serves(m) && m.id != id) {
            Some(dead) => format!(
                "Remove {} first, which does not serve: `quorate member remove {}`; or start it again.",
                called(dead),
                called(dead)
            ),
            None => "Add its successor first.".into(),
        };
        return refuse(
            format!(
                "without it {} of {} voters would have to agree, and only {} would serve: every write would stop",
                after.needed, after.voters, after.serving
            ),
            instead,
        );
    }
    if let Some(Change::MoveLeader { id }) = first {
        let heir = facts.member(id).map_or_else(|| id.clone(), called);
        notes.push(format!(
            "It leads: leadership moves to {heir} first, so that no write waits for an election."
        ));
    }
    if serves(member) && after.margin < before.margin {
        notes.push(match after.margin {
            0 => "Afterwards no voter may fail: the next failure stops all writes.".into(),
            more => format!("Afterwards {more} more may fail before writes stop."),
        });
    }
    notes.extend(size_notes(after.voters));
    Ok(Verdict::Allowed { notes })
}

fn promote(facts: &CommonFacts, id: &str, after: Arithmetic) -> Judged {
    let member = known(facts, id)?;
    if member.voter {
        return Err(Verdict::Nothing { why: format!("{} is a voter already", called(member)) });
    }
    if !member.started {
        return refuse(
            format!("{} has never started: as a voter it would count and agree to nothing", called(member)),
            "Start it first (`quorate member promote --wait` waits for it); it can be promoted when it has caught up.",
        );
    }
    if !member.reachable {
        let trouble = member.trouble.as_ref().map_or("no-answer", |t| t.kind.name());
        return refuse(
            format!(
                "{} does not answer ({trouble}): as a voter it would count against the quorum",
                called(member)
            ),
            "Start it (`quorate member promote --wait` waits for it), or remove it: `quorate member remove`.",
        );
    }
    beside_the_dead(facts, after.needed, after.voters, after.serving)?;
    let mut notes = size_notes(after.voters);
    notes.extend(absent_notes(facts, None));
    Ok(Verdict::Allowed { notes })
}

fn move_leader(facts: &CommonFacts, id: &str) -> Judged {
    let member = known(facts, id)?;
    if member.role == Role::Leader {
        return Err(Verdict::Nothing { why: format!("{} leads already", called(member)) });
    }
    if !member.voter {
        return refuse(
            format!("{} has no vote: it cannot lead", called(member)),
            "Promote it first: `quorate member promote`.",
        );
    }
    if !serves(member) {
        return refuse(
            format!("{} does not serve: it cannot lead", called(member)),
            "Name a voter that serves: `quorate member list`.",
        );
    }
    Ok(Verdict::Allowed { notes: Vec::new() })
}

/// Who takes over before the leader is removed: a voter that serves, and has the latest term.
fn hand_over(facts: &CommonFacts, change: &Change) -> Option<Change> {
    let Change::Remove { id } = change else { return None };
    facts.member(id).filter(|m| m.voter && m.role == Role::Leader)?;
    let heir = facts.voters().filter(|m| m.id != *id && serves(m) && m.role == Role::Follower);
    let heir = heir.max_by_key(|m| m.term.known().copied())?;
    Some(Change::MoveLeader { id: heir.id.clone() })
}

fn known<'a>(facts: &'a CommonFacts, id: &str) -> Result<&'a Member, Verdict> {
    match facts.member(id) {
        Some(member) => Ok(member),
        None => refuse(format!("there is no member {id}"), "See who is: `quorate member list`."),
    }
}

/// The same rule by which `quorum::assess` counts.
fn serves(member: &Member) -> bool {
    member.reachable && member.leader != Observed::Known(None)
}

fn size_notes(voters: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if voters == 2 {
        notes.push("With 2 voters both are needed: any failure stops all writes. Do not stay at 2.".into());
    } else if voters.is_multiple_of(2) {
        notes.push(format!(
            "{voters} voters bear no more failures than {}: an even number only adds one that must agree.",
            voters - 1
        ));
    }
    if voters == 1 {
        notes.push("A single voter is no cluster: when it fails, everything stops.".into());
    }
    if voters > MANY_VOTERS {
        notes.push(format!("{voters} voters: every write waits for {} of them.", quorum::needed(voters)));
    }
    notes
}

/// Voters that do not serve now, other than the one the change is about.
fn absent_notes(facts: &CommonFacts, except: Option<&str>) -> Vec<String> {
    let absent = facts.voters().filter(|m| !serves(m) && except != Some(m.id.as_str()));
    absent.map(|m| format!("{} does not serve, and still counts.", called(m))).collect()
}

/// A member without a name goes by its id.
fn called(member: &Member) -> String {
    member.label()
}

#[cfg(test)]
mod tests;
