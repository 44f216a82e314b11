//! Adding and changing vendors.

use crate::auth::audit::{self, Entry};
use crate::auth::identity::Identity;
use crate::domain::ids::VendorId;
use crate::domain::vendor::{NewVendor, VendorPatch};
use crate::errors::{AppError, AppResult};
use crate::services::Services;
use crate::storage::users::Role;
use crate::storage::vendors::{self, VendorRow};
use crate::storage::{Doing, StorageError, plans};
use serde_json::json;

/// Refuses who does not work for a vendor. Whether it exists is not theirs to
/// know.
///
/// # Errors
/// 404.
pub fn may_see(identity: &Identity, vendor: VendorId) -> AppResult<()> {
    let session = &identity.session;
    if session.role == Role::Admin || session.vendor_id == Some(vendor) {
        Ok(())
    } else {
        Err(missing())
    }
}

/// Adds a vendor and puts it on its plan. For administrators; the caller asks
/// who it is.
///
/// # Errors
/// 409 when the slug is taken, 422.
pub async fn add(
    services: &Services,
    identity: &Identity,
    new: &NewVendor,
) -> AppResult<VendorRow> {
    new.check()?;
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let row = vendors::insert(&mut *transaction, new, now)
        .await
        .map_err(refused)?;
    plans::subscribe(&mut *transaction, row.id, &new.plan, now)
        .await
        .map_err(refused)?;
    let entry = Entry::by(identity, "vendor.create", now).vendor(Some(row.id));
    let entry = entry
        .subject(row.id)
        .detail(json!({"slug": row.slug, "plan": new.plan}));
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("commit a new vendor")?;
    Ok(row)
}

/// Changes a vendor. Owners change their own; what is the platform's to decide
/// is for administrators.
///
/// # Errors
/// 403, 404, 409 when the slug is taken, 412 when the revision is another one,
/// 422.
pub async fn change(
    services: &Services,
    identity: &Identity,
    id: VendorId,
    revision: Option<i32>,
    patch: &VendorPatch,
) -> AppResult<VendorRow> {
    may_see(identity, id)?;
    match identity.session.role {
        Role::Admin => {}
        Role::Owner if !patch.is_for_administrators() => {}
        Role::Owner => {
            return Err(AppError::forbidden(
                "Only administrators change a vendor's slug, plan or activity.",
            ));
        }
        Role::Staff => return Err(AppError::forbidden("Only the shop's owner may do this.")),
    }
    patch.check()?;
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let row = vendors::update(&mut *transaction, id, revision, patch, now)
        .await
        .map_err(refused)?;
    let Some(row) = row else {
        return Err(match vendors::find(&mut *transaction, id).await? {
            Some(_) => AppError::changed_meanwhile(),
            None => missing(),
        });
    };
    if let Some(plan) = &patch.plan {
        plans::subscribe(&mut *transaction, id, plan, now)
            .await
            .map_err(refused)?;
    }
    let entry = Entry::by(identity, "vendor.update", now).vendor(Some(id));
    let detail = json!({"plan": patch.plan, "is_active": patch.is_active});
    audit::record(&mut transaction, entry.subject(id).detail(detail)).await?;
    transaction
        .commit()
        .await
        .doing("commit a changed vendor")?;
    services.flags.forget().await;
    Ok(row)
}

/// There is none of this number.
#[must_use]
pub fn missing() -> AppError {
    AppError::not_found("There is no such vendor.")
}

fn refused(error: StorageError) -> AppError {
    match error.broken() {
        Some("vendors_slug_key") => AppError::conflict("Another vendor has this slug."),
        Some("subscriptions_plan_code_fkey") => {
            AppError::invalid("plan", "names no plan; GET /api/v1/plans lists them")
        }
        _ => error.into(),
    }
}
