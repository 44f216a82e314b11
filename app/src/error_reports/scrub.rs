//! Takes out of a text what is about a person or opens a door: addresses of
//! mail and network, query strings, passwords, tokens. It would rather take
//! too much.

use sentry::protocol::Event;
use std::net::{IpAddr, SocketAddr};

/// Longest word that is not taken for a token.
const LONGEST_WORD: usize = 24;
/// Longest text that is kept.
const LONGEST_TEXT: usize = 4096;

/// Names after whose `=` or `:` a secret stands.
const SECRETS: [&str; 9] = [
    "password",
    "passwd",
    "secret",
    "token",
    "key",
    "authorization",
    "cookie",
    "session",
    "dsn",
];

/// Keeps of an event what may leave the box.
pub(super) fn event(mut event: Event<'static>) -> Event<'static> {
    event.message = event.message.map(|text| scrub(&text));
    for value in event.tags.values_mut() {
        *value = scrub(value);
    }
    event.user = None;
    event.request = None;
    event.server_name = None;
    event.extra.clear();
    event.breadcrumbs.values.clear();
    for exception in &mut event.exception.values {
        exception.value = exception.value.take().map(|text| scrub(&text));
    }
    event
}

/// The text without what must not leave.
#[must_use]
pub fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST_TEXT));
    let mut secret_next = false;
    for (word, end) in pieces(text, is_boundary) {
        if word.chars().all(|c| matches!(c, ':' | '=')) {
            // What stands between a name and its value changes nothing.
            out.push_str(word);
        } else {
            out.push_str(&outer(word, secret_next));
            secret_next = announces_secret(word, end);
        }
        out.push_str(end);
        if out.len() > LONGEST_TEXT {
            out.push('…');
            break;
        }
    }
    out
}

/// Words, each with the boundary that ends it.
fn pieces(text: &str, boundary: fn(char) -> bool) -> impl Iterator<Item = (&str, &str)> {
    text.split_inclusive(boundary)
        .map(move |piece| match piece.char_indices().next_back() {
            Some((at, last)) if boundary(last) => piece.split_at(at),
            _ => (piece, ""),
        })
}

fn is_boundary(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`()<>{}".contains(c)
}

/// Whether what follows the word is a secret.
fn announces_secret(word: &str, end: &str) -> bool {
    let name = word.trim_end_matches([':', '=']);
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), "bearer" | "basic")
        || is_secret(name) && (name.len() < word.len() || matches!(end, "\"" | "'"))
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SECRETS.iter().any(|secret| lower.ends_with(secret))
}

/// A word up to a blank or a quote: a URL is judged as a whole first.
fn outer(word: &str, secret: bool) -> String {
    if word.contains("://") && word.contains('@') {
        return "[address]".to_owned();
    }
    if let Some((before, _)) = word.split_once('?')
        && before.contains('/')
    {
        return format!("{}?[query]", outer(before, secret));
    }
    pieces(word, |c| matches!(c, ',' | ';' | '|'))
        .map(|(part, end)| {
            let clean = match part.split_once('=') {
                Some((name, value)) if is_secret(name) && !value.is_empty() && !secret => {
                    format!("{name}=[secret]")
                }
                Some((name, value)) if !secret => {
                    format!("{}={}", replacement(name, false), outer(value, false))
                }
                _ => replacement(part, secret),
            };
            format!("{clean}{end}")
        })
        .collect()
}

fn replacement(word: &str, secret: bool) -> String {
    if secret && !matches!(word.to_ascii_lowercase().as_str(), "bearer" | "basic") {
        return "[secret]".to_owned();
    }
    if let Some((name, _)) = word.split_once(':')
        && SECRETS
            .iter()
            .any(|secret| name.to_ascii_lowercase().ends_with(secret))
        && !word.ends_with(':')
    {
        return format!("{name}:[secret]");
    }
    if word.contains('@') || word.to_ascii_lowercase().contains("%40") {
        return "[address]".to_owned();
    }
    if is_network_address(word) {
        return "[ip]".to_owned();
    }
    if looks_like_token(word) {
        return "[token]".to_owned();
    }
    // A path or a list: judge its parts.
    for separator in ['/', '&'] {
        if word.contains(separator) {
            let parts: Vec<String> = word
                .split(separator)
                .map(|part| replacement(part, false))
                .collect();
            return parts.join(&separator.to_string());
        }
    }
    word.to_owned()
}

fn is_network_address(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| ".:[]".contains(c));
    let with_rest = word.trim_end_matches(['.', ':']);
    let parses = |text: &str| {
        text.parse::<IpAddr>().is_ok()
            || text.parse::<SocketAddr>().is_ok()
            || text
                .split_once('%')
                .is_some_and(|(ip, _)| ip.parse::<IpAddr>().is_ok())
    };
    let opened = word
        .trim_start_matches('[')
        .trim_end_matches([']', '.', ':']);
    // "::" alone is a path of Rust.
    bare.len() > 1 && [bare, with_rest, opened, word].into_iter().any(parses)
}

/// Long, of letters and digits mixed, and no identifier of ours.
fn looks_like_token(word: &str) -> bool {
    let word = word.trim_matches(|c: char| ".:[]".contains(c));
    let letters =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b'/');
    word.len() > LONGEST_WORD
        && word.bytes().all(letters)
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_alphabetic())
        && uuid::Uuid::parse_str(word).is_err()
        && !is_source_path(word)
}

/// Where a panic happened: `app/src/queue/worker/run.rs`.
fn is_source_path(word: &str) -> bool {
    let file = word.split(':').next().unwrap_or(word);
    file.ends_with(".rs") || file.ends_with(".sql")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_personal_is_taken_out_and_the_sense_is_kept() {
        for (text, clean) in [
            (
                "cannot send mail to jo@example.org: refused",
                "cannot send mail to [address] refused",
            ),
            ("no answer from 192.0.2.7:5432", "no answer from [ip]"),
            ("peer 2001:db8::1, closed", "peer [ip], closed"),
            (
                "GET /api/v1/products?email=x&q=1",
                "GET /api/v1/products?[query]",
            ),
            (
                "authorization: Bearer abc",
                "authorization: Bearer [secret]",
            ),
            ("password=hunter2 user=x", "password=[secret] user=x"),
            (r#"{"token":"abc","n":1}"#, r#"{"token":"[secret]","n":1}"#),
            ("postgres://u:hunter2@db/shop failed", "[address] failed"),
            ("cookie: sid=abc", "cookie: [secret]"),
            ("url=/x?a=b,c;d=e done", "url=/x?[query] done"),
            (
                "job 0198c9a4-7b1c-7a3e-8b1a-2f6d0e4c9b11 failed",
                "job 0198c9a4-7b1c-7a3e-8b1a-2f6d0e4c9b11 failed",
            ),
            (
                "panic: index out of bounds at src/queue/mod.rs:12",
                "panic: index out of bounds at src/queue/mod.rs:12",
            ),
        ] {
            assert_eq!(scrub(text), clean);
        }
    }

    #[test]
    fn a_text_has_an_end() {
        assert!(scrub(&"word ".repeat(10_000)).len() < 5000);
    }

    fn around() -> impl Strategy<Value = (String, String)> {
        let side = "[ \"'(,;=]{1,2}";
        ("[a-z ]{0,12}", side, side, "[a-z ]{0,12}")
            .prop_map(|(a, left, right, b)| (format!("{a}{left}"), format!("{right}{b}")))
    }

    proptest! {
        #[test]
        fn no_mail_address_is_left(
            (before, after) in around(),
            name in "[a-z]{3,8}[0-9]{2}",
            host in "[a-z]{3,8}[0-9]{2}\\.(example|test)",
        ) {
            let clean = scrub(&format!("{before}{name}@{host}{after}"));
            prop_assert!(!clean.contains(&name) && !clean.contains(&host), "{clean}");
        }

        #[test]
        fn no_network_address_is_left((before, after) in around(), ip: IpAddr, port: Option<u16>) {
            let text = match port {
                Some(port) => SocketAddr::new(ip, port).to_string(),
                None => ip.to_string(),
            };
            let clean = scrub(&format!("{before}{text}{after}"));
            prop_assert!(!clean.contains(&text), "{clean}");
        }

        #[test]
        fn no_token_is_left((before, after) in around(), token in "[a-zA-Z0-9_-]{40,80}") {
            prop_assume!(token.bytes().any(|b| b.is_ascii_digit()));
            prop_assume!(token.bytes().any(|b| b.is_ascii_alphabetic()));
            let clean = scrub(&format!("{before}{token}{after}"));
            prop_assert!(!clean.contains(&token), "{clean}");
        }

        #[test]
        fn no_query_is_left((before, after) in around(), secret in "[a-z]{6}[0-9]{3}") {
            let clean = scrub(&format!("{before}/path/to?x={secret}{after}"));
            prop_assert!(!clean.contains(&secret), "{clean}");
        }

        #[test]
        fn any_text_can_be_scrubbed(text in "\\PC*") {
            let _clean = scrub(&text);
        }
    }
}
