//! `GET /api/v1/invoices/{id}/pdf`: an invoice as a PDF file.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::domain::ids::InvoiceId;
use crate::errors::{AppError, AppResult, Problem};
use crate::pdf::PdfError;
use crate::pdf::load::{LoadError, load};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// 200 with the file, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{id}/pdf",
    tag = "invoices",
    params(
        ("id" = i64, Path, description = "The invoice"),
        ("vendor" = Option<i64>, Query, description = "For which shop an administrator asks"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "application/pdf", body = Vec<u8>),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "The shop has no such invoice", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn pdf(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<InvoiceId>,
) -> AppResult<Response> {
    let loaded = load(&state.services, tenant.vendor, id).await?;
    let loaded = loaded.ok_or_else(|| AppError::not_found("There is no such invoice."))?;
    let invoice = loaded.invoice;
    file(invoice.file_name(), move || invoice.render()).await
}

/// A document that is made and sent as a file.
pub(in crate::controllers) async fn file(
    name: String,
    render: impl FnOnce() -> Result<Vec<u8>, PdfError> + Send + 'static,
) -> AppResult<Response> {
    let internal = |error: String| AppError::Internal(error);
    let name = format!("attachment; filename=\"{name}\"");
    let name = HeaderValue::try_from(name).map_err(|error| internal(error.to_string()))?;
    // Setting a thousand lines takes a while; others' requests go on meanwhile.
    let rendered = tokio::task::spawn_blocking(render);
    let bytes = rendered
        .await
        .map_err(|error| internal(error.to_string()))?
        .map_err(|error| internal(error.to_string()))?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/pdf"),
        ),
        (header::CONTENT_DISPOSITION, name),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        ),
    ];
    Ok((headers, bytes).into_response())
}

impl From<LoadError> for AppError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Storage(error) => error.into(),
            error @ LoadError::Currency(_) => Self::Internal(error.to_string()),
        }
    }
}
