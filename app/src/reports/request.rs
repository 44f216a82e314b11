//! Asking for a report, the same from the API and from pages.

use super::sales::ReportFormat;
use crate::auth::tenant::Tenant;
use crate::errors::{AppError, AppResult};
use crate::flags;
use crate::queue::enqueue::{NewJob, enqueue};
use crate::queue::jobs::sales_report::{ATTEMPTS, SalesReport};
use crate::services::Services;
use crate::storage::Doing;
use crate::storage::reports::{self, NewReport, ReportRow};
use time::Date;

/// The longest report: three years and a bit.
const MOST_DAYS: i64 = 1_100;

/// Asks for a sales report; its job makes it. Days are written as 2026-01-31
/// and are those of the box's time zone.
///
/// # Errors
/// 422 for what are no days.
pub async fn request(
    services: &Services,
    tenant: &Tenant,
    format: ReportFormat,
    from: &str,
    to: &str,
) -> AppResult<ReportRow> {
    let (from, to) = (day("from", from)?, day("to", to)?);
    let days = (to - from).whole_days();
    if !(0..MOST_DAYS).contains(&days) {
        let detail = format!("must not be before from, nor {MOST_DAYS} days after it");
        return Err(AppError::invalid("to", detail));
    }
    let (vendor, now) = (tenant.vendor, services.clock.now());
    if !flags::is_enabled(services, vendor, "sales_reports").await? {
        return Err(AppError::forbidden(
            "No reports are made here: the feature sales_reports is off.",
        ));
    }
    let new = NewReport {
        vendor,
        format: format.as_str(),
        from,
        to,
        requested_by: tenant.identity.session.user_id,
    };
    let mut transaction = services.pool.begin().await.doing("begin a transaction")?;
    let report = reports::insert(&mut *transaction, &new, now).await?.id;
    let job = NewJob::of(&SalesReport { vendor, report })?
        .vendor(vendor)
        .max_attempts(ATTEMPTS);
    let job = enqueue(&mut transaction, &job, now).await?.into_row();
    let row = reports::set_job(&mut *transaction, vendor, report, job.id).await?;
    transaction.commit().await.doing("commit the new report")?;
    Ok(row)
}

fn day(field: &str, text: &str) -> AppResult<Date> {
    let form = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, form)
        .ok()
        .filter(|date| (1970..=9000).contains(&date.year()))
        .ok_or_else(|| AppError::invalid(field, "must be a day such as 2026-01-31"))
}
