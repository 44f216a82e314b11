//! Writes one mail to the outbox. It stands for real mail until there is one,
//! and shows the way of every job: at least one run, exactly one effect.

use crate::queue::job::{Context, Job};
use crate::queue::outcome::{JobError, Outcome};
use crate::storage::outbox;
use onebox_model::QueueName;
use serde::{Deserialize, Serialize};

/// A mail to be written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoMail {
    /// The recipient's address.
    pub to: String,
    /// The subject line.
    pub subject: String,
}

impl Job for DemoMail {
    const KIND: &'static str = "demo_mail";
    const QUEUE: QueueName = QueueName::Emails;

    async fn run(self, context: Context) -> Result<Outcome, JobError> {
        let now = context.clock.now();
        outbox::insert(&context.pool, context.id, &self.to, &self.subject, now).await?;
        Ok(Outcome::Done)
    }

    fn check(&self) -> Result<(), String> {
        let sized = (3..=254).contains(&self.to.len());
        if !sized || !self.to.contains('@') || self.to.chars().any(char::is_control) {
            return Err("\"to\" must be a mail address".to_owned());
        }
        if self.subject.len() > 998 || self.subject.chars().any(char::is_control) {
            return Err("\"subject\" must be one line of at most 998 bytes".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &str, subject: &str) -> DemoMail {
        DemoMail {
            to: to.to_owned(),
            subject: subject.to_owned(),
        }
    }

    #[test]
    fn an_address_and_a_line_are_enough() {
        assert_eq!(mail("ann@example.org", "Hello").check(), Ok(()));
    }

    #[test]
    fn a_header_cannot_be_smuggled_in() {
        assert!(
            mail("ann@example.org\r\nBcc: eve@example.org", "Hello")
                .check()
                .is_err()
        );
        assert!(
            mail("ann@example.org", "Hello\r\nBcc: eve@example.org")
                .check()
                .is_err()
        );
        assert!(mail("ann", "Hello").check().is_err());
    }
}
