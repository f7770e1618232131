//! Timed writes to an ephemeral znode.

use super::{Zookeeper, session};
use crate::backend::Looking;
use crate::backend::commits::{CommitProbe, SCRATCH_LIFE, Scratch};
use crate::consent::Consent;
use crate::facts::{Trouble, TroubleKind};
use crate::transport::Deadline;
use zookeeper_client::{Acls, Client, CreateMode, Error};

const PREFIX: &str = "/quorate-probe-";

impl CommitProbe for Zookeeper {
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
            let address =
                self.address_of(endpoint).map_err(|reason| Trouble::new(TroubleKind::DnsFailure, reason))?;
            let opened = deadline.run(session::connect(self, &address, SCRATCH_LIFE)).await;
            let client = opened.ok_or_else(|| silent("a session was not opened in time"))??;
            // The ensemble makes session ids unique, so the znode is nobody else's.
            let path = format!("{PREFIX}{}", client.session_id());
            let options = CreateMode::Ephemeral.with_acls(Acls::anyone_all());
            answer(deadline, client.create(&path, b"", &options)).await?;
            let scratch: Box<dyn Scratch> = Box::new(Ephemeral { client, path });
            Ok(scratch)
        })
    }
}

struct Ephemeral {
    client: Client,
    path: String,
}

impl Scratch for Ephemeral {
    fn key(&self) -> &str {
        &self.path
    }

    fn keep(&mut self, _: Deadline) -> Looking<'_, Result<(), Trouble>> {
        // The client keeps its session alive by itself.
        Box::pin(async { Ok(()) })
    }

    fn write<'a>(&'a mut self, value: &'a [u8], deadline: Deadline) -> Looking<'a, Result<(), Trouble>> {
        Box::pin(
            async move { answer(deadline, self.client.set_data(&self.path, value, None)).await.map(drop) },
        )
    }

    fn remove(&mut self, deadline: Deadline) -> Looking<'_, Result<(), Trouble>> {
        Box::pin(async move {
            match deadline.run(self.client.delete(&self.path, None)).await {
                None => Err(silent("the znode's removal was not answered: it goes with its session")),
                Some(Ok(()) | Err(Error::NoNode)) => Ok(()),
                Some(Err(error)) => Err(named(&error)),
            }
        })
    }
}

async fn answer<T>(deadline: Deadline, call: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match deadline.run(call).await {
        None => Err(silent("no answer within the deadline")),
        Some(outcome) => outcome.map_err(|error| named(&error)),
    }
}

fn silent(what: &str) -> Trouble {
    Trouble::new(TroubleKind::NoAnswer, what)
}

fn named(error: &Error) -> Trouble {
    let kind = match error {
        Error::NoAuth | Error::InvalidAcl => TroubleKind::PermissionDenied,
        Error::AuthFailed => TroubleKind::Unauthenticated,
        Error::Timeout => TroubleKind::NoAnswer,
        Error::ConnectionLoss => TroubleKind::ConnectionReset,
        _ => TroubleKind::ServerError,
    };
    Trouble::new(kind, error.to_string())
}
