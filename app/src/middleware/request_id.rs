//! Every request has an id. It is in the answer's `x-request-id` and in every
//! log line of the request, so that a complaint finds its lines.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, a log span and a closing line. An id sent by the
/// client is not believed: it would let strangers write into the log.
pub async fn apply(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let started = Instant::now();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str);
    let span = tracing::info_span!("request", %id, method = %request.method(), route);
    async {
        let mut response = next.run(request).await;
        tracing::debug!(status = response.status().as_u16(), took = ?started.elapsed(), "answered");
        if let Ok(value) = HeaderValue::try_from(id.to_string()) {
            response.headers_mut().insert(NAME, value);
        }
        response
    }
    .instrument(span)
    .await
}
