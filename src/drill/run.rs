//! One drill, from an empty lab to a report.

use super::evidence::Evidence;
use super::ground::{self, Ground};
use super::oracle::Write;
use super::report::{DrillReport, Expectation, Held, SCHEMA, Verdict};
use super::scenario::{Need, Scenario};
use super::stage::{Broken, Command, Kept, Said, Stage};
use super::timeline::{Clock, Timeline};
use super::{DrillError, machine, play, writer};
use crate::backend;
use crate::consent::Consent;
use crate::facts::BackendKind;
use crate::lab::state::Lab;
use crate::lab::{self, Entry, Home, LabError, TlsRequest, UpRequest};
use crate::report::rfc3339;
use jiff::Timestamp;
use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

/// How long the members of a lab may take to serve.
const SERVE: Duration = Duration::from_secs(120);

/// What is to be drilled.
#[derive(Debug)]
pub struct Order {
    /// Id of the drill: `drill-<UTC>-<random>`.
    pub id: String,
    /// Name of its lab.
    pub lab: String,
    /// Which scenario.
    pub scenario: &'static Scenario,
    /// Which system.
    pub backend: BackendKind,
    /// Exactly this version of its server.
    pub version: Option<String>,
    /// How many members.
    pub nodes: usize,
    /// With TLS between everybody.
    pub tls: bool,
    /// Leave the lab as it is in the end.
    pub keep: bool,
    /// A command for `sh -c` that looks at the recovered cluster.
    pub verify_with: Option<String>,
    /// Clients must be able to write again this long after the fault.
    pub max_outage: Duration,
    /// This program, for the lab's config file.
    pub quorate: PathBuf,
}

/// Everything that a drill needs from outside.
pub struct Around<'a> {
    /// Where labs are.
    pub home: &'a Home<'a>,
    /// The recovery that is drilled.
    pub command: &'a dyn Command,
    /// To what is done to the lab.
    pub consent: &'a Consent,
    /// Told of everything that happens.
    pub say: &'a dyn Fn(Said<'_>),
    /// The wall clock.
    pub now: &'a dyn Fn() -> Timestamp,
}

/// A drill that came to its end.
#[derive(Debug)]
pub struct Played {
    /// What it showed.
    pub report: DrillReport,
    /// Its lab, when it was kept.
    pub lab: Option<Lab>,
}

/// Drills. When `stop` comes back it ends, and its lab is taken down. A [`tokio::task::LocalSet`] must be there.
pub async fn run(
    order: &Order,
    around: &Around<'_>,
    evidence: &Evidence,
    stop: impl Future<Output = ()>,
) -> Result<Played, DrillError> {
    let ground = ground::ground(order.backend).ok_or(DrillError::NotBuilt(order.backend.name()))?;
    if order.scenario.needs.contains(&Need::Strace) {
        let path = around.home.env.get("PATH").map(String::as_str);
        let needs = |why| DrillError::Needs { scenario: order.scenario.slug, need: Need::Strace.name(), why };
        play::strace(path).map_err(needs)?;
    }
    let (began_at, timeline) = ((around.now)(), Timeline::new(Clock::start()));
    let lab = timeline.during("lab", up(order, around, began_at)).await?;
    let entry = around.home.entry(Some(&order.lab))?;
    let (kept, mut writes) = (RefCell::new(Kept::default()), Vec::new());
    let scene = Scene { order, around, evidence, timeline: &timeline, ground, kept: &kept };
    let ended = tokio::select! {
        () = scene.play(&entry, &lab, &mut writes) => true,
        () = stop => false,
    };
    let lab = Lab::look(&entry)?.unwrap_or(lab);
    let logs = evidence.logs(&lab);
    if !order.keep {
        (around.say)(Said::Line(&format!("lab {} is taken down", order.lab)));
        around.home.down(&entry, false)?;
    }
    logs?;
    if !ended {
        return Err(DrillError::Interrupted);
    }
    evidence.write("history.jsonl", &history(&writes))?;
    let report = scene.report(began_at, &lab, &writes);
    Ok(Played { report, lab: order.keep.then_some(lab) })
}

async fn up(order: &Order, around: &Around<'_>, now: Timestamp) -> Result<Lab, DrillError> {
    let server = lab::server(order.backend).ok_or(DrillError::NotBuilt(order.backend.name()))?;
    let request = UpRequest {
        name: Some(order.lab.clone()),
        dir: None,
        nodes: order.nodes,
        version: order.version.clone(),
        tls: order.tls.then_some(TlsRequest { days: 30, client_cert_auth: true }),
        isolated: order.scenario.needs.contains(&Need::Namespaces),
        server_arguments: Vec::new(),
        timeout: SERVE,
        quorate: order.quorate.clone(),
        now,
    };
    (around.say)(Said::Line(&format!("{} members of lab {} are started", order.nodes, order.lab)));
    match lab::up(server, &request, around.home, &mut |_| {}).await {
        Err(LabError::Interrupted) => Err(DrillError::Interrupted),
        other => Ok(other?),
    }
}

/// One line a write.
fn history(writes: &[Write]) -> Vec<u8> {
    let mut lines = Vec::new();
    for write in writes {
        lines.extend(serde_json::to_vec(write).unwrap_or_default());
        lines.push(b'\n');
    }
    lines
}

struct Scene<'a> {
    order: &'a Order,
    around: &'a Around<'a>,
    evidence: &'a Evidence,
    timeline: &'a Timeline,
    ground: &'static dyn Ground,
    kept: &'a RefCell<Kept>,
}

impl Scene<'_> {
    /// Plays the scenario. What keeps it from going on is kept as something that was not seen.
    async fn play(&self, entry: &Entry, lab: &Lab, writes: &mut Vec<Write>) {
        let played = async {
            let target = self.around.command.target(lab).map_err(Broken)?;
            let backend = backend::open(&target)?;
            let stage = Stage {
                home: self.around.home,
                entry: entry.clone(),
                target,
                backend,
                ground: self.ground,
                command: self.around.command,
                consent: self.around.consent,
                evidence: self.evidence,
                timeline: self.timeline,
                say: self.around.say,
                now: self.around.now,
                order: self.order,
                kept: self.kept,
            };
            play::play(self.order.scenario.kind, &stage, writes).await
        };
        if let Err(Broken(why)) = played.await {
            (self.around.say)(Said::Line(&format!("the drill cannot go on: {why}")));
            self.kept.borrow_mut().expectations.push(Expectation {
                what: "the drill goes on to its end".into(),
                held: Held::Unseen,
                found: why,
            });
        }
    }

    fn report(&self, began_at: Timestamp, lab: &Lab, writes: &[Write]) -> DrillReport {
        let kept = self.kept.take();
        let (phases, moments) = self.timeline.told();
        DrillReport {
            schema: SCHEMA.into(),
            id: self.order.id.clone(),
            scenario: self.order.scenario.slug.into(),
            backend: self.order.backend.name().into(),
            server_version: lab.version.clone(),
            quorate: env!("CARGO_PKG_VERSION").into(),
            nodes: self.order.nodes as u64,
            tls: self.order.tls,
            verdict: Verdict::of(&kept.expectations),
            began_at: rfc3339(began_at),
            duration_ms: self.timeline.clock().ms(),
            times: kept.times,
            writes: kept.writes,
            expectations: kept.expectations,
            phases,
            moments,
            measures: kept.measures,
            traffic: writer::traffic(writes),
            recoveries: kept.recoveries,
            machine: machine::this(),
        }
    }
}
