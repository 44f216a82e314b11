//! Adding, changing and removing customers.

use crate::auth::audit::{self, Entry};
use crate::auth::tenant::Tenant;
use crate::domain::fault::Faults;
use crate::domain::ids::CustomerId;
use crate::domain::order::NewCustomer;
use crate::errors::{AppError, AppResult};
use crate::services::Services;
use crate::storage::customers::{self, CustomerPatch, CustomerRow};
use crate::storage::{Doing, StorageError};

/// Adds a customer.
///
/// # Errors
/// 409 when another one has the address, 422.
pub async fn add(
    services: &Services,
    tenant: &Tenant,
    new: &NewCustomer,
) -> AppResult<CustomerRow> {
    let mut faults = Faults::new();
    new.check("", &mut faults);
    faults.into_result()?;
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let row = customers::insert(&mut *transaction, tenant.vendor, new, now)
        .await
        .map_err(taken)?;
    let entry = Entry::of(tenant, "customer.create", now).subject(row.id);
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("commit a new customer")?;
    Ok(row)
}

/// Changes a customer.
///
/// # Errors
/// 404, 409 when another one has the address, 422.
pub async fn change(
    services: &Services,
    tenant: &Tenant,
    id: CustomerId,
    patch: &CustomerPatch,
) -> AppResult<CustomerRow> {
    let mut faults = Faults::new();
    let given = patch.clone();
    let checked = NewCustomer {
        email: given.email.unwrap_or_else(|| "as@before".to_owned()),
        name: given.name.unwrap_or_default(),
        address: given.address.unwrap_or_default(),
        country: given.country.unwrap_or_default(),
    };
    checked.check("", &mut faults);
    faults.into_result()?;
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let row = customers::update(&mut *transaction, tenant.vendor, id, patch, now)
        .await
        .map_err(taken)?
        .ok_or_else(missing)?;
    let entry = Entry::of(tenant, "customer.update", now).subject(id);
    audit::record(&mut transaction, entry).await?;
    transaction
        .commit()
        .await
        .doing("commit a changed customer")?;
    Ok(row)
}

/// Removes a customer. Their orders and invoices stay.
///
/// # Errors
/// 404.
pub async fn remove(services: &Services, tenant: &Tenant, id: CustomerId) -> AppResult<()> {
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    if !customers::delete(&mut *transaction, tenant.vendor, id).await? {
        return Err(missing());
    }
    let entry = Entry::of(tenant, "customer.delete", now).subject(id);
    audit::record(&mut transaction, entry).await?;
    transaction
        .commit()
        .await
        .doing("commit a removed customer")?;
    Ok(())
}

/// There is none of this number, or it is another vendor's.
#[must_use]
pub fn missing() -> AppError {
    AppError::not_found("There is no such customer.")
}

fn taken(error: StorageError) -> AppError {
    if error.broken() == Some("customers_email_key") {
        AppError::conflict("Another customer has this mail address.")
    } else {
        error.into()
    }
}
