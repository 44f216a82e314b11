//! No request takes for ever.

use crate::errors::Problem;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// Answers 503 when the handler takes longer than the limit.
pub async fn apply(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("no answer within {limit:?}");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail("This took too long.")
                .retry_after(5)
                .into_response()
        }
    }
}
