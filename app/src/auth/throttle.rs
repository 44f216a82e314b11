//! Guessing passwords is slow: after ten failures of one account from one
//! address, neither is listened to until a quarter of an hour after the first.

use crate::cache::{Cache, CacheError};
use crate::random;
use std::net::IpAddr;
use std::time::Duration;

const FAILURES: u64 = 10;
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Counts failed logins.
#[derive(Clone, Debug)]
pub struct Throttle(Cache);

impl Throttle {
    /// Counters in this Redis.
    #[must_use]
    pub fn new(cache: Cache) -> Self {
        Self(cache)
    }

    /// Seconds to wait before this account is listened to from this address;
    /// `None` when it is now.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn wait(&self, email: &str, from: IpAddr) -> Result<Option<u64>, CacheError> {
        let key = key(email, from);
        let failures = self
            .0
            .get(&key)
            .await?
            .and_then(|count| count.parse::<u64>().ok());
        if failures.unwrap_or(0) < FAILURES {
            return Ok(None);
        }
        Ok(Some(
            u64::try_from(self.0.ttl(&key).await?).unwrap_or(1).max(1),
        ))
    }

    /// Counts a failure.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn failed(&self, email: &str, from: IpAddr) -> Result<(), CacheError> {
        self.0.count(&key(email, from), WINDOW).await?;
        Ok(())
    }

    /// Forgets failures after a success.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn succeeded(&self, email: &str, from: IpAddr) -> Result<(), CacheError> {
        self.0.delete(&key(email, from)).await
    }
}

/// One IPv6 customer has at least a /64; counting single addresses of it would
/// count nothing.
fn key(email: &str, from: IpAddr) -> String {
    let network = match from.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    };
    let who = format!("{}|{network}", email.to_lowercase());
    format!("throttle:login:{}", random::sha256_hex(who.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_counter() {
        let at = |address: &str| key("ann@example.org", address.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }
}
