//! `POST /api/v1/imports`: starts an import.

use super::ImportView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::JsonBody;
use crate::errors::{AppError, AppResult, Problem};
use crate::imports::run::ATTEMPTS;
use crate::outbound;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::import_orders::ImportOrders;
use crate::queue::jobs::import_products::ImportProducts;
use crate::state::AppState;
use crate::storage::Doing;
use crate::storage::imports::{self, ImportKind};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewImportBody {
    /// products or orders.
    kind: String,
    /// Where the feed or the interface is.
    source_url: String,
}

/// 202 with the import, 401, 403, 409 or 422.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/imports",
    tag = "imports",
    request_body = NewImportBody,
    responses(
        (status = 202, description = "The import, which waits for a worker", body = ImportView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not allowed", body = Problem),
        (status = 409, description = "One of that kind is under way", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    tenant: Tenant,
    State(state): State<AppState>,
    JsonBody(sent): JsonBody<NewImportBody>,
) -> AppResult<impl IntoResponse> {
    let kind: ImportKind = sent
        .kind
        .parse()
        .map_err(|error: imports::UnknownKind| AppError::invalid("kind", error.to_string()))?;
    if sent.source_url.len() > 2_000 {
        return Err(AppError::invalid(
            "source_url",
            "is longer than 2,000 bytes",
        ));
    }
    outbound::check(&sent.source_url, state.services.outbound.reach())
        .map_err(|error| AppError::invalid("source_url", error.to_string()))?;
    let (vendor, now) = (tenant.vendor, state.clock.now());
    let user = tenant.identity.session.user_id;

    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    imports::abandon(&mut *transaction, vendor, kind, now).await?;
    let url = &sent.source_url;
    let Some(import) = imports::insert(&mut *transaction, vendor, kind, url, user, now).await?
    else {
        let other = imports::active(&mut *transaction, vendor, kind).await?;
        let other = other.map_or_else(String::new, |id| format!(": /api/v1/imports/{id}"));
        let detail = format!("An import of {kind} is under way already{other}.");
        return Err(Problem::new(StatusCode::CONFLICT).detail(detail).into());
    };
    let id = import.id;
    let job = match kind {
        ImportKind::Products => NewJob::of(&ImportProducts { vendor, import: id }),
        ImportKind::Orders => NewJob::of(&ImportOrders { vendor, import: id }),
    }?
    .vendor(vendor)
    .max_attempts(ATTEMPTS);
    let job = enqueue(&mut transaction, &job, now).await?.into_row();
    let import = imports::set_job(&mut *transaction, vendor, id, job.id).await?;
    transaction.commit().await.doing("commit the new import")?;

    let location = format!("/api/v1/imports/{id}");
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(ImportView::from(import)),
    ))
}
