//! The operator's secrets: values go in and never come out.

use serde::{Deserialize, Serialize};
use std::fmt;
use time::OffsetDateTime;

/// `GET`: what is stored and what is named, as a list of [`SecretInfo`].
pub const LIST: &str = "/v1/secrets";

/// `POST` [`Set`]: stores one; a [`SecretInfo`].
pub const SET: &str = "/v1/secrets/set";

/// `POST` [`Remove`]: forgets one; an empty object.
pub const REMOVE: &str = "/v1/secrets/remove";

/// A request to store a secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Set")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A request to forget a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// Its name.
    pub name: String,
    /// Although the configuration names it.
    #[serde(default)]
    pub force: bool,
}

/// A secret without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretInfo {
    /// Its name.
    pub name: String,
    /// When it was stored; absent when it is named and not stored.
    #[serde(with = "time::serde::rfc3339::option")]
    pub stored_at: Option<OffsetDateTime>,
    /// Keys of the operator's file or of what is in force that name it.
    pub named_by: Vec<String>,
}
