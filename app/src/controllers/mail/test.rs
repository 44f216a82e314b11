//! `POST /api/v1/mail/test`: a message to oneself, to see mail arrive.

use crate::auth::identity::Admin;
use crate::controllers::jobs::JobView;
use crate::errors::{AppResult, Problem};
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::test_mail::TestMail;
use crate::state::AppState;
use crate::storage::Doing;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

/// 202 with the job that sends it.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    post,
    path = "/api/v1/mail/test",
    tag = "mail",
    responses(
        (status = 202, description = "The job that sends it", body = JobView),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn test(
    Admin(identity): Admin,
    State(state): State<AppState>,
) -> AppResult<impl IntoResponse> {
    let job = NewJob::of(&TestMail {
        user_id: identity.session.user_id,
    })?;
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    let row = enqueue(&mut transaction, &job, state.clock.now())
        .await?
        .into_row();
    transaction
        .commit()
        .await
        .doing("commit the test message")?;
    let location = format!("/api/v1/jobs/{}", row.id);
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(JobView::from(row)),
    ))
}
