//! Switching a flag, the same from the API and from the page.

use crate::auth::audit::{self, Entry};
use crate::auth::identity::Identity;
use crate::domain::ids::VendorId;
use crate::errors::{AppError, AppResult};
use crate::services::Services;
use crate::storage::{Doing, StorageError, flags};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// What is said of a flag.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FlagSetting)]
pub struct Setting {
    /// On or off; `null` takes back what was said of the plan or vendor.
    pub enabled: Option<bool>,
    /// Says it for vendors of this plan. Without plan and vendor it is the
    /// flag's default.
    pub plan: Option<String>,
    /// Says it for this vendor.
    pub vendor: Option<VendorId>,
    /// What the flag switches; with its default only.
    pub description: Option<String>,
}

/// Sets a flag, for everybody, for a plan or for one vendor. Callers have made
/// sure that an administrator asks.
///
/// # Errors
/// 404 without such a flag, 422.
pub async fn set(
    services: &Services,
    identity: &Identity,
    name: &str,
    setting: &Setting,
) -> AppResult<()> {
    let well = (1..=64).contains(&name.len())
        && (name.bytes()).all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !well {
        let detail = "must be 1 to 64 small letters, digits and underscores";
        return Err(AppError::invalid("name", detail));
    }
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let done = match (&setting.plan, setting.vendor, setting.enabled) {
        (Some(plan), None, enabled) => {
            flags::set_for_plan(&mut *transaction, name, plan, enabled).await
        }
        (None, Some(vendor), enabled) => {
            flags::set_for_vendor(&mut *transaction, name, vendor, enabled).await
        }
        (None, None, Some(enabled)) => {
            let description = setting.description.as_deref();
            flags::set_default(&mut *transaction, name, enabled, description, now).await
        }
        (None, None, None) => return Err(AppError::invalid("enabled", "is missing")),
        (Some(_), Some(_), _) => {
            let detail = "cannot go with plan: name one of them";
            return Err(AppError::invalid("vendor", detail));
        }
    };
    done.map_err(refused)?;
    let entry = Entry::by(identity, "flag.set", now)
        .vendor(setting.vendor)
        .subject(name);
    audit::record(&mut transaction, entry.detail(json!(setting))).await?;
    transaction.commit().await.doing("commit a flag")?;
    services.flags.forget().await;
    Ok(())
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
