//! Networks, and which lists of them are sound. What is read here decides
//! whose word is believed, so it is read strictly.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// Networks of one family; Cloudflare has 15 and 7.
const MOST: usize = 256;
/// Lengths of a network's prefix. Cloudflare's shortest are 13 and 29; a much
/// shorter one would be a good part of the Internet.
const IPV4_PREFIX: RangeInclusive<u8> = 11..=32;
const IPV6_PREFIX: RangeInclusive<u8> = 24..=64;

/// Global unicast (RFC 4291, section 2.4).
const GLOBAL: Ipv6Net = v6(0x2000, 0, 3);

/// What the IANA registries of special-purpose addresses keep out of the
/// global Internet. None of it can be Cloudflare's.
const SPECIAL_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),
    v6(0x2001, 0xdb8, 32),
    v6(0x2002, 0, 16),
    v6(0x3fff, 0, 20),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// Networks of both families, each in order and once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    v4: Vec<Ipv4Net>,
    v6: Vec<Ipv6Net>,
}

/// A list of networks that is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangesError {
    /// A family has none: half a list.
    #[error("the list has no {0} networks")]
    Empty(&'static str),
    /// There are too many to be true.
    #[error("the list has {1} {0} networks, more than {MOST}")]
    TooMany(&'static str, usize),
    /// A text is no network of its family.
    #[error("{0:?} is no {1} network such as {2}")]
    NotANetwork(String, &'static str, &'static str),
    /// There are bits behind the prefix.
    #[error("{0} is an address within a network, not a network; {1} would be one")]
    HostBits(IpNet, IpNet),
    /// It is too large or too small.
    #[error("{0} cannot be Cloudflare's: its prefix is not from {1} to {2}")]
    Size(IpNet, u8, u8),
    /// It is, or has a part that is, no part of the public Internet.
    #[error("{0} is not of the public Internet alone")]
    NotPublic(IpNet),
}

/// What one list has and another has not, as texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Changes {
    /// Networks that only the new one has.
    pub added: Vec<String>,
    /// Networks that only the old one has.
    pub removed: Vec<String>,
}

impl Ranges {
    /// Reads networks in the usual notation (RFC 4632, RFC 4291).
    ///
    /// # Errors
    /// When a family has none, or one of them cannot be Cloudflare's.
    pub fn read(v4: &[String], v6: &[String]) -> Result<Self, RangesError> {
        let v4 = family("IPv4", "192.0.2.0/24", v4, sound_v4)?;
        let v6 = family("IPv6", "2001:db8::/32", v6, sound_v6)?;
        Ok(Self { v4, v6 })
    }

    /// This machine itself.
    #[cfg(test)]
    pub(super) fn loopback() -> Self {
        Self {
            v4: vec![v4([127, 0, 0, 0], 8)],
            v6: Vec::new(),
        }
    }

    /// Whether an address is in one of them. An IPv4 address in the form of
    /// IPv6 is what it stands for.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.iter().any(|net| net.contains(&address)),
            IpAddr::V6(address) => self.v6.iter().any(|net| net.contains(&address)),
        }
    }

    /// The IPv4 networks, as texts.
    #[must_use]
    pub fn ipv4(&self) -> Vec<String> {
        self.v4.iter().map(ToString::to_string).collect()
    }

    /// The IPv6 networks, as texts.
    #[must_use]
    pub fn ipv6(&self) -> Vec<String> {
        self.v6.iter().map(ToString::to_string).collect()
    }

    /// What changes when `newer` takes this one's place.
    #[must_use]
    pub fn changes(&self, newer: &Self) -> Changes {
        Changes {
            added: beyond(&newer.v4, &self.v4)
                .chain(beyond(&newer.v6, &self.v6))
                .collect(),
            removed: beyond(&self.v4, &newer.v4)
                .chain(beyond(&self.v6, &newer.v6))
                .collect(),
        }
    }
}

impl Changes {
    /// Whether both lists are the same.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// Those of `some` that `others` has not.
fn beyond<N: PartialEq + Display>(some: &[N], others: &[N]) -> impl Iterator<Item = String> {
    some.iter()
        .filter(|net| !others.contains(net))
        .map(ToString::to_string)
}

fn family<N: std::str::FromStr + Ord>(
    name: &'static str,
    example: &'static str,
    texts: &[String],
    sound: impl Fn(&N) -> Result<(), RangesError>,
) -> Result<Vec<N>, RangesError> {
    if texts.is_empty() {
        return Err(RangesError::Empty(name));
    }
    if texts.len() > MOST {
        return Err(RangesError::TooMany(name, texts.len()));
    }
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        let no = |_| RangesError::NotANetwork(text.chars().take(64).collect(), name, example);
        let net: N = text.parse().map_err(no)?;
        sound(&net)?;
        all.push(net);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn sound_v4(net: &Ipv4Net) -> Result<(), RangesError> {
    sized(IpNet::V4(*net), IPV4_PREFIX)?;
    // Networks are nested or apart.
    let mut special = SPECIAL_V4.iter();
    match special.any(|special| special.contains(net) || net.contains(special)) {
        true => Err(RangesError::NotPublic(IpNet::V4(*net))),
        false => Ok(()),
    }
}

fn sound_v6(net: &Ipv6Net) -> Result<(), RangesError> {
    sized(IpNet::V6(*net), IPV6_PREFIX)?;
    let mut special = SPECIAL_V6.iter();
    let special = special.any(|special| special.contains(net) || net.contains(special));
    match special || !GLOBAL.contains(net) {
        true => Err(RangesError::NotPublic(IpNet::V6(*net))),
        false => Ok(()),
    }
}

fn sized(net: IpNet, prefix: RangeInclusive<u8>) -> Result<(), RangesError> {
    if net != net.trunc() {
        return Err(RangesError::HostBits(net, net.trunc()));
    }
    match prefix.contains(&net.prefix_len()) {
        true => Ok(()),
        false => Err(RangesError::Size(net, *prefix.start(), *prefix.end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(v4: &[&str], v6: &[&str]) -> Result<Ranges, RangesError> {
        let own = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        Ranges::read(&own(v4), &own(v6))
    }

    #[test]
    fn what_cannot_be_cloudflares_is_refused() {
        let six = "2400:cb00::/32";
        for bad in [
            "",
            "1",
            "104.16.0.0",
            "104.16.0.0/33",
            "104.16.0.0/-1",
            "104.16.0.0/ 13",
            "104.16.0.0/13 ",
            "104.16.0.1/13",
            "0.0.0.0/0",
            "104.0.0.0/8",
            "10.0.0.0/16",
            "172.16.0.0/13",
            "192.168.1.0/24",
            "127.0.0.1/32",
            "100.96.0.0/11",
            "198.16.0.0/12",
            "224.0.0.0/24",
            "2400:cb00::/32",
            "::ffff:104.16.0.0/109",
        ] {
            assert!(read(&[bad], &[six]).is_err(), "{bad}");
            assert!(read(&["104.16.0.0/13", bad], &[six]).is_err(), "{bad}");
        }
        let four = "104.16.0.0/13";
        for bad in [
            "::/0",
            "2400::/12",
            "2400:cb00::1/32",
            "fc00::/32",
            "fe80::/64",
            "::1/128",
            "2001:db8::/48",
            "2002:6810::/29",
            "2002:6810::/32",
            "ff02::/32",
            "104.16.0.0/13",
            "2400:cb00::/65",
            "2400:cb00::%1/32",
        ] {
            assert!(read(&[four], &[bad]).is_err(), "{bad}");
        }
        assert_eq!(read(&[], &[six]), Err(RangesError::Empty("IPv4")));
        assert_eq!(read(&[four], &[]), Err(RangesError::Empty("IPv6")));
        assert!(read(&vec![four; 257], &[six]).is_err());
    }

    #[test]
    fn an_address_is_in_them_in_every_form() {
        let ranges = read(&["104.16.0.0/13"], &["2400:cb00::/32"]).unwrap();
        let has = |text: &str| ranges.contains(text.parse().unwrap());
        assert!(has("104.16.0.0") && has("104.23.255.255") && has("::ffff:104.20.1.1"));
        assert!(has("2400:cb00::") && has("2400:cb00:ffff::1"));
        assert!(!has("104.15.255.255") && !has("104.24.0.0") && !has("::ffff:104.24.0.0"));
        // Compatible (RFC 4291, deprecated), NAT64 and 6to4 forms stand for no
        // connection of theirs.
        assert!(!has("::104.20.1.1") && !has("64:ff9b::6814:101") && !has("2002:6814:101::"));
        assert!(!has("2400:cb01::") && !has("::1") && !has("127.0.0.1"));
    }

    #[test]
    fn changes_are_told() {
        let old = read(&["104.16.0.0/13", "131.0.72.0/22"], &["2400:cb00::/32"]).unwrap();
        let new = read(&["104.24.0.0/14", "131.0.72.0/22"], &["2400:cb00::/32"]).unwrap();
        let changes = old.changes(&new);
        assert_eq!(changes.added, ["104.24.0.0/14"]);
        assert_eq!(changes.removed, ["104.16.0.0/13"]);
        assert!(old.changes(&old).is_none() && !changes.is_none());
    }

    proptest! {
        /// Whatever the texts are, nothing but public networks of a bounded
        /// size comes out, and it reads the same again.
        #[test]
        fn what_is_read_is_sound(
            v4 in proptest::collection::vec((any::<u32>(), 0_u8..=33), 1..8),
            v6 in proptest::collection::vec((any::<u128>(), 0_u8..=129), 1..8),
            noise in ".{0,20}",
        ) {
            let four = |(bits, prefix): &(u32, u8)| {
                let kept = u32::MAX.checked_shl(32 - u32::from((*prefix).min(32))).unwrap_or(0);
                format!("{}/{prefix}", Ipv4Addr::from_bits(bits & kept))
            };
            let six = |(bits, prefix): &(u128, u8)| {
                let kept = u128::MAX.checked_shl(128 - u32::from((*prefix).min(128))).unwrap_or(0);
                // Most in the global part, or hardly any would be read.
                let bits = (bits >> 3) | (1 << 125);
                format!("{}/{prefix}", Ipv6Addr::from_bits(bits & kept))
            };
            let mut v4: Vec<String> = v4.iter().map(four).collect();
            let v6: Vec<String> = v6.iter().map(six).collect();
            for text in &v4 {
                if let Ok(one) = Ranges::read(std::slice::from_ref(text), &["2400:cb00::/32".into()]) {
                    prop_assert_eq!(&one.ipv4(), std::slice::from_ref(text));
                    for special in ["127.0.0.1", "10.0.0.1", "192.168.0.1", "172.16.0.1", "0.0.0.0"] {
                        prop_assert!(!one.contains(special.parse().unwrap()), "{}", text);
                    }
                }
            }
            if let Ok(ranges) = Ranges::read(&["104.16.0.0/13".into()], &v6) {
                prop_assert_eq!(&Ranges::read(&ranges.ipv4(), &ranges.ipv6()).unwrap(), &ranges);
                for special in ["::1", "fe80::1", "fc00::1", "2001:db8::1", "::"] {
                    prop_assert!(!ranges.contains(special.parse().unwrap()), "{:?}", v6);
                }
            }
            // Noise beside good ones is never passed over.
            if noise.parse::<Ipv4Net>().is_err() {
                v4.push(noise);
                prop_assert!(Ranges::read(&v4, &v6).is_err());
            }
        }
    }
}
