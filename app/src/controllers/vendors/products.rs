//! `GET /api/v1/vendors/{id}/products?active=&q=&limit=&cursor=`: a vendor's
//! products, on sale or not.

use crate::auth::identity::Identity;
use crate::controllers::extract::{PathOf, QueryOf};
use crate::controllers::paging::{Page, Paging};
use crate::domain::ids::VendorId;
use crate::errors::{AppResult, Problem};
use crate::shop::vendors::may_see;
use crate::state::AppState;
use crate::storage::products::{self, ProductRow};
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

/// What may be asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// On sale, or not.
    active: Option<bool>,
    /// Words to search for.
    q: Option<String>,
}

/// 200 with up to `limit` products.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/vendors/{id}/products",
    tag = "vendors",
    operation_id = "list_vendor_products",
    params(("id" = i64, Path, description = "The vendor"), Filter, Paging),
    responses(
        (status = 200, description = "Products", body = Page<ProductRow>),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such vendor, or it is not yours", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn products(
    identity: Identity,
    State(state): State<AppState>,
    PathOf(id): PathOf<VendorId>,
    QueryOf(filter): QueryOf<Filter>,
    QueryOf(paging): QueryOf<Paging>,
) -> AppResult<Page<ProductRow>> {
    may_see(&identity, id)?;
    let limit = paging.limit()?;
    let asked = products::Filter {
        cursor: paging.after(),
        limit: limit + 1,
        is_active: filter.active,
        words: filter.q.as_deref().filter(|q| !q.is_empty()),
    };
    let rows = products::list(&state.pool, id, asked).await?;
    Ok(Page::of(rows, limit, |row| row.id.0))
}
