//! The sales report of a vendor.

use super::{ReportError, csv_file, workbook};
use crate::domain::money::Currency;
use crate::services::Services;
use crate::storage::imported_products;
use crate::storage::reports::ReportRow;
use crate::storage::sales::{self, By, Range, Sales};
use futures_util::StreamExt;
use sqlx::PgPool;
use std::path::PathBuf;
use tokio::sync::mpsc::{self, Sender};

/// Lines between the reader and the writer.
const AHEAD: usize = 256;

/// The form of a report.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// A table: a line for each day and product.
    Csv,
    /// A workbook with days, products and a plot.
    Xlsx,
}

impl ReportFormat {
    /// The name in the database, and the end of the file's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// Where a report is, within the application's files.
#[must_use]
pub fn file_key(report: &ReportRow) -> String {
    format!(
        "reports/{}/{}.{}",
        report.vendor_id, report.id, report.format
    )
}

/// Makes a report and gives its size in bytes. Making it again replaces it.
///
/// # Errors
/// When the sales cannot be read or the file not written.
pub async fn make(services: &Services, report: &ReportRow) -> Result<i64, ReportError> {
    let (_, currency) = imported_products::vendor(&services.pool, report.vendor_id).await?;
    let currency: Currency = currency.parse().unwrap_or(Currency::EUR);
    let path = services.state_dir.join(file_key(report));
    let folder = path.parent().map_or_else(PathBuf::new, PathBuf::from);
    tokio::fs::create_dir_all(&folder).await?;
    // Half a report is never found under the whole one's name.
    let half = path.with_extension("part");
    let file = tokio::fs::File::create(&half).await?.into_std().await;
    let range = Range {
        vendor: report.vendor_id,
        from: report.from_date,
        to: report.to_date,
        zone: services.config.time.zone.clone(),
    };
    let pool = &services.pool;
    let writing = if report.format == ReportFormat::Csv.as_str() {
        let (send, lines) = mpsc::channel(AHEAD);
        let writing = tokio::task::spawn_blocking(move || csv_file::write(file, currency, lines));
        feed(pool, &range, By::DayAndProduct, send).await?;
        writing
    } else {
        let (send_days, days) = mpsc::channel(AHEAD);
        let (send_products, products) = mpsc::channel(AHEAD);
        let writing = tokio::task::spawn_blocking(move || {
            workbook::write(&file, &folder, currency, days, products)
        });
        feed(pool, &range, By::Day, send_days).await?;
        feed(pool, &range, By::Product, send_products).await?;
        writing
    };
    writing.await.map_err(|_| ReportError::Writer)??;
    let size = tokio::fs::metadata(&half).await?.len();
    tokio::fs::rename(&half, &path).await?;
    Ok(i64::try_from(size).unwrap_or(i64::MAX))
}

/// Sends lines for as long as someone takes them. When the writer has given
/// up, why is its to say.
async fn feed(pool: &PgPool, range: &Range, by: By, to: Sender<Sales>) -> Result<(), ReportError> {
    let mut lines = std::pin::pin!(sales::read(pool, range, by));
    while let Some(line) = lines.next().await {
        if to.send(line?).await.is_err() {
            break;
        }
    }
    Ok(())
}
