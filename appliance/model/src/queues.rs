//! The job queues. Each has a worker process of its own, so that a flood of
//! one kind of job never delays the others.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A queue of background jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueName {
    /// Everything without a reason to be elsewhere.
    Default,
    /// Product and order imports: long, heavy on memory.
    Imports,
    /// Outgoing mail: short, waiting on the network.
    Emails,
    /// Exports and reports: long, heavy on the database.
    Reports,
}

/// Every queue, in the order they are shown.
pub const ALL: [QueueName; 4] = [
    QueueName::Default,
    QueueName::Imports,
    QueueName::Emails,
    QueueName::Reports,
];

impl QueueName {
    /// The name in unit instances, in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Imports => "imports",
            Self::Emails => "emails",
            Self::Reports => "reports",
        }
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is no queue's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no queue is named {0:?}; the queues are default, imports, emails and reports")]
pub struct UnknownQueue(String);

impl FromStr for QueueName {
    type Err = UnknownQueue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ALL.into_iter()
            .find(|queue| queue.as_str() == text)
            .ok_or_else(|| UnknownQueue(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_what_they_were() {
        for queue in ALL {
            assert_eq!(queue.as_str().parse(), Ok(queue));
            let json = serde_json::to_string(&queue).unwrap();
            assert_eq!(json, format!("\"{queue}\""));
            assert_eq!(serde_json::from_str::<QueueName>(&json).unwrap(), queue);
        }
    }

    #[test]
    fn an_unknown_name_is_told_the_known_ones() {
        let error = "mails".parse::<QueueName>().unwrap_err().to_string();
        assert!(error.contains("\"mails\"") && error.contains("emails"));
        for queue in ALL {
            assert!(error.contains(queue.as_str()));
        }
    }
}
