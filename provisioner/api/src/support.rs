//! The support bundle: what somebody else needs to see to help, without
//! anything they must not see.

use serde::{Deserialize, Serialize};

/// `POST` [`Ask`]: steps, then a [`Bundle`].
pub const BUNDLE: &str = "/v1/support-bundle";

/// What to put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// How many hours of logs.
    pub hours: u32,
}

/// A bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// What to call the file.
    pub name: String,
    /// What is in it.
    pub files: Vec<File>,
    /// How often something was blacked out.
    pub redactions: u64,
    /// What could not be had, and why.
    pub missing: Vec<String>,
    /// A tar archive compressed with gzip, in Base64.
    pub content: String,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its path in the bundle.
    pub path: String,
    /// Its size, in bytes.
    pub bytes: u64,
}
