//! `POST /admin/password`: a link by mail, if there is such an account.

use super::ask_form;
use crate::auth::reset;
use crate::controllers::admin::login::asked_for_by_this_browser;
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

/// The form.
#[derive(Debug, Deserialize)]
pub struct Address {
    csrf: String,
    email: String,
}

/// 200 with the same words, whether there is such an account or not.
///
/// # Errors
/// When the database is away.
pub async fn ask(
    State(state): State<AppState>,
    headers: HeaderMap,
    FormBody(sent): FormBody<Address>,
) -> AppResult<Response> {
    if !asked_for_by_this_browser(&headers, &sent.csrf) {
        let text = "This form was open for too long, or cookies are off. Please try again.";
        return ask_form::render(StatusCode::FORBIDDEN, false, Some(text));
    }
    reset::request(&state, &sent.email).await?;
    ask_form::render(StatusCode::OK, true, None)
}
