//! Blacking out what a bundle must not have: secrets that are known, and what
//! secrets and personal data look like.

use regex_lite::{Captures, Regex};

/// What stands in the place of something.
const BLACK: &str = "[blacked out]";

/// Shorter values are no secrets, and would black out half of every log.
const SHORTEST: usize = 6;

/// What secrets and personal data look like, each with what is kept of it.
///
/// Addresses of the Internet are visitors' and go; private ones stay, they are
/// how parts of a network are told apart.
const LOOKS: [(&str, &str); 9] = [
    // Private keys, whole.
    (
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
        "[blacked out: a private key]",
    ),
    // Users and passwords in addresses.
    (r"([a-z][a-z0-9+.-]*://)[^/\s@]+@", "${1}[blacked out]@"),
    // Headers that log somebody in, to the end of the line or the quote.
    (
        r#"(?i)\b((?:proxy-)?authorization|set-cookie|cookie|x-api-key)("?\s*[:=]\s*"?)[^"\r\n]+"#,
        "${1}${2}[blacked out]",
    ),
    (
        r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}",
        "${1} [blacked out]",
    ),
    // Names that mean a secret, with their value.
    (
        r#"(?i)([a-z0-9_.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|signature|credential)[a-z0-9_.-]*)("?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&"'{}\[\]]+)"#,
        "${1}${2}[blacked out]",
    ),
    // Tokens by their beginnings: Stripe, SendGrid, GitHub, Slack, AWS, JWT.
    (
        r"\b(sk|pk|rk|whsec|SG|ghp|gho|ghs|github_pat|xox[abps]|AKIA|ASIA|eyJ)[A-Za-z0-9_.-]{12,}",
        "[blacked out: a token]",
    ),
    // Card numbers.
    (r"\b(?:\d[ -]?){12,18}\d\b", "[blacked out: a long number]"),
    // Mail addresses.
    (
        r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
        "[blacked out: a mail address]",
    ),
    // Addresses of the Internet.
    (r"\b\d{1,3}(?:\.\d{1,3}){3}\b", ""),
];

/// Blacks out texts and counts.
#[derive(Debug)]
pub struct Blackout {
    known: Vec<String>,
    looks: Vec<(Regex, &'static str)>,
    count: u64,
}

impl Blackout {
    /// One that knows these secrets. The box's own names stay, they are public.
    #[must_use]
    pub fn new(known: Vec<String>) -> Self {
        let mut known: Vec<String> = known
            .into_iter()
            .filter(|value| value.len() >= SHORTEST)
            .collect();
        // A secret may contain another.
        known.sort_by_key(|value| std::cmp::Reverse(value.len()));
        known.dedup();
        let looks = LOOKS
            .iter()
            .filter_map(|(look, kept)| Some((Regex::new(look).ok()?, *kept)))
            .collect();
        Self {
            known,
            looks,
            count: 0,
        }
    }

    /// How often something was blacked out.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The text without what it must not have.
    #[must_use]
    pub fn apply(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.known {
            let found = text.matches(value.as_str()).count() as u64;
            if found > 0 {
                self.count += found;
                text = text.replace(value.as_str(), BLACK);
            }
        }
        let count = &mut self.count;
        for (look, kept) in &self.looks {
            let replaced = look.replace_all(&text, |found: &Captures<'_>| {
                let whole = found.get(0).map_or("", |part| part.as_str());
                if kept.is_empty() && !is_visitor(whole) {
                    return whole.to_owned();
                }
                *count += 1;
                if kept.is_empty() {
                    return "[blacked out: an address]".to_owned();
                }
                let mut into = String::new();
                found.expand(kept, &mut into);
                into
            });
            text = replaced.into_owned();
        }
        text
    }
}

/// Whether four numbers are an address out there, and no version or private.
fn is_visitor(text: &str) -> bool {
    let Ok(address) = text.parse::<std::net::Ipv4Addr>() else {
        return false;
    };
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blackout(text: &str) -> String {
        let known = vec!["hunter2-hunter2".to_owned(), "short".to_owned()];
        Blackout::new(known).apply(text)
    }

    #[test]
    fn every_look_is_sound() {
        let black = Blackout::new(Vec::new());
        assert_eq!(black.looks.len(), LOOKS.len());
    }

    #[test]
    fn secrets_do_not_come_through() {
        for (text, secret) in [
            ("stored hunter2-hunter2 somewhere", "hunter2"),
            ("postgres://app:pa55wort@db.example:5432/x?y", "pa55wort"),
            ("redis://:pa55wort@10.0.0.1", "pa55wort"),
            ("Authorization: Bearer abc.def.ghi", "abc.def"),
            ("got bearer abcdefghijkl", "abcdefghijkl"),
            ("cookie: session=abcdef; theme=dark", "abcdef"),
            (r#"{"set-cookie":"session=abcdef"}"#, "abcdef"),
            (r#"{"password": "p w", "x": 1}"#, "p w"),
            ("smtp_password=pa55wort host=x", "pa55wort"),
            ("?reset_token=0a1b2c&x=1", "0a1b2c"),
            ("STRIPE_SECRET_KEY='abc'", "abc"),
            ("key sk_live_0123456789abcdef", "0123456789"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.e30.xyz", "hbGciOi"),
            ("card 4242 4242 4242 4242.", "4242 4242"),
            ("mail to ann.lee+x@mail.example.org failed", "ann.lee"),
            ("client 203.0.113.77 asked", "203.0.113.77"),
            (
                "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----",
                "MHcCAQEE",
            ),
            ("-----BEGIN PRIVATE KEY-----\nMHcCAQEE cut", "MHcCAQEE"),
        ] {
            let black = blackout(text);
            assert!(!black.contains(secret), "{black}");
            assert!(black.contains("[blacked out"), "{black}");
        }
    }

    #[test]
    fn what_helps_stays() {
        for text in [
            "GET /api/v1/orders 200 in 3 ms, id 0198c2f0-7d1a-7000-8000-0123456789ab",
            "wizamart-web.service: Main process exited, code=exited, status=1/FAILURE",
            "listening on 127.0.0.1:443 and 10.0.2.15:443",
            "shop.example.com is served, PostgreSQL 17.10, Linux 6.12.118",
            "2026-11-28T16:46:38+00:00 box boxd[512]: short",
            "used_memory:1048576",
            "token bucket is empty",
        ] {
            assert_eq!(blackout(text), text);
        }
    }

    #[test]
    fn each_time_is_counted() {
        let mut black = Blackout::new(vec!["hunter2".to_owned()]);
        let text = black.apply("hunter2 hunter2 password=x a@b.example");
        assert_eq!(black.count(), 4, "{text}");
    }
}
