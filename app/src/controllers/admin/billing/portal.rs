//! `POST /admin/billing/portal`: to the page where cards, the subscription and
//! invoices are looked after.

use super::{leave, show};
use crate::controllers::admin::Confirmed;
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

/// 200 with the way to the payment provider, or the page again with what is
/// wrong.
///
/// # Errors
/// When the form is not this session's, or the payment provider is away.
pub async fn portal(
    Owner(tenant): Owner,
    State(state): State<AppState>,
    headers: HeaderMap,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    let back = back(&state, &headers, "/admin/billing");
    match billing::portal(&state.services, &tenant, &back).await {
        Ok(url) => leave::to(tenant.identity, &url),
        Err(error) => {
            let form = Form::new().refused(error)?;
            show::render(&state, tenant, StatusCode::CONFLICT, form).await
        }
    }
}
