//! `GET /api/v1/products/export`: a vendor's products as CSV.

use crate::auth::tenant::Tenant;
use crate::domain::ids::VendorId;
use crate::errors::{AppResult, Problem};
use crate::sheets::write;
use crate::state::AppState;
use crate::storage::products::{self, Filter};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::stream::{self, StreamExt};
use sqlx::PgPool;
use std::io;

/// Products read at a time.
const SLICE: i64 = 500;

/// 200 with all products, on sale or not. Cells that spreadsheets would take
/// for formulas begin with an apostrophe.
///
/// # Errors
/// As problem documents; when the database fails midway, the body breaks off.
#[utoipa::path(
    get,
    path = "/api/v1/products/export",
    tag = "products",
    operation_id = "export_products",
    params(("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    responses(
        (status = 200, description = "The products", body = String, content_type = "text/csv"),
        (status = 401, description = "Nobody is logged in", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn export(tenant: Tenant, State(state): State<AppState>) -> AppResult<impl IntoResponse> {
    let pool = state.pool.clone();
    let vendor = tenant.vendor;
    let lines = stream::try_unfold(0, move |cursor| slice(pool.clone(), vendor, cursor));
    let header = stream::once(async { Ok::<_, io::Error>(Bytes::from(write::header())) });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"products.csv\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(header.chain(lines))))
}

/// The lines after a product, and the last product among them.
async fn slice(
    pool: PgPool,
    vendor: VendorId,
    cursor: i64,
) -> Result<Option<(Bytes, i64)>, io::Error> {
    let filter = Filter {
        cursor,
        limit: SLICE,
        ..Filter::default()
    };
    let rows = products::list(&pool, vendor, filter)
        .await
        .map_err(io::Error::other)?;
    let Some(last) = rows.last() else {
        return Ok(None);
    };
    let lines = write::lines(&rows).map_err(io::Error::other)?;
    Ok(Some((lines.into(), last.id.0)))
}
