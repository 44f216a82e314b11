//! Orders from a marketplace's interface.

use crate::domain::ids::VendorId;
use crate::imports::run;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Runs an import of orders from where it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportOrders {
    /// Whose.
    pub vendor: VendorId,
    /// Which.
    pub import: Uuid,
}

impl Job for ImportOrders {
    const KIND: &'static str = "import_orders";
    const QUEUE: QueueName = QueueName::Imports;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        run::run(&context, self.vendor, self.import).await
    }
}
