//! `POST /admin/jobs/demo-mail`: enqueues a mail to oneself, to see the queue
//! work.

use super::{Confirmed, see_other};
use crate::auth::identity::Admin;
use crate::controllers::extract::FormBody;
use crate::errors::AppResult;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::demo_mail::DemoMail;
use crate::state::AppState;
use crate::storage::Doing;
use axum::extract::State;
use axum::response::Response;

/// 303 back to the dashboard.
///
/// # Errors
/// When the form is not this session's, or the database is away.
pub async fn demo_mail(
    Admin(identity): Admin,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let mail = DemoMail {
        to: identity.session.email,
        subject: "A mail from your box".to_owned(),
    };
    let job = NewJob::of(&mail)?;
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    enqueue(&mut transaction, &job, state.clock.now()).await?;
    transaction.commit().await.doing("commit the demo mail")?;
    Ok(see_other("/admin"))
}
