//! `POST /admin/imports/file`: takes a table of products and imports it.

use super::list::{form, render};
use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::see_other;
use crate::controllers::extract::MultipartBody;
use crate::controllers::multipart::{announced_size, broken, text};
use crate::errors::{AppError, AppResult};
use crate::files::intake::{self, Sender, Wanted};
use crate::imports::request;
use crate::state::AppState;
use crate::storage::imports::ImportRow;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::{StreamExt, TryStreamExt};

/// 303 to the import, or the page with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the file cannot be kept.
pub async fn file(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    headers: HeaderMap,
    MultipartBody(sent): MultipartBody,
) -> AppResult<Response> {
    let taken = match announced_size(&headers, state.services.files.max_upload_bytes()) {
        Ok(()) => take(&state, &tenant, sent).await,
        Err(error) => Err(error),
    };
    match taken {
        Ok(import) => Ok(see_other(&format!("/admin/imports/{}", import.id))),
        Err(error) => {
            let form = form("products", "").refused(error)?;
            render(&state, tenant, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
    }
}

/// Reads the form, whose file comes last: nothing of it is kept before the
/// form is known to be this session's.
async fn take(state: &AppState, tenant: &Tenant, mut form: Multipart) -> AppResult<ImportRow> {
    let services = &state.services;
    let mut csrf = String::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("csrf") => csrf = text(field).await?,
            Some("file") => {
                tenant.identity.check_csrf(&csrf)?;
                let name = field.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    break;
                }
                request::idle(services, tenant).await?;
                let sender = Sender {
                    vendor: tenant.vendor,
                    user: Some(tenant.identity.session.user_id),
                };
                let body = field.map_err(broken).boxed();
                let row = intake::take(services, sender, &name, Wanted::Table, body).await?;
                return request::request_file(services, tenant, &row).await;
            }
            _ => {}
        }
    }
    tenant.identity.check_csrf(&csrf)?;
    Err(AppError::invalid("file", "is missing; choose one"))
}
