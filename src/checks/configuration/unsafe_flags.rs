mod consul;

use super::{Settings, settings};
use crate::facts::{CommonFacts, EtcdFacts, EtcdVars};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally};
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) const CHECK: Check = Check {
    slug: "unsafe-flags",
    family: Family::Configuration,
    question: "Was no member started with a flag that endangers the data or the quorum?",
    why: "Flags meant for recovery, tests or debugging stay in unit files and manifests, and do their damage at the next \
          restart.",
    remedy: "Take the flag out of the unit file or manifest, and restart the members one at a time.",
    runbook: None,
    thresholds: &[],
    sources: &[
        "ZooKeeper zookeeperAdmin.md, \"Unsafe Options\"",
        "https://developer.hashicorp.com/consul/docs/security/security-models/core",
        "https://etcd.io/docs/v3.6/op-guide/configuration/#unsafe-flags",
        "https://etcd.io/docs/v3.6/tuning/#time-parameters",
        "etcd server/etcdserver/api/etcdhttp/debug.go: /debug/vars publishes the arguments",
    ],
    rules: &[Rule::Etcd(judge), Rule::Zookeeper(super::dangers::judge), Rule::Consul(consul::judge)],
};

/// A flag that is wrong at a certain value.
struct Danger {
    name: &'static str,
    wrong: Wrong,
    severity: Severity,
    /// What follows from it.
    because: &'static str,
}

/// Which value is wrong.
enum Wrong {
    Set,
    Unset,
    Is(&'static str),
}

const fn danger(name: &'static str, wrong: Wrong, severity: Severity, because: &'static str) -> Danger {
    Danger { name, wrong, severity, because }
}

/// Only flags that were given: a default, however unwise, is no finding.
const DANGERS: &[Danger] = &[
    danger(
        "force-new-cluster",
        Wrong::Set,
        Severity::Critical,
        "at its next restart the member throws all others out and goes on alone",
    ),
    danger(
        "unsafe-no-fsync",
        Wrong::Set,
        Severity::Critical,
        "writes are acknowledged before they are on the disk: a power cut loses them",
    ),
    danger(
        "strict-reconfig-check",
        Wrong::Unset,
        Severity::Critical,
        "membership changes that lose the quorum are not refused",
    ),
    danger(
        "pre-vote",
        Wrong::Unset,
        Severity::Warning,
        "a member that comes back from a partition forces an election",
    ),
    danger(
        "host-whitelist",
        Wrong::Is("*"),
        Severity::Warning,
        "any web page can reach the client port by DNS rebinding",
    ),
    danger("cors", Wrong::Is("*"), Severity::Warning, "any web page may call the client port"),
    danger(
        "log-level",
        Wrong::Is("debug"),
        Severity::Warning,
        "it slows the server, and writes keys and requests to the log",
    ),
    danger(
        "debug",
        Wrong::Set,
        Severity::Warning,
        "it slows the server, and writes keys and requests to the log",
    ),
    danger(
        "enable-v2",
        Wrong::Set,
        Severity::Warning,
        "data of the v2 API make the upgrade to 3.6 fail, which has no v2 store",
    ),
];

fn judge(etcd: &EtcdFacts, common: &CommonFacts, _: &Policy) -> Outcome {
    let mut tally = Tally::new();
    let mut seen: Vec<(String, &EtcdVars)> = Vec::new();
    let mut unchecked = Vec::new();
    let mut asked = 0usize;
    for (member, _) in etcd.answering(common) {
        asked += 1;
        match settings(member) {
            Settings::Arguments(vars) => {
                if !checks_corruption(vars) {
                    unchecked.push(member.label());
                }
                seen.push((member.label(), vars));
            }
            // Not critical, although a critical flag may hide there: a config file is a normal way to run etcd, and a
            // gate that can never say more than "unknown" about such a cluster would be switched off.
            Settings::Elsewhere(why) => tally.gap(member.label(), why, Severity::Warning),
            Settings::Unread(why) => {
                tally.gap(member.label(), format!("its start arguments: {why}"), Severity::Critical);
            }
        }
    }
    if asked == 0 {
        return Outcome::undecided("no member answered", Severity::Critical);
    }
    DANGERS.iter().for_each(|danger| started_with(danger, &seen, &mut tally));
    ["election-timeout", "heartbeat-interval"].iter().for_each(|name| alike(name, &seen, &mut tally));
    if !unchecked.is_empty() {
        tally.hit(corruption_unchecked(unchecked));
    }
    tally.evidence("members_read", seen.len());
    tally.outcome()
}

/// One hit for each value: a flag is mostly given to all members alike.
fn started_with(danger: &Danger, seen: &[(String, &EtcdVars)], tally: &mut Tally) {
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (member, vars) in seen {
        let Some(value) = vars.flag(danger.name).filter(|value| danger.wrong.is(value)) else { continue };
        let flag =
            if is_true(value) { format!("--{}", danger.name) } else { format!("--{}={value}", danger.name) };
        members.entry(flag).or_default().push(member.clone());
    }
    for (flag, members) in members {
        tally.hit(
            Hit::new(danger.severity, "started with {flag}: {because}")
                .with("flag", flag)
                .with("because", danger.because)
                .on(members.join(", ")),
        );
    }
}

impl Wrong {
    fn is(&self, value: &str) -> bool {
        match self {
            Wrong::Set => is_true(value),
            Wrong::Unset => is_false(value),
            Wrong::Is(wrong) => value.split(',').any(|part| part.trim() == *wrong),
        }
    }
}

/// Go's `strconv.ParseBool`.
fn is_true(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn is_false(value: &str) -> bool {
    matches!(value, "0" | "f" | "F" | "false" | "FALSE" | "False")
}

/// Members that wait differently long depose each other's leaders.
fn alike(name: &'static str, seen: &[(String, &EtcdVars)], tally: &mut Tally) {
    let default = if name == "election-timeout" { "1000" } else { "100" };
    let values: Vec<(&String, &str)> =
        seen.iter().map(|(member, vars)| (member, vars.flag(name).unwrap_or(default))).collect();
    let Some((_, first)) = values.first() else { return };
    if values.iter().any(|(_, value)| value != first) {
        let each: Vec<String> = values.iter().map(|(member, value)| format!("{member} {value} ms")).collect();
        tally.hit(
            Hit::new(Severity::Warning, "--{flag} differs between members: {each}")
                .with("flag", name)
                .with("each", each)
                .remedy("Start all members with the same --election-timeout and --heartbeat-interval."),
        );
    }
}

/// 3.4 and 3.5 have a flag of their own, 3.6 a feature gate and the old flag.
fn checks_corruption(vars: &EtcdVars) -> bool {
    let gate = |gates: &str| {
        gates
            .split(',')
            .filter_map(|g| g.split_once('='))
            .any(|(name, v)| name.trim() == "InitialCorruptCheck" && is_true(v))
    };
    vars.flag("experimental-initial-corrupt-check").is_some_and(is_true)
        || vars.flag("feature-gates").is_some_and(gate)
}

/// Information only: it is the default of every version, and costs start-up time.
fn corruption_unchecked(members: Vec<String>) -> Hit {
    Hit::new(Severity::Info, "{members} would start without comparing their data with the other members'")
        .with("members", members)
        .remedy(
            "Consider --feature-gates=InitialCorruptCheck=true (3.6 on) or --experimental-initial-corrupt-check=true \
             (3.4, 3.5).",
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Sample, cluster};
    use crate::facts::Observed;

    /// All members with corruption checks, and `n2` with more flags.
    fn with(flags: &[&str]) -> Sample {
        let mut sample = cluster(3);
        for name in ["n1", "n2", "n3"] {
            sample.vars_mut(name).cmdline.push("--feature-gates=InitialCorruptCheck=true".into());
        }
        sample.vars_mut("n2").cmdline.extend(flags.iter().map(|f| (*f).to_owned()));
        sample
    }

    fn row(sample: &Sample, expected: &[Severity]) {
        crate::checks::testing::row(&CHECK, sample, expected);
    }

    fn undecided(sample: &Sample, at_worst: Severity) {
        crate::checks::testing::undecided(&CHECK, sample, at_worst);
    }

    #[test]
    fn each_dangerous_value_is_a_finding() {
        use Severity::{Critical, Warning};
        row(&with(&[]), &[]);
        row(&with(&["--force-new-cluster"]), &[Critical]);
        row(&with(&["--force-new-cluster=true", "--unsafe-no-fsync"]), &[Critical, Critical]);
        row(&with(&["--strict-reconfig-check=false"]), &[Critical]);
        row(&with(&["--pre-vote=false"]), &[Warning]);
        row(&with(&["--host-whitelist", "*"]), &[Warning]);
        row(&with(&["--cors=https://a.example,*"]), &[Warning]);
        row(&with(&["--log-level=debug"]), &[Warning]);
        row(&with(&["--enable-v2"]), &[Warning]);
        row(&with(&["--election-timeout=5000"]), &[Warning]);
    }

    #[test]
    fn harmless_values_are_not() {
        row(&with(&["--force-new-cluster=false", "--unsafe-no-fsync=0", "--enable-v2=false"]), &[]);
        row(&with(&["--strict-reconfig-check", "--pre-vote=true", "--initial-cluster-state=new"]), &[]);
        row(&with(&["--host-whitelist=a.example", "--cors=https://a.example", "--log-level=info"]), &[]);
        row(&with(&["--election-timeout=1000", "--heartbeat-interval", "100"]), &[]);
    }

    #[test]
    fn unchecked_corruption_is_only_information() {
        row(&cluster(3), &[Severity::Info]);
    }

    #[test]
    fn settings_elsewhere_are_unknown() {
        let mut file = with(&[]);
        file.vars_mut("n2").cmdline = vec!["etcd".into(), "--config-file".into(), "/etc/etcd.yaml".into()];
        undecided(&file, Severity::Warning);
        let mut environment = with(&[]);
        environment.vars_mut("n2").cmdline = vec!["/usr/bin/etcd".into()];
        undecided(&environment, Severity::Warning);
    }

    #[test]
    fn unread_arguments_may_hide_anything_and_a_dead_member_is_not_asked() {
        let mut unread = with(&[]);
        unread.etcd_mut("n2").vars = Observed::unknown("HTTP status 404");
        undecided(&unread, Severity::Critical);
        row(&with(&["--force-new-cluster"]).down("n2"), &[]);
        undecided(&cluster(1).down("n1"), Severity::Critical);
    }
}
