use crate::checks::servers::{each_with_settings, on, property};
use crate::facts::{CommonFacts, ListenerKind, Member, Observed, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;

pub(super) const CHECK: Check = Check {
    slug: "hostname-verification",
    family: Family::Transport,
    question: "Do the servers verify whom they speak TLS with, and can certificates be renewed without a restart?",
    why: "Without verification of host names any certificate of the CA is as good as a server's. From 3.9 on FIPS mode is \
          the default, and takes that verification away between the servers.",
    remedy: "Set fips-mode=false (or accept the risk), leave ssl.hostnameVerification and ssl.quorum.hostnameVerification \
             at true, and restart the servers one at a time.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "zookeeperAdmin.md: fips-mode, ssl.quorum.hostnameVerification, sslQuorumReloadCertFiles",
        "ZOOKEEPER-4790",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let any = facts
        .members
        .iter()
        .any(|m| speaks_tls(m, ListenerKind::Client) || speaks_tls(m, ListenerKind::Peer));
    if !any {
        return Outcome::NotApplicable("no listener speaks TLS".into());
    }
    each_with_settings(zookeeper, Severity::Warning, |member, tally| {
        if member.settings.properties.known().is_none() {
            property(member, "ssl.hostnameVerification", Severity::Warning, tally);
            return;
        }
        let set = |key: &str| member.settings.property(key).known().copied().flatten();
        for key in ["ssl.hostnameVerification", "ssl.quorum.hostnameVerification"] {
            if set(key).is_some_and(|value| value.eq_ignore_ascii_case("false")) {
                tally.hit(
                    on(
                        member,
                        Severity::Warning,
                        "{key} is false: any certificate of the CA passes for a server",
                    )
                    .with("key", key),
                );
            }
        }
        reload(member, facts, tally);
        let newer = member.srvr.known().is_some_and(|srvr| srvr.version.starts_with("3.9."));
        let fips = set("fips-mode").map_or(newer, |value| value.eq_ignore_ascii_case("true"));
        let between = facts.members.iter().any(|m| speaks_tls(m, ListenerKind::Peer));
        if fips && between {
            tally.hit(on(
                member,
                Severity::Warning,
                "FIPS mode is on (the default from 3.9 on): host names between servers are not verified",
            ));
        }
    })
}

/// A server reads its certificates once, unless it is told to look again.
fn reload(member: &ZookeeperMember, facts: &CommonFacts, tally: &mut Tally) {
    let yes = |value: Observed<Option<&str>>| match value {
        Observed::Known(value) => Some(value.is_some_and(|value| value.eq_ignore_ascii_case("true"))),
        Observed::Unknown(_) => None,
    };
    let kinds = [
        (ListenerKind::Client, "client.certReload", yes(member.settings.property("client.certReload"))),
        (
            ListenerKind::Peer,
            "sslQuorumReloadCertFiles",
            yes(member.settings.parsed("sslQuorumReloadCertFiles")),
        ),
    ];
    let off: Vec<String> = kinds
        .into_iter()
        .filter(|(kind, _, on)| *on == Some(false) && facts.members.iter().any(|m| speaks_tls(m, *kind)))
        .map(|(_, key, _)| key.to_owned())
        .collect();
    if !off.is_empty() {
        // The default of every version: worth knowing before the certificates expire.
        tally.hit(
            on(member, Severity::Info, "a renewed certificate is served only after a restart ({settings} off)")
                .with("settings", off)
                .remedy("Set sslQuorumReloadCertFiles=true (3.5.5 and later) and client.certReload=true (3.7.2, 3.8.6, 3.9.0 and later)."),
        );
    }
}

fn speaks_tls(member: &Member, kind: ListenerKind) -> bool {
    member.listeners.iter().any(|l| l.kind == kind && l.plaintext.known() == Some(&false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row};

    #[test]
    fn verification_is_off_in_two_ways() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(1);
        sample.set_property("n1", "ssl.quorum.hostnameVerification", Some("false"));
        row(&CHECK, &sample, &[Severity::Warning]);
        let mut sample = ensemble(1);
        sample.set_property("n1", "client.certReload", None);
        row(&CHECK, &sample, &[Severity::Info]);
        let mut sample = ensemble(1);
        sample.set_in_file("n1", "sslQuorumReloadCertFiles", Some("false"));
        row(&CHECK, &sample, &[Severity::Info]);
        // A file that nobody showed says nothing of it.
        sample.zookeeper_mut("n1").settings.file = Observed::unknown("elsewhere");
        row(&CHECK, &sample, &[]);
        let mut sample = ensemble(1);
        sample.set_property("n1", "fips-mode", None);
        row(&CHECK, &sample, &[Severity::Warning]);
    }
}
