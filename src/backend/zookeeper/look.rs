//! All that is asked of one address: first what tells whether it serves, together with what only takes time; then, when
//! a session has been opened, the same word again: two looks tell what moves.

use super::admin::{self, AdminLook};
use super::here::{self, HereLook};
use super::session::{self, SessionLook};
use super::wire::{self, Word};
use super::{Zookeeper, listeners, roll};
use crate::backend::Ask;
use crate::facts::{
    Listener, Observed, Origin, QuorumRead, Trouble, TroubleKind, ZookeeperMetrics, ZookeeperSrvr,
};
use crate::listener::stranger::session as stranger;
use crate::transport::Deadline;
use crate::transport::address::Address;
use crate::transport::http::Http;
use crate::transport::words;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the first word came to.
#[derive(Debug, Clone)]
pub(super) enum Core {
    /// It serves.
    Serving(ZookeeperSrvr),
    /// It runs, and has no quorum or is synchronising.
    NotServing,
    /// It is a ZooKeeper server whose whitelist does not even have `srvr`.
    Mute,
}

/// The first part of a look.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) address: Address,
    pub(super) origin: Origin,
    /// Until the first word was answered, or was not.
    pub(super) ms: f64,
    pub(super) core: Result<Core, Trouble>,
    pub(super) session: SessionLook,
    pub(super) admin: AdminLook,
    pub(super) here: HereLook,
    pub(super) metrics: Observed<ZookeeperMetrics>,
    pub(super) conf: Observed<BTreeMap<String, String>>,
    pub(super) any_word: Observed<bool>,
    /// `srvr` once more.
    pub(super) again: Observed<ZookeeperSrvr>,
    pub(super) listeners: Vec<Listener>,
}

impl Look {
    /// What `srvr` told first.
    pub(super) fn srvr(&self) -> Option<&ZookeeperSrvr> {
        match &self.core {
            Ok(Core::Serving(srvr)) => Some(srvr),
            _ => None,
        }
    }

    /// What it told last.
    pub(super) fn latest(&self) -> Option<&ZookeeperSrvr> {
        self.again.known().or_else(|| self.srvr())
    }
}

/// The first part. `page`: where its AdminServer may be.
pub(super) async fn first(
    zookeeper: &Zookeeper,
    address: Address,
    origin: Origin,
    page: admin::Page,
    http: Option<&Http>,
    ask: &Ask,
    deadline: Deadline,
) -> Look {
    let core = core(zookeeper, &address, deadline).await;
    let ms = deadline.elapsed_ms();
    let mut look = Look {
        origin,
        ms,
        session: SessionLook::default(),
        admin: AdminLook::default(),
        here: HereLook::default(),
        metrics: Observed::default(),
        conf: Observed::default(),
        any_word: Observed::default(),
        again: Observed::default(),
        listeners: Vec::new(),
        core,
        address,
    };
    if look.core.is_err() {
        return look;
    }
    let serves = look.srvr().is_some_and(|srvr| !srvr.read_only);
    let address = &look.address;
    let opened = async {
        if serves { session::look(zookeeper, address, deadline).await } else { refused(&look.core) }
    };
    let declared = roll::declared(zookeeper, &address.authority()).map(|(_, member)| member);
    let (session, (admin, words), here) = futures_util::future::join3(
        opened,
        told(zookeeper, address, &look.core, admin::look(http, &page, address, ask, deadline), deadline),
        here::look(address, declared, ask, deadline),
    )
    .await;
    let read_at = ask.now + jiff::SignedDuration::from_millis(deadline.elapsed_ms() as i64);
    look.metrics = metrics(words.mntr.map(|text| wire::mntr(text)), &admin, read_at);
    look.conf = words.conf.map(|text| wire::settings(text));
    look.any_word = words.any;
    (look.session, look.admin, look.here) = (session, admin, here);
    look
}

/// How long words wait for the AdminServer, which may tell the same: a machine that drops us must not hold them up.
const HEAD_START: Duration = Duration::from_millis(100);

/// What the AdminServer tells, and the words that tell the rest. Each word is a connection of its own, and a server counts
/// them (maxClientCnxns): so they are asked one after another, and only for what nothing else has told.
async fn told(
    zookeeper: &Zookeeper,
    address: &Address,
    core: &Result<Core, Trouble>,
    admin: impl Future<Output = AdminLook>,
    deadline: Deadline,
) -> (AdminLook, Words) {
    let mut admin = std::pin::pin!(admin);
    match deadline.within(HEAD_START).run(&mut admin).await {
        Some(admin) => {
            let words = Words::beyond(zookeeper, address, core, &admin, deadline).await;
            (admin, words)
        }
        None => {
            let nothing = AdminLook::default();
            let words = Words::beyond(zookeeper, address, core, &nothing, deadline);
            futures_util::future::join(admin, words).await
        }
    }
}

/// Four-letter words beyond `srvr`.
struct Words {
    mntr: Observed<String>,
    conf: Observed<String>,
    /// Whether any word is answered.
    any: Observed<bool>,
}

impl Words {
    async fn beyond(
        zookeeper: &Zookeeper,
        address: &Address,
        core: &Result<Core, Trouble>,
        admin: &AdminLook,
        deadline: Deadline,
    ) -> Words {
        let one = |word: &'static str| words::ask(address, word, &zookeeper.material, deadline);
        let asked = |name: &'static str, told: bool| async move {
            match core {
                _ if told => Observed::unknown("the AdminServer tells it"),
                Ok(Core::NotServing) => Observed::unknown("the server is not serving"),
                _ => answered(name, one(name).await),
            }
        };
        let mntr = asked("mntr", admin.numbers.known().is_some()).await;
        let conf = asked("conf", admin.running.known().is_some()).await;
        let any = match lists_every_word(core, admin) {
            Some(every) => Observed::Known(every),
            // Nobody lists this word by itself.
            None => match one("gtmk").await.map(|text| wire::word(&text)) {
                Ok(Word::Answered(_)) => Observed::Known(true),
                Ok(Word::NotListed) => Observed::Known(false),
                Ok(Word::NotServing) => Observed::unknown("the server is not serving"),
                Err(trouble) => Observed::unknown(trouble.to_string()),
            },
        };
        Words { mntr, conf, any }
    }
}

/// By the properties that the AdminServer tells: from 3.5.3 on a whitelist that is not set is `srvr`.
fn lists_every_word(core: &Result<Core, Trouble>, admin: &AdminLook) -> Option<bool> {
    let properties = admin.properties.known()?;
    match (properties.get("4lw.commands.whitelist"), core) {
        (Some(words), _) => Some(words.split(',').any(|word| word.trim() == "*")),
        (None, Ok(Core::Serving(srvr))) if !srvr.version.starts_with("3.5.") => Some(false),
        _ => None,
    }
}

/// The second part.
pub(super) async fn second(zookeeper: &Zookeeper, mut look: Look, deadline: Deadline) -> Look {
    if look.core.is_err() {
        return look;
    }
    let again = async {
        if look.srvr().is_none() {
            return Observed::unknown("it did not serve a moment before");
        }
        match core(zookeeper, &look.address, deadline).await {
            Ok(Core::Serving(srvr)) => Observed::Known(srvr),
            Ok(_) => Observed::unknown("it no longer serves"),
            Err(trouble) => Observed::unknown(trouble.to_string()),
        }
    };
    let (again, listeners) = futures_util::future::join(again, listeners::clients(&look, deadline)).await;
    (look.again, look.listeners) = (again, listeners);
    look
}

/// A server that does not serve opens no session, and says so itself.
fn refused(core: &Result<Core, Trouble>) -> SessionLook {
    let why = match core {
        Ok(Core::Mute) => {
            let why = "its whitelist does not even allow srvr";
            return SessionLook {
                read: Observed::unknown(why),
                config: Observed::unknown(why),
                ..SessionLook::default()
            };
        }
        Ok(Core::Serving(_)) => "it is in read-only mode: it has lost the others",
        _ => "it is not currently serving requests",
    };
    SessionLook {
        read: Observed::Known(QuorumRead::Failed { why: why.into(), after_ms: 0.0, refused: true }),
        config: Observed::unknown(why),
        ..SessionLook::default()
    }
}

/// The answer to a word, or why there is none.
fn answered(name: &str, outcome: Result<String, Trouble>) -> Observed<String> {
    match outcome.map(|text| wire::word(&text)) {
        Ok(Word::Answered(text)) => Observed::Known(text),
        Ok(Word::NotListed) => Observed::unknown(not_listed(name)),
        Ok(Word::NotServing) => Observed::unknown("the server is not serving"),
        Err(trouble) => Observed::unknown(trouble.to_string()),
    }
}

/// A word that the server refuses, and what shows the same.
fn not_listed(name: &str) -> String {
    format!(
        "{name} is not in 4lw.commands.whitelist, and no page of the server answers instead; it is seen with \
         4lw.commands.whitelist=srvr,mntr,conf, or with its AdminServer or Prometheus page"
    )
}

/// Of the sources that answered the first.
fn metrics(
    from_word: Observed<BTreeMap<String, f64>>,
    admin: &AdminLook,
    read_at: jiff::Timestamp,
) -> Observed<ZookeeperMetrics> {
    let from = |source: &str, numbers: &BTreeMap<String, f64>| ZookeeperMetrics {
        source: source.into(),
        read_at,
        numbers: numbers.iter().chain(&admin.heap).map(|(name, value)| (name.clone(), *value)).collect(),
    };
    match (from_word, &admin.numbers) {
        (Observed::Known(numbers), _) if !numbers.is_empty() => Observed::Known(from("mntr", &numbers)),
        (_, Observed::Known(numbers)) => Observed::Known(from(admin.numbers_from, numbers)),
        (Observed::Unknown(why), _) => Observed::unknown(why),
        (Observed::Known(_), Observed::Unknown(why)) => Observed::unknown(why),
    }
}

/// Of what is left of the time, for a word: a port that waits for TLS says nothing to one, and is greeted in the rest.
const WORD_SHARE: f64 = 0.8;

/// Asks `srvr`, and names what is there instead of a server.
pub(super) async fn core(
    zookeeper: &Zookeeper,
    address: &Address,
    deadline: Deadline,
) -> Result<Core, Trouble> {
    let patience = deadline.within(deadline.left().mul_f64(WORD_SHARE));
    let answer = words::ask(address, "srvr", &zookeeper.material, patience).await;
    let text = match answer {
        Ok(text) => text,
        Err(trouble) => return Err(named(trouble, address, deadline).await),
    };
    match wire::word(&text) {
        Word::NotServing => Ok(Core::NotServing),
        Word::NotListed => Ok(Core::Mute),
        Word::Answered(text) => match wire::srvr(&text) {
            Some(srvr) => Ok(Core::Serving(srvr)),
            None => Err(stranger_says(&text)),
        },
    }
}

/// What hangs up on a word may speak TLS, and the other way round; a server that has enough of us hangs up, too.
async fn named(trouble: Trouble, address: &Address, deadline: Deadline) -> Trouble {
    let hung_up = matches!(trouble.kind, TroubleKind::EmptyReply | TroubleKind::ConnectionReset);
    let trouble = if hung_up {
        let more = "as a server does that allows no further connection from here (maxClientCnxns)";
        Trouble::new(trouble.kind, format!("{}, {more}", trouble.detail))
    } else {
        trouble
    };
    if !address.tls && (hung_up || trouble.kind == TroubleKind::NoAnswer) {
        let session = stranger(address, "/", None, deadline).await;
        if !session.chain.is_empty() || session.version.is_some() {
            return Trouble::new(TroubleKind::PlaintextOnTls, "the port speaks TLS: use zk+tls://");
        }
    }
    if address.tls && (hung_up || trouble.kind == TroubleKind::TlsOnPlaintext) {
        let plain = Address { tls: false, ..address.clone() };
        let text =
            words::ask(&plain, "srvr", &crate::transport::tls::TlsMaterial::stranger(), deadline).await;
        if text.is_ok_and(|text| wire::srvr(&text).is_some() || wire::word(&text) != Word::Answered(text)) {
            return Trouble::new(TroubleKind::TlsOnPlaintext, "the port speaks plaintext: use zk://");
        }
    }
    trouble
}

/// Names what is no answer of ZooKeeper's.
fn stranger_says(text: &str) -> Trouble {
    const KNOWN: [(&str, &str); 5] = [
        ("HTTP/", "an HTTP service"),
        ("<", "a service that speaks HTML or XML"),
        ("SSH-", "an SSH server"),
        ("-ERR", "a Redis server"),
        ("220", "a mail or FTP server"),
    ];
    if text.starts_with("Zookeeper version") || text.starts_with("READ-ONLY") {
        return Trouble::new(TroubleKind::Garbage, "the answer to srvr is not whole");
    }
    if text.starts_with("\u{15}\u{3}") {
        return Trouble::new(TroubleKind::PlaintextOnTls, "the port speaks TLS: use zk+tls://");
    }
    match KNOWN.iter().find(|(start, _)| text.starts_with(start)) {
        Some((_, who)) => {
            Trouble::new(TroubleKind::WrongService, format!("{who} answers there, not ZooKeeper"))
        }
        None => {
            let start: String = text.chars().take(24).collect();
            Trouble::new(TroubleKind::Garbage, format!("the answer is not ZooKeeper's: {start:?}"))
        }
    }
}

/// Reads the numbers a second time; gives the first ones, with the address.
pub(super) async fn numbers_again(
    zookeeper: &Zookeeper,
    look: &mut Look,
    page: admin::Page,
    http: Option<&Http>,
    ask: &Ask,
    deadline: Deadline,
) -> Option<(String, ZookeeperMetrics)> {
    let first = look.metrics.known()?.clone();
    // Only who told them is asked again: a server counts our connections.
    let by_word = first.source == "mntr";
    let word = async {
        match by_word {
            true => answered("mntr", words::ask(&look.address, "mntr", &zookeeper.material, deadline).await),
            false => Observed::unknown("the AdminServer tells it"),
        }
    };
    let (mntr, admin) =
        futures_util::future::join(word, admin::look(http, &page, &look.address, ask, deadline)).await;
    let read_at = ask.now + jiff::SignedDuration::from_millis(deadline.elapsed_ms() as i64);
    look.metrics = metrics(mntr.map(|text| wire::mntr(text)), &admin, read_at);
    Some((look.address.authority(), first))
}
