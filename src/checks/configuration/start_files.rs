use crate::checks::servers::{each, hidden_alike, on};
use crate::checks::versions::release::Release;
use crate::facts::{CommonFacts, Observed, ZookeeperFacts, ZookeeperMember, ZookeeperStart};
use crate::finding::{Check, Family, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "start-files",
    family: Family::Configuration,
    question: "Will every server start again, as the same server, from the files it has now?",
    why: "A server reads zoo.cfg, its dynamic file and myid once. What was changed since shows at the next restart: it does \
          not come back, or comes back as another.",
    remedy: "Put the file right now, while the server runs; then restart it alone and see that it follows.",
    runbook: Some("zookeeper-membership-drift"),
    thresholds: &[],
    sources: &[
        "ZooKeeper QuorumPeerConfig.parseProperties, parseDynamicConfig, setupMyId, setupPeerType",
        "zookeeperReconfig.md: dynamicConfigFile",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

type Lines = BTreeMap<String, String>;

/// A server with groups and TTLs keeps one byte for its id.
const LARGEST_ID: u64 = 254;

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let hidden = hidden_alike(zookeeper, |member| &member.here);
    if let Some(why) = hidden {
        return Outcome::NotApplicable(format!("its files: {why}"));
    }
    let ids = |id: &str| {
        let all = zookeeper.answering().filter_map(|member| member.here.known()?.start.myid.as_deref());
        all.filter(|other| *other == id).count()
    };
    each(zookeeper, Severity::Warning, |member, tally| match &member.here {
        Observed::Known(here) => {
            let files = Files { member, start: &here.start };
            files.lines(tally);
            files.list(tally);
            files.id(&ids, tally);
        }
        Observed::Unknown(why) => tally.gap(member.label(), format!("its files: {why}"), Severity::Warning),
    })
}

struct Files<'a> {
    member: &'a ZookeeperMember,
    start: &'a ZookeeperStart,
}

impl Files<'_> {
    fn says(&self, tally: &mut Tally, says: &'static str, subject: &str) {
        tally.hit(on(self.member, Severity::Warning, says).with("subject", subject));
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.start.file.get(key).map(|value| value.trim())
    }

    /// Lines that are wrong by themselves.
    fn lines(&self, tally: &mut Tally) {
        if self.value("dataDir").is_none_or(str::is_empty) {
            self.says(tally, "zoo.cfg has no {subject}: it does not start", "dataDir");
        }
        for key in ["initLimit", "syncLimit"] {
            if self.value(key).is_some_and(|value| value.parse::<i64>() == Ok(0)) {
                self.says(tally, "{subject}=0: it does not start, that counts as not set", key);
            }
        }
        // Until 3.5 the others were only discouraged.
        let version = self.member.srvr.known().and_then(|srvr| Release::parse(&srvr.version));
        let refused = version.is_none_or(|release| release.line() >= (3, 6));
        if let Some(other) = self.value("electionAlg").filter(|alg| *alg != "3" && refused) {
            self.says(tally, "electionAlg={subject}: it does not start, only 3 is left", other);
        }
        if let Some(path) = &self.start.left_over {
            let says = "{subject} was left: a configuration that was proposed and perhaps never agreed on";
            tally.hit(on(self.member, Severity::Info, says).with("subject", path.as_str()));
        }
    }

    /// The member list, and where it stands.
    fn list(&self, tally: &mut Tally) {
        if self.value("dynamicConfigFile").is_some()
            && let Some(line) = servers(&self.start.file).next()
        {
            let says = "{subject} stands in zoo.cfg beside dynamicConfigFile: it does not start";
            self.says(tally, says, &format!("server.{}", line.0));
        }
        if self.start.dynamic.as_ref().is_some_and(|lines| lines.contains_key("version")) {
            let says =
                "{subject} stands in the dynamic file: it does not start, the version is in the file's name";
            self.says(tally, says, "version=");
        }
        let mut places: BTreeMap<&str, u64> = BTreeMap::new();
        for (id, line) in servers(self.listed()) {
            let place = line.split([';', '|']).next().unwrap_or(line);
            let place = place.trim_end_matches(":participant").trim_end_matches(":observer");
            if let Some(other) = places.insert(place, id) {
                let says = "two lines of its list are one server: {subject}";
                self.says(tally, says, &format!("server.{other} and server.{id} are both {place}"));
            }
            let reconfig = self.value("reconfigEnabled").is_some_and(|v| v.eq_ignore_ascii_case("true"));
            if reconfig && !line.contains(';') && self.value("secureClientPort").is_none() {
                let says = "{subject} names no client port, and reconfigEnabled=true: it is lost when the list is written anew";
                tally.hit(on(self.member, Severity::Info, says).with("subject", format!("server.{id}")));
            }
        }
        let (observers, voters): (Vec<_>, Vec<_>) =
            servers(self.listed()).partition(|(_, line)| observes(line));
        let alone = self.value("standaloneEnabled").is_none_or(|v| !v.eq_ignore_ascii_case("false"));
        if !observers.is_empty() && voters.len() == 1 && alone {
            let says = "one participant with observers and {subject}: it does not start";
            self.says(tally, says, "standaloneEnabled=true");
        }
    }

    /// Which server it is.
    fn id(&self, alike: &dyn Fn(&str) -> usize, tally: &mut Tally) {
        let mut lines = servers(self.listed()).peekable();
        if lines.peek().is_none() {
            return;
        }
        let Some(text) = self.start.myid.as_deref() else {
            return self.says(tally, "there is no {subject} in dataDir that may be read", "myid");
        };
        let Ok(id) = text.parse::<u64>() else {
            return self.says(tally, "myid is no number: {subject}", text);
        };
        let Some((_, line)) = lines.find(|(of, _)| *of == id) else {
            return self.says(tally, "myid is {subject}, and its list has no such server", text);
        };
        if alike(text) > 1 {
            self.says(tally, "more than one server's myid is {subject}", text);
        }
        let extended = self.value("extendedTypesEnabled").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        if extended && id > LARGEST_ID {
            self.says(
                tally,
                "myid is {subject}, over 254, and extendedTypesEnabled=true: it never serves",
                text,
            );
        }
        let peer = self.value("peerType").map(str::to_ascii_lowercase);
        if peer.is_some_and(|peer| (peer == "observer") != observes(line)) {
            let says = "{subject} contradicts its line in the list, which counts";
            let said = format!("peerType={}", self.value("peerType").unwrap_or_default());
            tally.hit(on(self.member, Severity::Info, says).with("subject", said));
        }
    }

    /// The lines that hold the list.
    fn listed(&self) -> &Lines {
        self.start.dynamic.as_ref().unwrap_or(&self.start.file)
    }
}

fn servers(lines: &Lines) -> impl Iterator<Item = (u64, &String)> {
    lines.iter().filter_map(|(key, line)| Some((key.strip_prefix("server.")?.parse().ok()?, line)))
}

fn observes(line: &str) -> bool {
    line.split(';').next().is_some_and(|peers| peers.trim_end().ends_with(":observer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row, undecided};
    use Severity::{Info, Warning};

    #[test]
    fn what_a_server_would_not_start_from() {
        row(&CHECK, &ensemble(3), &[]);
        let cases: [(&str, Option<&str>, &[Severity]); 11] = [
            ("dataDir", None, &[Warning]),
            ("initLimit", Some("0"), &[Warning]),
            ("electionAlg", Some("0"), &[Warning]),
            ("electionAlg", Some("3"), &[]),
            ("dynamicConfigFile", Some("/etc/zk.dynamic"), &[Warning]),
            ("server.3", Some("10.0.0.2:2888:3888:observer"), &[Warning]),
            ("server.1", None, &[Warning]),
            ("server.2", Some("10.0.0.2:2888:3888:observer"), &[]),
            ("peerType", Some("observer"), &[Info]),
            ("peerType", Some("participant"), &[]),
            ("reconfigEnabled", Some("true"), &[]),
        ];
        for (key, value, expected) in cases {
            let mut sample = ensemble(3);
            let file = &mut sample.here_mut("n1").start.file;
            match value {
                Some(value) => file.insert(key.into(), value.into()),
                None => file.remove(key),
            };
            row(&CHECK, &sample, expected);
        }
    }

    #[test]
    fn who_it_would_be() {
        for (id, expected) in [(Some("x"), &[Warning][..]), (None, &[Warning]), (Some("9"), &[Warning])] {
            let mut sample = ensemble(3);
            sample.here_mut("n1").start.myid = id.map(str::to_owned);
            row(&CHECK, &sample, expected);
        }
        let mut twice = ensemble(3);
        twice.here_mut("n1").start.myid = Some("2".into());
        row(&CHECK, &twice, &[Warning, Warning]);
        let mut dynamic = ensemble(3);
        let start = &mut dynamic.here_mut("n1").start;
        let lines = [("server.1", "a:1:2:participant"), ("version", "100000000")];
        start.dynamic = Some(lines.map(|(key, line)| (key.to_owned(), line.to_owned())).into());
        start.file.retain(|key, _| !key.starts_with("server."));
        start.file.insert("dynamicConfigFile".into(), "/x".into());
        start.left_over = Some("/etc/zoo.cfg.dynamic.next".into());
        row(&CHECK, &dynamic, &[Info, Warning]);
        dynamic.zookeeper_mut("n2").here = Observed::unknown("elsewhere");
        dynamic.zookeeper_mut("n1").here = Observed::Known(ensemble(3).here_mut("n1").clone());
        undecided(&CHECK, &dynamic, Warning);
    }

    #[test]
    fn lines_that_only_some_ensembles_refuse() {
        let with = |lines: &[(&str, &str)]| {
            let mut sample = ensemble(1);
            let file = &mut sample.here_mut("n1").start.file;
            lines.iter().for_each(|(key, line)| {
                file.insert((*key).to_owned(), (*line).to_owned());
            });
            sample
        };
        let observer = ("server.2", "b:2888:3888:observer;2181");
        row(&CHECK, &with(&[observer]), &[Warning]);
        row(&CHECK, &with(&[observer, ("standaloneEnabled", "false")]), &[]);
        row(&CHECK, &with(&[("server.2", "b:1:2"), ("reconfigEnabled", "true")]), &[Info]);
        let mut large = with(&[("server.255", "b:1:2;3"), ("extendedTypesEnabled", "true")]);
        large.here_mut("n1").start.myid = Some("255".into());
        row(&CHECK, &large, &[Warning]);
    }
}
