//! `POST /admin/products/{id}/pictures`: takes a picture and shows it at the
//! product.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::products::form::{self, Known, Sent};
use crate::controllers::admin::see_other;
use crate::controllers::extract::{MultipartBody, PathOf};
use crate::controllers::multipart::{announced_size, broken, text};
use crate::domain::ids::ProductId;
use crate::errors::{AppError, AppResult};
use crate::files::intake::{self, Sender, Wanted};
use crate::shop::pictures::{self, NewPicture};
use crate::state::AppState;
use crate::storage::products;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures_util::{StreamExt, TryStreamExt};

/// 303 back to the product, or its page again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the file cannot be kept.
pub async fn add(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
    headers: HeaderMap,
    MultipartBody(form): MultipartBody,
) -> AppResult<Response> {
    let mut alt = String::new();
    let taken = match announced_size(&headers, state.services.files.max_upload_bytes()) {
        Ok(()) => take(&state, &tenant, id, form, &mut alt).await,
        Err(error) => Err(error),
    };
    let Err(error) = taken else {
        return Ok(see_other(&format!("/admin/products/{id}#pictures")));
    };
    let found = products::find(&state.pool, tenant.vendor, id).await?;
    let Some(row) = found else {
        return Err(error);
    };
    let mut known = Known::find(&state, tenant.vendor, id).await?;
    known.sending = known.sending.with("alt", alt).refused(error)?;
    let frame = Frame::new(tenant.identity, "/admin/products");
    let form = Sent::from(&row).form();
    form::show(StatusCode::UNPROCESSABLE_ENTITY, frame, form, Some(known))
}

/// Reads the form, whose file comes last: what stands before it is checked
/// before a byte of the file is kept.
async fn take(
    state: &AppState,
    tenant: &Tenant,
    product: ProductId,
    mut form: Multipart,
    alt: &mut String,
) -> AppResult<()> {
    let services = &state.services;
    let mut csrf = String::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("csrf") => csrf = text(field).await?,
            Some("alt") => *alt = text(field).await?.trim().to_owned(),
            Some("file") => {
                tenant.identity.check_csrf(&csrf)?;
                pictures::check(services, tenant, product, alt).await?;
                let name = field.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    break;
                }
                let sender = Sender {
                    vendor: tenant.vendor,
                    user: Some(tenant.identity.session.user_id),
                };
                let body = field.map_err(broken).boxed();
                let row = intake::take(services, sender, &name, Wanted::Picture, body).await?;
                let new = NewPicture {
                    upload: row.id,
                    position: None,
                    alt,
                };
                pictures::attach(services, tenant, product, new).await?;
                return Ok(());
            }
            _ => {}
        }
    }
    tenant.identity.check_csrf(&csrf)?;
    Err(AppError::invalid("file", "is missing; choose one"))
}
