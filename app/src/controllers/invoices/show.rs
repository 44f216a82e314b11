//! `GET /api/v1/invoices/{id}`: one invoice.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::controllers::tags::{PRIVATE, tagged};
use crate::domain::ids::InvoiceId;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::invoices::{self, InvoiceRow};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

/// 200 with the invoice, 304, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}",
    tag = "invoices",
    operation_id = "show_invoice",
    params(
        ("id" = i64, Path, description = "The invoice; not the number printed on it"),
        ("vendor" = Option<i64>, Query, description = "Whose; administrators must say"),
    ),
    responses(
        (status = 200, description = "The invoice", body = InvoiceRow, headers(("etag" = String))),
        (status = 304, description = "As you have it (If-None-Match)"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such invoice", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn show(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<InvoiceId>,
    headers: HeaderMap,
) -> AppResult<Response> {
    let invoice = invoices::find(&state.pool, tenant.vendor, id).await?;
    let invoice = invoice.ok_or_else(|| AppError::not_found("There is no such invoice."))?;
    // An invoice never changes: its number is tag enough.
    tagged(&headers, &id.to_string(), PRIVATE, &invoice, 512)
}
