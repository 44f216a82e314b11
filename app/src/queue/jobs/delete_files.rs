//! Removes files whose row is gone. It is enqueued with the row's end, so that
//! the files of a row that stays are never touched.

use crate::files::key::Key;
use crate::files::store::StoreKind;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};

/// Removes files.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteFiles {
    /// Where they are.
    pub store: StoreKind,
    /// Their names.
    pub keys: Vec<String>,
}

impl Job for DeleteFiles {
    const KIND: &'static str = "delete_files";
    const QUEUE: QueueName = QueueName::Default;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let store = context.services.files.store(self.store)?;
        for name in &self.keys {
            let key: Key = match name.parse() {
                Ok(key) => key,
                Err(error) => {
                    return Ok(Outcome::Fail {
                        error: format!("{error}"),
                    });
                }
            };
            store.delete(&key).await?;
        }
        Ok(Outcome::Done)
    }

    fn check(&self) -> Result<(), String> {
        // A row may need what someone names; only the application may ask.
        Err("files are deleted with their uploads only".to_owned())
    }
}
