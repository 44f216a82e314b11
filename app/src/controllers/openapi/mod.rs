//! The description of the API (OpenAPI 3.1), for programs and for people. It
//! is made from the routes themselves ([`super::api`]) and cannot miss one.

mod describe;
pub mod docs;
pub mod show;
mod view;

use crate::state::AppState;
use axum::Router;
use axum::routing::get;
use serde_json::Value;
use std::sync::LazyLock;

/// The description and its page. Neither is part of what is described.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/v1/openapi.json", get(show::show))
        .route("/api/docs", get(docs::docs))
}

pub(super) use describe::frame;

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| describe::finish(super::api().into_openapi()));

/// The description.
#[must_use]
pub fn description() -> &'static Value {
    &DESCRIPTION
}
