//! `POST /admin/users/{id}`: locks an account, or unlocks it.

use super::list::render;
use crate::auth::accounts::{self as people, Changes};
use crate::controllers::admin::access::Visitor;
use crate::controllers::admin::see_other;
use crate::controllers::extract::{FormBody, PathOf};
use crate::errors::AppResult;
use crate::pages::form::Form;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

/// What the button sends.
#[derive(Debug, Deserialize)]
pub struct Sent {
    csrf: String,
    is_active: bool,
}

/// 303 back to the list, or the list with what stands against it.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn update(
    Visitor(identity): Visitor,
    State(state): State<AppState>,
    PathOf(id): PathOf<Uuid>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let changes = Changes {
        is_active: Some(sent.is_active),
        ..Changes::default()
    };
    match people::update(&state, &identity, id, changes).await {
        Ok(_) => Ok(see_other("/admin/users")),
        Err(error) => {
            let form = Form::new().refused(error)?;
            render(&state, identity, Uuid::nil(), StatusCode::CONFLICT, form).await
        }
    }
}
