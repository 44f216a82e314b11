//! No request takes for ever.

use crate::edge::pace::Progress;
use crate::errors::Problem;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Answers 503 when the handler takes longer than the limit. While the body
/// arrives the time does not run: its rate has a limit of its own.
pub async fn apply(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let progress = request.extensions().get::<Progress>().cloned();
    let answer = next.run(request);
    tokio::pin!(answer);
    let mut due = Instant::now() + limit;
    loop {
        tokio::select! {
            response = answer.as_mut() => return response,
            () = sleep_until(due) => {}
        }
        let last = progress.as_ref().and_then(Progress::last_arrival);
        match last.map(|at| at + limit) {
            Some(later) if later > due => due = later,
            _ => break,
        }
    }
    tracing::warn!("no answer within {limit:?}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE)
        .detail("This took too long.")
        .retry_after(5)
        .into_response()
}
