//! `GET /ws`: begins a WebSocket (RFC 6455).
//!
//! A browser is known by its session's cookie, and then the page must be ours:
//! a WebSocket is the one request another site may make with our cookies and
//! read the answer. A program sends its token as a bearer header, or, where it
//! cannot set headers, in the first message: `{"token": "…"}`.

use super::connection;
use crate::auth::identity::{Identity, Via};
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::uri::{Authority, Uri};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;

/// The largest message a client may send, in bytes; it holds a token.
const LARGEST: usize = 8 * 1024;
/// What may wait to be sent to a client, in bytes.
const WAITING: usize = 256 * 1024;

/// 101, 401, 403 when the page is another site's, 503 when there are too many.
///
/// # Errors
/// As problem documents.
pub async fn open(
    identity: Result<Identity, AppError>,
    State(state): State<AppState>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> AppResult<Response> {
    let identity = match identity {
        Ok(identity) => {
            if identity.via == Via::Cookie && !is_ours(&headers) {
                return Err(AppError::forbidden(
                    "Only our own pages may open this with a session.",
                ));
            }
            Some(identity)
        }
        // Who sends nothing may still send a token in the first message.
        Err(_) if !headers.contains_key(header::AUTHORIZATION) && is_program(&headers) => None,
        Err(error) => return Err(error),
    };
    let listener = state.hub.listen().ok_or_else(|| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE)
            .detail("There are too many connections.")
            .retry_after(30)
    })?;
    Ok(upgrade
        .max_message_size(LARGEST)
        .max_frame_size(LARGEST)
        .max_write_buffer_size(WAITING)
        .on_upgrade(move |socket| connection::run(socket, state, identity, listener)))
}

/// Browsers always send where a page is from, programs do not.
fn is_program(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::ORIGIN) || !headers.contains_key(header::COOKIE)
}

/// Whether the page is from the host it asks.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN)
        .and_then(|origin| origin.parse::<Uri>().ok())
        .and_then(|origin| origin.authority().cloned());
    let host = text(header::HOST).and_then(|host| host.parse::<Authority>().ok());
    origin.is_some() && origin == host
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn from(origin: &'static str, host: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        headers.insert(header::HOST, HeaderValue::from_static(host));
        headers
    }

    #[test]
    fn a_page_is_ours_when_its_host_and_port_are() {
        assert!(is_ours(&from("https://shop.example", "shop.example")));
        assert!(is_ours(&from(
            "https://shop.example:8443",
            "shop.example:8443"
        )));
        assert!(!is_ours(&from("https://evil.example", "shop.example")));
        assert!(!is_ours(&from("https://shop.example:1", "shop.example")));
        assert!(!is_ours(&from("null", "shop.example")));
        assert!(!is_ours(&HeaderMap::new()));
    }
}
