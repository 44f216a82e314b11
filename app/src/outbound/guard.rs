//! Which addresses are the world's, and which are this machine's or its
//! network's. A user who could have the box fetch the latter could read what
//! only the box can reach (server-side request forgery).

use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far addresses that users give may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the public Internet only.
    Public,
    /// Anywhere, for development and closed networks.
    Everywhere,
}

impl Reach {
    /// Whether an address is within reach.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        self == Self::Everywhere || is_public(address)
    }
}

/// A URL that is not fetched. The text is for the one who gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForbiddenAddress {
    /// It is not a URL.
    #[error("is no address of the web; write one such as https://shop.example/feed.csv")]
    NoUrl,
    /// It is of another kind.
    #[error("must start with https:// or http://")]
    Scheme,
    /// It carries a login.
    #[error("must not carry a name or password; they would be shown to everyone who sees imports")]
    Login,
    /// It leads inside.
    #[error("leads to this machine or a private network, which is not allowed")]
    Inside,
}

/// Reads a URL that a user gave. Names pass; what they resolve to is judged
/// when they are connected to.
///
/// # Errors
/// When it must not be fetched.
pub fn check(text: &str, reach: Reach) -> Result<Url, ForbiddenAddress> {
    let url = Url::parse(text).map_err(|_| ForbiddenAddress::NoUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ForbiddenAddress::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ForbiddenAddress::Login);
    }
    let host = url.host_str().ok_or(ForbiddenAddress::NoUrl)?;
    // The parser has turned 0x7f.1 and the like into four numbers.
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
    let inside = match literal {
        Ok(address) => !reach.allows(address),
        Err(_) => reach == Reach::Public && is_local_name(host),
    };
    if inside {
        return Err(ForbiddenAddress::Inside);
    }
    Ok(url)
}

/// Names that never leave a network (RFC 6761, RFC 6762, RFC 8375).
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    ["localhost", "local", "internal", "home.arpa"]
        .iter()
        .any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Without what the IANA registry of special-purpose addresses keeps out of
/// the global Internet.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        // Carrier-grade NAT, IETF protocols, 6to4 relays, benchmarks, reserved.
        || (a == 100 && b & 0xc0 == 64)
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && b & 0xfe == 18)
        || a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    if let Some(v4) = embedded(address) {
        return is_public_v4(v4);
    }
    // Global unicast, less documentation and the IETF's own.
    segments[0] & 0xe000 == 0x2000
        && !(segments[0] == 0x2001 && (segments[1] < 0x200 || segments[1] == 0xdb8))
        && segments[0] != 0x3fff
}

/// The IPv4 address that the network behind an IPv6 address would deliver to:
/// mapped, NAT64 or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(join(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_inside_are_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
            "[ff02::1]",
            "localhost",
            "LOCALHOST.",
            "db.internal",
            "printer.local",
        ] {
            let url = format!("http://{host}/feed.csv");
            assert_eq!(
                check(&url, Reach::Public),
                Err(ForbiddenAddress::Inside),
                "{host}"
            );
            assert!(check(&url, Reach::Everywhere).is_ok(), "{host}");
        }
    }

    #[test]
    fn addresses_of_the_world_pass() {
        for host in [
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "[2606:4700::1111]",
            "[64:ff9b::808:808]",
            "shop.example",
            "localhost.example",
        ] {
            let url = format!("https://{host}/feed.csv");
            assert!(check(&url, Reach::Public).is_ok(), "{host}");
        }
    }

    #[test]
    fn only_plain_web_addresses_pass() {
        for (text, why) in [
            ("feed.csv", ForbiddenAddress::NoUrl),
            ("file:///etc/passwd", ForbiddenAddress::Scheme),
            ("ftp://shop.example/feed", ForbiddenAddress::Scheme),
            ("gopher://shop.example/", ForbiddenAddress::Scheme),
            ("https://me:secret@shop.example/", ForbiddenAddress::Login),
            ("https://me@shop.example/", ForbiddenAddress::Login),
        ] {
            assert_eq!(check(text, Reach::Everywhere), Err(why), "{text}");
        }
    }
}
