//! Requests wait for a schema that fits: the site starts beside the migration
//! and must not work with a database that the migration is still changing.
//! What says how the process is, and files that never change, need no database
//! and do not wait.

use crate::errors::Problem;
use crate::state::AppState;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;

/// A migration of the usual length ends within this, and the visitor sees a
/// page that took long instead of an error.
const PATIENCE: Duration = Duration::from_secs(5);

/// When to ask again, in seconds.
const RETRY_AFTER: u64 = 5;

/// Lets the request pass once the schema fits; else 503 with the reason.
pub async fn apply(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let gate = &state.services.schema;
    if gate.is_open() || needs_no_schema(request.uri().path()) {
        return next.run(request).await;
    }
    match gate.pass(PATIENCE).await {
        Ok(()) => next.run(request).await,
        Err(obstacle) => {
            tracing::warn!("refused a request: {obstacle}");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail("The site is being started or upgraded; please try again in a moment.")
                .retry_after(RETRY_AFTER)
                .into_response()
        }
    }
}

fn needs_no_schema(path: &str) -> bool {
    matches!(path, "/health" | "/ready" | "/version") || path.starts_with("/assets/")
}
