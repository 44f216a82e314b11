//! Products from a marketplace's feed.

use crate::domain::ids::VendorId;
use crate::imports::run;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Runs an import of products from where it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportProducts {
    /// Whose.
    pub vendor: VendorId,
    /// Which.
    pub import: Uuid,
}

impl Job for ImportProducts {
    const KIND: &'static str = "import_products";
    const QUEUE: QueueName = QueueName::Imports;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        run::run(&context, self.vendor, self.import).await
    }
}
