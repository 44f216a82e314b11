//! Where a feed comes from: a web server, or a file that somebody sent.

use super::fetch::{self, Request};
use super::run::RunError;
use crate::domain::ids::VendorId;
use crate::files::FileError;
use crate::files::store::Bytestream;
use crate::queue::job::Context;
use crate::storage::uploads::{self, UploadRow};
use bytes::Bytes;
use futures_util::TryStreamExt;
use std::fmt;
use uuid::Uuid;

/// What stands before a file's number in the column `source_url`.
const MARK: &str = "upload:";

/// Where a feed comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// A web server.
    Web(&'a str),
    /// A file of the vendor's, and the name it was sent with.
    File(Uuid, &'a str),
}

impl<'a> Source<'a> {
    /// What the column says.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let file = text.strip_prefix(MARK).map(|rest| {
            let (number, name) = rest.split_once('/').unwrap_or((rest, ""));
            (number.parse(), name)
        });
        match file {
            Some((Ok(number), name)) => Self::File(number, name),
            _ => Self::Web(text),
        }
    }

    /// A file that was sent.
    #[must_use]
    pub fn sent(row: &'a UploadRow) -> Self {
        Self::File(row.id, &row.file_name)
    }

    /// What people are shown.
    #[must_use]
    pub fn shown(&self) -> &'a str {
        match self {
            Self::Web(text) => text,
            Self::File(_, "") => "a file",
            Self::File(_, name) => name,
        }
    }
}

impl fmt::Display for Source<'_> {
    /// As the column has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(text) => f.write_str(text),
            Self::File(number, name) => write!(f, "{MARK}{number}/{name}"),
        }
    }
}

/// A feed that is being read.
pub(super) struct Feed {
    /// What tells one version of it from another; empty when nothing does.
    pub(super) tag: String,
    /// Its size in bytes, if that is known.
    pub(super) total: Option<i64>,
    body: Body,
}

enum Body {
    Web(reqwest::Response),
    File(Bytestream<'static>),
}

impl Feed {
    pub(super) async fn open(
        context: &Context,
        vendor: VendorId,
        source: &Source<'_>,
    ) -> Result<Self, RunError> {
        match source {
            Source::Web(url) => web(context, url).await,
            Source::File(number, _) => file(context, vendor, *number).await,
        }
    }

    /// The next bytes; `None` after the last ones.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RunError> {
        match &mut self.body {
            Body::Web(response) => response
                .chunk()
                .await
                .map_err(|error| fetch::failure(&error).into()),
            Body::File(stream) => stream.try_next().await.map_err(RunError::from),
        }
    }
}

async fn web(context: &Context, url: &str) -> Result<Feed, RunError> {
    let request = Request {
        url,
        accept: "text/csv, text/tab-separated-values, text/plain, */*;q=0.1",
        token: None,
    };
    let response = fetch::fetch(&context.services.outbound, request).await?;
    Ok(Feed {
        tag: fetch::tag(response.headers()),
        total: response
            .content_length()
            .and_then(|length| i64::try_from(length).ok()),
        body: Body::Web(response),
    })
}

async fn file(context: &Context, vendor: VendorId, number: Uuid) -> Result<Feed, RunError> {
    let row = uploads::find(&context.pool, vendor, number).await?;
    let row = row.ok_or_else(|| RunError::Never("the file was deleted".to_owned()))?;
    let store = context.services.files.store(row.store)?;
    Ok(Feed {
        tag: row.sha256,
        total: i64::try_from(row.size_bytes).ok(),
        body: Body::File(store.open(&row.key, None).await?),
    })
}

impl From<FileError> for RunError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound { .. } => Self::Never("the file is gone".to_owned()),
            FileError::Storage(error) => Self::Storage(error),
            other => {
                // The text names what is none of the vendor's business.
                tracing::warn!("a feed cannot be read: {other}");
                Self::Later("the file cannot be read at the moment".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_file_is_read_back_whatever_its_name(name in "[^\\p{C}]{0,40}", number: u128) {
            let source = Source::File(Uuid::from_u128(number), &name);
            let text = source.to_string();
            prop_assert_eq!(Source::of(&text), source);
        }
    }

    #[test]
    fn what_is_no_file_is_an_address() {
        for text in [
            "https://a.example/feed",
            "upload:",
            "upload:1/a",
            "upload",
            "",
        ] {
            assert_eq!(Source::of(text), Source::Web(text));
        }
    }
}
