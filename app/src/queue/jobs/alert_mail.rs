//! Sends what the keeper of the box has to tell its operator.

use crate::mail::delivery::deliver;
use crate::mail::message::Mail;
use crate::mail::templates::alert::Alert;
use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use onebox_model::QueueName;
use onebox_model::alert_mail::{self, AlertMail};

/// Lines in one mail; the keeper writes far fewer.
const MOST_LINES: usize = 100;

impl Job for AlertMail {
    const KIND: &'static str = alert_mail::KIND;
    const QUEUE: QueueName = QueueName::Emails;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let template = Alert {
            subject: self.subject,
            lines: self.lines,
        };
        let bodies = template
            .render()
            .map_err(|error| JobError::Other(error.to_string()))?;
        let mail = Mail {
            template: "alert",
            vendor: None,
            to: self.to,
            to_name: String::new(),
            subject: template.subject,
            text: bodies.text,
            html: bodies.html,
            attachments: Vec::new(),
        };
        deliver(&context, mail).await
    }

    fn check(&self) -> Result<(), String> {
        if self.subject.is_empty() || self.subject.contains(['\r', '\n']) {
            return Err("subject is one line".to_owned());
        }
        if self.lines.len() > MOST_LINES {
            return Err(format!("at most {MOST_LINES} lines"));
        }
        Ok(())
    }
}
