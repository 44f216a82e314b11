//! `GET /api/v1/uploads/{id}/url`: an address that opens a file for a while,
//! for whoever has it.

use crate::auth::tenant::Tenant;
use crate::controllers::extract::PathOf;
use crate::errors::{AppError, AppResult, Problem};
use crate::files::store::Grant;
use crate::files::{names, sniff};
use crate::state::AppState;
use crate::storage::uploads;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::time::Duration;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long an address is good for.
const LASTS: Duration = Duration::from_secs(15 * 60);

/// An address and its end.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedUrl {
    /// The address; relative to this site when the file is on the box.
    url: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// 200 with the address, or 404.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/uploads/{id}/url",
    tag = "uploads",
    params(("id" = Uuid, Path, description = "The file")),
    responses(
        (status = 200, description = "The address", body = SignedUrl),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 404, description = "There is no such file", body = Problem),
        (status = 503, description = "The file store is away", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn url(
    tenant: Tenant,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Json<SignedUrl>> {
    let row = uploads::find(&state.pool, tenant.vendor, id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such file."))?;
    let files = &state.services.files;
    let shown = sniff::is_shown(&row.content_type);
    let grant = Grant {
        lasts: LASTS,
        content_type: &row.content_type,
        disposition: names::disposition(shown, &row.file_name),
    };
    let expires_at = state.clock.now() + LASTS;
    let direct = files.store(row.store)?.signed_url(&row.key, &grant).await?;
    let url = match direct {
        Some(url) => url,
        None => files.signer().sign(&row.key, expires_at)?,
    };
    Ok(Json(SignedUrl { url, expires_at }))
}
