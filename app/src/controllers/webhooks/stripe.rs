//! `POST /webhooks/stripe`: keeps an event and enqueues the job that deals
//! with it, in one transaction. Stripe sends an event until it is answered
//! with a 2xx, so an event that was kept before is answered as well.

use crate::errors::{AppError, AppResult, Problem};
use crate::payments::signature;
use crate::payments::stripe::StripeError;
use crate::payments::types::Event;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::stripe_event::StripeEvent;
use crate::state::AppState;
use crate::storage::Doing;
use crate::storage::webhook_events::{self, NewEvent};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use time::OffsetDateTime;

/// 200 when the event is kept, 400 when it is not Stripe's, 503 when webhooks
/// are not set up.
///
/// # Errors
/// As problem documents.
pub async fn stripe(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> AppResult<StatusCode> {
    let secrets = match state.services.stripe.webhook_secrets() {
        Ok(secrets) => secrets,
        // Not the sender's fault: Stripe comes again for days.
        Err(StripeError::Off) => {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                .detail("Webhooks are not set up: payments.webhook_secret is not set.")
                .into());
        }
        Err(error) => return Err(error.into()),
    };
    let now = state.clock.now();
    let header = headers.get("stripe-signature");
    let header = header
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    signature::verify(header, &body, &secrets, now).map_err(|error| {
        tracing::warn!("a webhook was refused: {error}");
        refused(format!("{error}."))
    })?;
    let payload: serde_json::Value =
        serde_json::from_slice(&body).map_err(|error| refused(error.to_string()))?;
    let event: Event =
        serde_json::from_value(payload.clone()).map_err(|error| refused(error.to_string()))?;
    let created_at = OffsetDateTime::from_unix_timestamp(event.created)
        .map_err(|error| refused(error.to_string()))?;
    let new = NewEvent {
        id: &event.id,
        kind: &event.kind,
        payload: &payload,
        created_at,
        now,
    };
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    if webhook_events::insert(&mut *transaction, &new).await? {
        let job = NewJob::of(&StripeEvent {
            event: event.id.clone(),
        })?;
        enqueue(&mut transaction, &job, now).await?;
    }
    transaction.commit().await.doing("commit an event")?;
    Ok(StatusCode::OK)
}

fn refused(detail: String) -> AppError {
    Problem::new(StatusCode::BAD_REQUEST).detail(detail).into()
}
