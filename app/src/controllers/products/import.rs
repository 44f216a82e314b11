//! `POST /api/v1/products/import`: adds and changes products from CSV.

use crate::auth::tenant::Tenant;
use crate::domain::money::Currency;
use crate::errors::{AppError, AppResult, Problem};
use crate::shop::product_sheet::{self, Summary};
use crate::shop::vendors::missing;
use crate::state::AppState;
use crate::storage::vendors;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::TryStreamExt;
use http_body_util::Limited;
use tokio::sync::mpsc;
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Largest file, in bytes: about 300,000 products.
const LARGEST: usize = 64 << 20;

/// 200 with what became of the lines. Lines that make no sense do not keep the
/// others out.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/products/import",
    tag = "products",
    operation_id = "import_products",
    params(("vendor" = Option<i64>, Query, description = "Whose; administrators must say")),
    request_body(content = String, content_type = "text/csv",
        description = "The columns of the export, in any order; products are found by their sku"),
    responses(
        (status = 200, description = "What became of it", body = Summary),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 415, description = "Not CSV", body = Problem),
        (status = 422, description = "The first line is at fault, or the file broke off", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn import(
    tenant: Tenant,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> AppResult<Json<Summary>> {
    let kind = headers.get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/csv")) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .detail("Send CSV, and say so: Content-Type: text/csv.")
            .into());
    }
    let vendor = vendors::find(&state.pool, tenant.vendor).await?;
    let currency: Currency = vendor
        .ok_or_else(missing)?
        .currency
        .parse()
        .map_err(|error| AppError::Internal(format!("a vendor's currency: {error}")))?;
    let bytes = Body::new(Limited::new(body, LARGEST)).into_data_stream();
    let reader = StreamReader::new(bytes.map_err(std::io::Error::other));
    let file = SyncIoBridge::new(Box::pin(reader));
    // Two batches: one is read while the other is written.
    let (sender, mut batches) = mpsc::channel(1);
    let reading = tokio::task::spawn_blocking(move || product_sheet::read(file, currency, &sender));
    let summary = product_sheet::write(&state.services, &tenant, &mut batches).await?;
    drop(batches);
    reading
        .await
        .map_err(|error| AppError::Internal(format!("reading CSV ended by itself: {error}")))??;
    Ok(Json(summary))
}
