//! `PUT /api/v1/flags/{name}`: switches a flag, for everybody, for a plan or
//! for one vendor.

use crate::auth::audit::{self, Entry};
use crate::auth::identity::Admin;
use crate::controllers::extract::{JsonBody, PathOf};
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult, Problem};
use crate::state::AppState;
use crate::storage::{Doing, StorageError, flags};
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// What is sent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FlagSetting)]
pub struct Setting {
    /// On or off; `null` takes back what was said of the plan or vendor.
    enabled: Option<bool>,
    /// Says it for vendors of this plan. Without plan and vendor it is the
    /// flag's default.
    plan: Option<String>,
    /// Says it for this vendor.
    vendor: Option<VendorId>,
    /// What the flag switches; with its default only.
    description: Option<String>,
}

/// 204.
///
/// # Errors
/// As problem documents.
#[utoipa::path(
    put,
    path = "/api/v1/flags/{name}",
    tag = "flags",
    operation_id = "set_flag",
    params(("name" = String, Path, description = "Small letters, digits and underscores")),
    request_body = Setting,
    responses(
        (status = 204, description = "It is set, and seen everywhere"),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Not an administrator", body = Problem),
        (status = 404, description = "There is no such flag", body = Problem),
        (status = 422, description = "A field is at fault", body = Problem),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn set(
    Admin(identity): Admin,
    State(state): State<AppState>,
    PathOf(name): PathOf<String>,
    JsonBody(setting): JsonBody<Setting>,
) -> AppResult<StatusCode> {
    let well = (1..=64).contains(&name.len())
        && (name.bytes()).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !well {
        let detail = "must be 1 to 64 small letters, digits and underscores";
        return Err(AppError::invalid("name", detail));
    }
    let now = state.clock.now();
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    let done = match (&setting.plan, setting.vendor, setting.enabled) {
        (Some(plan), None, enabled) => {
            flags::set_for_plan(&mut *transaction, &name, plan, enabled).await
        }
        (None, Some(vendor), enabled) => {
            flags::set_for_vendor(&mut *transaction, &name, vendor, enabled).await
        }
        (None, None, Some(enabled)) => {
            let description = setting.description.as_deref();
            flags::set_default(&mut *transaction, &name, enabled, description, now).await
        }
        (None, None, None) => return Err(AppError::invalid("enabled", "is missing")),
        (Some(_), Some(_), _) => {
            let detail = "cannot go with plan: name one of them";
            return Err(AppError::invalid("vendor", detail));
        }
    };
    done.map_err(refused)?;
    let entry = Entry::by(&identity, "flag.set", now)
        .vendor(setting.vendor)
        .subject(&name);
    audit::record(&mut transaction, entry.detail(json!(setting))).await?;
    transaction.commit().await.doing("commit a flag")?;
    state.services.flags.forget().await;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(error: StorageError) -> AppError {
    match error.broken() {
        Some("plan_flags_flag_name_fkey" | "vendor_flags_flag_name_fkey") => {
            AppError::not_found("There is no such flag; set its default first.")
        }
        Some("plan_flags_plan_code_fkey") => AppError::invalid("plan", "names no plan"),
        Some("vendor_flags_vendor_id_fkey") => AppError::invalid("vendor", "names no vendor"),
        _ => error.into(),
    }
}
