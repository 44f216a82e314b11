//! Who may connect: so many connections in all, and so many from one network,
//! so that nobody takes every slot.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The slots of one listening socket.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    all: Arc<Semaphore>,
    taken: Arc<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    by: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place, given back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    _one_of_all: OwnedSemaphorePermit,
    /// Whose share it counts in, if anyone's.
    network: Option<IpAddr>,
    taken: Arc<Taken>,
}

impl Slots {
    pub(super) fn new(all: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            taken: Arc::default(),
        }
    }

    /// Waits until there is room for one more.
    pub(super) async fn free(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.all).acquire_owned().await
    }

    /// The place of a connection, or none when its network has its `share`.
    pub(super) fn admit(
        &self,
        room: OwnedSemaphorePermit,
        address: IpAddr,
        share: usize,
    ) -> Option<Slot> {
        let network = network(address);
        let mut by = self.taken.lock();
        let count = by.entry(network).or_default();
        if *count >= share {
            return None;
        }
        *count += 1;
        drop(by);
        Some(Slot {
            _one_of_all: room,
            network: Some(network),
            taken: Arc::clone(&self.taken),
        })
    }

    /// The place of a connection that carries many clients' requests, such as
    /// one of Cloudflare's. A share is for one client, so it has none; with all
    /// others it is bounded by the slots there are.
    pub(super) fn admit_carrier(&self, room: OwnedSemaphorePermit) -> Slot {
        Slot {
            _one_of_all: room,
            network: None,
            taken: Arc::clone(&self.taken),
        }
    }

    /// Waits until every one of `all` is free.
    pub(super) async fn all_free(&self, all: usize) {
        let all = u32::try_from(all).unwrap_or(u32::MAX);
        // Nobody closes it; if someone did, there would be nothing to wait for.
        let _closed = self.all.acquire_many(all).await;
    }

    pub(super) fn available(&self) -> usize {
        self.all.available_permits()
    }
}

impl Taken {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(network) = self.network else {
            return;
        };
        let mut by = self.taken.lock();
        if let Some(count) = by.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                by.remove(&network);
            }
        }
    }
}

/// What one client is likely to have: an IPv4 address, or the /64 that IPv6
/// gives to every household.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn admit(slots: &Slots, address: &str, share: usize) -> Option<Slot> {
        let room = slots.free().await.unwrap();
        slots.admit(room, address.parse().unwrap(), share)
    }

    #[tokio::test]
    async fn a_network_has_its_share_and_no_more() {
        let slots = Slots::new(10);
        let first = admit(&slots, "2001:db8::1", 2).await.unwrap();
        let _second = admit(&slots, "2001:db8::ffff:1", 2).await.unwrap();
        assert!(admit(&slots, "2001:db8::2", 2).await.is_none());
        let _other = admit(&slots, "2001:db8:0:1::1", 2).await.unwrap();
        assert_eq!(slots.available(), 7);
        drop(first);
        assert!(admit(&slots, "2001:db8::2", 2).await.is_some());
    }

    #[tokio::test]
    async fn a_carrier_has_no_share_but_takes_a_slot() {
        let slots = Slots::new(4);
        let _client = admit(&slots, "192.0.2.1", 1).await.unwrap();
        let mut carried = Vec::new();
        for _ in 0..3 {
            carried.push(slots.admit_carrier(slots.free().await.unwrap()));
        }
        assert_eq!(slots.available(), 0);
        drop(carried);
        assert_eq!(slots.available(), 3);
        assert!(admit(&slots, "192.0.2.1", 1).await.is_none());
    }

    #[tokio::test]
    async fn an_ipv4_address_is_itself_also_in_an_ipv6_socket() {
        let slots = Slots::new(10);
        let one = admit(&slots, "::ffff:192.0.2.1", 1).await.unwrap();
        assert!(admit(&slots, "192.0.2.1", 1).await.is_none());
        assert!(admit(&slots, "192.0.2.2", 1).await.is_some());
        drop(one);
        assert!(slots.taken.lock().is_empty());
    }
}
