//! `[database]`: where PostgreSQL is.

use crate::config::error::Finding;
use crate::config::url::ConnectionUrl;
use crate::paths;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The role and database of the application.
const NAME: &str = "wizamart";

/// PostgreSQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// A server elsewhere; the box's own when left out.
    pub url: Option<ConnectionUrl>,
    /// The same server past a transaction pooler, for what needs a session:
    /// notifications, the scheduler's lead, migrations.
    pub direct_url: Option<ConnectionUrl>,
    /// A streaming replica that answers what may be a moment old.
    pub replica_url: Option<ConnectionUrl>,
    /// Authority that signed the servers' certificates; they are then checked
    /// with their names.
    pub root_certificate: Option<PathBuf>,
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

    /// The URL for what needs a session of its own.
    #[must_use]
    pub fn direct_connect_url(&self) -> ConnectionUrl {
        self.direct_url
            .clone()
            .unwrap_or_else(|| self.connect_url())
    }

    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let urls = [
            ("database.url", &self.url),
            ("database.direct_url", &self.direct_url),
            ("database.replica_url", &self.replica_url),
        ];
        let path = Finding::of_path(
            "database.root_certificate",
            self.root_certificate.as_deref(),
            "/var/lib/onebox/database-ca.pem",
        );
        urls.into_iter()
            .filter_map(|(key, url)| Some((key, url.as_ref()?)))
            .filter(|(_, url)| !matches!(url.scheme(), "postgres" | "postgresql"))
            .map(|(key, _)| {
                Finding::hidden(
                    key,
                    "this is not a PostgreSQL URL",
                    r#"write a URL such as "postgres://user@host/database""#,
                )
            })
            .chain(path)
            .collect()
    }
}
