//! `POST /admin/flags`: switches a flag for everybody, a plan or a shop, or
//! makes a new one.

use super::list::{form, render};
use crate::controllers::admin::access::Operator;
use crate::controllers::admin::see_other;
use crate::controllers::extract::FormBody;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult};
use crate::flags::change::{self, Setting};
use crate::state::AppState;
use crate::storage::vendors;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

/// What a browser sends. Empty fields are not named.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    csrf: String,
    /// The flag.
    name: String,
    /// on, off, or unset.
    enabled: String,
    plan: String,
    /// A shop's number or the part of its address.
    vendor: String,
    /// Of a new flag; the others keep theirs.
    description: Option<String>,
    /// The form that makes an exception for a shop, which comes back when
    /// something is wrong with it.
    exception: bool,
}

/// 303 back to the page, or the page with what is wrong.
///
/// # Errors
/// When the form is not this session's, or the database fails.
pub async fn set(
    Operator(identity): Operator,
    State(state): State<AppState>,
    FormBody(sent): FormBody<Sent>,
) -> AppResult<Response> {
    identity.check_csrf(&sent.csrf)?;
    let name = sent.name.trim();
    let done = match setting(&state, &sent).await {
        Ok(setting) => change::set(&state.services, &identity, name, &setting).await,
        Err(error) => Err(error),
    };
    let Err(error) = done else {
        return Ok(see_other("/admin/flags"));
    };
    let description = sent.description.as_deref().unwrap_or_default();
    let form = match sent.exception {
        true => form("", "", name, sent.vendor.trim()),
        false => form(name, description, "", ""),
    };
    let form = form.refused(error)?;
    render(&state, identity, StatusCode::UNPROCESSABLE_ENTITY, form).await
}

async fn setting(state: &AppState, sent: &Sent) -> AppResult<Setting> {
    let enabled = match sent.enabled.as_str() {
        "on" => Some(true),
        "off" => Some(false),
        "unset" => None,
        _ => return Err(AppError::invalid("enabled", "must be on, off or unset")),
    };
    let vendor = match sent.vendor.trim() {
        "" if sent.exception => return Err(AppError::invalid("vendor", "is missing")),
        "" => None,
        text => Some(vendor(state, text).await?),
    };
    let description = sent.description.as_deref().map(str::trim);
    Ok(Setting {
        enabled,
        plan: Some(sent.plan.clone()).filter(|plan| !plan.is_empty()),
        vendor,
        description: description.map(str::to_owned),
    })
}

async fn vendor(state: &AppState, text: &str) -> AppResult<VendorId> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let found = vendors::find_by_slug(&state.pool, text).await?;
    found
        .map(|vendor| vendor.id)
        .ok_or_else(|| AppError::invalid("vendor", "names no shop"))
}
