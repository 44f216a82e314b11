//! Starting an import and calling one off, the same from the API and from
//! pages.

use super::run::{ATTEMPTS, forget_file};
use super::source::Source;
use crate::auth::tenant::Tenant;
use crate::errors::{AppError, AppResult, Problem};
use crate::files::removal;
use crate::flags;
use crate::outbound;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::import_orders::ImportOrders;
use crate::queue::jobs::import_products::ImportProducts;
use crate::services::Services;
use crate::storage::Doing;
use crate::storage::imports::{self, ImportKind, ImportRow};
use crate::storage::uploads::UploadRow;
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
    let vendor = tenant.vendor;
    if kind == ImportKind::Orders && !flags::is_enabled(services, vendor, "order_import").await? {
        return Err(AppError::forbidden(
            "Orders are not imported here: the feature order_import is off.",
        ));
    }
    begin(services, tenant, kind, source_url).await
}

/// Starts an import of products from a file that was sent for it, and that
/// ends with it.
///
/// # Errors
/// 409 when one is under way; the file is forgotten then.
pub async fn request_file(
    services: &Services,
    tenant: &Tenant,
    file: &UploadRow,
) -> AppResult<ImportRow> {
    let source = Source::sent(file).to_string();
    let begun = begin(services, tenant, ImportKind::Products, &source).await;
    if begun.is_err() {
        let begin = services.pool.begin().await;
        let mut transaction = begin.doing("begin a transaction")?;
        let now = services.clock.now();
        removal::forget(&mut transaction, tenant.vendor, file.id, now).await?;
        let committed = transaction.commit().await;
        committed.doing("commit a file's end")?;
    }
    begun
}

/// Whether products can be imported now.
///
/// # Errors
/// 409 when an import of them is under way.
pub async fn idle(services: &Services, tenant: &Tenant) -> AppResult<()> {
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let (vendor, kind) = (tenant.vendor, ImportKind::Products);
    imports::abandon(&mut *transaction, vendor, kind, services.clock.now()).await?;
    let other = imports::active(&mut *transaction, vendor, kind).await?;
    transaction.commit().await.doing("commit ended imports")?;
    match other {
        None => Ok(()),
        Some(other) => Err(under_way(kind, Some(other))),
    }
}

fn under_way(kind: ImportKind, other: Option<Uuid>) -> AppError {
    let other = other.map_or_else(String::new, |id| format!(": /api/v1/imports/{id}"));
    AppError::conflict(format!("An import of {kind} is under way already{other}."))
}

async fn begin(
    services: &Services,
    tenant: &Tenant,
    kind: ImportKind,
    source_url: &str,
) -> AppResult<ImportRow> {
    let (vendor, now) = (tenant.vendor, services.clock.now());
    let user = tenant.identity.session.user_id;

    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    imports::abandon(&mut *transaction, vendor, kind, now).await?;
    let Some(import) =
        imports::insert(&mut *transaction, vendor, kind, source_url, user, now).await?
    else {
        let other = imports::active(&mut *transaction, vendor, kind).await?;
        return Err(under_way(kind, other));
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
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    if let Some(row) = imports::cancel(&mut *transaction, tenant.vendor, id, now).await? {
        forget_file(&mut transaction, &row, now).await?;
        let committed = transaction.commit().await;
        committed.doing("commit the end of an import")?;
        return Ok(row);
    }
    let row = imports::find(&mut *transaction, tenant.vendor, id).await?;
    let row = row.ok_or_else(|| AppError::not_found("There is no such import."))?;
    let detail = format!("This import has ended already; it is {}.", row.state);
    Err(Problem::new(StatusCode::CONFLICT).detail(detail).into())
}
