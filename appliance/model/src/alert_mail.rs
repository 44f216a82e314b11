//! The job by which the keeper has the application send a mail: what both must
//! agree on.

use serde::{Deserialize, Serialize};

/// The kind of the job.
pub const KIND: &str = "alert_mail";

/// Its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertMail {
    /// The address.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// What is to be told, a paragraph each.
    pub lines: Vec<String>,
}
