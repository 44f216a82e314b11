//! Starting an import and calling one off, the same from the API and from
//! pages.

use super::run::ATTEMPTS;
use crate::auth::tenant::Tenant;
use crate::errors::{AppError, AppResult, Problem};
use crate::flags;
use crate::outbound;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::import_orders::ImportOrders;
use crate::queue::jobs::import_products::ImportProducts;
use crate::services::Services;
use crate::storage::Doing;
use crate::storage::imports::{self, ImportKind, ImportRow};
use axum::http::StatusCode;
use uuid::Uuid;

/// Longest address of a source, in bytes.
const LONGEST: usize = 2_000;

/// Starts an import; its job runs it.
///
/// # Errors
/// 409 when one of that kind is under way, 422.
pub async fn request(
    services: &Services,
    tenant: &Tenant,
    kind: &str,
    source_url: &str,
) -> AppResult<ImportRow> {
    let kind: ImportKind = kind
        .parse()
        .map_err(|error: imports::UnknownKind| AppError::invalid("kind", error.to_string()))?;
    if source_url.len() > LONGEST {
        return Err(AppError::invalid(
            "source_url",
            "is longer than 2,000 bytes",
        ));
    }
    outbound::check(source_url, services.outbound.reach())
        .map_err(|error| AppError::invalid("source_url", error.to_string()))?;
    let (vendor, now) = (tenant.vendor, services.clock.now());
    if kind == ImportKind::Orders && !flags::is_enabled(services, vendor, "order_import").await? {
        return Err(AppError::forbidden(
            "Orders are not imported here: the feature order_import is off.",
        ));
    }
    let user = tenant.identity.session.user_id;

    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    imports::abandon(&mut *transaction, vendor, kind, now).await?;
    let Some(import) =
        imports::insert(&mut *transaction, vendor, kind, source_url, user, now).await?
    else {
        let other = imports::active(&mut *transaction, vendor, kind).await?;
        let other = other.map_or_else(String::new, |id| format!(": /api/v1/imports/{id}"));
        let detail = format!("An import of {kind} is under way already{other}.");
        return Err(Problem::new(StatusCode::CONFLICT).detail(detail).into());
    };
    let id = import.id;
    let job = match kind {
        ImportKind::Products => NewJob::of(&ImportProducts { vendor, import: id }),
        ImportKind::Orders => NewJob::of(&ImportOrders { vendor, import: id }),
    }?
    .vendor(vendor)
    .max_attempts(ATTEMPTS);
    let job = enqueue(&mut transaction, &job, now).await?.into_row();
    let import = imports::set_job(&mut *transaction, vendor, id, job.id).await?;
    transaction.commit().await.doing("commit the new import")?;
    Ok(import)
}

/// Calls an import off.
///
/// # Errors
/// 404, or 409 when it has ended by itself.
pub async fn cancel(services: &Services, tenant: &Tenant, id: Uuid) -> AppResult<ImportRow> {
    let now = services.clock.now();
    if let Some(row) = imports::cancel(&services.pool, tenant.vendor, id, now).await? {
        return Ok(row);
    }
    let row = imports::find(&services.pool, tenant.vendor, id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such import."))?;
    let detail = format!("This import has ended already; it is {}.", row.state);
    Err(Problem::new(StatusCode::CONFLICT).detail(detail).into())
}
