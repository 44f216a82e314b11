//! `GET /api/v1/credit-notes?limit=&cursor=`: a vendor's credit notes.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::QueryOf;
use crate::controllers::paging::{Page, Paging};
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::credit_notes::{self, CreditNoteRow};
use axum::extract::State;

/// 200 with up to `limit` credit notes, newest first.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/credit-notes",
    tag = "credit notes",
    operation_id = "list_credit_notes",
    params(Paging, ("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    responses(
        (status = 200, description = "Credit notes, newest first", body = Page<CreditNoteRow>),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn list(
    tenant: Tenant,
    State(state): State<AppState>,
    QueryOf(paging): QueryOf<Paging>,
) -> AppResult<Page<CreditNoteRow>> {
    let limit = paging.limit()?;
    let rows = credit_notes::list(&state.pool, tenant.vendor, paging.cursor, limit + 1).await?;
    Ok(Page::of(rows, limit, |row| row.number))
}
