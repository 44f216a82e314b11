//! `POST /api/v1/uploads`: takes a file, as a form's field or as the body.

use super::UploadView;
use crate::auth::tenant::Tenant;
use crate::controllers::extract::{MultipartBody, QueryOf};
use crate::controllers::multipart::{announced_size, broken};
use crate::errors::{AppError, AppResult, Problem};
use crate::files::FileError;
use crate::files::intake::{self, Sender, Wanted};
use crate::state::AppState;
use crate::storage::uploads::UploadRow;
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use futures_util::{StreamExt, TryStreamExt};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// How a body that is the file itself is named.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Named {
    /// The file's name, when the body is the file itself.
    file_name: Option<String>,
}

/// A form with a file.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it only describes the form")]
pub struct UploadForm {
    /// The file.
    #[schema(content_media_type = "application/octet-stream")]
    file: String,
}

/// 201 with the file, 400, 413 or 422.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/uploads",
    tag = "uploads",
    params(Named),
    request_body(
        content((UploadForm = "multipart/form-data"), (String = "application/octet-stream")),
        description = "A form whose field `file` is the file, or the file itself with any other media type",
    ),
    responses(
        (status = 201, description = "The file", body = UploadView),
        (status = 400, description = "The file did not arrive whole", body = Problem),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 413, description = "The file is too large", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
        (status = 503, description = "The file store is away", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn create(
    tenant: Tenant,
    State(state): State<AppState>,
    QueryOf(named): QueryOf<Named>,
    request: Request,
) -> AppResult<impl IntoResponse> {
    let sender = Sender {
        vendor: tenant.vendor,
        user: Some(tenant.identity.session.user_id),
    };
    announced_size(request.headers(), state.services.files.max_upload_bytes())?;
    let row = if is_form(&request) {
        from_form(&state, sender, request).await?
    } else {
        let name = named.file_name.unwrap_or_default();
        let body = request.into_body().into_data_stream();
        let body = body.map_err(|error| FileError::Sender(error.to_string()));
        intake::take(&state.services, sender, &name, Wanted::File, body.boxed()).await?
    };
    let location = format!("/api/v1/uploads/{}", row.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(UploadView::from(row)),
    ))
}

fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data"))
}

async fn from_form(state: &AppState, sender: Sender, request: Request) -> AppResult<UploadRow> {
    let MultipartBody(mut form) = MultipartBody::from_request(request, state).await?;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let body = field.map_err(broken).boxed();
        return Ok(intake::take(&state.services, sender, &name, Wanted::File, body).await?);
    }
    Err(AppError::invalid("file", "is missing from the form"))
}
