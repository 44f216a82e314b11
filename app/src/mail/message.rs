//! A mail, from what a template made to the bytes that travel.

use crate::domain::ids::VendorId;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment as MimeAttachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, address};
use time::OffsetDateTime;
use uuid::Uuid;

/// Longest subject that is kept; RFC 5322 allows lines of 998 bytes.
const LONGEST_SUBJECT: usize = 200;

/// A mail before it has a sender.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Name of the template.
    pub template: &'static str,
    /// The shop it is about, if it is about one.
    pub vendor: Option<VendorId>,
    /// Recipient's address.
    pub to: String,
    /// Recipient's name; may be empty.
    pub to_name: String,
    /// Subject line.
    pub subject: String,
    /// Body for those who read text.
    pub text: String,
    /// Body for those who read HTML.
    pub html: String,
    /// Files that go along.
    pub attachments: Vec<Attachment>,
}

/// A file that goes along.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Who writes.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Address and name.
    pub from: Mailbox,
    /// Where answers go.
    pub reply_to: Option<Mailbox>,
}

/// A mail that is ready to go, in both forms that ways out want.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its parts.
    pub mail: Mail,
    /// The recipient.
    pub to: Mailbox,
    /// Who writes.
    pub sender: Sender,
    /// The same in every attempt, so that a duplicate can be recognised.
    pub message_id: String,
    /// As RFC 5322 has it.
    pub message: Message,
}

/// A mail cannot be made of this.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The recipient's address is not one.
    #[error("{address:?} is no mail address: {source}")]
    Recipient {
        /// What was given.
        address: String,
        /// What is wrong with it.
        #[source]
        source: address::AddressError,
    },
    /// An attachment's type is not one.
    #[error("{0:?} is no media type")]
    ContentType(&'static str),
    /// The parts do not make a message.
    #[error("cannot put the mail together: {0}")]
    Message(#[from] lettre::error::Error),
}

impl Letter {
    /// Puts a letter together. Text from outside cannot break out of its
    /// header: line breaks and other control characters become blanks.
    ///
    /// # Errors
    /// When the recipient's address is not one.
    pub fn new(
        mut mail: Mail,
        sender: Sender,
        job: Uuid,
        now: OffsetDateTime,
    ) -> Result<Self, LetterError> {
        let address: Address = mail.to.parse().map_err(|source| LetterError::Recipient {
            address: mail.to.clone(),
            source,
        })?;
        mail.subject = one_line(&mail.subject, LONGEST_SUBJECT);
        mail.to_name = one_line(&mail.to_name, LONGEST_SUBJECT);
        let name = Some(mail.to_name.clone()).filter(|name| !name.is_empty());
        let to = Mailbox::new(name, address);
        let message_id = format!("<{job}@{}>", sender.from.email.domain());
        let mut builder = Message::builder()
            .from(sender.from.clone())
            .to(to.clone())
            .date(now.into())
            .message_id(Some(message_id.clone()))
            .subject(mail.subject.clone());
        if let Some(reply_to) = &sender.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let message = builder.multipart(body(&mail)?)?;
        Ok(Self {
            mail,
            to,
            sender,
            message_id,
            message,
        })
    }
}

fn body(mail: &Mail) -> Result<MultiPart, LetterError> {
    let text = MultiPart::alternative()
        .singlepart(SinglePart::plain(mail.text.clone()))
        .singlepart(SinglePart::html(mail.html.clone()));
    if mail.attachments.is_empty() {
        return Ok(text);
    }
    let mut mixed = MultiPart::mixed().multipart(text);
    for file in &mail.attachments {
        let kind = ContentType::parse(file.content_type)
            .map_err(|_| LetterError::ContentType(file.content_type))?;
        let name = one_line(&file.file_name, LONGEST_SUBJECT);
        mixed = mixed.singlepart(MimeAttachment::new(name).body(file.bytes.clone(), kind));
    }
    Ok(mixed)
}

/// Text as it may stand in a header: one line, at most so many characters.
#[must_use]
pub fn one_line(text: &str, longest: usize) -> String {
    let unbroken = |c: char| {
        let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if breaks { ' ' } else { c }
    };
    let line: String = text.chars().map(unbroken).take(longest).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn sender() -> Sender {
        Sender {
            from: Mailbox::new(Some("Café Ö".into()), "shop@example.org".parse().unwrap()),
            reply_to: None,
        }
    }

    fn mail(to: &str, name: &str, subject: &str) -> Mail {
        Mail {
            template: "test",
            vendor: None,
            to: to.into(),
            to_name: name.into(),
            subject: subject.into(),
            text: "Hello\n.\nworld".into(),
            html: "<p>Hello".into(),
            attachments: vec![Attachment {
                file_name: "a\r\nX-Evil: 1.pdf".into(),
                content_type: "application/pdf",
                bytes: b"%PDF".to_vec(),
            }],
        }
    }

    fn letter(to: &str, name: &str, subject: &str) -> Result<Letter, LetterError> {
        Letter::new(
            mail(to, name, subject),
            sender(),
            Uuid::from_u128(7),
            datetime!(2026-11-24 10:00 UTC),
        )
    }

    /// Names of the headers before the first body.
    fn headers(bytes: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        head.lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect()
    }

    const EXPECTED: [&str; 7] = [
        "From",
        "To",
        "Date",
        "Message-ID",
        "Subject",
        "MIME-Version",
        "Content-Type",
    ];

    #[test]
    fn a_duplicate_can_be_recognised_by_its_id() {
        let letter = letter("ann@example.org", "Ann", "Hello").unwrap();
        let id = "<00000000-0000-0000-0000-000000000007@example.org>";
        assert_eq!(letter.message_id, id);
        let text = String::from_utf8(letter.message.formatted()).unwrap();
        assert!(text.contains(&format!("Message-ID: {id}\r\n")), "{text}");
        assert!(text.contains("Date: Tue, 24 Nov 2026 10:00:00"), "{text}");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for to in [
            "",
            "ann",
            "ann@example.org\r\nBcc: eve@example.org",
            "a b@example.org",
        ] {
            assert!(letter(to, "", "").is_err(), "{to:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_adds_a_header(name in any::<String>(), subject in any::<String>()) {
            let letter = letter("ann@example.org", &name, &subject).unwrap();
            let mut found = headers(&letter.message.formatted());
            found.sort();
            let mut expected = EXPECTED.map(str::to_owned).to_vec();
            expected.sort();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_line_stays_one(text in any::<String>()) {
            let line = one_line(&text, 50);
            prop_assert!(line.chars().count() <= 50 && !line.chars().any(char::is_control));
        }
    }
}
