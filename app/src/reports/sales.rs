//! The sales report of a vendor.

use super::{ReportError, csv_file, workbook};
use crate::domain::money::Currency;
use crate::files::FileError;
use crate::files::key::{BadKey, Key};
use crate::files::tally::Tally;
use crate::services::Services;
use crate::storage::imported_products;
use crate::storage::reports::{Kept, ReportRow};
use crate::storage::sales::{self, By, Range, Sales};
use futures_util::StreamExt;
use sqlx::PgPool;
use std::fs::File;
use std::io::Seek;
use std::path::PathBuf;
use tokio::sync::mpsc::{self, Sender};
use tokio_util::io::ReaderStream;

/// Lines between the reader and the writer.
const AHEAD: usize = 256;

/// Where reports are while they are written, within the state directory.
const SCRATCH: &str = "scratch";

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

/// The media type of a report in this form.
#[must_use]
pub fn content_type(format: &str) -> &'static str {
    match format {
        "csv" => "text/csv; charset=utf-8",
        _ => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
}

/// The name of a report's file.
fn file_key(report: &ReportRow) -> Result<Key, BadKey> {
    format!(
        "reports/{}/{}.{}",
        report.vendor_id, report.id, report.format
    )
    .parse()
}

/// Makes a report and keeps its file, whose name it gives. Making it again replaces it.
///
/// It is written to a file without a name first, which goes away by itself
/// whatever happens: only whole reports come to the store.
///
/// # Errors
/// When the sales cannot be read or the file not kept.
pub async fn make(services: &Services, report: &ReportRow) -> Result<(Key, Kept), ReportError> {
    let (_, currency) = imported_products::vendor(&services.pool, report.vendor_id).await?;
    let currency: Currency = currency.parse().unwrap_or(Currency::EUR);
    let scratch = services.state_dir.join(SCRATCH);
    tokio::fs::create_dir_all(&scratch).await?;
    let file = tempfile::tempfile_in(&scratch)?;
    let mut made = file.try_clone()?;
    write(services, report, currency, file, scratch).await?;
    made.rewind()?;
    let store = services.files.current()?;
    let pieces = ReaderStream::new(tokio::fs::File::from_std(made));
    let pieces = pieces.map(|piece| piece.map_err(unreadable)).boxed();
    let (tally, body) = Tally::watch(pieces, u64::MAX);
    let kind = content_type(&report.format);
    let key = file_key(report)?;
    store.put(&key, kind, body).await?;
    let kept = Kept {
        store: store.kind(),
        total: tally.total(),
    };
    Ok((key, kept))
}

fn unreadable(source: std::io::Error) -> FileError {
    FileError::Disk {
        action: "read back",
        key: "a report".to_owned(),
        source,
    }
}

async fn write(
    services: &Services,
    report: &ReportRow,
    currency: Currency,
    file: File,
    scratch: PathBuf,
) -> Result<(), ReportError> {
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
            workbook::write(&file, &scratch, currency, days, products)
        });
        feed(pool, &range, By::Day, send_days).await?;
        feed(pool, &range, By::Product, send_products).await?;
        writing
    };
    writing.await.map_err(|_| ReportError::Writer)?
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
