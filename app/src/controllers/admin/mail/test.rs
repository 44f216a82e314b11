//! `POST /admin/mail/test`: a message to oneself, to see mail arrive.

use crate::auth::identity::Admin;
use crate::controllers::admin::{Confirmed, see_other};
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::test_mail::TestMail;
use crate::state::AppState;
use crate::storage::Doing;
use axum::extract::State;
use axum::response::Response;

/// 303 back to the list.
///
/// # Errors
/// When the form is not this session's, or the database is away.
pub async fn test(
    Admin(identity): Admin,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let job = NewJob::of(&TestMail {
        user_id: identity.session.user_id,
    })?;
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    enqueue(&mut transaction, &job, state.clock.now()).await?;
    transaction
        .commit()
        .await
        .doing("commit the test message")?;
    Ok(see_other("/admin/mail"))
}
