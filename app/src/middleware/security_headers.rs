//! Headers that tell browsers what these pages will never do, and caches that
//! nothing is to be kept but what an endpoint says may be.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// Pages load styles and pictures from here and nothing from elsewhere; their
/// scripts are files of ours, never text in a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; frame-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds the headers where the endpoint has not set its own.
pub async fn apply(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    insert(response.headers_mut());
    response
}

/// The same for an answer that comes from elsewhere.
pub fn insert(headers: &mut HeaderMap) {
    let all: [(HeaderName, &'static str); 6] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in all {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}
