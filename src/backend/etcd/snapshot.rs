//! `Maintenance/Snapshot` and `HashKV` of one member. Neither needs a quorum or a leader.

use super::{Etcd, client};
use crate::backend::Looking;
use crate::backend::snapshots::{SnapshotStream, Snapshots, StoreHash};
use crate::facts::{Trouble, TroubleKind};
use crate::transport::Deadline;
use etcd_client::{SnapshotResponse, SnapshotStreaming};
use std::time::Duration;

impl Snapshots for Etcd {
    fn stream<'a>(
        &'a self,
        endpoint: &'a str,
        connect: Deadline,
        idle: Duration,
    ) -> Looking<'a, Result<Box<dyn SnapshotStream>, Trouble>> {
        Box::pin(async move {
            let client = self.client_for(endpoint, connect).await?;
            let mut maintenance = client.maintenance_client();
            let opened =
                connect.run(maintenance.snapshot()).await.ok_or_else(|| late(connect.elapsed_ms()))?;
            let messages = opened.map_err(|error| client::name(&error))?;
            begun(messages, connect, idle).await
        })
    }

    fn hash_at<'a>(
        &'a self,
        endpoint: &'a str,
        revision: i64,
        deadline: Deadline,
    ) -> Looking<'a, Result<StoreHash, Trouble>> {
        Box::pin(async move {
            let client = self.client_for(endpoint, deadline).await?;
            let mut maintenance = client.maintenance_client();
            let answer = deadline.run(maintenance.hash_kv(revision)).await;
            let answer = answer.ok_or_else(|| late(deadline.elapsed_ms()))?.map_err(|e| client::name(&e))?;
            Ok(StoreHash {
                hash: answer.hash(),
                compacted: answer.compact_version(),
                current: answer.header().map_or(0, |header| header.revision()),
            })
        })
    }
}

/// Waits for the first message, which tells the size.
pub(super) async fn begun(
    messages: SnapshotStreaming,
    connect: Deadline,
    idle: Duration,
) -> Result<Box<dyn SnapshotStream>, Trouble> {
    let mut stream = Stream { messages, first: None, announced: None, idle };
    stream.first = stream.message(connect).await?;
    let said = |first: &SnapshotResponse| first.remaining_bytes() + first.blob().len() as u64;
    stream.announced = stream.first.as_ref().map(said);
    Ok(Box::new(stream))
}

struct Stream {
    messages: SnapshotStreaming,
    /// The first message, which tells the size.
    first: Option<SnapshotResponse>,
    announced: Option<u64>,
    idle: Duration,
}

impl Stream {
    async fn message(&mut self, deadline: Deadline) -> Result<Option<SnapshotResponse>, Trouble> {
        match deadline.run(self.messages.message()).await {
            Some(message) => message.map_err(|error| client::name(&error)),
            None => Err(late(deadline.elapsed_ms())),
        }
    }
}

impl SnapshotStream for Stream {
    fn announced(&self) -> Option<u64> {
        self.announced
    }

    fn next<'a>(&'a mut self, into: &'a mut Vec<u8>) -> Looking<'a, Result<bool, Trouble>> {
        Box::pin(async move {
            let message = match self.first.take() {
                Some(first) => Some(first),
                None => self.message(Deadline::after(self.idle)).await?,
            };
            if let Some(message) = &message {
                into.extend_from_slice(message.blob());
            }
            Ok(message.is_some())
        })
    }
}

fn late(ms: f64) -> Trouble {
    Trouble::new(TroubleKind::NoAnswer, format!("nothing came for {:.1} s", ms / 1000.0))
}
