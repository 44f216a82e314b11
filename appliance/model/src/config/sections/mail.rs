//! `[mail]`: how mail leaves the box. Without it, mail is written down in the
//! outbox and leaves nowhere.

use super::admin::is_address;
use crate::config::error::Finding;
use crate::config::url::is_api_url;
use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Outgoing mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The way out.
    pub transport: MailTransport,
    /// Sender's address.
    pub from: String,
    /// Sender's name.
    pub from_name: String,
    /// Where answers go; to the sender when left out.
    pub reply_to: Option<String>,
    /// Longest time to wait for a mail server, in seconds.
    pub timeout: u64,
    /// Where the outbox also puts each mail as a file.
    pub outbox_directory: Option<String>,
    /// A mail server.
    pub smtp: Smtp,
    /// The SendGrid service.
    pub sendgrid: Sendgrid,
    /// The Mailgun service.
    pub mailgun: Mailgun,
    /// Amazon's Simple Email Service.
    pub ses: Ses,
}

/// The ways mail can go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// Nowhere: it is written down.
    #[default]
    Outbox,
    /// A mail server.
    Smtp,
    /// SendGrid's API.
    Sendgrid,
    /// Mailgun's API.
    Mailgun,
    /// Amazon SES's API, version 2.
    Ses,
}

/// A mail server that takes mail for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// Its port; by the kind of encryption when left out.
    pub port: Option<u16>,
    /// Encryption.
    pub security: SmtpSecurity,
    /// Login; none when left out.
    pub username: Option<String>,
    /// The login's password.
    pub password: Option<Secret>,
    /// A file with certificates (PEM) to trust beside the system's.
    pub ca_file: Option<String>,
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Begins in the clear, must switch to TLS (RFC 3207).
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None; for a server on this machine only.
    None,
}

impl SmtpSecurity {
    /// The usual port.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// SendGrid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sendgrid {
    /// A key that may send mail.
    pub api_key: Option<Secret>,
    /// Where the API is.
    pub url: String,
}

/// Mailgun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mailgun {
    /// A key that may send mail.
    pub api_key: Option<Secret>,
    /// The sending domain.
    pub domain: Option<String>,
    /// Where the API is.
    pub url: String,
}

/// Amazon SES.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ses {
    /// AWS region.
    pub region: Option<String>,
    /// Name of the key.
    pub access_key_id: Option<String>,
    /// The key.
    pub secret_access_key: Option<Secret>,
    /// Where the API is; follows from the region when left out.
    pub url: Option<String>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            transport: MailTransport::default(),
            from: "wizamart@localhost".to_owned(),
            from_name: "Wizamart".to_owned(),
            reply_to: None,
            timeout: 30,
            outbox_directory: None,
            smtp: Smtp::default(),
            sendgrid: Sendgrid::default(),
            mailgun: Mailgun::default(),
            ses: Ses::default(),
        }
    }
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            host: "localhost".to_owned(),
            port: None,
            security: SmtpSecurity::default(),
            username: None,
            password: None,
            ca_file: None,
        }
    }
}

impl Default for Sendgrid {
    fn default() -> Self {
        Self {
            api_key: None,
            url: "https://api.sendgrid.com".to_owned(),
        }
    }
}

impl Default for Mailgun {
    fn default() -> Self {
        Self {
            api_key: None,
            domain: None,
            url: "https://api.mailgun.net".to_owned(),
        }
    }
}

impl Mail {
    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for (key, address) in [
            ("mail.from", Some(&self.from)),
            ("mail.reply_to", self.reply_to.as_ref()),
        ] {
            if address.is_some_and(|address| !is_address(address)) {
                found.push(Finding::hidden(
                    key,
                    "this is not a mail address",
                    r#"write an address such as "shop@example.com""#,
                ));
            }
        }
        if self.from_name.len() > 200 || self.from_name.chars().any(char::is_control) {
            found.push(Finding::hidden(
                "mail.from_name",
                "this is not a name on one line",
                "write at most 200 letters",
            ));
        }
        if !(1..=300).contains(&self.timeout) {
            found.push(Finding::hidden(
                "mail.timeout",
                "a mail server is given at least a second and at most five minutes",
                "write a whole number from 1 to 300",
            ));
        }
        if self.smtp.port == Some(0) {
            found.push(Finding::hidden(
                "mail.smtp.port",
                "nothing listens on port 0",
                "write a port from 1 to 65535",
            ));
        }
        let urls = [
            ("mail.sendgrid.url", Some(&self.sendgrid.url)),
            ("mail.mailgun.url", Some(&self.mailgun.url)),
            ("mail.ses.url", self.ses.url.as_ref()),
        ];
        let wrong = urls
            .into_iter()
            .filter(|(_, url)| url.is_some_and(|url| !is_api_url(url)));
        found.extend(wrong.map(|(key, _)| {
            Finding::hidden(
                key,
                "keys are sent to this address, and it is not one of HTTPS",
                r#"write a URL such as "https://api.example.com""#,
            )
        }));
        found.extend(Finding::of_path(
            "mail.smtp.ca_file",
            self.smtp.ca_file.as_deref().map(Path::new),
            "/var/lib/onebox/mail-ca.pem",
        ));
        found.extend(self.missing());
        found
    }

    /// What the chosen way needs and the file does not say.
    fn missing(&self) -> Vec<Finding> {
        let need = |key: &str, given: bool| {
            (!given).then(|| {
                Finding::hidden(
                    key,
                    "the chosen mail.transport needs it",
                    "add it, or choose another transport",
                )
            })
        };
        let found: Vec<Option<Finding>> = match self.transport {
            MailTransport::Outbox => Vec::new(),
            MailTransport::Smtp => vec![
                need(
                    "mail.smtp.password",
                    self.smtp.username.is_none() || self.smtp.password.is_some(),
                ),
                (self.smtp.security == SmtpSecurity::None && !self.smtp.is_here()).then(|| {
                    Finding::hidden(
                        "mail.smtp.security",
                        "mail and password would cross the network unencrypted",
                        r#"write "starttls" or "tls""#,
                    )
                }),
            ],
            MailTransport::Sendgrid => {
                vec![need(
                    "mail.sendgrid.api_key",
                    self.sendgrid.api_key.is_some(),
                )]
            }
            MailTransport::Mailgun => vec![
                need("mail.mailgun.api_key", self.mailgun.api_key.is_some()),
                need("mail.mailgun.domain", self.mailgun.domain.is_some()),
            ],
            MailTransport::Ses => vec![
                need("mail.ses.region", self.ses.region.is_some()),
                need("mail.ses.access_key_id", self.ses.access_key_id.is_some()),
                need(
                    "mail.ses.secret_access_key",
                    self.ses.secret_access_key.is_some(),
                ),
            ],
        };
        found.into_iter().flatten().collect()
    }
}

impl Smtp {
    /// Whether the server is on this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(change: impl FnOnce(&mut Mail)) -> Vec<String> {
        let mut mail = Mail::default();
        change(&mut mail);
        mail.validate()
            .into_iter()
            .map(|finding| finding.key)
            .collect()
    }

    #[test]
    fn a_way_out_names_what_it_needs() {
        assert!(findings(|_| ()).is_empty());
        assert!(findings(|mail| mail.transport = MailTransport::Smtp).is_empty());
        assert_eq!(
            findings(|mail| mail.transport = MailTransport::Sendgrid),
            ["mail.sendgrid.api_key"]
        );
        assert_eq!(
            findings(|mail| mail.transport = MailTransport::Mailgun),
            ["mail.mailgun.api_key", "mail.mailgun.domain"]
        );
        assert_eq!(
            findings(|mail| mail.transport = MailTransport::Ses).len(),
            3
        );
        assert_eq!(
            findings(|mail| {
                mail.transport = MailTransport::Smtp;
                mail.smtp.username = Some("shop".to_owned());
            }),
            ["mail.smtp.password"]
        );
    }

    #[test]
    fn mail_crosses_no_network_unencrypted() {
        let plain = |host: &str| {
            findings(|mail| {
                mail.transport = MailTransport::Smtp;
                mail.smtp.security = SmtpSecurity::None;
                mail.smtp.host = host.to_owned();
            })
        };
        assert!(plain("localhost").is_empty() && plain("127.0.0.1").is_empty());
        assert_eq!(plain("mail.example.com"), ["mail.smtp.security"]);
    }

    #[test]
    fn addresses_are_addresses() {
        assert_eq!(
            findings(|mail| mail.from = "nobody".to_owned()),
            ["mail.from"]
        );
        assert_eq!(
            findings(|mail| mail.from_name = "a\r\nBcc: b@c".to_owned()),
            ["mail.from_name"]
        );
    }
}
