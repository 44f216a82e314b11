//! `POST /admin/billing/checkout`: to the page where a plan is bought.

use super::{leave, show};
use crate::controllers::admin::access::Owner;
use crate::controllers::billing::back;
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::pages::form::Form;
use crate::shop::billing;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

/// What a browser sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    plan: String,
}

/// 200 with the way to the payment provider, or the page again with what is
/// wrong.
///
/// # Errors
/// When the form is not this session's, or the payment provider is away.
pub async fn checkout(
    Owner(tenant): Owner,
    State(state): State<AppState>,
    headers: HeaderMap,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let back = back(&state, &headers, "/admin/billing");
    match billing::checkout(&state.services, &tenant, &sent.plan, &back).await {
        Ok(url) => leave::to(tenant.identity, &url),
        Err(error) => {
            let form = Form::new().refused(error)?;
            show::render(&state, tenant, StatusCode::CONFLICT, form).await
        }
    }
}
