//! `GET /api/v1/credit-notes/{id}`: one credit note.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::controllers::tags::{PRIVATE, tagged};
use crate::domain::ids::CreditNoteId;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::credit_notes::{self, CreditNoteRow};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

/// 200 with the credit note, 304, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/credit-notes/{id}",
    tag = "credit notes",
    operation_id = "show_credit_note",
    params(
        ("id" = i64, Path, description = "The credit note; not the number printed on it"),
        ("vendor" = Option<i64>, Query, description = "Whose; administrators must say"),
    ),
    responses(
        (status = 200, description = "The credit note", body = CreditNoteRow, headers(("etag" = String))),
        (status = 304, description = "As you have it (If-None-Match)"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such credit note", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn show(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<CreditNoteId>,
    headers: HeaderMap,
) -> AppResult<Response> {
    let note = credit_notes::find(&state.pool, tenant.vendor, id).await?;
    let note = note.ok_or_else(|| AppError::not_found("There is no such credit note."))?;
    // It never changes: its number is tag enough.
    tagged(&headers, &id.to_string(), PRIVATE, &note, 512)
}
