//! A vendor's sales report.

use crate::domain::ids::VendorId;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::reports::sales;
use crate::storage::reports::{self, Made};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Times it is tried.
pub const ATTEMPTS: i32 = 3;

/// Makes a report that was asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SalesReport {
    /// Whose.
    pub vendor: VendorId,
    /// Which.
    pub report: Uuid,
}

impl Job for SalesReport {
    const KIND: &'static str = "sales_report";
    const QUEUE: QueueName = QueueName::Reports;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let pool = &context.pool;
        let Some(report) = reports::start(pool, self.vendor, self.report).await? else {
            return Ok(Outcome::Done);
        };
        let made = sales::make(&context.services, &report).await;
        let now = context.clock.now();
        match made {
            Ok((key, kept)) => {
                reports::finish(pool, &report, Made::File(&key, &kept), now).await?;
                context.progress(1, Some(1), "the report is ready").await;
                Ok(Outcome::Done)
            }
            Err(error) if context.attempt >= ATTEMPTS => {
                let error = error.to_string();
                let shown = "the report could not be made; the fault is ours and has been logged";
                reports::finish(pool, &report, Made::Failed(shown), now).await?;
                Ok(Outcome::Fail { error })
            }
            Err(error) => Err(JobError::Other(error.to_string())),
        }
    }
}
