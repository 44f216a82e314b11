//! Products in and out as a table of text.

use super::products::room;
use crate::auth::audit::{self, Entry};
use crate::auth::tenant::Tenant;
use crate::domain::ids::VendorId;
use crate::domain::money::Currency;
use crate::domain::product::NewProduct;
use crate::errors::{AppError, AppResult};
use crate::services::Services;
use crate::sheets::read::{Reader, SheetError};
use crate::storage::Doing;
use crate::storage::products::{self, Upserted};
use serde::Serialize;
use serde_json::json;
use std::collections::HashSet;
use std::io::Read;
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// Products written at a time.
const BATCH: usize = 500;
/// Errors that are told; more are counted.
const MOST_ERRORS: usize = 1000;

/// What an import came to.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = ProductImport)]
pub struct Summary {
    /// Products that are new.
    pub created: u64,
    /// Products that have changed.
    pub updated: u64,
    /// Products that were like this already.
    pub unchanged: u64,
    /// Lines that could not be taken.
    pub failed: u64,
    /// Why; the first thousand.
    pub errors: Vec<LineError>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProductImportError)]
pub struct LineError {
    /// Its number; the first line names the columns.
    pub line: u64,
    /// The column, or nothing when it is the whole line.
    pub field: String,
    /// What is wrong.
    pub detail: String,
}

/// Lines that were read together.
#[derive(Debug, Default)]
pub struct Batch {
    products: Vec<NewProduct>,
    lines: Vec<u64>,
    failed: u64,
    errors: Vec<LineError>,
}

/// Reads a file and hands it over in batches, none of which holds an article
/// number twice. Blocks; ends when nobody takes the batches.
///
/// # Errors
/// When the file cannot be read.
pub fn read(
    file: impl Read,
    currency: Currency,
    batches: &mpsc::Sender<Batch>,
) -> Result<(), SheetError> {
    let mut reader = Reader::new(file, currency)?;
    let mut batch = Batch::default();
    let mut skus = HashSet::new();
    while let Some(line) = reader.next_line()? {
        match line.product {
            Ok(product) => {
                let again = !skus.insert(product.sku.clone());
                if again || batch.products.len() >= BATCH {
                    skus = HashSet::from([product.sku.clone()]);
                    if batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                        return Ok(());
                    }
                }
                batch.products.push(product);
                batch.lines.push(line.number);
            }
            Err(faults) => {
                batch.failed += 1;
                let room = MOST_ERRORS.saturating_sub(batch.errors.len());
                batch
                    .errors
                    .extend(faults.into_iter().take(room).map(|fault| LineError {
                        line: line.number,
                        field: fault.field,
                        detail: fault.detail,
                    }));
            }
        }
    }
    // Whoever no longer takes batches has gone, and the import with them.
    let _ = batches.blocking_send(batch);
    Ok(())
}

/// Writes batches as they come, each in a transaction of its own: what was
/// written stays when the file breaks off, and the same file again changes
/// nothing twice.
///
/// # Errors
/// When the database fails.
pub async fn write(
    services: &Services,
    tenant: &Tenant,
    batches: &mut mpsc::Receiver<Batch>,
) -> AppResult<Summary> {
    let mut summary = Summary::default();
    while let Some(batch) = batches.recv().await {
        summary.failed += batch.failed;
        let outcomes = upsert(services, tenant.vendor, &batch.products).await?;
        let mut errors = batch.errors;
        for (outcome, line) in outcomes.into_iter().zip(batch.lines) {
            match outcome {
                Upserted::Created => summary.created += 1,
                Upserted::Updated => summary.updated += 1,
                Upserted::Unchanged => summary.unchanged += 1,
                Upserted::Refused => {
                    summary.failed += 1;
                    errors.push(LineError {
                        line,
                        field: String::new(),
                        detail: "the plan allows no more products".to_owned(),
                    });
                }
            }
        }
        errors.sort_by_key(|error| error.line);
        let room = MOST_ERRORS.saturating_sub(summary.errors.len());
        summary.errors.extend(errors.into_iter().take(room));
    }
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let entry = Entry::of(tenant, "product.import", now).detail(json!({
        "created": summary.created, "updated": summary.updated, "failed": summary.failed,
    }));
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("commit an audit entry")?;
    Ok(summary)
}

async fn upsert(
    services: &Services,
    vendor: VendorId,
    products: &[NewProduct],
) -> AppResult<Vec<Upserted>> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let now = services.clock.now();
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let room = room(&mut transaction, vendor).await?.max(0);
    let outcomes = products::upsert(&mut transaction, vendor, products, room, now).await?;
    transaction.commit().await.doing("commit products")?;
    Ok(outcomes)
}

impl From<SheetError> for AppError {
    fn from(error: SheetError) -> Self {
        Self::invalid("body", error.to_string())
    }
}
