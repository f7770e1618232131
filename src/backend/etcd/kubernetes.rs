//! Whether the cluster keeps Kubernetes objects, and in which form their values are stored.
//!
//! Only the first bytes of a value are looked at, to tell plaintext from the known envelopes; values and the names of
//! objects are counted and forgotten. Every read is serializable: it costs one member and no quorum.

use super::client;
use super::look::Core;
use crate::backend::Ask;
use crate::facts::{KubernetesStore, Observed, Trouble, TroubleKind};
use crate::format::kubernetes::{NO_RESOURCE, PREFIXES, classify, count, resource};
use crate::transport::Deadline;
use etcd_client::{Error, GetOptions, GetResponse, KvClient};
use futures_util::future::try_join_all;
use tokio::sync::Mutex;
use tonic::Code;

/// Without `--deep`, at most so many secrets are read, and so many bytes of them: about fifty milliseconds.
const DEFAULT_BOUND: Bound = Bound { objects: 1000, bytes: 8 << 20 };
const NO_BOUND: Bound = Bound { objects: u64::MAX, bytes: u64::MAX };

/// Pages are made about this large, by asking for more or fewer objects.
const PAGE_BYTES: u64 = 1 << 20;
const FIRST_PAGE: i64 = 50;
const LARGEST_PAGE: i64 = 500;

/// The largest answer we take. A page that exceeds it is asked for again with fewer objects.
const MAX_MESSAGE: usize = 16 << 20;

/// A real cluster has a hundred or two. What is beyond is not looked at, and said so.
const MAX_RESOURCES: usize = 1000;

/// What is known of the stored objects so far; shared by the looks of all members, of which one is enough.
pub(super) struct Shared {
    told: Mutex<Told>,
    /// Where it is looked for.
    prefixes: Vec<String>,
}

#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    /// A member answered, but not this; the next may.
    Trouble(Trouble),
    Store(KubernetesStore),
}

impl Shared {
    /// Under the usual prefixes and, where there is one, this.
    pub(super) fn under(prefix: Option<&str>) -> Shared {
        let own = prefix.filter(|own| !PREFIXES.contains(own));
        let prefixes = PREFIXES.into_iter().chain(own).map(str::to_owned).collect();
        Shared { told: Mutex::default(), prefixes }
    }

    pub(super) fn into_facts(self) -> Observed<KubernetesStore> {
        match self.told.into_inner() {
            Told::Nothing => Observed::unknown("no member answered"),
            Told::Trouble(trouble) => Observed::unknown(trouble.to_string()),
            Told::Store(store) => Observed::Known(store),
        }
    }
}

/// Looks through this member, unless another has already told.
pub(super) async fn look(core: &Core, shared: &Shared, ask: &Ask, deadline: Deadline) {
    let Some(client) = &core.client else { return };
    let mut told = shared.told.lock().await;
    match &*told {
        Told::Store(_) => return,
        Told::Trouble(trouble) if refused(trouble) => return,
        Told::Trouble(_) | Told::Nothing => {}
    }
    let kv = client.kv_client().max_decoding_message_size(MAX_MESSAGE);
    *told = (Reader { kv, deadline })
        .store(&shared.prefixes, ask.deep)
        .await
        .map_or_else(Told::Trouble, Told::Store);
}

/// A refusal is the same from every member; any other trouble may be one member's own.
fn refused(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::Unauthenticated | TroubleKind::PermissionDenied)
}

#[derive(Clone, Copy)]
struct Bound {
    objects: u64,
    bytes: u64,
}

struct Reader {
    kv: KvClient,
    deadline: Deadline,
}

/// Why a page did not come.
enum NoPage {
    /// Larger than we take.
    TooLarge,
    Trouble(Trouble),
}

impl Reader {
    async fn store(&self, prefixes: &[String], deep: bool) -> Result<KubernetesStore, Trouble> {
        let mut store = KubernetesStore::default();
        let found = try_join_all(prefixes.iter().map(|prefix| self.any(prefix))).await?;
        for (prefix, found) in prefixes.iter().zip(found) {
            if !found {
                continue;
            }
            let all = store.prefix.take().map_or_else(|| prefix.to_owned(), |p| format!("{p}, {prefix}"));
            store.prefix = Some(all);
            let read = if deep {
                self.every_resource(prefix, &mut store).await
            } else {
                let secrets = Span::under(format!("{prefix}secrets/").into_bytes());
                self.resource("secrets", secrets, DEFAULT_BOUND, &mut store).await
            };
            if let Err(trouble) = read {
                store.unfinished = Some(trouble.to_string());
            }
        }
        Ok(store)
    }

    /// Whether there is any key: on a cluster without Kubernetes this is all that is asked.
    async fn any(&self, prefix: &str) -> Result<bool, Trouble> {
        Ok(self.first_key(&Span::under(prefix.as_bytes().to_vec())).await?.is_some())
    }

    async fn first_key(&self, span: &Span) -> Result<Option<Vec<u8>>, Trouble> {
        let options = GetOptions::new().with_range(span.end.clone()).with_limit(1).with_keys_only();
        match self.get(&span.start, options).await {
            Ok(answer) => Ok(answer.kvs().first().map(|kv| kv.key().to_vec())),
            Err(NoPage::Trouble(trouble)) => Err(trouble),
            Err(NoPage::TooLarge) => {
                Err(Trouble::new(TroubleKind::Garbage, "one key is too large an answer"))
            }
        }
    }

    /// Finds the resources by asking for the first key after each: as many requests as there are resources.
    async fn every_resource(&self, prefix: &str, store: &mut KubernetesStore) -> Result<(), Trouble> {
        let mut rest = Span::under(prefix.as_bytes().to_vec());
        while let Some(key) = self.first_key(&rest).await? {
            if store.resources.len() >= MAX_RESOURCES {
                store.unfinished = Some(format!("only the first {MAX_RESOURCES} resources were looked at"));
                return Ok(());
            }
            let (name, span) = resource_of(prefix, &key);
            rest.start = span.end.clone();
            self.resource(&name, span, NO_BOUND, store).await?;
        }
        Ok(())
    }

    /// Reads the values of one resource page by page, all at one revision. What was counted before a trouble stays.
    async fn resource(
        &self,
        name: &str,
        mut span: Span,
        bound: Bound,
        store: &mut KubernetesStore,
    ) -> Result<(), Trouble> {
        let counted = store.resources.entry(name.to_owned()).or_default();
        let (mut objects, mut bytes, mut revision, mut limit) = (0, 0, 0, FIRST_PAGE);
        loop {
            let options =
                GetOptions::new().with_range(span.end.clone()).with_limit(limit).with_revision(revision);
            let page = match self.get(&span.start, options).await {
                Ok(page) => page,
                Err(NoPage::Trouble(trouble)) => return Err(trouble),
                Err(NoPage::TooLarge) if limit > 1 => {
                    limit = (limit / 4).max(1);
                    continue;
                }
                // Not even one object fits: it stays among those that were not looked at.
                Err(NoPage::TooLarge) => match self.first_key(&span).await? {
                    Some(key) => {
                        span.start = after(&key);
                        continue;
                    }
                    None => return Ok(()),
                },
            };
            if revision == 0 {
                revision = page.header().map_or(0, |h| h.revision());
                counted.total += u64::try_from(page.count()).unwrap_or(0);
            }
            for kv in page.kvs() {
                count(counted, classify(kv.value()));
                objects += 1;
            }
            let page_bytes: u64 =
                page.kvs().iter().map(|kv| (kv.key().len() + kv.value().len()) as u64).sum();
            bytes += page_bytes;
            match page.kvs().last() {
                Some(last) if page.more() && objects < bound.objects && bytes < bound.bytes => {
                    span.start = after(last.key());
                }
                _ => return Ok(()),
            }
            limit = next_limit(limit, page_bytes);
        }
    }

    async fn get(&self, key: &[u8], options: GetOptions) -> Result<GetResponse, NoPage> {
        let mut kv = self.kv.clone();
        let answer = self.deadline.run(kv.get(key, Some(options.with_serializable()))).await;
        match answer {
            None => {
                Err(NoPage::Trouble(Trouble::new(TroubleKind::NoAnswer, "no answer within the deadline")))
            }
            Some(Ok(answer)) => Ok(answer),
            Some(Err(Error::GRpcStatus(status)))
                if status.code() == Code::OutOfRange
                    && status.message().contains("message length too large") =>
            {
                Err(NoPage::TooLarge)
            }
            Some(Err(error)) => Err(NoPage::Trouble(client::name(&error))),
        }
    }
}

/// As many objects as make about [`PAGE_BYTES`], judged by the last page.
fn next_limit(limit: i64, page_bytes: u64) -> i64 {
    let fitting = limit as u64 * PAGE_BYTES / page_bytes.max(1);
    i64::try_from(fitting).unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE)
}

/// Keys from `start` up to, but without, `end`.
#[derive(Debug, PartialEq)]
struct Span {
    start: Vec<u8>,
    end: Vec<u8>,
}

impl Span {
    /// Every key that begins with `prefix`, which ends with `/`: the next byte after it is `0`.
    fn under(prefix: Vec<u8>) -> Span {
        let mut end = prefix.clone();
        end.pop();
        end.push(b'/' + 1);
        Span { start: prefix, end }
    }
}

/// The smallest key that is greater.
fn after(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

/// The resource a key belongs to, and the span of its keys.
fn resource_of(prefix: &str, key: &[u8]) -> (String, Span) {
    match resource(&key[prefix.len().min(key.len())..]) {
        Some(name) => {
            let end = prefix.len() + name.len() + 1;
            (String::from_utf8_lossy(name).into_owned(), Span::under(key[..end].to_vec()))
        }
        None => (NO_RESOURCE.to_owned(), Span { start: key.to_vec(), end: after(key) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_by_path() {
        let name = |key: &str| resource_of("/registry/", key.as_bytes()).0;
        assert_eq!(name("/registry/secrets/default/a"), "secrets");
        assert_eq!(name("/registry/services/specs/default/a"), "services/specs");
        assert_eq!(name("/registry/apps.example.com/widgets/ns/a"), "apps.example.com/widgets");
        assert_eq!(name("/registry/minions/node.example.com"), "minions");
        assert_eq!(name("/registry/health"), NO_RESOURCE);
        assert_eq!(name("/registry/"), NO_RESOURCE);
    }

    #[test]
    fn spans_move_forward() {
        for key in [
            "/registry/secrets/default/a",
            "/registry/health",
            "/registry/",
            "/registry/a.b/c",
            "/registry//",
        ] {
            let (_, span) = resource_of("/registry/", key.as_bytes());
            assert!(span.start.as_slice() <= key.as_bytes(), "{key}");
            assert!(span.end.as_slice() > key.as_bytes(), "{key}");
        }
        assert_eq!(Span::under(b"/registry/".to_vec()).end, b"/registry0");
    }

    #[test]
    fn pages_follow_the_size_of_objects() {
        assert_eq!(next_limit(50, 50 * 2048), 500);
        assert_eq!(next_limit(50, 50 << 20), 1);
        assert_eq!(next_limit(500, 2 << 20), 250);
        assert_eq!(next_limit(50, 0), LARGEST_PAGE);
    }
}
