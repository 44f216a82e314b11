//! Entity tags: answers that were seen already are not sent again, and changes
//! to what has changed meanwhile are refused (RFC 9110, 8.8.3 and 13).
//!
//! A tag begins with the revision of the row, which the database counts up; no
//! body is hashed to make one. Tags are compared without their `W/`: a proxy
//! that compresses an answer makes its tag a weak one, and the revision is the
//! same.

use crate::errors::{AppError, AppResult};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// For what everybody may see: kept by caches, and asked about each time.
pub const PUBLIC: &str = "public, no-cache";
/// For what belongs to one vendor: kept by the client alone.
pub const PRIVATE: &str = "private, no-cache";

/// An answer in JSON with a tag; 304 when the client has it.
///
/// # Errors
/// When the body has no JSON form.
pub fn tagged(
    request: &HeaderMap,
    tag: &str,
    cache: &'static str,
    body: &impl Serialize,
    size: usize,
) -> AppResult<Response> {
    let tag = format!("\"{tag}\"");
    let seen = request
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|sent| sent.trim() == "*" || tags(sent).any(|one| one == tag));
    let mut response = if seen {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut bytes = Vec::with_capacity(size);
        serde_json::to_writer(&mut bytes, body)
            .map_err(|error| AppError::Internal(format!("cannot write JSON: {error}")))?;
        let json = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, json)], bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, value);
    }
    Ok(response)
}

/// The header that carries a row's tag in the answer to a change.
#[must_use]
pub fn etag(revision: i32) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{revision}\""))]
}

/// The revision that a change is for, if the client named one.
///
/// # Errors
/// 412 when what it named cannot be a tag of ours.
pub fn if_match(request: &HeaderMap) -> AppResult<Option<i32>> {
    let Some(value) = request.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let sent = value.to_str().unwrap_or_default();
    if sent.trim() == "*" {
        return Ok(None);
    }
    tags(sent)
        .next()
        .and_then(|tag| tag.trim_matches('"').split('-').next()?.parse().ok())
        .map(Some)
        .ok_or_else(AppError::changed_meanwhile)
}

fn tags(sent: &str) -> impl Iterator<Item = &str> {
    sent.split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_revision_is_read_out_of_a_tag() {
        let read = |value| if_match(&sent(header::IF_MATCH, value));
        assert_eq!(read("\"7\"").unwrap(), Some(7));
        assert_eq!(read("W/\"7-3\"").unwrap(), Some(7));
        assert_eq!(read("*").unwrap(), None);
        assert!(read("\"seven\"").is_err());
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn what_was_seen_is_not_sent_again() {
        let ask = |value| {
            let request = sent(header::IF_NONE_MATCH, value);
            tagged(&request, "7-3", PUBLIC, &"body", 8)
                .unwrap()
                .status()
        };
        assert_eq!(ask("\"7-3\""), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("\"1\", W/\"7-3\""), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("*"), StatusCode::NOT_MODIFIED);
        assert_eq!(ask("\"7\""), StatusCode::OK);
    }
}
