//! Handing a stored file to a browser: whole, in part, or not at all when it
//! has it already.

use super::key::Key;
use super::range::{self, Wanted};
use super::{FileError, Files, names, sniff};
use crate::storage::uploads::UploadRow;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a page that is made of a stranger's file may do: nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// How long a copy is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// For ever and by anyone: a name never gets another content.
    Public,
    /// By the asker, and not beyond their grant.
    Private,
}

/// One version of an upload: the file itself or a small picture.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its name in the store.
    pub key: Key,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its entity tag, with its quotes.
    pub etag: String,
    /// Its Content-Disposition.
    pub disposition: String,
}

impl Version {
    /// The version of an upload with this name; `None` when there is none.
    #[must_use]
    pub fn of(row: &UploadRow, key: &Key) -> Option<Self> {
        let shown = sniff::is_shown(&row.content_type);
        let digest = row.sha256.get(..32).unwrap_or(&row.sha256);
        if *key == row.key {
            return Some(Self {
                key: key.clone(),
                content_type: row.content_type.clone(),
                size: row.size_bytes,
                etag: format!("\"{digest}\""),
                disposition: names::disposition(shown, &row.file_name),
            });
        }
        let small = row.thumbnails.iter().find(|(_, small)| small.key == *key);
        small.map(|(size, small)| Self {
            key: key.clone(),
            content_type: small.content_type.clone(),
            size: small.size_bytes,
            etag: format!("\"{digest}-{size}\""),
            disposition: "inline".to_owned(),
        })
    }
}

/// The answer to a request for a version.
///
/// # Errors
/// When the store does not give it.
pub async fn answer(
    files: &Files,
    row: &UploadRow,
    version: &Version,
    asked: &HeaderMap,
    caching: Caching,
) -> Result<Response, FileError> {
    let text = |name| {
        asked
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if text(header::IF_NONE_MATCH).is_some_and(|sent| matches_any(sent, &version.etag)) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        dress(&mut response, version, caching);
        return Ok(response);
    }
    // A part of another content than the one the asker has is of no use.
    let same = text(header::IF_RANGE).is_none_or(|tag| tag.trim() == version.etag);
    let range = text(header::RANGE).filter(|_| same);
    let (part, status, length) = match range::wanted(range, version.size) {
        Wanted::Whole => (None, StatusCode::OK, version.size),
        Wanted::Part(part) => (Some(part), StatusCode::PARTIAL_CONTENT, part.length),
        Wanted::Nothing => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            let of = format!("bytes */{}", version.size);
            set(&mut response, header::CONTENT_RANGE, &of);
            return Ok(response);
        }
    };
    let body = files.store(row.store)?.open(&version.key, part).await?;
    let mut response = (status, Body::from_stream(body)).into_response();
    dress(&mut response, version, caching);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if let Some(part) = part {
        let last = part.start + part.length - 1;
        let of = format!("bytes {}-{last}/{}", part.start, version.size);
        set(&mut response, header::CONTENT_RANGE, &of);
    }
    Ok(response)
}

fn dress(response: &mut Response, version: &Version, caching: Caching) {
    let kept = match caching {
        Caching::Public => "public, max-age=31536000, immutable",
        Caching::Private => "private, max-age=300",
    };
    set(response, header::CONTENT_TYPE, &version.content_type);
    set(response, header::CONTENT_DISPOSITION, &version.disposition);
    set(response, header::ETAG, &version.etag);
    set(response, header::ACCEPT_RANGES, "bytes");
    set(response, header::CACHE_CONTROL, kept);
    set(response, header::CONTENT_SECURITY_POLICY, POLICY);
    set(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    // What does not fit into a header is left out; names are encoded before.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// If-None-Match compares weakly (RFC 9110, section 13.1.2).
fn matches_any(sent: &str, etag: &str) -> bool {
    sent.split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag == etag)
}
