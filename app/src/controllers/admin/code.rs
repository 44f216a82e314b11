//! `POST /admin/login/code`: the second step of a login.

use super::login::{asked_for_by_this_browser, enter};
use super::{code_form, see_other};
use crate::auth::{cookies, login};
use crate::controllers::extract::{ClientAddress, FormBody};
use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use crate::storage::users;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// The form. It has no `Debug`: a code opens an account.
#[derive(Deserialize)]
pub struct CodeForm {
    csrf: String,
    code: String,
}

/// 303 to the dashboard, or the form again with what was wrong.
///
/// # Errors
/// When what logins need is away.
pub async fn code(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    FormBody(sent): FormBody<CodeForm>,
) -> AppResult<Response> {
    if !asked_for_by_this_browser(&headers, &sent.csrf) {
        let text = "This form was open for too long, or cookies are off. Please try again.";
        return code_form::render(StatusCode::FORBIDDEN, Some(text));
    }
    let Some(half_way) = code_form::half_way(&state, &headers).await? else {
        return Ok(see_other("/admin/login"));
    };
    // The account may have changed since the password was checked.
    let caller = users::authenticate_session(&state.pool, half_way.user_id, half_way.at).await?;
    let Some(caller) = caller else {
        return Ok(see_other("/admin/login"));
    };
    match login::code(&state, caller.id, &caller.email, &sent.code, from).await {
        Ok(()) => {
            if let Some(token) = cookies::get(&headers, cookies::HALF_WAY) {
                state.auth.half_ways.end(token).await?;
            }
            enter(&state, caller.id, from, &headers).await
        }
        Err(error @ AppError::Problem(_)) => {
            let status = error.into_response().status();
            let text = match status {
                StatusCode::TOO_MANY_REQUESTS => "Too many failed logins; please wait.",
                _ => "The code is wrong or was used before.",
            };
            code_form::render(status, Some(text))
        }
        Err(error) => Err(error),
    }
}
