//! `POST /admin/account/sessions/end`: logs one program or browser out.

use crate::auth::identity::Identity;
use crate::auth::logins;
use crate::controllers::admin::see_other;
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::state::AppState;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

/// The form.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    csrf: String,
    id: Uuid,
}

/// 303 to the page.
///
/// # Errors
/// 404 when the account has no such session.
pub async fn end_session(
    identity: Identity,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Chosen>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    logins::end(&state, &identity, sent.id).await?;
    Ok(see_other("/admin/account"))
}
