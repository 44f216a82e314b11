//! `POST /admin/vendor`: an administrator works for a shop, or for none.

use super::see_other;
use crate::auth::audit::{self, Entry};
use crate::auth::cookies;
use crate::auth::identity::{Admin, Via};
use crate::controllers::extract::FormBody;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult};
use crate::state::AppState;
use crate::storage::{Doing, accounts};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

/// The form; an empty `vendor` means none.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    csrf: String,
    #[serde(default)]
    vendor: String,
}

/// 303 to the dashboard. Pages of a shop show this one's from now on.
///
/// # Errors
/// 404 without such a shop, or when Redis is away.
pub async fn vendor(
    Admin(identity): Admin,
    State(state): State<AppState>,
    headers: HeaderMap,
    FormBody(sent): FormBody<Chosen>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let unknown = || AppError::not_found("There is no such vendor.");
    let vendor = match sent.vendor.trim() {
        "" => None,
        text => Some(text.parse::<VendorId>().map_err(|_| unknown())?),
    };
    if let Some(vendor) = vendor {
        accounts::vendor_name(&state.pool, vendor)
            .await?
            .ok_or_else(unknown)?;
    }
    let token = cookies::get(&headers, cookies::SESSION);
    let (Via::Cookie, Some(token)) = (identity.via, token) else {
        return Err(AppError::conflict(
            "Only a browser's session works for a vendor; with a token, name it with ?vendor=ID.",
        ));
    };
    let entry = Entry::by(&identity, "vendor.act_for", state.clock.now())
        .vendor(vendor)
        .subject(vendor.map_or_else(String::new, |vendor| vendor.to_string()));
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    audit::record(&mut transaction, entry).await?;
    state.auth.sessions.act_for(token, vendor).await?;
    transaction.commit().await.doing("write to the audit log")?;
    Ok(see_other("/admin"))
}
