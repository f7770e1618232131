use crate::facts::{CommonFacts, Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "quorum-ports",
    family: Family::Transport,
    question: "Are the ports of the quorum closed to those who are no servers of it?",
    why: "Whoever reaches them and is not asked who he is can follow the leader and receive all data, and send votes: a \
          server that looks for a leader takes a newer configuration from a vote, where reconfiguration is on.",
    remedy: "Let a firewall pass the quorum and election ports (2888, 3888) between the servers only, and demand \
             certificates (sslQuorum=true) or SASL (quorum.auth.serverRequireSasl=true) there.",
    runbook: Some("zookeeper-hardening"),
    thresholds: &[],
    sources: &[
        "ZooKeeper FastLeaderElection.WorkerReceiver: processReconfig before the sender is looked at",
        "zookeeperAdmin.md: sslQuorum, quorum.auth.serverRequireSasl, reconfigEnabled",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, _: &Policy) -> Outcome {
    let mut modes = zookeeper.serving().map(|(_, srvr)| srvr.mode.as_str()).peekable();
    if modes.peek().is_some() && modes.all(|mode| mode == "standalone") {
        return Outcome::NotApplicable("a standalone server has no port for others".into());
    }
    let yes = |key: &'static str| {
        move |member: &ZookeeperMember| {
            let value = member.settings.parsed(key).known().copied();
            value.map(|value| value.is_some_and(|value| value.trim().eq_ignore_ascii_case("true")))
        }
    };
    let asked = |of: &dyn Fn(&ZookeeperMember) -> Option<bool>, answer| {
        zookeeper.answering().any(|member| of(member) == Some(answer))
    };
    let (sasl, reconfig) = (yes("quorum.auth.serverRequireSasl"), yes("reconfigEnabled"));
    let port = match &zookeeper.quorum_port {
        Observed::Known(port) => port,
        Observed::Unknown(why) => {
            // Only with reconfiguration on is an open port critical.
            let at_worst = if asked(&reconfig, true) { Severity::Critical } else { Severity::Info };
            return Outcome::undecided(why.as_str(), at_worst);
        }
    };
    if port.own_machine {
        let why =
            "this is the leader's machine, which reaches the port in any case: run the check from a client's";
        return Outcome::NotApplicable(why.into());
    }
    if !port.open || port.tls {
        return Outcome::Clear(vec![
            ("port", port.address.as_str().into()),
            ("found", if port.open { "TLS" } else { "closed from here" }.into()),
        ]);
    }
    // It is asked for in every server's file, or it protects nothing.
    if asked(&sasl, true) && !asked(&sasl, false) {
        return Outcome::Clear(vec![("port", port.address.as_str().into()), ("found", "SASL".into())]);
    }
    let hit = |severity, says| Hit::new(severity, says).with("port", port.address.as_str());
    Outcome::found(if asked(&reconfig, true) {
        let says = "the quorum's port {port} is open from here, in plaintext, and reconfigEnabled=true: whoever is here can \
                    follow, and change the configuration of a server that looks for a leader";
        hit(Severity::Critical, says)
    } else {
        hit(
            Severity::Info,
            "the quorum's port {port} is open from here, in plaintext: whoever is here can follow the leader",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, ensemble, row, undecided};
    use crate::facts::ZookeeperQuorumPort;

    fn found(open: bool, tls: bool, own_machine: bool) -> Sample {
        let mut sample = ensemble(3);
        let address = "10.0.0.1:2888".into();
        sample.ensemble_mut().quorum_port =
            Observed::Known(ZookeeperQuorumPort { address, open, tls, own_machine });
        sample
    }

    #[test]
    fn open_plaintext_and_seen_from_elsewhere() {
        row(&CHECK, &ensemble(3), &[]);
        row(&CHECK, &found(false, false, false), &[]);
        row(&CHECK, &found(true, false, false), &[Severity::Info]);
        assert!(matches!(found(true, false, true).run(&CHECK), Outcome::NotApplicable(_)));
        let with = |key: &str| {
            let mut sample = found(true, false, false);
            ["n1", "n2", "n3"].iter().for_each(|name| sample.set_in_file(name, key, Some("true")));
            sample
        };
        row(&CHECK, &with("reconfigEnabled"), &[Severity::Critical]);
        let mut sasl = with("quorum.auth.serverRequireSasl");
        row(&CHECK, &sasl, &[]);
        sasl.set_in_file("n2", "quorum.auth.serverRequireSasl", None);
        row(&CHECK, &sasl, &[Severity::Info]);
        let mut silent = ensemble(3);
        silent.ensemble_mut().quorum_port = Observed::unknown("no leader is known");
        undecided(&CHECK, &silent, Severity::Info);
        silent.set_in_file("n3", "reconfigEnabled", Some("true"));
        undecided(&CHECK, &silent, Severity::Critical);
    }
}
