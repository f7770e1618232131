//! The client sockets of a server, as a stranger finds them: the one that answered, and those that its settings reveal.
//! An HTTP socket in plaintext beside one in TLS is seen only there.

use super::grpc;
use super::look::Core;
use crate::facts::{Listener, ListenerKind};
use crate::listener::stranger::{Spot, in_plaintext, listener};
use crate::transport::Deadline;
use crate::transport::address::Address;
use futures_util::future::{join, join_all};

/// Client sockets of one server.
pub(super) type Sockets = Vec<Listener>;

/// A page for everyone.
const PATH: &str = "/v1/status/leader";

pub(super) async fn look(core: &Core, deep: bool, deadline: Deadline) -> Sockets {
    let looks = spots(core).into_iter().map(|spot| async move {
        if !spot.address.tls && spot.address == core.address {
            // It just answered us in plaintext, where there are no client certificates.
            return Some(in_plaintext(&spot, true));
        }
        let seen = listener(&spot, deep, deadline).await;
        // A socket that nobody was told to dial and that cannot be reached from here is no news.
        (!spot.unsure || seen.plaintext.known().is_some()).then_some(seen)
    });
    let settings = core.agent.as_ref().map(|agent| agent.settings()).unwrap_or_default();
    let proxies = grpc::addresses(&settings, &core.address).into_iter().map(|at| grpc::look(at, deadline));
    let (clients, proxies) = join(join_all(looks), join_all(proxies)).await;
    clients.into_iter().chain(proxies).flatten().collect()
}

fn spots(core: &Core) -> Vec<Spot> {
    let settings = core.agent.as_ref().map(|agent| agent.settings()).unwrap_or_default();
    let mut spots: Vec<Spot> = Vec::new();
    let all =
        settings.http.iter().map(|text| (text, false)).chain(settings.https.iter().map(|text| (text, true)));
    let mut answered_everywhere = false;
    for (text, tls) in all {
        let Ok(listens) = Address::parse(text, tls, core.address.port) else { continue };
        let everywhere = listens.unspecified();
        let address = match everywhere {
            true => Address { host: core.address.host.clone(), ..listens },
            // Loopback of another machine cannot be dialled.
            false if listens.loopback() && !core.address.loopback() => continue,
            false => listens,
        };
        if address.port == core.address.port && address.tls == core.address.tls {
            answered_everywhere |= everywhere;
            continue;
        }
        spots.push(spot(address, everywhere, true));
    }
    spots.push(spot(core.address.clone(), answered_everywhere, false));
    spots
}

/// A socket dialled at loopback is open to others all the same when the server listens on every interface.
fn spot(address: Address, everywhere: bool, unsure: bool) -> Spot {
    Spot {
        kind: ListenerKind::Client,
        loopback: address.loopback() && !everywhere,
        unsure,
        answered: false,
        path: PATH,
        address,
    }
}
