//! Name resolution that gives public addresses only. The connection is made
//! to exactly what was judged here, so a name that resolves differently a
//! moment later (DNS rebinding) gains nothing.

use super::guard::{ForbiddenAddress, Reach};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

#[derive(Clone, Copy, Debug)]
pub(super) struct PublicOnly(pub(super) Reach);

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| reach.allows(address.ip()))
                .collect();
            if found.is_empty() {
                return Err(ForbiddenAddress::Inside.into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
