//! Mail: from a template to whoever takes it from here.
//!
//! Jobs make a [`message::Mail`] with a template and hand it to
//! [`delivery::deliver`], which writes it down, sends it through the configured
//! [`transport::Transport`], and turns what came of it into the job's outcome.
//! Nothing here tries again by itself: retries are the queue's.
//!
//! Start reading at [`delivery`].

pub mod delivery;
mod http;
pub mod links;
pub mod mailgun;
pub mod message;
pub mod outbox;
pub mod preview;
pub mod sendgrid;
pub mod ses;
pub mod smtp;
pub mod templates;
pub mod transport;

use crate::clock::SharedClock;
use crate::outbound::Outbound;
use http::Caller;
use lettre::message::Mailbox;
use message::{Letter, LetterError, Mail, Sender};
use onebox_model::Config;
use onebox_model::config::MailTransport;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use transport::{Broken, Transport};
use uuid::Uuid;

/// Sends mail the way the operator chose. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: Arc<dyn Transport>,
    sender: Option<Sender>,
    clock: SharedClock,
}

/// A letter cannot be begun.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// There is no sender.
    #[error("mail.from is no address that mail can come from; correct it")]
    NoSender,
    /// The mail does not make a letter.
    #[error(transparent)]
    Letter(#[from] LetterError),
}

impl Mailer {
    /// The mailer of a configuration. What is wrong with that is logged, and
    /// again told by every mail that is tried; the rest of the process works.
    #[must_use]
    pub fn new(config: &Config, clock: SharedClock, outbound: &Outbound) -> Self {
        let name = name(config.mail.transport);
        let transport = build(config, &clock, outbound).unwrap_or_else(|why| {
            tracing::error!("no mail goes out: {why}");
            Arc::new(Broken { name, why })
        });
        Self {
            transport,
            sender: sender(config),
            clock,
        }
    }

    /// The way out.
    #[must_use]
    pub fn transport(&self) -> &dyn Transport {
        &*self.transport
    }

    /// Puts a letter together for a job.
    ///
    /// # Errors
    /// When there is no sender, or the recipient's address is not one.
    pub fn compose(&self, mail: Mail, job: Uuid) -> Result<Letter, ComposeError> {
        let sender = self.sender.clone().ok_or(ComposeError::NoSender)?;
        Ok(Letter::new(mail, sender, job, self.clock.now())?)
    }
}

fn sender(config: &Config) -> Option<Sender> {
    let from = config.mail.from.parse().ok()?;
    let name = message::one_line(&config.mail.from_name, 200);
    let name = Some(name).filter(|name| !name.is_empty());
    let reply_to = config.mail.reply_to.as_ref();
    Some(Sender {
        from: Mailbox::new(name, from),
        reply_to: reply_to.and_then(|address| Some(Mailbox::new(None, address.parse().ok()?))),
    })
}

const fn name(transport: MailTransport) -> &'static str {
    match transport {
        MailTransport::Outbox => "outbox",
        MailTransport::Smtp => "smtp",
        MailTransport::Sendgrid => "sendgrid",
        MailTransport::Mailgun => "mailgun",
        MailTransport::Ses => "ses",
    }
}

fn build(
    config: &Config,
    clock: &SharedClock,
    outbound: &Outbound,
) -> Result<Arc<dyn Transport>, String> {
    let mail = &config.mail;
    let timeout = Duration::from_secs(mail.timeout);
    let caller = || {
        let client = outbound.trusted().map_err(|error| error.to_string())?;
        Ok::<_, String>(Caller {
            client: client.clone(),
            timeout,
            clock: Arc::clone(clock),
        })
    };
    let secret = |secret: &Option<_>, key: &str| match secret {
        Some(secret) => config
            .reveal(secret)
            .map_err(|error| format!("{key}: {error}")),
        None => Err(format!("{key} is missing")),
    };
    let text = |value: &Option<String>, key: &str| {
        value.clone().ok_or_else(|| format!("{key} is missing"))
    };
    Ok(match mail.transport {
        MailTransport::Outbox => Arc::new(outbox::Outbox {
            directory: mail.outbox_directory.as_ref().map(PathBuf::from),
        }),
        MailTransport::Smtp => {
            let password = match &mail.smtp.username {
                Some(_) => Some(secret(&mail.smtp.password, "mail.smtp.password")?),
                None => None,
            };
            let hello = links::host(config);
            let smtp = smtp::Smtp::new(&mail.smtp, password, timeout, hello);
            Arc::new(smtp.map_err(|error| error.to_string())?)
        }
        MailTransport::Sendgrid => Arc::new(sendgrid::Sendgrid {
            caller: caller()?,
            url: mail.sendgrid.url.clone(),
            key: secret(&mail.sendgrid.api_key, "mail.sendgrid.api_key")?,
        }),
        MailTransport::Mailgun => Arc::new(mailgun::Mailgun {
            caller: caller()?,
            url: mail.mailgun.url.clone(),
            domain: text(&mail.mailgun.domain, "mail.mailgun.domain")?,
            key: secret(&mail.mailgun.api_key, "mail.mailgun.api_key")?,
        }),
        MailTransport::Ses => {
            let region = text(&mail.ses.region, "mail.ses.region")?;
            let url = mail.ses.url.clone();
            Arc::new(ses::Ses {
                caller: caller()?,
                url: url.unwrap_or_else(|| ses::Ses::regional_url(&region)),
                region,
                key_id: text(&mail.ses.access_key_id, "mail.ses.access_key_id")?,
                key: secret(&mail.ses.secret_access_key, "mail.ses.secret_access_key")?,
            })
        }
    })
}
