//! `[redis]`: where Redis is.

use crate::config::error::Finding;
use crate::config::url::ConnectionUrl;
use crate::paths;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Redis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// A server elsewhere; the box's own when left out.
    pub url: Option<ConnectionUrl>,
    /// Authority that signed the server's certificate.
    pub root_certificate: Option<PathBuf>,
}

/// What a URL may begin with. The `sentinel` forms name sentinels, and then
/// the primary's name before the database: `…://a:26379,b:26379/main/0`.
const SCHEMES: [&str; 6] = [
    "redis",
    "rediss",
    "redis+unix",
    "unix",
    "redis+sentinel",
    "rediss+sentinel",
];

impl Redis {
    /// Whether the box's own Redis is used.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.url.is_none()
    }

    /// The URL to connect with: the configured one, or the box's socket.
    #[must_use]
    pub fn connect_url(&self) -> ConnectionUrl {
        self.url.clone().unwrap_or_else(|| {
            ConnectionUrl::from(format!("redis+unix://{}", paths::REDIS_SOCKET).as_str())
        })
    }

    pub(in crate::config) fn validate(&self) -> Vec<Finding> {
        let wrong = self.url.as_ref();
        let wrong = wrong.filter(|url| !SCHEMES.contains(&url.scheme()));
        let url = wrong.map(|_| {
            Finding::hidden(
                "redis.url",
                "this is not a Redis URL",
                r#"write a URL such as "redis://host:6379/0""#,
            )
        });
        let path = Finding::of_path(
            "redis.root_certificate",
            self.root_certificate.as_deref(),
            "/var/lib/onebox/redis-ca.pem",
        );
        url.into_iter().chain(path).collect()
    }
}
