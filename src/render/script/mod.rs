//! A plan as scripts for `sh`, one for each host, for people who may not run a program there. A script looks before it
//! acts, as the executor does: the same conditions, the same table of journal and effect, the same undoing. It needs
//! GNU coreutils, curl and the tools of etcd, and nothing else.
//!
//! What the plan does "here" is done where it belongs: on the host of the member that joins, else on that of the seed.

mod acts;
mod end;
mod looks;
mod words;

use super::escape;
use crate::host::typed;
use crate::recover::describe;
use crate::recover::plan::{
    Action, Becomes, Condition, EtcdAction, EtcdCondition, HERE, Loss, Phase, Plan, Step, Undo,
};
use crate::target::{Auth, Target};
use std::fmt::Write as _;
use std::path::PathBuf;
use words::{number, said};

const LIBRARY: &str = include_str!("lib.sh");
const ETCD: &str = include_str!("etcd.sh");

/// One host's script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What to call it: `01-localhost.sh`.
    pub file: String,
    /// On which of the plan's hosts it is run.
    pub host: String,
    /// The script.
    pub text: String,
}

/// What etcdctl needs to be let in; a password is never written down.
#[derive(Debug, Clone, Default)]
pub struct Access {
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    user: Option<String>,
}

impl Access {
    /// Of a target.
    pub fn of(target: &Target) -> Access {
        let user = match &target.auth {
            Some(Auth::Password { user, .. }) => Some(user.clone()),
            Some(Auth::Token { .. }) | None => None,
        };
        let tls = &target.tls;
        Access { ca: tls.ca.clone(), cert: tls.cert.clone(), key: tls.key.clone(), user }
    }
}

/// The scripts of a plan, in the order in which they are first run; else what of it is beyond a shell.
pub fn scripts(plan: &Plan, access: &Access) -> Result<Vec<Script>, String> {
    let beyond = |step: &&Step| {
        matches!(
            step.action,
            Action::FetchTree { .. }
                | Action::Etcd(
                    EtcdAction::DecideLog(_) | EtcdAction::Replay(_) | EtcdAction::SealDatabase { .. }
                )
        )
    };
    if let Some(step) = plan.steps.iter().find(beyond) {
        return Err(format!("`{}` is more than a shell can do: {}", step.id, step.what));
    }
    let parts = Parts::of(plan);
    Ok(parts.hosts.iter().map(|host| parts.script(host, access)).collect())
}

/// Which script is run when, as Markdown.
pub fn order(plan: &Plan, scripts: &[Script]) -> String {
    let mut text = format!(
        "# Recovery of {} by hand, run {}\n\nEach script does what its host has to do and stops where another host's \
         turn is: it names the script that is next. Run them in this order, and again as they say:\n\n",
        escape(&plan.cluster),
        escape(&plan.run_id)
    );
    for script in scripts {
        let _ = writeln!(text, "- on {}: `sh {}`", escape(&script.host), script.file);
    }
    let _ = writeln!(
        text,
        "\nA host that keeps an old server from starting writes `fenced-NAME.json`; the host with the survivor wants it before it \
         moves the old data: bring it there, or make it with `touch`, which is your word.\n\nEach asks for the id of the lost cluster, or takes it from the environment: `CONFIRM={} sh …`.\n\
         `sh … status` says what is done, `sh … rollback` puts the old directories back as long as no client has \
         written to the new cluster: in the reverse order.",
        escape(&plan.cluster_id)
    );
    text
}

/// Who does what.
struct Parts<'a> {
    plan: &'a Plan,
    /// Hosts, by their first step.
    hosts: Vec<&'a str>,
    /// Host of each step.
    homes: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(plan: &'a Plan) -> Parts<'a> {
        let homes: Vec<&str> = plan.steps.iter().map(|step| home(plan, step)).collect();
        let mut hosts: Vec<&str> = Vec::new();
        for home in &homes {
            if !hosts.contains(home) {
                hosts.push(home);
            }
        }
        Parts { plan, hosts, homes }
    }

    fn file(&self, host: &str) -> String {
        let at = self.hosts.iter().position(|known| *known == host).unwrap_or(0);
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        let name: String = host.chars().map(plain).collect();
        format!("{:02}-{name}.sh", at + 1)
    }

    fn script(&self, host: &str, access: &Access) -> Script {
        let file = self.file(host);
        let own: Vec<(usize, &Step)> =
            self.plan.steps.iter().enumerate().filter(|(at, _)| self.homes[*at] == host).collect();
        let mut text = self.head(host, &file);
        text.push_str(&self.constants(&file, access));
        text.push('\n');
        text.push_str(LIBRARY);
        text.push('\n');
        text.push_str(ETCD);
        text.push_str(
            "\n# ------------------------------------------------------------------------------------------------\
             ---------------------\n# The steps of this host. effect_NN: whether it is done. before_NN: what must be \
             so before.\n",
        );
        for (at, step) in &own {
            text.push_str(&self.step(*at, step, host));
        }
        text.push_str(&self.main(&own, host));
        Script { file, host: host.to_owned(), text }
    }

    fn head(&self, host: &str, file: &str) -> String {
        let plan = self.plan;
        let mut text = format!(
            "#!/bin/sh\n# Recovery of {} (cluster {}), run {}: what is done on {}.\n\
             # From the plan {} of quorate {}.\n#\n",
            said(&plan.cluster),
            said(&plan.cluster_id),
            said(&plan.run_id),
            said(host),
            said(&plan.hash),
            said(&plan.quorate)
        );
        let order: Vec<String> =
            self.hosts.iter().map(|host| format!("{} on {}", self.file(host), said(host))).collect();
        let _ = writeln!(text, "#   sh {file}            do it, or go on where it stopped");
        let _ = writeln!(text, "#   sh {file} status     what is done and what is not; changes nothing");
        let _ =
            writeln!(text, "#   sh {file} rollback   put the old state back, while no client has written");
        let _ = writeln!(text, "#\n# Order: {}.", order.join(", then "));
        text.push_str(
            "# It asks for the id of the lost cluster, or takes it from CONFIRM. It stops at the first thing that is not as it\n\
             # should be, and may be run again. Nothing is deleted and nothing is overwritten. It needs GNU coreutils, flock,\n\
             # curl, etcdctl and the restore tool of the server's version. Exit codes: 0 done, 2 failed, 4 refused, 75 another\n\
             # host is next.\n#\n",
        );
        match &plan.loss {
            Loss::Lossless { why } => paragraph(&mut text, &format!("LOSS: none. {why}")),
            Loss::AtRisk { why, entries } => {
                paragraph(&mut text, &format!("LOSS: possible. {why}"));
                entries.iter().for_each(|entry| paragraph(&mut text, &format!("  {entry}")));
            }
        }
        plan.notes.iter().for_each(|note| paragraph(&mut text, note));
        plan.statements.iter().for_each(|one| paragraph(&mut text, &format!("Stated: {}", one.says)));
        text.push_str("#\n# shellcheck disable=SC2317,SC2329 # functions are called by their names\n");
        text.push_str("# shellcheck disable=SC2034 # not every host needs all constants\n");
        text.push_str("# shellcheck disable=SC2016,SC1003 # data stands between quotes as it is\n");
        text.push_str("set -eu\numask 077\n\n");
        text
    }

    fn constants(&self, file: &str, access: &Access) -> String {
        let plan = self.plan;
        let state = state_dir(plan);
        let new = plan.new_cluster_id.as_deref().unwrap_or("");
        let mut text = String::new();
        let mut set = |name: &str, value: &str| {
            let _ = writeln!(text, "{name}={}", words::word(value));
        };
        set("old_id", &plan.cluster_id);
        set("old_number", &number(&plan.cluster_id));
        set("new_id", new);
        set("new_number", &number(new));
        set("state", &state);
        set("journal", &format!("{state}/{}.log", file.trim_end_matches(".sh")));
        let (ctl, utl) = tools(plan);
        text.push_str("# The tools of the server's version; your own ETCDCTL and ETCDUTL go first.\n");
        for (name, path) in [("ETCDCTL", ctl), ("ETCDUTL", utl)] {
            let bare = path.rsplit('/').next().unwrap_or(&path).to_owned();
            let _ = writeln!(text, "if [ -z \"${{{name}-}}\" ]; then");
            let _ = writeln!(text, "    {name}={}", words::word(&path));
            let _ = writeln!(text, "    [ -x \"${name}\" ] || {name}={}\nfi", words::word(&bare));
        }
        let files =
            [("ETCDCTL_CACERT", &access.ca), ("ETCDCTL_CERT", &access.cert), ("ETCDCTL_KEY", &access.key)];
        for (name, path) in files.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?))) {
            let path = words::word(&path.display().to_string());
            let _ = writeln!(text, "[ -n \"${{{name}-}}\" ] || {name}={path}\nexport {name}");
        }
        if let Some(user) = &access.user {
            let _ = writeln!(
                text,
                "# The cluster wants a login: export ETCDCTL_USER={}:PASSWORD before. It works only once the new \
                 cluster serves.",
                said(user)
            );
        }
        text
    }

    fn step(&self, at: usize, step: &Step, host: &str) -> String {
        let id = format!("{:02}", at + 1);
        let mut text = format!("\n# {} · {}\n", said(&step.id), step.phase.name());
        paragraph(&mut text, &format!("{}.", step.what));
        paragraph(&mut text, &format!("Why: {}", step.why));
        if let Some(danger) = &step.danger {
            paragraph(&mut text, &format!("Danger: {danger}"));
        }
        for argv in &step.commands {
            let _ = writeln!(text, "#   $ {}", said(&typed(argv)));
        }
        for condition in &step.pre {
            let _ = writeln!(text, "# Before: {}", said(&describe::condition(condition)));
        }
        for condition in &step.effect {
            let _ = writeln!(text, "# After: {}", said(&describe::condition(condition)));
        }
        let looks = looks::Looks { host, plan: self.plan };
        function(&mut text, &format!("effect_{id}"), &looks.all(&step.effect));
        function(&mut text, &format!("before_{id}"), &looks.all(&step.pre));
        function(&mut text, &format!("do_{id}"), &acts::of(&step.action, host));
        let way_back = match &step.undo {
            Undo::Impossible(why) => vec![format!("no {}", words::word(why))],
            Undo::By { .. } | Undo::NotNeeded(_) => looks.all(&self.way_back(at, step, host)),
        };
        function(&mut text, &format!("way_back_{id}"), &way_back);
        if let Undo::By { action, effect } = &step.undo {
            function(&mut text, &format!("undone_{id}"), &looks.all(effect));
            function(&mut text, &format!("undo_{id}"), &acts::of(action, host));
        }
        text
    }

    /// What must be so to go back: also what forbids it to another host that was earlier.
    fn way_back(&self, at: usize, step: &Step, host: &str) -> Vec<Condition> {
        // What is asked of the server is asked where it was started; its log no shell can read.
        let asked = |step: &Step| if step.phase == Phase::Swap { Vec::new() } else { step.undo_pre.clone() };
        let mut conditions = asked(step);
        if matches!(step.undo, Undo::By { .. }) {
            let others = (0..at).filter(|earlier| self.homes[*earlier] != host);
            conditions.extend(others.flat_map(|earlier| asked(&self.plan.steps[earlier])));
        }
        conditions
    }

    /// What another host must have brought about, as far as it is seen from this one. That the old servers are kept from
    /// starting cannot be: before the old data is moved, the record of it has to be brought here.
    fn visible(&self, other: &Step, host: &str) -> Vec<Condition> {
        let swaps = |(at, step): (usize, &Step)| step.phase == Phase::Swap && self.homes[at] == host;
        let wants_record = other.phase == Phase::Fence && self.plan.steps.iter().enumerate().any(swaps);
        let seen = |condition: &&Condition| {
            let record = matches!(condition, Condition::PathExists { host, .. } if host == HERE);
            is_seen_from_afar(condition) || wants_record && record
        };
        other.effect.iter().filter(seen).cloned().collect()
    }

    /// What calls them, with the other hosts' turns between.
    fn main(&self, own: &[(usize, &Step)], host: &str) -> String {
        let steps = &self.plan.steps;
        let looks = looks::Looks { host, plan: self.plan };
        let mut gates = String::new();
        let (mut go, mut back, mut ways, mut show) =
            (String::new(), String::new(), String::new(), String::new());
        let mut last = 0;
        for (at, step) in own {
            let (id, what) = (format!("{:02}", at + 1), words::word(&step.what));
            for earlier in (last..*at).filter(|earlier| self.homes[*earlier] != host) {
                let visible = self.visible(&steps[earlier], host);
                if visible.is_empty() {
                    continue;
                }
                let gate = format!("gate_{id}_{:02}", earlier + 1);
                function(&mut gates, &gate, &looks.all(&visible));
                let (file, other) = (self.file(self.homes[earlier]), self.homes[earlier]);
                let _ = writeln!(
                    go,
                    "    after {gate} {} {} {}",
                    words::word(&steps[earlier].what),
                    words::word(&file),
                    words::word(other)
                );
            }
            last = *at;
            let _ = writeln!(go, "    step {id} {} {what}", step.settle_s);
            let _ = writeln!(show, "    show {id} {what}");
        }
        for (at, step) in own.iter().rev() {
            let (id, what) = (format!("{:02}", at + 1), words::word(&step.what));
            let _ = writeln!(ways, "    may_undo {id} {what}");
            let Undo::By { .. } = &step.undo else { continue };
            for later in (*at + 1..steps.len()).filter(|later| self.homes[*later] != host) {
                for condition in &steps[later].effect {
                    let Condition::Etcd(EtcdCondition::Serves { endpoint, cluster_id }) = condition else {
                        continue;
                    };
                    let gate = format!("back_{id}_{:02}", later + 1);
                    let look = words::call("serves_not", &[endpoint, &number(cluster_id)]);
                    function(&mut gates, &gate, &[look]);
                    let other = self.homes[later];
                    let file = format!("{} rollback", self.file(other));
                    let _ = writeln!(
                        back,
                        "    touched {id} && after {gate} {} {} {}",
                        words::word(&format!("undo: {}", steps[later].what)),
                        words::word(&file),
                        words::word(other)
                    );
                }
            }
            let _ = writeln!(back, "    undo {id} {} {what}", step.settle_s);
        }
        let end = self.end(own);
        format!(
            "{gates}
run() {{
    [ \"$(progress over)\" != undone ] || stop 4 'this run was rolled back: make a new plan'
    agree {}
{go}{end}}}

rollback() {{
    agree 'This undoes what was done, last first.'
{ways}{back}    note undone over
    say 'Everything of this host is as it was before.'
}}

status() {{
{show}}}

mkdir -p -- \"$state\"
exec 9>>\"$journal\"
flock -w 15 9 || stop 4 \"another run of this script is at work\"
command -v \"$ETCDCTL\" >/dev/null || stop 4 \"$ETCDCTL is missing: set ETCDCTL to its path\"
case ${{1-run}} in
run) run ;;
rollback) rollback ;;
status) status ;;
*) stop 64 \"usage: sh $0 [run|status|rollback]\" ;;
esac
",
            words::word(&format!(
                "This stops the old cluster {} and makes a new one of it.",
                escape(&self.plan.cluster)
            ))
        )
    }
}

/// The host on which a step is done.
fn home<'a>(plan: &'a Plan, step: &'a Step) -> &'a str {
    if step.host != HERE || plan.hosts.keys().all(|host| host == HERE) {
        return &step.host;
    }
    let peer = match &step.action {
        Action::Etcd(EtcdAction::AddLearner { peer_url, .. } | EtcdAction::Promote { peer_url, .. }) => {
            Some(peer_url)
        }
        _ => None,
    };
    let joiner = plan.steps.iter().find_map(|other| match &other.action {
        Action::Etcd(EtcdAction::SeedJoiner(joiner)) if Some(&joiner.peer_url) == peer => {
            Some(joiner.host.as_str())
        }
        _ => None,
    });
    let seed = plan.members.iter().find(|member| member.becomes == Becomes::Seed);
    joiner.or_else(|| seed.and_then(|seed| seed.host.as_deref())).unwrap_or(HERE)
}

/// Whether it can be looked at from any host.
fn is_seen_from_afar(condition: &Condition) -> bool {
    match condition {
        Condition::Etcd(condition) => match condition {
            EtcdCondition::Silent { .. }
            | EtcdCondition::Serves { .. }
            | EtcdCondition::Listed { .. }
            | EtcdCondition::Whole { .. } => true,
            EtcdCondition::Stuck { .. }
            | EtcdCondition::Snapshot { .. }
            | EtcdCondition::StillAt { .. }
            | EtcdCondition::DirectoryOf { .. }
            | EtcdCondition::OnlyOurWrites(_)
            | EtcdCondition::NoLeftoverAlarm { .. }
            | EtcdCondition::KeyAbsent { .. } => false,
        },
        Condition::PortSilent { .. } => true,
        Condition::PathExists { .. }
        | Condition::PathAbsent { .. }
        | Condition::Hash { .. }
        | Condition::FreeSpace { .. }
        | Condition::SameFileSystem { .. }
        | Condition::Unlocked { .. }
        | Condition::ServiceStopped { .. }
        | Condition::ServiceRunning { .. }
        | Condition::ServiceReleased { .. }
        | Condition::ProcessGone { .. } => false,
    }
}

/// Where a script keeps its record: beside the plan's evidence.
fn state_dir(plan: &Plan) -> String {
    let evidence = plan.steps.iter().find_map(|step| match &step.action {
        Action::MakeDir { path, .. } => path.parent(),
        _ => None,
    });
    evidence.map_or_else(|| format!("quorate-{}", plan.run_id), |dir| dir.display().to_string())
}

/// etcdctl, and what reads and restores snapshots: etcdutl, for 3.4 etcdctl too.
fn tools(plan: &Plan) -> (String, String) {
    let restore = plan.steps.iter().find_map(|step| match &step.action {
        Action::Etcd(EtcdAction::Restore(restore)) => Some(restore.tool.clone()),
        _ => None,
    });
    let utl = restore.unwrap_or_else(|| PathBuf::from("etcdutl"));
    let ctl = utl.with_file_name("etcdctl");
    (ctl.display().to_string(), utl.display().to_string())
}

/// A function of these lines, or one that does nothing.
fn function(text: &mut String, name: &str, lines: &[String]) {
    let body = if lines.is_empty() { "    :\n".to_owned() } else { lines.iter().fold(String::new(), indent) };
    let _ = write!(text, "{name}() {{\n{body}}}\n");
}

fn indent(mut text: String, line: &String) -> String {
    let _ = writeln!(text, "    {line}");
    text
}

/// A comment, broken into lines.
fn paragraph(text: &mut String, words: &str) {
    for line in super::wrap(&said(words), Some(116)) {
        let _ = writeln!(text, "# {}", line.trim_end());
    }
}
