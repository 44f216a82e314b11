//! Who did what: the audit log, for those in charge.

pub mod list;
pub mod page;

use crate::auth::accounts::scope;
use crate::auth::identity::Identity;
use crate::controllers::extract::QueryOf;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use crate::storage::audit::{self, ActRow};
use axum::Router;
use axum::routing::get;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const USUAL: i64 = 50;
const MOST: i64 = 200;

/// The API's.
pub(super) fn api_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list_acts))
}

/// The page.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/audit", get(page::audit_page))
}

/// Which part.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// The last id of the part before.
    before: Option<i64>,
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
    /// Of one vendor only; owners see their own.
    vendor: Option<VendorId>,
}

/// The acts that someone may see, and whether there are more.
async fn acts(
    state: &AppState,
    identity: &Identity,
    QueryOf(part): QueryOf<Part>,
) -> AppResult<(Vec<ActRow>, Option<i64>)> {
    let vendor = match (scope(identity)?, part.vendor) {
        (Some(own), Some(named)) if named != own => {
            return Err(AppError::not_found("There is no such vendor."));
        }
        (Some(own), _) => Some(own),
        (None, named) => named,
    };
    let limit = part.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(AppError::invalid(
            "limit",
            format!("must be from 1 to {MOST}"),
        ));
    }
    let before = part.before.unwrap_or(i64::MAX);
    let mut rows = audit::list(&state.pool, vendor, before, limit + 1).await?;
    let asked = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > asked;
    rows.truncate(asked);
    let next = more.then(|| rows.last().map(|row| row.id)).flatten();
    Ok((rows, next))
}
