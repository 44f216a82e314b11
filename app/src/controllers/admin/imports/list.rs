//! `/admin/imports`: a shop's imports, and a form to start one.

use crate::auth::tenant::Tenant;
use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{page, see_other};
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::imports::request;
use crate::pages::form::Form;
use crate::state::AppState;
use crate::storage::imports::{self, ImportRow};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// Imports on the page; older ones are in the API.
const SHOWN: i64 = 50;

/// What a browser sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    kind: String,
    source_url: String,
}

#[derive(Template)]
#[template(path = "admin/imports.html")]
struct Page {
    frame: Frame,
    form: Form,
    imports: Vec<ImportRow>,
}

/// 200 with the page.
///
/// # Errors
/// When the database fails.
pub async fn list(Keeper(tenant): Keeper, State(state): State<AppState>) -> AppResult<Response> {
    render(&state, tenant, StatusCode::OK, form("products", "")).await
}

/// 303 to the import, or the form again with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn create(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let url = sent.source_url.trim();
    match request::request(&state.services, &tenant, &sent.kind, url).await {
        Ok(import) => Ok(see_other(&format!("/admin/imports/{}", import.id))),
        Err(error) => {
            let form = form(&sent.kind, url).refused(error)?;
            render(&state, tenant, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
    }
}

pub(super) fn form(kind: &str, url: &str) -> Form {
    Form::new()
        .with("kind", kind)
        .with("source_url", url)
        .with("file", "")
        .requires(&["source_url"])
}

pub(super) async fn render(
    state: &AppState,
    Tenant { vendor, identity }: Tenant,
    status: StatusCode,
    form: Form,
) -> AppResult<Response> {
    page(
        status,
        &Page {
            frame: Frame::new(identity, "/admin/imports"),
            form,
            imports: imports::list(&state.pool, vendor, None, SHOWN).await?,
        },
    )
}
