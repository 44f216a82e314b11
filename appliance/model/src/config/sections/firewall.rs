//! `[firewall]`: who reaches which of the box's ports.

use crate::config::error::Finding;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Who may reach the box. 80 and 443 are for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Firewall {
    /// Addresses and networks that may reach SSH; empty for all.
    pub ssh_from: Vec<String>,
}

impl Firewall {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        self.ssh_from
            .iter()
            .filter_map(|text| network(text).err().map(|why| (text, why)))
            .map(|(text, why)| {
                Finding::new(
                    "firewall.ssh_from",
                    text,
                    why,
                    r#"write an address or a network such as "203.0.113.0/24" or "2001:db8::/32""#,
                )
            })
            .collect()
    }

    /// Those of IPv4 and those of IPv6, as nftables writes them.
    #[must_use]
    pub fn networks(&self) -> (Vec<&str>, Vec<&str>) {
        self.ssh_from
            .iter()
            .map(String::as_str)
            .partition(|text| !text.contains(':'))
    }
}

/// An address, or an address with the length of its network's prefix
/// (RFC 4632, RFC 4291 2.3).
fn network(text: &str) -> Result<(), &'static str> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| "this is not an IP address")?;
    let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
    let Some(length) = length else { return Ok(()) };
    let length: u32 = length
        .parse()
        .ok()
        // nft takes neither +8 nor 08.
        .filter(|number: &u32| *number <= bits && number.to_string() == length)
        .ok_or("the length of the prefix is 0 to 32 for IPv4 and 0 to 128 for IPv6")?;
    let value = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
        IpAddr::V6(address) => u128::from(address),
    };
    // What stands behind the prefix must be 0: else another network was meant.
    if value.checked_shl(length).unwrap_or(0) == 0 {
        Ok(())
    } else {
        Err("bits behind the prefix are set; another network or length was meant")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_told_from_what_is_none() {
        for good in [
            "203.0.113.7",
            "203.0.113.0/24",
            "0.0.0.0/0",
            "2001:db8::/32",
            "::1",
            "203.0.113.7/32",
        ] {
            assert_eq!(network(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "office",
            "203.0.113.0/33",
            "203.0.113.1/24",
            "2001:db8::1/32",
            "203.0.113.0/x",
            "203.0.113.0/+24",
            "203.0.113.0/024",
            "203.0.113.0/24; flush ruleset",
        ] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn families_are_kept_apart() {
        let firewall = Firewall {
            ssh_from: vec!["203.0.113.0/24".into(), "2001:db8::/32".into()],
        };
        assert_eq!(
            firewall.networks(),
            (vec!["203.0.113.0/24"], vec!["2001:db8::/32"])
        );
    }
}
