//! `/admin/imports/{id}`: how far an import is, and which rows failed.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{Confirmed, page, see_other};
use crate::controllers::extract::{FormBody, PathOf};
use crate::errors::{AppError, AppResult};
use crate::imports::request;
use crate::state::AppState;
use crate::storage::imports::{self, ImportRow, RowError};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

/// Errors on the page; the API has up to a thousand.
const SHOWN: i64 = 100;

#[derive(Template)]
#[template(path = "admin/import.html")]
struct Page {
    frame: Frame,
    import: ImportRow,
    errors: Vec<RowError>,
    live: bool,
}

/// 200 with the page, or 404.
///
/// # Errors
/// When the database fails.
pub async fn show(
    Keeper(Tenant { vendor, identity }): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
) -> AppResult<Response> {
    let import = imports::find(&state.pool, vendor, id)
        .await?
        .ok_or_else(|| AppError::not_found("There is no such import."))?;
    let errors = imports::errors(&state.pool, vendor, id, 0, SHOWN).await?;
    page(
        StatusCode::OK,
        &Page {
            frame: Frame::new(identity, "/admin/imports"),
            live: matches!(import.state.as_str(), "queued" | "running"),
            import,
            errors,
        },
    )
}

/// 303 back to the import.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn cancel(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    request::cancel(&state.services, &tenant, id).await?;
    Ok(see_other(&format!("/admin/imports/{id}")))
}
