//! Tells the one who asked for an import that not all of it was taken.

use crate::domain::ids::VendorId;
use crate::imports::source::Source;
use crate::mail::delivery::deliver;
use crate::mail::links;
use crate::mail::message::Mail;
use crate::mail::templates::import_finished::ImportFinished;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::imports::{self, RowError};
use crate::storage::{recipients, vendors};
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Errors in the mail; the page has more.
const SHOWN: i64 = 20;

/// Sends the mail of an import that ended with errors.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportMail {
    /// Whose.
    pub vendor: VendorId,
    /// Which.
    pub import: Uuid,
}

impl Job for ImportMail {
    const KIND: &'static str = "import_mail";
    const QUEUE: QueueName = QueueName::Emails;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let Some(import) = imports::find(&context.pool, self.vendor, self.import).await? else {
            return Ok(Outcome::Done);
        };
        let found = match import.requested_by {
            Some(user) => recipients::find(&context.pool, user).await?,
            None => None,
        };
        let shop = vendors::find(&context.pool, self.vendor).await?;
        let (Some(user), Some(shop)) = (found.filter(|user| user.is_active), shop) else {
            // The account went meanwhile; there is nobody to write to.
            return Ok(Outcome::Done);
        };
        let errors = imports::errors(&context.pool, self.vendor, self.import, 0, SHOWN).await?;
        let path = format!("/admin/imports/{}", self.import);
        let template = ImportFinished {
            shop: shop.name,
            what: import.kind.to_string(),
            source: Source::of(&import.source_url).shown().to_owned(),
            ended: match import.state.as_str() {
                "done" => "finished",
                _ => "stopped",
            },
            created: import.created_rows,
            updated: import.updated_rows,
            failed: import.failed_rows,
            error: import.error.unwrap_or_default(),
            problems: errors.iter().map(problem).collect(),
            link: links::to(&context.services.config, &path),
        };
        let bodies = template
            .render()
            .map_err(|error| JobError::Other(error.to_string()))?;
        let mail = Mail {
            template: "import_finished",
            vendor: Some(self.vendor),
            to: user.email,
            to_name: user.name,
            subject: template.subject(),
            text: bodies.text,
            html: bodies.html,
            attachments: Vec::new(),
        };
        deliver(&context, mail).await
    }
}

/// `row 17, price: "free" is no amount`
fn problem(error: &RowError) -> String {
    let RowError {
        row_number,
        field,
        value,
        detail,
    } = error;
    match (field.as_str(), value.as_str()) {
        ("", _) => format!("row {row_number}: {detail}"),
        (_, "") => format!("row {row_number}, {field}: {detail}"),
        _ => format!("row {row_number}, {field} {value:?}: {detail}"),
    }
}
