//! `GET /api/v1/credit-notes/{id}/pdf`: a credit note as a PDF file.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::controllers::invoices::pdf::file;
use crate::domain::ids::CreditNoteId;
use crate::errors::{AppError, AppResult, Problem};
use crate::pdf::load;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;

/// 200 with the file, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/credit-notes/{id}/pdf",
    tag = "credit notes",
    operation_id = "show_credit_note_pdf",
    params(
        ("id" = i64, Path, description = "The credit note"),
        ("vendor" = Option<i64>, Query, description = "For which shop an administrator asks"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "application/pdf", body = Vec<u8>),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "The shop has no such credit note", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn pdf(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<CreditNoteId>,
) -> AppResult<Response> {
    let loaded = load::credit_note(&state.services, tenant.vendor, id).await?;
    let loaded = loaded.ok_or_else(|| AppError::not_found("There is no such credit note."))?;
    let note = loaded.note;
    file(note.file_name(), move || note.render()).await
}
