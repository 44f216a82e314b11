//! `GET /api/v1/audit?before=&limit=&vendor=`: acts, the newest first.

use super::{Part, acts};
use crate::auth::identity::Identity;
use crate::controllers::extract::QueryOf;
use crate::domain::ids::VendorId;
use crate::errors::{AppResult, Problem};
use crate::state::AppState;
use crate::storage::audit::ActRow;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// An act.
#[derive(Debug, Serialize, ToSchema)]
pub struct Act {
    id: i64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    user_id: Option<Uuid>,
    /// As it was then.
    user_email: String,
    vendor_id: Option<VendorId>,
    address: String,
    /// Such as `product.delete`.
    action: String,
    /// What was acted on.
    subject: String,
    #[schema(value_type = Object)]
    detail: Value,
}

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActPage)]
pub struct Listed {
    items: Vec<Act>,
    /// What to send as `before` for the next part; none when this was the last.
    next: Option<i64>,
}

/// 200 with the acts: for a shop's owner the shop's, for administrators all.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    params(Part),
    responses(
        (status = 200, description = "Acts, newest first", body = Listed),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not in charge", body = Problem),
        (status = 404, description = "No such vendor", body = Problem),
        (status = 422, description = "A parameter is at fault", body = Problem),
    ),
    security(("bearer" = [])),
)]
pub async fn list_acts(
    identity: Identity,
    State(state): State<AppState>,
    part: QueryOf<Part>,
) -> AppResult<Json<Listed>> {
    let (rows, next) = acts(&state, &identity, part).await?;
    let items = rows.into_iter().map(Act::from).collect();
    Ok(Json(Listed { items, next }))
}

impl From<ActRow> for Act {
    fn from(row: ActRow) -> Self {
        Self {
            id: row.id,
            at: row.at,
            user_id: row.user_id,
            user_email: row.user_email,
            vendor_id: row.vendor_id,
            address: row.address,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
        }
    }
}
