use crate::checks::agents::{nobody, with_settings};
use crate::facts::{CommonFacts, ConfiguredKey, ConsulFacts, KeyringFile, Member, Observed};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const KEY_AGE: Threshold = Threshold {
    key: "gossip_key_age_warn",
    default: Limit::Days(730.0),
    source: "NIST SP 800-57 part 1, table 1: a symmetric key encrypts for two years at most",
};

pub(super) const CHECK: Check = Check {
    slug: "gossip-encryption",
    family: Family::Access,
    question: "Is gossip encrypted, with one key on every node?",
    why: "Whoever reaches an unencrypted gossip port joins the pool: it reads who is there, \
          declares others dead, and can pose as a server.",
    remedy: "Make a key with `consul keygen` and roll it out: encrypt with encrypt_verify_incoming \
          and _outgoing false first, then true.",
    runbook: None,
    thresholds: &[KEY_AGE],
    sources: &[
        "https://developer.hashicorp.com/consul/docs/security/encryption",
        "Consul agent/consul keyring.go: the option encrypt is ignored once the keyring file exists",
        "serf/local.keyring and the files of configuration, on members with host = { local = true } in the config file",
    ],
    rules: &[Rule::Consul(judge)],
};

fn judge(consul: &ConsulFacts, facts: &CommonFacts, policy: &Policy) -> Outcome {
    if facts.reachable().next().is_none() {
        return nobody(Severity::Critical);
    }
    let mut tally = Tally::new();
    let (mut plain, mut lenient) = (Vec::new(), Vec::new());
    for (member, settings) in with_settings(consul, facts, Severity::Critical, &mut tally) {
        match settings.gossip_encrypted {
            Some(true) => {
                let off = [settings.encrypt_verify_incoming, settings.encrypt_verify_outgoing]
                    .contains(&Some(false));
                if off {
                    lenient.push(member.label());
                }
            }
            Some(false) => plain.push(member),
            None => tally.gap(member.label(), "whether its gossip is encrypted", Severity::Critical),
        }
    }
    if !plain.is_empty() {
        let loopback = plain.iter().all(|m| local(m));
        let labels: Vec<String> = plain.iter().map(|m| m.label()).collect();
        let severity = if loopback { Severity::Warning } else { Severity::Critical };
        let says = "gossip is not encrypted: whoever reaches the port may join the pool and pose as a server";
        tally.hit(Hit::new(severity, says).on(labels.join(", ")));
    }
    if !lenient.is_empty() {
        let says = "gossip is encrypted, but what is not encrypted is accepted or sent too: a rollout was not finished";
        let hit = Hit::new(Severity::Warning, says);
        tally.hit(
            hit.remedy(
                "Set encrypt_verify_incoming and encrypt_verify_outgoing to true, and restart one at a time.",
            )
            .on(lenient.join(", ")),
        );
    }
    keys(consul, &mut tally);
    for (member, native) in consul.answered(facts) {
        if let Some(file) = native.here.known().and_then(|here| here.keyring.as_ref()) {
            of_file(file, policy).into_iter().for_each(|hit| tally.hit(hit.on(member.label())));
        }
    }
    tally.evidence("gossip", "encrypted");
    tally.outcome()
}

/// Whether a server's peers are on its own machine.
fn local(member: &Member) -> bool {
    let loopback =
        |url: &String| crate::address::Address::parse(url, false, 8300).is_ok_and(|a| a.loopback());
    !member.peer_urls.is_empty() && member.peer_urls.iter().all(loopback)
}

/// What the keyring tells: who has which key, never the keys.
fn keys(consul: &ConsulFacts, tally: &mut Tally) {
    for pool in consul.keyring.known().into_iter().flatten() {
        let partial = pool.held_by.iter().filter(|held| **held < pool.nodes).count();
        if partial > 0 {
            let says = "{partial} of {keys} gossip keys of the {pool} pool are not on all {nodes} nodes";
            let hit = Hit::new(Severity::Warning, says)
                .with("partial", partial)
                .with("keys", pool.held_by.len())
                .with("pool", pool.pool.as_str())
                .with("nodes", pool.nodes);
            tally.hit(
                hit.remedy("Finish the rotation: `consul keyring -list`, then -install, -use and -remove."),
            );
        }
        if pool.primary_of.len() > 1 {
            let says = "the nodes of the {pool} pool encrypt with {primaries} different keys";
            let hit = Hit::new(Severity::Warning, says)
                .with("pool", pool.pool.as_str())
                .with("primaries", pool.primary_of.len());
            tally.hit(hit.remedy("Finish the rotation: `consul keyring -use=KEY`."));
        } else if pool.held_by.len() > 1 && partial == 0 {
            let says =
                "{keys} gossip keys are in the {pool} pool: remove the old ones when the rotation is done";
            let hit = Hit::new(Severity::Info, says)
                .with("keys", pool.held_by.len())
                .with("pool", pool.pool.as_str());
            tally.hit(hit.remedy("Remove what no node uses: `consul keyring -remove=KEY`."));
        }
    }
}

/// What its own machine shows of a server's keyring.
fn of_file(file: &KeyringFile, policy: &Policy) -> Vec<Hit> {
    let mut hits = Vec::new();
    let says = match &file.configured {
        Observed::Known(ConfiguredKey::Absent) => Some((
            Severity::Warning,
            "its configuration names a gossip key that is not in its keyring: `encrypt` is ignored while serf/local.keyring is \
             there, and without that file it would start with a key that nobody has",
        )),
        Observed::Known(ConfiguredKey::Secondary) => Some((
            Severity::Info,
            "its configuration names a gossip key that no longer encrypts: `encrypt` is ignored while serf/local.keyring is there",
        )),
        Observed::Known(ConfiguredKey::Primary | ConfiguredKey::Unset) | Observed::Unknown(_) => None,
    };
    if let Some((severity, says)) = says {
        let remedy = "Write the key that encrypts (`consul keyring -list-primary`) into `encrypt` of every agent's configuration; \
                      nothing needs to be restarted for it.";
        hits.push(Hit::new(severity, says).with("keys", file.keys).remedy(remedy));
    }
    if file.age_days > policy.get(&KEY_AGE) {
        let says = "its gossip keys have not been changed for {age} days";
        let hit = Hit::new(Severity::Warning, says).with("age", Value::Number(file.age_days.floor()));
        hits.push(hit.remedy(
            "Rotate it while everything runs: `consul keyring -install=NEW`, then -use=NEW, then -remove=OLD.",
        ));
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{row, servers};
    use crate::facts::GossipKeys;

    #[test]
    fn a_configuration_that_is_ignored_and_a_key_that_is_old() {
        let with = |age_days, configured| {
            let mut sample = servers(3);
            let configured = Observed::Known(configured);
            sample.here_mut_of("n2").keyring = Some(KeyringFile { age_days, keys: 1, configured });
            sample
        };
        row(&CHECK, &with(730.0, ConfiguredKey::Primary), &[]);
        row(&CHECK, &with(0.0, ConfiguredKey::Unset), &[]);
        row(&CHECK, &with(0.0, ConfiguredKey::Secondary), &[Severity::Info]);
        row(&CHECK, &with(0.0, ConfiguredKey::Absent), &[Severity::Warning]);
        row(&CHECK, &with(731.0, ConfiguredKey::Primary), &[Severity::Warning]);
    }

    #[test]
    fn plain_lenient_and_half_rotated() {
        row(&CHECK, &servers(3), &[]);
        let mut plain = servers(3);
        plain.settings_mut("n1").gossip_encrypted = Some(false);
        row(&CHECK, &plain, &[Severity::Critical]);
        let mut lenient = servers(3);
        lenient.settings_mut("n1").encrypt_verify_incoming = Some(false);
        row(&CHECK, &lenient, &[Severity::Warning]);
        let keys = |held_by: Vec<u64>, primary_of: Vec<u64>| {
            let mut sample = servers(3);
            sample.consul_facts_mut().keyring =
                Observed::Known(vec![GossipKeys { pool: "lan".into(), nodes: 3, held_by, primary_of }]);
            sample
        };
        row(&CHECK, &keys(vec![3], vec![3]), &[]);
        row(&CHECK, &keys(vec![3, 3], vec![3]), &[Severity::Info]);
        row(&CHECK, &keys(vec![3, 2], vec![3]), &[Severity::Warning]);
        row(&CHECK, &keys(vec![3, 3], vec![2, 1]), &[Severity::Warning]);
    }
}
