use crate::checks::servers::{each, hidden_alike, on};
use crate::facts::{CommonFacts, ZookeeperFacts, ZookeeperMember};
use crate::finding::{Check, Family, Hit, Outcome, Rule, Severity, Tally, Value};
use crate::policy::{Limit, Policy, Threshold};

const HEAP_WARN: Threshold = Threshold {
    key: "heap_used_warn",
    default: Limit::Percent(80.0),
    source: "zookeeperMonitor.md: JvmMemoryFillingUp, jvm_memory_bytes_used / jvm_memory_bytes_max > 80 %",
};
const PAUSE_WARN: Threshold = Threshold {
    key: "jvm_pause_warn",
    default: Limit::Millis(1000.0),
    source: "ZooKeeper jvm.pause.info-threshold.ms = 1000: the server logs such a pause itself",
};

const SWAP_WARN: Threshold = Threshold {
    key: "jvm_swap_warn",
    default: Limit::Bytes(1),
    source: "zookeeperAdmin.md, \"Things to Avoid\": \"you should not create a situation in which ZooKeeper swaps to disk\"",
};

pub(super) const CHECK: Check = Check {
    slug: "jvm",
    family: Family::Disk,
    question: "Has every server's JVM memory to spare, and does it not stand still?",
    why: "The whole tree is in the heap. A JVM that runs out of it collects garbage without end and then dies; while it \
          collects nothing is answered, and a pause longer than syncLimit ticks costs the leader its followers.",
    remedy: "Raise -Xmx (zkEnv.sh: ZK_SERVER_HEAP) below what the machine has, find what grows (`quorate check --only \
             store-size`), and look at the garbage collector's log.",
    runbook: None,
    thresholds: &[HEAP_WARN, PAUSE_WARN, SWAP_WARN],
    sources: &[
        "zookeeperMonitor.md, alert rules",
        "zookeeperAdmin.md: jvm.pause.monitor, \"avoid Java heap swapping\"",
    ],
    rules: &[Rule::Zookeeper(judge)],
};

fn judge(zookeeper: &ZookeeperFacts, _: &CommonFacts, policy: &Policy) -> Outcome {
    let swapped = |member: &ZookeeperMember| swapped(member, policy);
    if let Some(why) = hidden_alike(zookeeper, |member| &member.metrics) {
        let mut tally = Tally::new();
        zookeeper.answering().filter_map(swapped).for_each(|hit| tally.hit(hit));
        tally.gap(None::<String>, format!("the servers' numbers: {why}"), Severity::Info);
        return tally.outcome();
    }
    // Neither is told by a server as it comes: what is not seen is named, and no more.
    each(zookeeper, Severity::Info, |member, tally| {
        swapped(member).into_iter().for_each(|hit| tally.hit(hit));
        let heap = heap(member, policy);
        let pauses = pauses(member, policy);
        let unseen = match (&heap, &pauses) {
            (Seen::Nothing, Seen::Nothing) => {
                "its heap and its pauses: it has no Prometheus provider (metricsProvider.className) that tells the one, and \
                 no jvm.pause.monitor=true that counts the other"
            }
            _ => "",
        };
        if !unseen.is_empty() {
            tally.gap(member.label(), unseen, Severity::Info);
        }
        heap.tell(tally);
        pauses.tell(tally);
    })
}

/// Memory on the swap device, which only its own machine shows.
fn swapped(member: &ZookeeperMember, policy: &Policy) -> Option<Hit> {
    let bytes = member.here.known()?.swapped_bytes?;
    (bytes as f64 >= policy.get(&SWAP_WARN)).then(|| {
        let says = "{swapped} of its memory are swapped out: whatever needs them waits for the disk";
        on(member, Severity::Warning, says).with("swapped", Value::Bytes(bytes)).remedy(
            "Make -Xmx smaller than what the machine has to spare, take other work off it, or switch swapping off \
             (vm.swappiness = 1, or swapoff).",
        )
    })
}

enum Seen {
    Nothing,
    Well,
    Bad(Hit),
}

impl Seen {
    fn tell(self, tally: &mut Tally) {
        if let Seen::Bad(hit) = self {
            tally.hit(hit);
        }
    }
}

fn heap(member: &ZookeeperMember, policy: &Policy) -> Seen {
    let bytes = |name: &str| member.metric(name).filter(|bytes| *bytes > 0.0);
    // A heap without a limit tells -1.
    let (Some(used), Some(max)) = (bytes("jvm_memory_bytes_used_heap"), bytes("jvm_memory_bytes_max_heap"))
    else {
        return Seen::Nothing;
    };
    let percent = used / max * 100.0;
    if percent < policy.get(&HEAP_WARN) {
        return Seen::Well;
    }
    Seen::Bad(
        on(member, Severity::Warning, "its heap is {percent} full: {used} of {max}")
            .with("percent", Value::Percent(percent))
            .with("used", Value::Bytes(used as u64))
            .with("max", Value::Bytes(max as u64)),
    )
}

/// The monitor counts every half second, also that nothing happened: no count means that it is off.
fn pauses(member: &ZookeeperMember, policy: &Policy) -> Seen {
    let number = |name: &str| member.metric(name);
    let longest = number("jvm_pause_time_ms_max").or_else(|| number("jvm_pause_time_ms_p99"));
    let (Some(longest), true) = (longest, number("jvm_pause_time_ms_cnt").is_some_and(|count| count > 0.0))
    else {
        return Seen::Nothing;
    };
    if longest < policy.get(&PAUSE_WARN) {
        return Seen::Well;
    }
    Seen::Bad(
        on(member, Severity::Warning, "its JVM stood still for {longest} at the longest since its start")
            .with("longest", Value::Millis(longest)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{ensemble, row, undecided};

    #[test]
    fn a_full_heap_and_a_long_pause() {
        row(&CHECK, &ensemble(3), &[]);
        let mut sample = ensemble(3);
        sample.numbers_mut("n1").insert("jvm_memory_bytes_used_heap".into(), 8e8);
        sample.numbers_mut("n2").insert("jvm_pause_time_ms_max".into(), 1000.0);
        row(&CHECK, &sample, &[Severity::Warning, Severity::Warning]);
    }

    #[test]
    fn swapped_memory_is_seen_without_any_number() {
        let mut sample = ensemble(3);
        sample.here_mut("n2").swapped_bytes = Some(4096);
        row(&CHECK, &sample, &[Severity::Warning]);
        for name in ["n1", "n2", "n3"] {
            sample.zookeeper_mut(name).metrics = crate::facts::Observed::unknown("mntr is not listed");
        }
        let outcome = sample.run(&CHECK);
        let both = matches!(&outcome, Outcome::Judged { hits, gaps } if hits.len() == 1 && gaps.len() == 1);
        assert!(both, "{outcome:?}");
    }

    #[test]
    fn a_monitor_that_counts_nothing_is_off_and_a_heap_without_limit_is_not_full() {
        let mut sample = ensemble(1);
        let numbers = sample.numbers_mut("n1");
        numbers.insert("jvm_pause_time_ms_cnt".into(), 0.0);
        numbers.insert("jvm_memory_bytes_max_heap".into(), -1.0);
        undecided(&CHECK, &sample, Severity::Info);
        sample.numbers_mut("n1").insert("jvm_pause_time_ms_cnt".into(), 1.0);
        row(&CHECK, &sample, &[]);
    }
}
