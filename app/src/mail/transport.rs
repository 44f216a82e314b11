//! What a way out for mail is, and how it can fail.

use super::message::Letter;
use futures_util::future::BoxFuture;
use time::Duration;

/// A way out for mail.
pub trait Transport: Send + Sync + std::fmt::Debug {
    /// Its name, as the operator's file and the table of mails have it.
    fn name(&self) -> &'static str;

    /// Hands one letter over. It must not try again by itself: the queue does.
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), SendError>>;

    /// Whether letters stay on the box, so that their text must be kept for
    /// anyone to read it.
    fn keeps_text(&self) -> bool {
        false
    }
}

/// A letter was not handed over, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Refused, and it would be again.
    #[error("{0}")]
    Permanent(String),
    /// Not now.
    #[error("{text}")]
    Temporary {
        /// What the other side said.
        text: String,
        /// When it asked us to come back.
        after: Option<Duration>,
    },
    /// The connection broke after the letter had begun: it may have arrived.
    #[error("{0}; it is not known whether the mail arrived")]
    Unknown(String),
}

impl SendError {
    pub(super) fn temporary(text: impl Into<String>) -> Self {
        Self::Temporary {
            text: text.into(),
            after: None,
        }
    }
}

/// A way out that was configured wrongly. The operator reads why in the job's
/// error; mail waits in the queue until it is put right.
#[derive(Debug)]
pub struct Broken {
    /// The way's name.
    pub name: &'static str,
    /// What is wrong.
    pub why: String,
}

impl Transport for Broken {
    fn name(&self) -> &'static str {
        self.name
    }

    fn send<'a>(&'a self, _letter: &'a Letter) -> BoxFuture<'a, Result<(), SendError>> {
        Box::pin(async { Err(SendError::temporary(self.why.clone())) })
    }
}
