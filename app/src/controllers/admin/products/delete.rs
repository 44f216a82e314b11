//! `/admin/products/{id}/delete`: asks, then deletes.

use crate::controllers::admin::access::Keeper;
use crate::controllers::admin::confirm::{self, Question};
use crate::controllers::admin::frame::Frame;
use crate::controllers::admin::{Confirmed, see_other};
use crate::controllers::extract::{FormBody, PathOf};
use crate::domain::ids::ProductId;
use crate::errors::{AppError, AppResult};
use crate::shop;
use crate::state::AppState;
use crate::storage::products;
use axum::extract::State;
use axum::response::Response;

/// 200 with the question, or 404.
///
/// # Errors
/// When the database fails.
pub async fn show(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
) -> AppResult<Response> {
    let found = products::find(&state.pool, tenant.vendor, id).await?;
    let row = found.ok_or_else(|| AppError::not_found("There is no such product."))?;
    confirm::ask(
        Frame::new(tenant.identity, "/admin/products"),
        &Question {
            question: &format!("Delete {}?", row.name),
            consequence: "It is taken from the shop for ever. Orders and invoices keep its name.",
            action: "Delete the product",
            back: &format!("/admin/products/{id}"),
        },
    )
}

/// 303 to the list.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn delete(
    Keeper(tenant): Keeper,
    State(state): State<AppState>,
    PathOf(id): PathOf<ProductId>,
    FormBody(sent): FormBody<Confirmed>,
) -> AppResult<Response> {
    tenant.identity.check_csrf(&sent.csrf)?;
    shop::products::remove(&state.services, &tenant, id, None).await?;
    Ok(see_other("/admin/products"))
}
