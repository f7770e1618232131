//! The steps, in order. Each names what must be so before it, and an effect that stays so to the end of the plan.

mod data;
mod rejoin;
mod swap;

use super::conditions::{exists, free, make_dir, undo_hold, undo_stop};
use super::{Chosen, Method, Site};
use crate::facts::Member;
use crate::recover::plan::{Action, HERE, Phase, Step};

/// Seconds that a server may take until it serves: a first start compacts what was restored.
const SERVE_S: u32 = 120;

/// All steps.
pub(super) fn steps(chosen: &Chosen<'_>) -> Vec<Step> {
    let mut list = List { chosen, steps: Vec::new() };
    list.evidence();
    if chosen.method == Method::Live {
        list.live();
    }
    list.fence();
    list.stopped();
    list.restore();
    list.swap();
    list.start();
    for (member, site) in &chosen.joiners {
        list.rejoin(member, site);
    }
    list.finish();
    list.steps
}

struct List<'a> {
    chosen: &'a Chosen<'a>,
    steps: Vec<Step>,
}

impl List<'_> {
    fn evidence(&mut self) {
        let c = self.chosen;
        let db = c.source().db_bytes();
        self.step("keep-evidence", Phase::Triage, HERE, make_dir(&c.evidence()), |step| {
            step.what = format!("Make {} for copies and records", c.evidence().display());
            step.why = "What is copied and measured survives whatever comes.".into();
            step.pre = vec![c.stuck(), free(HERE, &c.situation.run_dir, db * 2)];
            step.effect = vec![exists(HERE, &c.evidence())];
        });
    }

    fn fence(&mut self) {
        let c = self.chosen;
        for (member, site) in &c.joiners {
            self.hold(member, site, "Old members that come back would serve and change the old data.");
        }
    }

    /// Stops a server and keeps it from starting.
    fn hold(&mut self, member: &Member, site: &Site, why: &str) {
        let c = self.chosen;
        let record = c.record(&format!("fenced-{}", member.label()));
        let stop = Action::StopService {
            host: site.host.clone(),
            service: site.service.clone(),
            record: Some(record.clone()),
        };
        self.step(&format!("fence-{}", member.label()), Phase::Fence, &site.host, stop, |step| {
            step.what = format!("Stop {} and keep it from starting", member.label());
            step.why = why.to_owned();
            step.effect = vec![exists(HERE, &record)];
            step.effect.extend(c.gone(member, site));
            step.settle_s = 30;
            step.undo = if site.running.known() == Some(&true) { undo_stop(site) } else { undo_hold(site) };
        });
    }

    fn step(&mut self, slug: &str, phase: Phase, host: &str, action: Action, fill: impl FnOnce(&mut Step)) {
        let mut step = Step::new(self.steps.len() + 1, slug, phase, host, action);
        fill(&mut step);
        self.steps.push(step);
    }
}
