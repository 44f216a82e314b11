//! Sending one mail for one job, as nearly once as can be.
//!
//! A row in the table of mails says "sending" before the hand-over and "sent"
//! after it. A run that finds "sent" has nothing to do. One that finds
//! "sending" follows a run that died in between: the mail may have arrived, and
//! sending it again is the lesser evil; its Message-ID is the same, so that
//! mail programs can tell.

use super::message::Mail;
use super::transport::SendError;
use crate::queue::job::Context;
use crate::queue::outcome::{JobError, Outcome};
use crate::secrets::Place;
use crate::storage::mails::{self, Before, Failed, NewMail};

/// Sends a mail for a job and says what became of the job.
///
/// # Errors
/// When the database fails.
pub async fn deliver(context: &Context, mail: Mail) -> Result<Outcome, JobError> {
    let mailer = &context.services.mailer;
    let letter = match mailer.compose(mail, context.id) {
        Ok(letter) => letter,
        Err(error) => {
            return Ok(Outcome::Fail {
                error: error.to_string(),
            });
        }
    };
    let transport = mailer.transport();
    // It may hold a link that sets a password.
    let text = match transport.keeps_text() {
        true => {
            let spot = Place::MailTexts.of(context.id);
            let sealer = &context.services.sealer;
            Some(sealer.seal(spot, letter.mail.text.as_bytes())?)
        }
        false => None,
    };
    let row = NewMail {
        job: context.id,
        vendor: letter.mail.vendor,
        template: letter.mail.template,
        recipient: &letter.mail.to,
        subject: &letter.mail.subject,
        transport: transport.name(),
        message_id: &letter.message_id,
        text: text.as_deref(),
    };
    match mails::begin(&context.pool, &row, context.clock.now()).await? {
        Before::NotSent => {}
        Before::Sent => return Ok(Outcome::Done),
        Before::Unknown => tracing::warn!(
            message_id = letter.message_id,
            "an earlier run may have sent this mail; it may arrive twice"
        ),
    }
    match transport.send(&letter).await {
        Ok(()) => {
            mails::sent(&context.pool, context.id, context.clock.now()).await?;
            Ok(Outcome::Done)
        }
        Err(error) => failed(context, error).await,
    }
}

async fn failed(context: &Context, error: SendError) -> Result<Outcome, JobError> {
    let text = error.to_string();
    let (how, outcome) = match error {
        SendError::Permanent(error) => (Failed::Refused, Outcome::Fail { error }),
        SendError::Temporary { text, after } => {
            (Failed::Waiting, Outcome::Retry { error: text, after })
        }
        SendError::Unknown(_) => {
            let error = text.clone();
            (Failed::Unknown, Outcome::Retry { error, after: None })
        }
    };
    mails::failed(&context.pool, context.id, how, &text).await?;
    Ok(outcome)
}
