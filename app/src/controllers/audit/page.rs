//! `GET /admin/audit`: who did what, as a page.

use super::{Part, acts};
use crate::auth::identity::Identity;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::page;
use crate::controllers::extract::QueryOf;
use crate::errors::AppResult;
use crate::pages::when;
use crate::state::AppState;
use crate::storage::audit::ActRow;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    acts: Vec<Line>,
    next: Option<i64>,
}

struct Line {
    row: ActRow,
    at: String,
    detail: String,
}

/// 200 with the page.
///
/// # Errors
/// 403 for who is not in charge.
pub async fn audit_page(
    identity: Identity,
    State(state): State<AppState>,
    part: QueryOf<Part>,
) -> AppResult<Response> {
    let (rows, next) = acts(&state, &identity, part).await?;
    let acts = rows
        .into_iter()
        .map(|row| Line {
            at: when::second(row.at, &state.services.zone),
            detail: match row.detail.as_object() {
                Some(fields) if fields.is_empty() => String::new(),
                _ => row.detail.to_string(),
            },
            row,
        })
        .collect();
    let shown = Page {
        frame: Frame::new(identity, "/admin/audit"),
        acts,
        next,
    };
    page(StatusCode::OK, &shown)
}
