//! What a plan says of itself: what is lost, what is kept, what becomes of each member.

use super::choose::undecided;
use super::source::{Method, Survivor};
use super::{Chosen, Refusal};
use crate::facts::Member;
use crate::offline::{self, CopyFacts, EntryFacts, EntryMark};
use crate::recover::plan::{Becomes, Fate, Loss};
use crate::value::human_bytes;

impl Chosen<'_> {
    pub(super) fn fate(&self, member: &Member) -> Fate {
        let joins = self.joiners.iter().any(|(joiner, _)| joiner.id == member.id);
        let becomes = match () {
            () if member.id == self.seed.member.id => Becomes::Seed,
            () if joins => Becomes::Rejoins,
            () => Becomes::LeftOut,
        };
        let site = self.situation.sites.get(&member.name);
        Fate {
            name: member.label(),
            id: member.id.clone(),
            becomes,
            host: site.map(|site| site.host.clone()),
            data_dir: site.map(|site| site.data_dir.clone()),
            urls: self.urls(member),
        }
    }

    /// An acknowledged write is on a majority. With n voters and a majority of q, any n - q + 1 disks hold each of them,
    /// and the one whose log goes furthest holds all.
    pub(super) fn loss(&self) -> Result<Loss, Refusal> {
        if self.method == Method::File {
            return Ok(self.loss_of_backup());
        }
        let source = self.source();
        let name = source.member.label();
        let copies: Vec<CopyFacts> = self.survivors.iter().filter_map(|s| s.copy.cloned()).collect();
        let all_read = copies.len() == self.survivors.len() && copies.iter().all(|copy| copy.log.is_some());
        if all_read {
            let ranking = offline::rank(&copies, None).map_err(|error| undecided(&error.to_string()))?;
            if let offline::Loss::Lossless { why } = ranking.loss {
                return Ok(Loss::Lossless { why: format!("{why}; that is {name}'s.") });
            }
        }
        let end = source.last().map_or_else(String::new, |last| {
            format!(" It ends at term {}, index {}.", last.term, last.index)
        });
        let (left, enough) = (self.survivors.len(), self.voters - self.needed + 1);
        let what = format!("what the lost members acknowledged and {name} never received is lost.{end}");
        let is = if left == 1 { "is" } else { "are" };
        let why = if left < enough {
            format!(
                "{left} of {} voters {is} left, and {enough} are needed to be certain: {what}",
                self.voters
            )
        } else if !all_read {
            format!(
                "the logs of {left} voters would be enough to be certain, but not all could be read: {what}"
            )
        } else {
            format!(
                "the membership was changing, and with one of the memberships that may have counted {left} voters \
                     are too few: {what}"
            )
        };
        Ok(Loss::AtRisk { why, entries: self.missing() })
    }

    fn loss_of_backup(&self) -> Loss {
        let revision = self.source().revision();
        let seen = self.situation.facts.native.etcd().and_then(|etcd| etcd.remembered);
        let seen = seen.map_or_else(String::new, |seen| {
            format!(
                " The cluster had reached revision {} when quorate last saw it, {}.",
                seen.revision, seen.seen_at
            )
        });
        Loss::AtRisk {
            why: format!(
                "everything that was acknowledged behind revision {revision} of the snapshot is lost.{seen}"
            ),
            entries: Vec::new(),
        }
    }

    /// What is known of entries that cannot be kept: those of a member whose log could not be read.
    fn missing(&self) -> Vec<String> {
        let unread = |survivor: &&Survivor<'_>| survivor.copy.is_none_or(|copy| copy.log.is_none());
        let told = |survivor: &Survivor<'_>| {
            format!("what {} holds behind its index {}", survivor.member.label(), survivor.applied())
        };
        self.survivors.iter().filter(unread).map(told).collect()
    }

    /// Entries that the member holds and has not applied.
    pub(super) fn kept(&self) -> Vec<String> {
        if self.method == Method::Live {
            return Vec::new();
        }
        let source = self.source();
        let mut lines: Vec<String> = source.tail().map(line).collect();
        let more = source.copy.and_then(|copy| copy.log.as_ref()).map_or(0, |log| log.tail.more);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = vec![self.how()];
        notes.extend(self.passed_over());
        notes.extend(self.full());
        notes.push(format!(
            "The new cluster has another id, {}: the old members cannot join it, outvote it or confuse it.",
            self.new_cluster_id
        ));
        notes.push(if self.bump > 0 {
            format!(
                "Revisions go on {} higher, and everything below is marked compacted: watches and caches of clients \
                 are told to start again.",
                self.bump
            )
        } else {
            format!(
                "{} {} cannot raise revisions: they may go backwards for clients of a lost member. Restart every \
                 client that watches or caches.",
                self.tool.0.display(),
                self.tool.1
            )
        });
        notes.push(
            "If it is rolled back, the old server runs on its old data again, and answers no client until it has a \
             quorum: etcd opens its client port only then."
                .into(),
        );
        let left_out: Vec<String> = (self.others.iter())
            .filter(|member| !self.joiners.iter().any(|(joiner, _)| joiner.id == member.id))
            .map(|member| member.label())
            .collect();
        if !left_out.is_empty() {
            notes.push(format!(
                "Left out, because it is not known where they run: {}. Add members with `quorate member add` until \
                 there are {} again.",
                left_out.join(", "),
                self.voters
            ));
        }
        notes
    }

    /// Survivors that are not used, and what that costs.
    fn passed_over(&self) -> Vec<String> {
        let last = self.source().last();
        let said = self.damaged.iter().filter_map(|survivor| {
            let damage = survivor.damage()?;
            let more = match survivor.last().filter(|theirs| last.is_none_or(|last| *theirs > last)) {
                Some(theirs) => format!(
                    " Its log goes further, to term {}, index {}: what only it holds is lost.",
                    theirs.term, theirs.index
                ),
                None => String::new(),
            };
            Some(format!(
                "{} is left too and is not used: its database is damaged ({}: {}).{more}",
                survivor.member.label(),
                damage.place,
                damage.what
            ))
        });
        said.collect()
    }

    /// What an alarm for space means for the new cluster.
    fn full(&self) -> Option<String> {
        if !self.source().is_full() {
            return None;
        }
        let status = self.source().status;
        let size = human_bytes(self.source().db_bytes());
        let quota = status.and_then(|status| u64::try_from(status.quota?).ok());
        let quota = quota.map_or_else(String::new, |quota| format!(" of a quota of {}", human_bytes(quota)));
        Some(format!(
            "A NOSPACE alarm stands: the database has {size}{quota}, and the new cluster would be read-only. Old revisions are \
             dropped, the file is defragmented and the alarm disarmed before the first write. If the keys themselves fill the \
             quota, that write fails: raise --quota-backend-bytes, and resume."
        ))
    }

    /// Whether a running server's log holds more than it has applied.
    fn log_of_it(&self) -> String {
        let source = self.source();
        if source.copy.is_some_and(|copy| copy.log.is_some()) {
            return "Its log ends where it has applied: it holds nothing else.".into();
        }
        let disk = source.site.and_then(|site| site.disk.known()?.as_ref());
        let why = disk.and_then(|disk| disk.copy.why()).unwrap_or("its host is not declared");
        format!(
            "Its log could not be read ({why}): an entry that it holds and has not applied would be lost. Mend that, or run \
             quorate on its host, to keep that too."
        )
    }

    /// How the data is taken, and why so.
    fn how(&self) -> String {
        let source = self.source();
        let name = source.member.label();
        match &self.method {
            Method::Live => format!("The data is a snapshot of {name} as it runs. {}", self.log_of_it()),
            Method::Cold => format!(
                "The data is {name}'s database, of its stopped server. Its log ends where the database does.{}",
                if source.status.is_some() {
                    " It is not asked for a snapshot, because that needs a login, and a login needs a quorum."
                } else {
                    ""
                }
            ),
            Method::File => {
                let backup = self.situation.backup.as_ref();
                let path = backup.map_or_else(String::new, |backup| backup.path.display().to_string());
                let by = match backup.and_then(|backup| backup.cluster_id.as_ref()) {
                    Some(_) => "the manifest beside it",
                    None => "its members, if the cluster was founded with them",
                };
                format!(
                    "The data is the snapshot {path}. That it is of cluster {} follows from {by}.",
                    self.cluster_id
                )
            }
            Method::Replay { last, .. } => {
                let certain = source.tail().filter(|entry| entry.mark == EntryMark::Committed).count();
                format!(
                    "{name} holds entries up to {} and has applied them up to {}; {certain} of those between are known to \
                     be committed, the others may have been acknowledged. All are kept: a copy of {name} is started \
                     alone and applies them.",
                    last.index,
                    source.applied()
                )
            }
        }
    }
}

/// An entry in a line.
fn line(entry: &EntryFacts) -> String {
    let sure = if entry.mark == EntryMark::Committed { "committed" } else { "may have been acknowledged" };
    format!("index {}, term {}: {} ({sure})", entry.index, entry.term, entry.says)
}
