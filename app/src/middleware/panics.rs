//! A handler that panics costs its own request, not the connection's others.

use crate::errors::Problem;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::any::Any;

/// The answer; the panic itself was logged by the process's hook.
#[must_use]
pub fn answer(_panic: Box<dyn Any + Send>) -> Response {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR)
        .detail("The fault is ours and has been logged.")
        .into_response()
}
