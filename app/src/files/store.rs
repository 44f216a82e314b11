//! What a store of files can do.

use super::FileError;
use super::key::Key;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A file on its way in or out, in pieces.
pub type Bytestream<'a> = BoxStream<'a, Result<Bytes, FileError>>;

/// Which store; the text is in rows, so it is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum StoreKind {
    /// A directory of the box.
    Local,
    /// A bucket of an S3 service.
    S3,
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::S3 => "s3",
        })
    }
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "local" => Ok(Self::Local),
            "s3" => Ok(Self::S3),
            _ => Err(format!(
                "no store is named {text:?}; the stores are local and s3"
            )),
        }
    }
}

/// A run of bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Offset of the first byte.
    pub start: u64,
    /// How many bytes, at least one.
    pub length: u64,
}

/// A file that a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name as the store has it, which need not be one of ours.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// What a signed address gives access to.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    /// How long it is good for.
    pub lasts: Duration,
    /// The type the file is served with.
    pub content_type: &'a str,
    /// The Content-Disposition it is served with.
    pub disposition: String,
}

/// A place for files.
pub trait FileStore: Send + Sync + fmt::Debug {
    /// Which one this is.
    fn kind(&self) -> StoreKind;

    /// Keeps a file, whole or not at all. A file of that name is replaced.
    fn put<'a>(
        &'a self,
        key: &'a Key,
        content_type: &'a str,
        body: Bytestream<'a>,
    ) -> BoxFuture<'a, Result<(), FileError>>;

    /// Gives a file, or a part of it.
    fn open<'a>(
        &'a self,
        key: &'a Key,
        part: Option<Part>,
    ) -> BoxFuture<'a, Result<Bytestream<'static>, FileError>>;

    /// The size of a file in bytes; `None` when there is no such file.
    fn size<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<u64>, FileError>>;

    /// Removes a file; one that is not there is no error.
    fn delete<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), FileError>>;

    /// Every file.
    fn list(&self) -> BoxStream<'_, Result<Listed, FileError>>;

    /// An address at the store itself; `None` when it has none of its own and
    /// the application must serve the file.
    fn signed_url<'a>(
        &'a self,
        key: &'a Key,
        grant: &'a Grant<'a>,
    ) -> BoxFuture<'a, Result<Option<String>, FileError>>;
}
