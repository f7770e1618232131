//! Keys as any client writes and reads them.

use super::Etcd;
use super::client::answer;
use crate::backend::Looking;
use crate::backend::keys::{Keys, NotDone, Session};
use crate::consent::Consent;
use crate::facts::{Trouble, TroubleKind};
use crate::transport::Deadline;
use etcd_client::{Client, GetOptions, ResponseHeader};
use std::collections::BTreeMap;

impl Keys for Etcd {
    fn session<'a>(
        &'a self,
        _: &'a Consent,
        endpoint: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<Box<dyn Session>, Trouble>> {
        Box::pin(async move {
            let client = self.client_for(endpoint, deadline).await?;
            let session: Box<dyn Session> = Box::new(Connected { client });
            Ok(session)
        })
    }
}

struct Connected {
    client: Client,
}

impl Session for Connected {
    fn put<'a>(
        &'a mut self,
        key: &'a str,
        value: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<u64, NotDone>> {
        Box::pin(async move {
            let done = answer(deadline, self.client.kv_client().put(key, value, None)).await;
            done.map(|response| revision(response.header())).map_err(not_done)
        })
    }

    fn delete<'a>(&'a mut self, key: &'a str, deadline: Deadline) -> Looking<'a, Result<u64, NotDone>> {
        Box::pin(async move {
            let done = answer(deadline, self.client.kv_client().delete(key, None)).await;
            done.map(|response| revision(response.header())).map_err(not_done)
        })
    }

    fn read<'a>(
        &'a mut self,
        prefix: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<BTreeMap<String, String>, Trouble>> {
        Box::pin(async move {
            // Linearizable: etcd's default for a range request.
            let options = GetOptions::new().with_prefix();
            let found = answer(deadline, self.client.kv_client().get(prefix, Some(options))).await?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Ok(found.kvs().iter().map(|pair| (text(pair.key()), text(pair.value()))).collect())
        })
    }
}

fn revision(header: Option<&ResponseHeader>) -> u64 {
    header.map_or(0, |header| u64::try_from(header.revision()).unwrap_or(0))
}

/// Only a refused connection proves that nothing was sent: whatever else goes wrong may go wrong after the request.
fn not_done(trouble: Trouble) -> NotDone {
    match trouble.kind {
        TroubleKind::ConnectionRefused => NotDone::NeverSent(trouble),
        _ => NotDone::InDoubt(trouble),
    }
}
