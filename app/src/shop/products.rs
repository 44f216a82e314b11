//! Adding, changing and removing products.

use crate::auth::audit::{self, Entry};
use crate::auth::tenant::Tenant;
use crate::domain::ids::{ProductId, VendorId};
use crate::domain::product::{NewProduct, ProductPatch};
use crate::errors::{AppError, AppResult};
use crate::services::Services;
use crate::storage::products::{self, ProductRow};
use crate::storage::{Doing, StorageError, plans};
use serde_json::json;
use sqlx::PgConnection;

/// Adds a product.
///
/// # Errors
/// 403 when the plan has no room, 409 when the article number is taken, 422.
pub async fn add(services: &Services, tenant: &Tenant, new: &NewProduct) -> AppResult<ProductRow> {
    new.check()?;
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    if room(&mut transaction, tenant.vendor).await? < 1 {
        return Err(AppError::plan_limit("products"));
    }
    let row = products::insert(&mut *transaction, tenant.vendor, new, now)
        .await
        .map_err(taken)?;
    let entry = Entry::of(tenant, "product.create", now).subject(row.id);
    audit::record(&mut transaction, entry.detail(json!({"sku": row.sku}))).await?;
    transaction.commit().await.doing("commit a new product")?;
    Ok(row)
}

/// How many more products a vendor's plan has room for. The answer holds until
/// the transaction ends.
///
/// # Errors
/// When the database fails, or there is no such vendor.
pub async fn room(connection: &mut PgConnection, vendor: VendorId) -> AppResult<i64> {
    let limits = plans::hold(&mut *connection, vendor).await?;
    let limits = limits.ok_or_else(|| AppError::not_found("There is no such vendor."))?;
    match limits.max_products {
        None => Ok(i64::MAX),
        Some(most) => Ok(i64::from(most) - products::count(connection, vendor).await?),
    }
}

/// Changes a product. With a revision, only that one is changed.
///
/// # Errors
/// 404, 409 when the article number is taken, 412 when the revision is another
/// one, 422.
pub async fn change(
    services: &Services,
    tenant: &Tenant,
    id: ProductId,
    revision: Option<i32>,
    patch: &ProductPatch,
) -> AppResult<ProductRow> {
    patch.check()?;
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let row = products::update(&mut *transaction, tenant.vendor, id, revision, patch, now)
        .await
        .map_err(taken)?;
    let Some(row) = row else {
        return Err(why_not(&mut transaction, tenant.vendor, id).await);
    };
    let entry = Entry::of(tenant, "product.update", now).subject(id);
    audit::record(&mut transaction, entry).await?;
    transaction
        .commit()
        .await
        .doing("commit a changed product")?;
    Ok(row)
}

/// Removes a product. Orders keep what they said of it.
///
/// # Errors
/// 404, 412 when the revision is another one.
pub async fn remove(
    services: &Services,
    tenant: &Tenant,
    id: ProductId,
    revision: Option<i32>,
) -> AppResult<()> {
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    if !products::delete(&mut *transaction, tenant.vendor, id, revision).await? {
        return Err(why_not(&mut transaction, tenant.vendor, id).await);
    }
    let entry = Entry::of(tenant, "product.delete", now).subject(id);
    audit::record(&mut transaction, entry).await?;
    transaction
        .commit()
        .await
        .doing("commit a removed product")?;
    Ok(())
}

/// Nothing was changed: is it not there, or has it changed?
async fn why_not(connection: &mut PgConnection, vendor: VendorId, id: ProductId) -> AppError {
    match products::find(connection, vendor, id).await {
        Ok(Some(_)) => AppError::changed_meanwhile(),
        Ok(None) => AppError::not_found("There is no such product."),
        Err(error) => error.into(),
    }
}

fn taken(error: StorageError) -> AppError {
    if error.broken() == Some("products_sku_key") {
        AppError::conflict("Another product has this article number (sku).")
    } else {
        error.into()
    }
}
