//! `[workers.QUEUE]`: how much the workers do at once.

use crate::config::error::Finding;
use crate::queues::{self, QueueName};
use serde::{Deserialize, Serialize};

/// Most jobs one queue may be told to do at once.
pub(crate) const MAX_CONCURRENCY: u32 = 64;

/// The workers of every queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Workers {
    /// Queue `default`.
    pub default: Worker,
    /// Queue `imports`.
    pub imports: Worker,
    /// Queue `emails`.
    pub emails: Worker,
    /// Queue `reports`.
    pub reports: Worker,
}

/// The worker of one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Worker {
    /// Jobs done at once; from memory and cores when left out.
    pub concurrency: Option<u32>,
}

impl Workers {
    /// The settings of a queue.
    #[must_use]
    pub const fn get(&self, queue: QueueName) -> &Worker {
        match queue {
            QueueName::Default => &self.default,
            QueueName::Imports => &self.imports,
            QueueName::Emails => &self.emails,
            QueueName::Reports => &self.reports,
        }
    }

    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        queues::ALL
            .into_iter()
            .filter_map(|queue| Some((queue, self.get(queue).concurrency?)))
            .filter(|(_, wanted)| !(1..=MAX_CONCURRENCY).contains(wanted))
            .map(|(queue, wanted)| Finding {
                key: format!("workers.{queue}.concurrency"),
                value: Some(wanted.to_string()),
                why: "a worker does at least one job and at most 64 at once".to_owned(),
                fix: "write a whole number from 1 to 64, or leave it out".to_owned(),
            })
            .collect()
    }
}
