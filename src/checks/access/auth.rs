use crate::checks::agents::{exposure, nobody, with_settings};
use crate::facts::{
    CommonFacts, ConsulFacts, EtcdFacts, Listener, ListenerKind, Member, Observed, SnapshotFacts,
};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "auth",
    family: Family::Access,
    question: "Must whoever reads or writes prove who they are?",
    why: "Without authentication and without client certificates, whoever reaches a client port may read, change and \
          delete every key.",
    remedy: "Demand client certificates (--client-cert-auth), or create a root user and turn authentication on: `etcdctl \
             user add root`, `etcdctl auth enable`.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper: enforce.auth.enabled, sessionRequireClientSASLAuth, and a session without credentials",
        "Consul /v1/agent/self: ACLsEnabled, ACLDefaultPolicy, and requests without a token",
        "https://etcd.io/docs/v3.6/op-guide/authentication/rbac/",
        "https://etcd.io/docs/v3.6/op-guide/configuration/ (--auth-token: simple tokens are for development)",
    ],
    rules: &[
        Rule::Etcd(judge),
        Rule::Zookeeper(super::sessions::judge),
        Rule::Consul(judge_consul),
        Rule::EtcdFile(judge_file),
    ],
};

fn judge(etcd: &EtcdFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    let clients: Vec<&Listener> = facts
        .reachable()
        .flat_map(|m| m.listeners.iter().filter(|l| l.kind == ListenerKind::Client))
        .collect();
    if let Some(why) = &etcd.login_refused {
        let hit = Hit::new(Severity::Warning, "the user and password that were given did not log in: {why}")
            .with("why", why.as_str())
            .remedy("Give the right password by --password-file or ETCDCTL_PASSWORD; what needs a login was not seen.");
        return Outcome::found(hit);
    }
    match &etcd.auth_enabled {
        Observed::Known(true) => tokens(etcd, &clients),
        Observed::Known(false) => without(&clients),
        Observed::Unknown(why) => {
            Outcome::undecided(format!("whether authentication is on: {why}"), at_worst(&clients))
        }
    }
}

/// Users come back with a restore: whoever restores must be able to log in.
fn judge_file(file: &SnapshotFacts, _: &Policy) -> Outcome {
    let left = &file.leftovers;
    if left.auth_enabled != Some(true) {
        return Outcome::NotApplicable(
            "a file is not reached over a network, and authentication is off in it".into(),
        );
    }
    Outcome::found(
        Hit::new(
            Severity::Info,
            "authentication is on in it: a cluster restored from it asks for these users and their passwords: {users}",
        )
        .with("users", left.users.clone())
        .remedy("Before a restore make sure that the password of root, or a client certificate with CN=root, is at hand."),
    )
}

/// Authentication is off: client certificates may still be demanded everywhere.
fn without(clients: &[&Listener]) -> Outcome {
    let open: Vec<&&Listener> = clients.iter().filter(|l| l.anonymous.known() == Some(&true)).collect();
    let unread = clients.iter().find_map(|l| l.anonymous.why());
    if clients.is_empty() {
        let missing = "authentication is off, and no client listener could be looked at";
        return Outcome::undecided(missing, Severity::Critical);
    }
    // Where the open listeners speak TLS, that they demand no certificate is one fault, and client-cert-auth's.
    if !open.is_empty() && open.iter().all(|l| l.plaintext.known() == Some(&false)) {
        return Outcome::found(Hit::new(
            Severity::Info,
            "authentication is off, and no client certificate is demanded: see client-cert-auth",
        ));
    }
    if !open.is_empty() {
        let loopback = open.iter().all(|l| l.loopback);
        let severity = if loopback { Severity::Warning } else { Severity::Critical };
        let says = if open.len() < clients.len() {
            "authentication is off and not every client listener demands a certificate: whoever reaches {listeners} may \
             do anything"
        } else {
            "authentication is off and no client certificate is demanded: whoever reaches a client port may do anything"
        };
        let addresses: Vec<String> = open.iter().map(|l| l.address.clone()).collect();
        return Outcome::found(Hit::new(severity, says).with("listeners", addresses));
    }
    if let Some(why) = unread {
        let missing = format!("authentication is off; whether client certificates are demanded: {why}");
        return Outcome::undecided(missing, at_worst(clients));
    }
    Outcome::found(Hit::new(
        Severity::Info,
        "authentication is off: every client certificate of the CA may do anything",
    ))
}

fn at_worst(clients: &[&Listener]) -> Severity {
    if clients.is_empty() {
        return Severity::Critical;
    }
    let demanded = clients.iter().all(|l| l.anonymous.known() == Some(&false));
    let loopback = clients.iter().all(|l| l.loopback);
    match (demanded, loopback) {
        (true, _) => Severity::Info,
        (false, true) => Severity::Warning,
        (false, false) => Severity::Critical,
    }
}

/// Authentication is on: how are its tokens made? `simple` is the default.
fn tokens(etcd: &EtcdFacts, clients: &[&Listener]) -> Outcome {
    let mut tally = Tally::new();
    let severity = if clients.iter().all(|l| l.loopback) { Severity::Info } else { Severity::Warning };
    let named = etcd.members.iter().filter_map(|m| Some((m, m.vars.known()?)));
    for (member, vars) in named.filter(|(_, vars)| vars.config_file().is_none()) {
        if vars.flag("auth-token").is_none_or(|kind| kind.starts_with("simple")) {
            let member = if member.name.is_empty() { &member.id } else { &member.name };
            tally.hit(
                Hit::new(severity, "authentication is on, with simple tokens, which are not signed")
                    .remedy(
                        "Start every member with --auth-token=jwt,pub-key=…,priv-key=…,sign-method=…,ttl=…",
                    )
                    .on(member.clone()),
            );
        }
    }
    tally.evidence("authentication", "on");
    tally.outcome()
}

fn judge_consul(consul: &ConsulFacts, facts: &CommonFacts, _: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let mut open: BTreeMap<&'static str, Vec<&Member>> = BTreeMap::new();
    for (member, settings) in with_settings(consul, facts, Severity::Critical, &mut tally) {
        match (settings.acls_enabled, settings.acl_default_policy.as_deref()) {
            (Some(false), _) => open.entry(OFF).or_default().push(member),
            (Some(true), Some("allow")) => open.entry(ALLOW).or_default().push(member),
            (Some(true), Some(_)) => {}
            (Some(true), None) | (None, _) => {
                tally.gap(
                    member.label(),
                    "its access controls: its settings do not tell",
                    Severity::Critical,
                );
            }
        }
    }
    for (says, members) in open {
        let labels: Vec<String> = members.iter().map(|m| m.label()).collect();
        let proven = members.iter().any(|m| reads_keys(consul, m) == Some(true));
        let hit = Hit::new(exposure(members.into_iter()), says)
            .with("read_without_a_token", if proven { "yes, proven" } else { "not proven" });
        tally.hit(hit.remedy(TURN_ON).on(labels.join(", ")));
    }
    if let Observed::Known(true) = token_refused(consul) {
        tally.hit(
            Hit::new(Severity::Warning, "the token that was given is not known to the cluster").remedy(
                "Give the right token by --token-file or CONSUL_HTTP_TOKEN; what needs one was not seen.",
            ),
        );
    }
    tally.evidence("access_controls", "deny by default");
    tally.outcome()
}

const TURN_ON: &str = "Turn access controls on with acl.enabled = true and acl.default_policy = \"deny\" on every server, \
                       after `consul acl bootstrap` and tokens for every agent.";

const OFF: &str =
    "access controls are off: whoever reaches the API may read and change every key, service and intention";

const ALLOW: &str =
    "access controls allow by default: what no rule denies, whoever reaches the API may read and change";

fn token_refused(consul: &ConsulFacts) -> Observed<bool> {
    let refusals = consul.members.iter().flat_map(|m| m.denied.values());
    Observed::Known(consul.token && refusals.into_iter().any(|why| why.contains("ACL not found")))
}

fn reads_keys(consul: &ConsulFacts, member: &Member) -> Option<bool> {
    consul.member(&member.id)?.anonymous.known().map(|anonymous| anonymous.keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster, row, servers, undecided};

    fn off() -> Sample {
        let mut sample = cluster(3);
        sample.native_mut().auth_enabled = Observed::Known(false);
        sample
    }

    fn anonymous(mut sample: Sample, loopback: bool) -> Sample {
        for name in ["n1", "n2", "n3"] {
            let listener = &mut sample.member_mut(name).listeners[0];
            (listener.anonymous, listener.loopback) = (Observed::Known(true), loopback);
        }
        sample
    }

    #[test]
    fn off_is_as_bad_as_who_can_connect() {
        row(&CHECK, &off(), &[Severity::Info]);
        let in_plaintext = |loopback| {
            let mut sample = anonymous(off(), loopback);
            for name in ["n1", "n2", "n3"] {
                sample.member_mut(name).listeners[0].plaintext = Observed::Known(true);
            }
            sample
        };
        row(&CHECK, &in_plaintext(false), &[Severity::Critical]);
        row(&CHECK, &in_plaintext(true), &[Severity::Warning]);
        // In TLS, that no certificate is demanded is client-cert-auth's finding, and one is enough.
        row(&CHECK, &anonymous(off(), false), &[Severity::Info]);
    }

    #[test]
    fn a_refused_login_is_told_though_members_answered() {
        let mut wrong = cluster(3);
        wrong.native_mut().login_refused = Some("unauthenticated: authentication failed".into());
        row(&CHECK, &wrong, &[Severity::Warning]);
    }

    #[test]
    fn on_with_unsigned_tokens() {
        row(&CHECK, &cluster(3), &[]);
        let mut simple = cluster(3);
        for name in ["n1", "n2", "n3"] {
            simple.vars_mut(name).cmdline.push("--auth-token=simple".into());
        }
        row(&CHECK, &simple, &[Severity::Warning; 3]);
        row(&CHECK, &anonymous(simple, true), &[Severity::Info; 3]);
    }

    #[test]
    fn unknown() {
        let mut unknown = anonymous(cluster(3), false);
        unknown.native_mut().auth_enabled = Observed::unknown("no member answered");
        undecided(&CHECK, &unknown, Severity::Critical);
        let mut unseen = off();
        for name in ["n1", "n2", "n3"] {
            unseen.member_mut(name).listeners.clear();
        }
        undecided(&CHECK, &unseen, Severity::Critical);
    }

    #[test]
    fn controls_that_are_off_or_allow_are_as_bad_as_who_can_connect() {
        row(&CHECK, &servers(3), &[]);
        let mut off = servers(3);
        off.settings_mut("n2").acls_enabled = Some(false);
        row(&CHECK, &off, &[Severity::Warning]);
        off.member_mut("n2").listeners[0].anonymous = Observed::Known(true);
        row(&CHECK, &off, &[Severity::Critical]);
        off.member_mut("n2").listeners[0].loopback = true;
        row(&CHECK, &off, &[Severity::Warning]);
        let mut allow = servers(3);
        allow.settings_mut("n1").acl_default_policy = Some("allow".into());
        row(&CHECK, &allow, &[Severity::Warning]);
        let mut untold = servers(3);
        untold.consul_mut("n3").settings = Observed::unknown("permission-denied");
        undecided(&CHECK, &untold, Severity::Critical);
    }
}
