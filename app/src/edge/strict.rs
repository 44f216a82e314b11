//! What a request's head must not be. The parser refuses what is malformed;
//! here is refused what is well formed and ambiguous, so that no proxy before
//! this server can have read something else (RFC 9112, section 11.2).

use super::limits::Limits;
use crate::errors::Problem;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Version, header};

/// Longest target of a request, in bytes.
const LONGEST_TARGET: usize = 8 * 1024;

/// What HPACK and its limit count for each field besides its letters.
const FIELD: usize = 32;

/// Refuses heads that are too large or mean two things.
///
/// # Errors
/// With the answer.
pub(super) fn check(head: &Parts, limits: &Limits) -> Result<(), Problem> {
    let bad = |detail: &str| Err(Problem::new(StatusCode::BAD_REQUEST).detail(detail));
    let target = head
        .uri
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    if target > LONGEST_TARGET {
        return Err(Problem::new(StatusCode::URI_TOO_LONG)
            .detail(format!("A target has at most {LONGEST_TARGET} bytes.")));
    }
    let fields: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + FIELD)
        .sum();
    if target + fields > limits.header_bytes {
        return Err(
            Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).detail(format!(
                "The head of a request has at most {} bytes.",
                limits.header_bytes
            )),
        );
    }
    if head.method == Method::CONNECT {
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED).detail("This server is no proxy."));
    }
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.next().is_some());
    if more {
        return bad("There is more than one Host field.");
    }
    let named = head.uri.authority().map(|authority| authority.as_str());
    match (named, host) {
        (None, None) if head.version != Version::HTTP_10 => bad("The Host field is missing."),
        (Some(named), Some(host)) if !host.as_bytes().eq_ignore_ascii_case(named.as_bytes()) => {
            bad("The Host field and the target name different hosts.")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use proptest::prelude::*;

    fn judge(build: axum::http::request::Builder) -> Option<StatusCode> {
        let (head, ()) = build.body(()).unwrap().into_parts();
        check(&head, &Limits::default())
            .err()
            .and_then(|problem| StatusCode::from_u16(problem.status()).ok())
    }

    #[test]
    fn a_plain_request_passes() {
        assert_eq!(
            judge(Request::get("/a?b=c").header("host", "a.example")),
            None
        );
        let absolute = Request::get("http://A.example/x").header("host", "a.example");
        assert_eq!(judge(absolute), None);
        let old = Request::get("/").version(Version::HTTP_10);
        assert_eq!(judge(old), None);
        let h2 = Request::get("https://a.example/").version(Version::HTTP_2);
        assert_eq!(judge(h2), None);
    }

    #[test]
    fn what_means_two_things_is_refused() {
        let bad = Some(StatusCode::BAD_REQUEST);
        assert_eq!(judge(Request::get("/")), bad);
        let two = Request::get("/").header("host", "a").header("host", "b");
        assert_eq!(judge(two), bad);
        let other = Request::get("http://a.example/").header("host", "b.example");
        assert_eq!(judge(other), bad);
        let proxy = Request::builder().method("CONNECT").header("host", "a");
        assert_eq!(judge(proxy), Some(StatusCode::METHOD_NOT_ALLOWED));
    }

    proptest! {
        #[test]
        fn a_head_is_refused_exactly_when_it_is_too_large(length in 0usize..40_000) {
            let judged = judge(Request::get("/").header("host", "a").header("x", "y".repeat(length)));
            let size = 1 + (4 + 1 + FIELD) + (1 + length + FIELD);
            let expected = (size > Limits::default().header_bytes)
                .then_some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            prop_assert_eq!(judged, expected);
        }
    }
}
