use crate::checks::servers::{each_with_settings, on, property};
use crate::facts::{CommonFacts, ListenerKind, ZookeeperFacts};
use crate::finding::{Check, Family, Outcome, Rule, Severity};
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
    let speaks_tls = |member: &crate::facts::Member, kind: ListenerKind| {
        member.listeners.iter().any(|l| l.kind == kind && l.plaintext.known() == Some(&false))
    };
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
        sample.set_property("n1", "fips-mode", None);
        row(&CHECK, &sample, &[Severity::Warning]);
    }
}
