//! Guessing passwords is slow. An attempt is counted three times before it is
//! looked at: for its account from its address, for its account from anywhere
//! (guessing spread over many addresses), and for its address whatever the
//! account (one stolen list tried on everybody). A success is given back. All
//! windows slide.
//!
//! While Redis is away only the first is counted, in this process.

use crate::limiter::local::LocalCounters;
use crate::limiter::{Limiter, Quota};
use crate::random;
use onebox_model::config::Limits;
use std::net::IpAddr;
use std::time::Duration;

/// Attempts at one account from one address.
const PAIR: Quota = Quota {
    limit: 10,
    window: Duration::from_secs(15 * 60),
};

/// Counts attempts to log in.
#[derive(Clone, Debug)]
pub struct Throttle {
    limiter: Limiter,
    local: LocalCounters,
    by_account: u32,
    by_address: u32,
}

impl Throttle {
    /// With the operator's limits.
    #[must_use]
    pub fn new(limiter: Limiter, local: LocalCounters, limits: &Limits) -> Self {
        Self {
            limiter,
            local,
            by_account: limits.login_failures_per_account,
            by_address: limits.login_failures_per_address,
        }
    }

    /// Counts an attempt, before anything is looked at.
    ///
    /// # Errors
    /// The seconds to wait before this account is listened to from here.
    pub async fn attempt(&self, email: &str, from: IpAddr) -> Result<(), u64> {
        let counters = self.counters(email, from);
        match self.limiter.take(&counters, 1).await {
            Some(grant) if grant.granted == 0 => Err(grant.wait_seconds().max(1)),
            Some(_) => Ok(()),
            None => self.local.take(&pair(email, from), PAIR),
        }
    }

    /// Takes an attempt back that was a success.
    pub async fn succeeded(&self, email: &str, from: IpAddr) {
        // Without Redis there is nothing to take back there.
        let _ = self.limiter.give_back(&self.counters(email, from), 1).await;
        self.local.forget(&pair(email, from));
    }

    fn counters(&self, email: &str, from: IpAddr) -> Vec<(String, Quota)> {
        let account = random::sha256_hex(email.to_lowercase().as_bytes());
        let others = [
            (format!("throttle:account:{account}"), self.by_account),
            (
                format!("throttle:address:{}", network(from)),
                self.by_address,
            ),
        ];
        let others = others.into_iter().filter(|(_, limit)| *limit > 0);
        std::iter::once((pair(email, from), PAIR))
            .chain(others.map(|(key, limit)| (key, Quota::hourly(limit))))
            .collect()
    }
}

fn pair(email: &str, from: IpAddr) -> String {
    let who = format!("{}|{}", email.to_lowercase(), network(from));
    format!("throttle:pair:{}", random::sha256_hex(who.as_bytes()))
}

/// One IPv6 customer has at least a /64; counting single addresses of it would
/// count nothing.
#[must_use]
pub fn network(from: IpAddr) -> String {
    match from.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_counter() {
        let at = |address: &str| network(address.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }
}
