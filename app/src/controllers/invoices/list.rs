//! `GET /api/v1/invoices?limit=&cursor=`: a vendor's invoices.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::QueryOf;
use crate::controllers::paging::{Page, Paging};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::invoices::{self, InvoiceRow};
use axum::extract::State;

/// 200 with up to `limit` invoices, newest first.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/invoices",
    tag = "invoices",
    operation_id = "list_invoices",
    params(Paging, ("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    responses(
        (status = 200, description = "Invoices, newest first", body = Page<InvoiceRow>),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn list(
    tenant: Tenant,
    State(state): State<AppState>,
    QueryOf(paging): QueryOf<Paging>,
) -> AppResult<Page<InvoiceRow>> {
    let limit = paging.limit()?;
    let rows = invoices::list(&state.pool, tenant.vendor, paging.cursor, limit + 1).await?;
    Ok(Page::of(rows, limit, |row| row.number))
}
