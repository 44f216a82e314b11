//! What Cloudflare says of a request. Each field must be there once and be
//! what it should: anything else is not believed, and the connection's own
//! address counts.

use axum::http::HeaderMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The visitor's address. Cloudflare replaces what a visitor sends in it.
const ADDRESS: &str = "cf-connecting-ip";
/// The visitor's real address when the other one is a stand-in.
const ADDRESS_V6: &str = "cf-connecting-ipv6";
/// The visitor's country.
const COUNTRY: &str = "cf-ipcountry";

/// Who asks, by Cloudflare's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The address.
    pub address: IpAddr,
    /// The country, when Cloudflare knows it.
    pub country: Option<Country>,
}

/// A country by the two letters of ISO 3166-1, or `T1` for the Tor network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country([u8; 2]);

impl Visitor {
    /// What the fields say, if they are sound.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        Some(Self {
            address: address(headers)?,
            country: one(headers, COUNTRY),
        })
    }
}

fn address(headers: &HeaderMap) -> Option<IpAddr> {
    let address: IpAddr = one(headers, ADDRESS)?;
    let address = address.to_canonical();
    match address {
        // Stand-ins for IPv6 are from 240.0.0.0/4 ("Pseudo IPv4").
        IpAddr::V4(v4) if v4.octets()[0] >= 240 => {
            let real: Ipv6Addr = one(headers, ADDRESS_V6)?;
            Some(real.into())
        }
        _ if address.is_unspecified() || address.is_loopback() || address.is_multicast() => None,
        _ => Some(address),
    }
}

/// The value of a field that is there once.
fn one<T: FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok()?.parse().ok(),
        _ => None,
    }
}

impl FromStr for Country {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match *text.as_bytes() {
            // Unknown, in Cloudflare's words.
            [b'X', b'X'] => Err(()),
            [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => Ok(Self([first, second])),
            [b'T', b'1'] => Ok(Self(*b"T1")),
            _ => Err(()),
        }
    }
}

impl Country {
    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // They are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether it is a place where things can be sent.
    #[must_use]
    pub fn is_a_place(&self) -> bool {
        self.0 != *b"T1"
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;
    use proptest::prelude::*;

    fn read(fields: &[(&'static str, &str)]) -> Option<Visitor> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        Visitor::read(&headers)
    }

    fn address_of(text: &str) -> Option<String> {
        read(&[(ADDRESS, text)]).map(|visitor| visitor.address.to_string())
    }

    #[test]
    fn an_address_is_one_well_formed_value() {
        assert_eq!(address_of("198.51.100.7").as_deref(), Some("198.51.100.7"));
        assert_eq!(address_of("2001:DB8::7").as_deref(), Some("2001:db8::7"));
        assert_eq!(
            address_of("::ffff:198.51.100.7").as_deref(),
            Some("198.51.100.7")
        );
        for bad in [
            "",
            " ",
            "x",
            "198.51.100.7, 198.51.100.8",
            "198.51.100.7:80",
            "[2001:db8::7]",
            "198.51.100",
            "198.51.100.07",
            "198.51.100.7/32",
            "0x7f000001",
            "fe80::1%eth0",
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "localhost",
            "unknown",
        ] {
            assert_eq!(address_of(bad), None, "{bad}");
        }
        assert_eq!(read(&[]), None);
        assert_eq!(
            read(&[(ADDRESS, "198.51.100.7"), (ADDRESS, "198.51.100.7")]),
            None
        );
        assert_eq!(read(&[(ADDRESS_V6, "2001:db8::7")]), None);
    }

    #[test]
    fn a_stand_in_for_ipv6_gives_way_to_the_real_one() {
        let of = |fields: &[(&'static str, &str)]| read(fields).map(|v| v.address.to_string());
        let pair = [(ADDRESS, "241.2.3.4"), (ADDRESS_V6, "2001:db8::7")];
        assert_eq!(of(&pair).as_deref(), Some("2001:db8::7"));
        assert_eq!(of(&pair[..1]), None);
        let other = [(ADDRESS, "198.51.100.7"), (ADDRESS_V6, "2001:db8::7")];
        assert_eq!(of(&other).as_deref(), Some("198.51.100.7"));
    }

    #[test]
    fn a_country_is_two_letters_or_unknown() {
        let of = |text: &str| {
            let visitor = read(&[(ADDRESS, "198.51.100.7"), (COUNTRY, text)]).unwrap();
            visitor.country.map(|country| country.to_string())
        };
        assert_eq!(of("LU").as_deref(), Some("LU"));
        assert_eq!(of("T1").as_deref(), Some("T1"));
        for none in ["XX", "lu", "L", "LUX", "A1", "1T", "LU,DE", "\"LU\""] {
            assert_eq!(of(none), None, "{none}");
        }
        let twice = [(ADDRESS, "198.51.100.7"), (COUNTRY, "LU"), (COUNTRY, "DE")];
        assert_eq!(read(&twice).unwrap().country, None);
    }

    proptest! {
        #[test]
        fn any_address_of_the_world_is_read_and_no_noise_is(
            bits in any::<u128>(),
            noise in "[ -~]{0,50}",
        ) {
            let six = Ipv6Addr::from_bits(bits);
            let canonical = six.to_canonical();
            if !canonical.is_loopback() && !canonical.is_unspecified() && !canonical.is_multicast()
                && canonical.is_ipv6()
            {
                prop_assert_eq!(address_of(&six.to_string()), Some(six.to_string()));
            }
            if noise.trim().parse::<IpAddr>().is_err() {
                prop_assert_eq!(address_of(&noise), None);
            }
        }
    }
}
