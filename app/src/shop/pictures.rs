//! Showing pictures at products, and taking them away.

use crate::auth::audit::{self, Entry};
use crate::auth::tenant::Tenant;
use crate::domain::fault::Faults;
use crate::domain::ids::ProductId;
use crate::errors::{AppError, AppResult};
use crate::files::{removal, sniff};
use crate::services::Services;
use crate::storage::product_images::{self, NewImage};
use crate::storage::uploads::{self, UploadRow};
use crate::storage::{Doing, products};
use serde_json::json;
use uuid::Uuid;

/// Longest description, in characters.
const ALT: usize = 500;

/// Which picture, and how it is shown.
pub type NewPicture<'a> = NewImage<'a>;

/// Shows a picture at a product, and gives the picture.
///
/// # Errors
/// 404 without such a product, 422.
pub async fn attach(
    services: &Services,
    tenant: &Tenant,
    product: ProductId,
    new: NewPicture<'_>,
) -> AppResult<UploadRow> {
    check_alt(new.alt)?;
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let row = uploads::find(&mut *transaction, tenant.vendor, new.upload).await?;
    let row = row.ok_or_else(|| AppError::invalid("upload_id", "there is no such file"))?;
    if !sniff::is_picture(&row.content_type) {
        let what = format!("is of type {}, which is no picture", row.content_type);
        return Err(AppError::invalid("upload_id", what));
    }
    let vendor = tenant.vendor;
    if !product_images::attach(&mut *transaction, vendor, product, new, now).await? {
        return Err(missing());
    }
    let entry = Entry::of(tenant, "product.picture.add", now).subject(product);
    audit::record(
        &mut transaction,
        entry.detail(json!({"upload": new.upload})),
    )
    .await?;
    transaction.commit().await.doing("commit a new picture")?;
    Ok(row)
}

/// Takes a picture from a product. When no other product shows it, its file
/// goes too.
///
/// # Errors
/// 404 when the product shows no such picture.
pub async fn remove(
    services: &Services,
    tenant: &Tenant,
    product: ProductId,
    upload: Uuid,
) -> AppResult<()> {
    let (vendor, now) = (tenant.vendor, services.clock.now());
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    uploads::lock(&mut *transaction, vendor, upload).await?;
    if !product_images::detach(&mut *transaction, vendor, product, upload, now).await? {
        return Err(AppError::not_found(
            "There is no such picture at this product.",
        ));
    }
    if !uploads::is_shown(&mut *transaction, vendor, upload).await? {
        removal::forget(&mut transaction, vendor, upload, now).await?;
    }
    let entry = Entry::of(tenant, "product.picture.remove", now).subject(product);
    audit::record(&mut transaction, entry.detail(json!({"upload": upload}))).await?;
    transaction
        .commit()
        .await
        .doing("commit a picture's end")
        .map_err(AppError::from)
}

/// Refuses what [`attach`] would, before a file is sent for nothing.
///
/// # Errors
/// 404 without such a product, 422.
pub async fn check(
    services: &Services,
    tenant: &Tenant,
    product: ProductId,
    alt: &str,
) -> AppResult<()> {
    check_alt(alt)?;
    let found = products::find(&services.pool, tenant.vendor, product).await?;
    found.map(drop).ok_or_else(missing)
}

fn check_alt(alt: &str) -> AppResult<()> {
    let mut faults = Faults::new();
    faults.text("alt", alt, 0, ALT);
    Ok(faults.into_result()?)
}

fn missing() -> AppError {
    AppError::not_found("There is no such product.")
}
