//! `[database]`: where PostgreSQL is.

use crate::config::error::Finding;
use crate::config::url::ConnectionUrl;
use crate::paths;
use serde::{Deserialize, Serialize};

/// The role and database of the application.
const NAME: &str = "wizamart";

/// PostgreSQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// A server elsewhere; the box's own when left out.
    pub url: Option<ConnectionUrl>,
}

impl Database {
    /// Whether the box's own PostgreSQL is used.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.url.is_none()
    }

    /// The URL to connect with: the configured one, or the box's socket.
    #[must_use]
    pub fn connect_url(&self) -> ConnectionUrl {
        self.url.clone().unwrap_or_else(|| {
            let socket = paths::POSTGRES_SOCKET_DIR;
            let url = format!("postgres://{NAME}@localhost/{NAME}?host={socket}");
            ConnectionUrl::from(url.as_str())
        })
    }

    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        match &self.url {
            Some(url) if !matches!(url.scheme(), "postgres" | "postgresql") => {
                vec![Finding::hidden(
                    "database.url",
                    "this is not a PostgreSQL URL",
                    r#"write a URL such as "postgres://user@host/database""#,
                )]
            }
            _ => Vec::new(),
        }
    }
}
