//! `POST /admin/password/{token}`: sets the password.

use super::set_form;
use crate::auth::reset;
use crate::controllers::admin::login::asked_for_by_this_browser;
use crate::controllers::admin::see_other;
use crate::controllers::extract::{ClientAddress, FormBody, PathOf};
use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

/// The form. It has no `Debug`: it holds a password.
#[derive(Deserialize)]
pub struct NewPassword {
    csrf: String,
    password: String,
}

/// 303 to the login form, or the form again with what was wrong.
///
/// # Errors
/// When the database is away.
pub async fn set(
    State(state): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    PathOf(token): PathOf<String>,
    FormBody(sent): FormBody<NewPassword>,
) -> AppResult<Response> {
    if !asked_for_by_this_browser(&headers, &sent.csrf) {
        let text = "This form was open for too long, or cookies are off. Please try again.";
        return set_form::render(StatusCode::FORBIDDEN, Some(text));
    }
    match reset::confirm(&state, &token, sent.password, from).await {
        Ok(_account) => Ok(see_other("/admin/login")),
        Err(AppError::Problem(problem)) => {
            let dead = problem.fields().iter().any(|field| field.field == "token");
            let text = if dead {
                "This link has ended or was used. Ask for a new one."
            } else {
                "The password must have at least 12 characters and at most 1024 bytes."
            };
            set_form::render(StatusCode::UNPROCESSABLE_ENTITY, Some(text))
        }
        Err(error) => Err(error),
    }
}
