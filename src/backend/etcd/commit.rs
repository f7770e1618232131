//! Timed writes to a key under a lease.

use super::client::{self, answer};
use super::{Etcd, wire};
use crate::backend::Looking;
use crate::backend::commits::{CommitProbe, SCRATCH_LIFE, Scratch};
use crate::consent::Consent;
use crate::facts::{Trouble, TroubleKind};
use crate::transport::Deadline;
use crate::transport::address::Address;
use etcd_client::{Client, PutOptions};
use std::time::Duration;

const PREFIX: &str = "quorate.probe/";

/// The lease is renewed when this much of its life has passed.
const RENEW_AFTER: Duration = Duration::from_secs(SCRATCH_LIFE.as_secs() / 3);

impl CommitProbe for Etcd {
    fn prefix(&self) -> &'static str {
        PREFIX
    }

    fn begin<'a>(
        &'a self,
        _: &'a Consent,
        endpoint: &'a str,
        deadline: Deadline,
    ) -> Looking<'a, Result<Box<dyn Scratch>, Trouble>> {
        Box::pin(async move {
            let client = self.client_for(endpoint, deadline).await?;
            let ttl = SCRATCH_LIFE.as_secs() as i64;
            let lease = answer(deadline, client.lease_client().grant(ttl, None)).await?.id();
            // The server makes lease ids unique, so the key is nobody else's.
            let key = format!("{PREFIX}{}", wire::hex(lease as u64));
            let scratch: Box<dyn Scratch> =
                Box::new(Leased { client, lease, key, renewed: Deadline::after(RENEW_AFTER) });
            Ok(scratch)
        })
    }
}

impl Etcd {
    /// A client of one member, logged in where that is asked for and needed.
    pub(super) async fn client_for(&self, endpoint: &str, deadline: Deadline) -> Result<Client, Trouble> {
        let address = Address::parse(endpoint, false, 2379)
            .map_err(|reason| Trouble::new(TroubleKind::DnsFailure, reason))?;
        if let Some(auth) = &self.target.auth {
            match client::log_in(&address, &self.material, auth, deadline).await {
                Err(trouble) if trouble.detail.contains("authentication is not enabled") => {}
                other => return other,
            }
        }
        client::open(&address, &self.material, deadline).await
    }
}

struct Leased {
    client: Client,
    lease: i64,
    key: String,
    /// Runs out when the lease should be renewed.
    renewed: Deadline,
}

impl Scratch for Leased {
    fn key(&self) -> &str {
        &self.key
    }

    fn keep(&mut self, deadline: Deadline) -> Looking<'_, Result<(), Trouble>> {
        Box::pin(async move {
            if self.renewed.left().is_zero() {
                // Opening the stream renews once; dropping it ends the stream, not the lease.
                answer(deadline, self.client.lease_client().keep_alive(self.lease)).await?;
                self.renewed = Deadline::after(RENEW_AFTER);
            }
            Ok(())
        })
    }

    fn write<'a>(&'a mut self, value: &'a [u8], deadline: Deadline) -> Looking<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let options = PutOptions::new().with_lease(self.lease);
            let mut kv = self.client.kv_client();
            answer(deadline, kv.put(self.key.as_bytes(), value, Some(options))).await.map(drop)
        })
    }

    fn remove(&mut self, deadline: Deadline) -> Looking<'_, Result<(), Trouble>> {
        Box::pin(async move {
            let deleted = answer(deadline, self.client.kv_client().delete(self.key.as_bytes(), None)).await;
            // Revoking deletes the key too; asked even when the delete failed, because a user without permission
            // for the key may still end the lease.
            let revoked = answer(deadline, self.client.lease_client().revoke(self.lease)).await;
            match (deleted, revoked) {
                (_, Ok(_)) => Ok(()),
                (_, Err(trouble)) => Err(trouble),
            }
        })
    }
}
